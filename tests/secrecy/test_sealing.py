"""Sealed texts open in their place only; blind indexes find and tell nothing; signatures outlive their keys.

Both suites.
"""

from __future__ import annotations

import base64

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from tests.secrecy.conftest import AT

from gongxin.errors import Conflict, Unavailable
from gongxin.secrecy import blind, keyring, sealing, signing
from gongxin.secrecy.keyring import KeyRing, Purpose, State

PLACE = {"table": "rights_case", "field": "phone", "row": "0190-1"}
slowly = limits(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(text=st.text(max_size=300), row=st.text(max_size=40))
@slowly
def test_what_is_sealed_opens_in_its_place(ring: KeyRing, text: str, row: str) -> None:
    sealed = sealing.seal(text, table="t", field="f", row=row)
    assert sealing.open_sealed(sealed, table="t", field="f", row=row) == text
    assert sealed.isascii()
    assert sealing.key_of(sealed) == ring.active(Purpose.DATA).id
    assert len(text) < 8 or text not in sealed


def test_two_seals_of_one_text_differ(ring: KeyRing) -> None:
    assert len({sealing.seal("同一内容", **PLACE) for _ in range(100)}) == 100


@pytest.mark.parametrize("other", [{"table": "rights_step"}, {"field": "address"}, {"row": "0190-2"}, {"row": ""}])
def test_a_sealed_text_does_not_open_elsewhere(ring: KeyRing, other: dict[str, str]) -> None:
    sealed = sealing.seal("13800000000", **PLACE)
    with pytest.raises(Conflict, match="打不开") as refused:
        sealing.open_sealed(sealed, **{**PLACE, **other})
    assert refused.value.code == "seal-broken"
    assert "13800000000" not in str(refused.value) + str(refused.value.facts)


def test_places_do_not_run_into_each_other(ring: KeyRing) -> None:
    sealed = sealing.seal("x", table="a", field="b", row="c|d")
    with pytest.raises(ValueError, match="not the name"):
        sealing.open_sealed(sealed, table="a", field="b|c", row="d")


@given(data=st.data())
@slowly
def test_a_changed_or_cut_text_does_not_open(ring: KeyRing, data: st.DataObject) -> None:
    sealed = sealing.seal("违法事实", **PLACE)
    at = data.draw(st.integers(len("gs1.0123456789."), len(sealed) - 1))
    letter = data.draw(st.sampled_from("ABab01+/=. "))
    cut = sealed[: data.draw(st.integers(0, len(sealed) - 1))]
    for wrong in {sealed[:at] + letter + sealed[at + 1 :], cut, sealed + letter, ""} - {sealed}:
        with pytest.raises(Conflict):
            sealing.open_sealed(wrong, **PLACE)


def test_every_bit_of_a_sealed_text_counts(ring: KeyRing) -> None:
    prefix, body = sealing.seal("短", **PLACE).rsplit(".", 1)
    raw = base64.b64decode(body)
    for bit in range(8 * len(raw)):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Conflict):
            sealing.open_sealed(f"{prefix}.{base64.b64encode(changed).decode()}", **PLACE)


def test_without_its_key_the_reason_is_the_key(ring: KeyRing, use) -> None:
    sealed = sealing.seal("x", **PLACE)
    use(keyring.new("intl", at=AT))
    with pytest.raises(Unavailable, match="恢复密钥文件的备份") as refused:
        sealing.open_sealed(sealed, **PLACE)
    assert refused.value.code == "key-not-here"


def test_a_seal_under_a_key_of_the_other_suite_stays_open(ring: KeyRing, suite_name: str, use) -> None:
    sealed = sealing.seal("换套件", **PLACE)
    other = "gm" if suite_name == "intl" else "intl"
    newer = use(ring.with_new(Purpose.DATA, other, at=AT))
    again = sealing.seal("换套件", **PLACE)
    assert sealing.key_of(again) == newer.active(Purpose.DATA).id != sealing.key_of(sealed)
    assert {sealing.open_sealed(one, **PLACE) for one in (sealed, again)} == {"换套件"}


def test_many_are_as_one_by_one(ring: KeyRing) -> None:
    texts, rows = [f"第{n}号" for n in range(1000)], [str(n) for n in range(1000)]
    sealed = sealing.seal_many(texts, table="t", field="f", rows=rows)
    assert len(set(sealed)) == 1000
    assert sealing.open_many(sealed, table="t", field="f", rows=rows) == texts
    assert sealing.open_sealed(sealed[7], table="t", field="f", row="7") == "第7号"
    assert sealing.seal_many([], table="t", field="f", rows=[]) == []
    sealed[3], sealed[4] = sealed[4], sealed[3]
    with pytest.raises(Conflict, match="（3）"):
        sealing.open_many(sealed, table="t", field="f", rows=rows)
    with pytest.raises(ValueError, match="zip"):
        sealing.seal_many(["a", "b"], table="t", field="f", rows=["1"])


def test_blind_indexes_are_equal_where_texts_and_purposes_are(ring: KeyRing, use) -> None:
    index = blind.blind_index("91000000000000001X", purpose="case.code")
    assert index == blind.blind_index("91000000000000001X", purpose="case.code")
    assert "91000000" not in index
    others = [
        blind.blind_index("91000000000000001x", purpose="case.code"),
        blind.blind_index("91000000000000001X", purpose="c"),
    ]
    assert index not in others
    older = ring.active(Purpose.BLIND_INDEX)
    newer = use(ring.with_new(Purpose.BLIND_INDEX, older.suite, at=AT))
    candidates = blind.blind_candidates("91000000000000001X", purpose="case.code")
    assert set(candidates) == {index, blind.blind_index("91000000000000001X", purpose="case.code")}
    assert len(candidates) == 2
    use(newer.with_retired([older.id], at=AT))
    assert blind.blind_candidates("91000000000000001X", purpose="case.code") != candidates
    assert index not in blind.blind_candidates("91000000000000001X", purpose="case.code")


def test_signatures_hold_after_their_key_has_gone(ring: KeyRing, use) -> None:
    signature = signing.sign(b"report")
    assert signing.verify(b"report", signature)
    older = ring.active(Purpose.SIGNING)
    use(ring.with_new(Purpose.SIGNING, older.suite, at=AT).with_retired([older.id], at=AT))
    assert signing.sign(b"report").split(".")[1] != older.id
    assert signing.verify(b"report", signature)
    assert signing.public_key(older.id)[:2] == (older.id, older.suite)
    assert signing.public_key()[0] != older.id
    for wrong in ("", "sg1", signature + "x", signature.replace("sg1.", "sg2."), f"sg1.{older.id}.%"):
        assert not signing.verify(b"report", wrong)
    assert not signing.verify(b"Report", signature)
    assert ring.of(Purpose.SIGNING, State.ACTIVE) == (older,)
