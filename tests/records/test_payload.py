"""Payload arrays and named fields."""

from __future__ import annotations

from dataclasses import replace

from gongxin.policy.model import Field
from gongxin.policy.pack import Pack
from gongxin.records import payload


def values(pack: Pack, **given: str) -> list[str | None]:
    return [given.get(field.name, "") for field in pack.item("penalty").fields]


def test_every_field_by_name_and_nothing_given_is_none(pack: Pack) -> None:
    item = pack.item("penalty")
    named = payload.named(item, values(pack, CF_WSH="泽市监罚〔2026〕1号", CF_NR_FK="0.2"))
    assert list(named) == [field.name for field in item.fields]
    assert (named["CF_WSH"], named["CF_NR_FK"], named["BZ"]) == ("泽市监罚〔2026〕1号", "0.2", None)


def test_fields_added_later_are_none(pack: Pack) -> None:
    item = pack.item("penalty")
    newer = replace(item, fields=(*item.fields, Field("NEW", "新字段", "New", "text")))
    named = payload.named(newer, values(pack, BZ="备注"))
    assert (named["NEW"], named["BZ"]) == (None, "备注")


def test_public_fields_hold_nothing_of_a_persons_identity(pack: Pack) -> None:
    item = pack.item("penalty")
    full = [f"值{n}" for n in range(len(item.fields))]
    shown = {field.name for field, _ in payload.public_fields(item, full)}
    assert shown.isdisjoint({"CF_FR_ZJLX", "CF_FR_ZJHM", "CF_XDR_ZJLX", "CF_XDR_ZJHM"})
    assert {"CF_XDR_MC", "CF_WSH", "CF_NR"} <= shown


def test_personal_roles_stay_hidden_whatever_the_item_says(pack: Pack) -> None:
    item = pack.item("penalty")
    careless = replace(item, fields=tuple(replace(field, published=True) for field in item.fields))
    shown = {field.name for field, _ in payload.public_fields(careless, ["x"] * len(item.fields))}
    assert "CF_XDR_ZJHM" not in shown
    assert "CF_FR_ZJHM" not in shown


def test_empty_fields_are_left_out_and_codes_are_joined_for_reading(pack: Pack) -> None:
    item = pack.item("penalty")
    shown = {field.name: text for field, text in payload.public_fields(item, values(pack, CF_CFLB="警告;罚款"))}
    assert shown == {"CF_CFLB": "警告；罚款"}
