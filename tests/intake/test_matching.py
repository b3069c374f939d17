"""Rows to organisations: by code first, a name never acts alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from stdnum.iso7064 import mod_11_10
from tests.intake.hand_ins import AT, code, hand_in, penalty

from gongxin.intake.models import Finding, Submission
from gongxin.policy import packs
from gongxin.records.models import Record
from gongxin.subjects.identifiers import kind_of
from gongxin.subjects.models import FormerName, Identifier, Organisation
from gongxin.subjects.names import name_key

pytestmark = pytest.mark.django_db

REGISTRATION_NO = "00000010000001" + mod_11_10.calc_check_digit("00000010000001")


def registered(serial: int, *, name: str = "", uscc: str | None = "own", prefix: str = "91") -> Organisation:
    shown = name or penalty(serial)["CF_XDR_MC"]
    own = code(serial, prefix)
    return Organisation.objects.create(
        kind=kind_of(own), uscc=own if uscc == "own" else uscc, name=shown, name_key=name_key(shown),
        registered_at=AT, updated_at=AT,
    )  # fmt: skip


def finding(submission: Submission, wanted: str) -> tuple[str, str, str]:
    found = Finding.objects.get(submission=submission, code=wanted)
    return found.field, found.value, found.expected


def test_unified_code_of_the_register() -> None:
    held = registered(1)
    submission = hand_in([penalty(1)])
    assert submission.warnings_by_code == {}
    assert Record.objects.get().organisation == held
    assert Organisation.objects.count() == 1


def test_name_that_differs_is_a_warning_and_the_code_decides() -> None:
    held = registered(1, name="泽川市别的贸易有限公司")
    submission = hand_in([penalty(1)])
    assert finding(submission, "W301") == ("CF_XDR_MC", penalty(1)["CF_XDR_MC"], "泽川市别的贸易有限公司")
    assert Record.objects.get().organisation == held


@pytest.mark.parametrize(
    "name", ["泽川市云岭1号贸易有限责任公司", "泽川市云岭１号贸易有限公司", "泽川市（云岭1号）贸易有限公司"]
)
def test_width_brackets_and_legal_form_are_no_difference(name: str) -> None:
    registered(1)
    assert "W301" not in hand_in([penalty(1, CF_XDR_MC=name)]).warnings_by_code


def test_former_name_is_no_difference() -> None:
    held = registered(1, name="泽川市新名贸易有限公司")
    former = penalty(1)["CF_XDR_MC"]
    FormerName.objects.create(organisation=held, name=former, name_key=name_key(former), until=date(2025, 1, 1))
    assert "W301" not in hand_in([penalty(1)]).warnings_by_code


def test_name_alone_is_never_enough() -> None:
    registered(1)
    registered(2, name=penalty(1)["CF_XDR_MC"])
    submission = hand_in([penalty(1, CF_XDR_SHXYM="")])
    assert submission.rejections_by_code == {"E305": 1}
    assert finding(submission, "E305") == ("CF_XDR_MC", penalty(1)["CF_XDR_MC"], "2")
    assert hand_in([penalty(9, CF_XDR_SHXYM="", CF_XDR_MC="泽川市无此名称公司")]).rejections_by_code == {"E305": 1}


def test_valid_code_that_no_register_has() -> None:
    submission = hand_in([penalty(1)])
    assert finding(submission, "W302") == ("CF_XDR_SHXYM", code(1), "")
    assert Organisation.objects.get().origin == "provider"
    assert "W302" not in hand_in([penalty(1, CF_WSH="泽市监罚〔2026〕2号")]).warnings_by_code


def test_rejected_rows_create_no_organisation() -> None:
    assert hand_in([penalty(1, CF_WSH="")]).rejected == 1
    assert not Organisation.objects.exists()


def test_registration_number_where_there_is_no_unified_code() -> None:
    held = registered(1, uscc=None)
    Identifier.objects.create(organisation=held, scheme="registration_no", value=REGISTRATION_NO)
    trader = {"CF_XDR_LB": "个体工商户", "CF_XDR_SHXYM": "0" * 17 + "X", "CF_XDR_GSZC": REGISTRATION_NO}
    assert hand_in([penalty(1, **trader)]).accepted == 1
    assert Record.objects.get().organisation == held


def test_other_code_that_no_register_has() -> None:
    trader = {"CF_XDR_LB": "个体工商户", "CF_XDR_SHXYM": "0" * 17 + "X", "CF_XDR_GSZC": REGISTRATION_NO}
    submission = hand_in([penalty(1, **trader)])
    assert finding(submission, "E310") == ("CF_XDR_GSZC", REGISTRATION_NO, "")


def test_other_code_that_several_have() -> None:
    for serial in (1, 2):
        Identifier.objects.create(organisation=registered(serial), scheme="registration_no", value=REGISTRATION_NO)
    trader = {"CF_XDR_LB": "个体工商户", "CF_XDR_SHXYM": "0" * 17 + "X", "CF_XDR_GSZC": REGISTRATION_NO}
    assert finding(hand_in([penalty(3, **trader)]), "E311") == ("CF_XDR_GSZC", REGISTRATION_NO, "2")


def test_codes_that_point_to_two_organisations() -> None:
    registered(1)
    Identifier.objects.create(organisation=registered(2), scheme="registration_no", value=REGISTRATION_NO)
    submission = hand_in([penalty(1, CF_XDR_GSZC=REGISTRATION_NO)])
    assert submission.rejections_by_code == {"E307": 1}
    assert not Record.objects.exists()


def test_codes_that_agree() -> None:
    held = registered(1)
    Identifier.objects.create(organisation=held, scheme="registration_no", value=REGISTRATION_NO)
    assert hand_in([penalty(1, CF_XDR_GSZC=REGISTRATION_NO)]).accepted == 1
    assert Record.objects.get().organisation == held


def test_kind_that_the_item_is_not_about(monkeypatch: pytest.MonkeyPatch) -> None:
    pack = packs.current()
    narrow = replace(pack.item("penalty"), subject_kinds=("enterprise",))
    monkeypatch.setattr(packs, "current", lambda: replace(pack, items=pack.items | {"penalty": narrow}))
    submission = hand_in([penalty(1), penalty(2, CF_XDR_SHXYM=code(2, "12"))])
    assert (submission.accepted, submission.rejections_by_code) == (1, {"E309": 1})
    assert Finding.objects.get(code="E309").value == "事业单位和政府机关"
    assert Organisation.objects.count() == 1
