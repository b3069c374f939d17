"""The catalogue against the national template and the Boundary."""

from __future__ import annotations

import pytest

from gongxin.policy import packs
from gongxin.policy.catalogue import is_prohibited
from gongxin.policy.model import Field, Item
from gongxin.policy.pack import Pack

TEN = {
    "licence",
    "penalty",
    "coercion",
    "confirmation",
    "levy",
    "grant",
    "adjudication",
    "compensation",
    "award",
    "supervision-check",
}
ITEMS = TEN | {
    "register-basics",
    "abnormal-operations",
    "serious-dishonesty",
    "court-enforcement",
    "tax-credit-a",
    "honour",
    "tax-arrears",
    "contract-performance",
    "interview",
    "commitment",
    "voluntary",
}
PARTY = "XDR_MC XDR_LB XDR_SHXYM XDR_GSZC XDR_ZZJG XDR_SWDJ XDR_SYDW XDR_SHZZ FRDB FR_ZJLX FR_ZJHM XDR_ZJLX XDR_ZJHM"
LICENCE = "XKWS WSH XKLB XKZS XKBH NR JDRQ YXQZ YXQZI XKJG XKJGDM ZT LYDW LYDWDM"
PENALTY = "WSH WFXW SY YJ CFLB NR NR_FK NR_WFFF NR_ZKDX JDRQ YXQ GSJZQ CFJG CFJGDM SJLY SJLYDM"


@pytest.fixture(scope="module")
def nation() -> Pack:
    return packs.load("cn", packs.policies_folder())


def template(prefix: str, own: str) -> list[str]:
    return [*(f"{prefix}_{name}" for name in (*PARTY.split(), *own.split())), "BZ"]


def test_the_catalogue_has_exactly_these_items(pack: Pack) -> None:
    assert set(pack.items) == ITEMS
    assert {item.id for item in pack.items.values() if item.ten_disclosures} == TEN


@pytest.mark.parametrize(("item", "prefix", "own"), [("licence", "XK", LICENCE), ("penalty", "CF", PENALTY)])
def test_fields_stand_in_the_order_of_the_national_template(nation: Pack, item: str, prefix: str, own: str) -> None:
    assert [field.name for field in nation.item(item).fields] == template(prefix, own)


def required(item: Item) -> set[str]:
    return {field.name for field in item.fields if field.required}


def test_required_fields_of_the_template(nation: Pack) -> None:
    licence, penalty = nation.item("licence"), nation.item("penalty")
    numbers = {1, 2, 14, 15, 16, 19, 20, 21, 22, 23, 24, 25, 26, 27}
    assert required(licence) == {licence.fields[number - 1].name for number in numbers}
    numbers = {1, 2, *range(14, 20), 23, 24, *range(26, 30)}
    assert required(penalty) == {penalty.fields[number - 1].name for number in numbers}


def test_lengths_and_units_of_the_template(nation: Pack) -> None:
    penalty = nation.item("penalty")
    lengths = {field.name: field.max_length for field in penalty.fields}
    assert (lengths["CF_WSH"], lengths["CF_SY"], lengths["CF_YJ"], lengths["CF_XDR_SHXYM"]) == (128, 5000, 2048, 18)
    fine = penalty.field("CF_NR_FK")
    assert (fine.type, fine.max_length, fine.scale, "万元" in fine.label) == ("decimal", 18, 6, True)


def test_uncertain_conditions_warn_and_do_not_reject(nation: Pack) -> None:
    penalty = nation.item("penalty")
    for name in ("CF_NR_FK", "CF_NR_WFFF", "CF_NR_ZKDX", "CF_FR_ZJHM"):
        assert {condition.level for condition in penalty.field(name).required_when} == {"warning"}
    assert {condition.level for condition in penalty.field("CF_XDR_SHXYM").required_when} == {"error"}
    placeholder = penalty.field("CF_XDR_GSZC").required_when[0]
    assert (placeholder.field, placeholder.values) == ("CF_XDR_SHXYM", ("0" * 17 + "X",))


def test_natural_key_of_licence_and_penalty_is_document_and_party(pack: Pack) -> None:
    assert pack.item("licence").natural_key == ("XK_WSH", "XK_XDR_MC")
    assert pack.item("penalty").natural_key == ("CF_WSH", "CF_XDR_MC")


@pytest.mark.parametrize("item", ["licence", "penalty"])
def test_three_generations_are_told_apart_by_their_marks(pack: Pack, item: str) -> None:
    generations = {entry.id: entry for entry in pack.item(item).generations}
    assert list(generations) == ["2019", "2018", "2015"]
    marks = [set(entry.marks) for entry in generations.values()]
    assert all(one.isdisjoint(other) for one in marks for other in marks if one is not other)
    for entry in generations.values():
        names = {field.name for field in pack.item(item).fields}
        assert {new for _, new in entry.rename} <= names
        assert set(entry.absent) <= names
        assert entry.reference is not None


def test_old_names_of_the_template_are_mapped(pack: Pack) -> None:
    def renamed(item: str) -> dict[str, str]:
        return {old: new for entry in pack.item(item).generations for old, new in entry.rename}

    licence, penalty = renamed("licence"), renamed("penalty")
    assert licence["XK_XDR"] == "XK_XDR_MC"
    assert (licence["XK_XZJG"], licence["XK_SPLB"], licence["XK_JZQ"]) == ("XK_XKJG", "XK_XKLB", "XK_YXQZI")
    assert (penalty["CF_XZJG"], penalty["CF_JG"], penalty["CF_FR"]) == ("CF_CFJG", "CF_NR", "CF_FRDB")
    assert {penalty["CF_CFLB1"], penalty["CF_CFLB2"]} == {"CF_CFLB"}
    assert (penalty["CF_FR_SFZH"], licence["XK_FR_SFZH"]) == ("CF_FR_ZJHM", "XK_FR_ZJHM")


def test_typing_errors_seen_in_real_systems_are_aliases(pack: Pack) -> None:
    assert "XK_FDDB" in pack.item("licence").field("XK_FRDB").aliases
    assert "CF_FDDB" in pack.item("penalty").field("CF_FRDB").aliases
    assert "CF_XKJG" in pack.item("penalty").field("CF_CFJG").aliases


def every_field(pack: Pack) -> list[Field]:
    return [field for item in pack.items.values() for field in item.fields]


def test_identity_papers_of_persons_are_never_published(pack: Pack) -> None:
    papers = [field for field in every_field(pack) if "证件" in field.label]
    assert len(papers) == 8
    assert [field.name for field in papers if field.published] == []


def test_no_field_carries_a_prohibited_category(pack: Pack) -> None:
    carried = [
        (category.id, field.name)
        for category in pack.prohibited
        for field in every_field(pack)
        if is_prohibited(category, field.label)
    ]
    assert carried == []
    assert len(pack.prohibited) == 11


@pytest.mark.parametrize("item", sorted(ITEMS))
def test_every_item_is_whole(pack: Pack, item: str) -> None:
    found = pack.item(item)
    assert found.basis
    assert set(found.clocks) == {"report", "entry"}
    assert found.title
    assert found.title_en
    roles = {field.role for field in found.fields}
    assert {"party_name", "party_kind", "party_uscc", "decided_on", "authority_name", "source_name", "remark"} <= roles
    assert found.subject_kinds
    assert [field.name for field in found.fields if not field.label_en] == []


def test_examples_fit_their_fields(pack: Pack) -> None:
    for field in every_field(pack):
        if field.code_list and field.example:
            assert pack.code_lists[field.code_list].resolve(field.example), field
        if field.max_length and field.example:
            assert len(field.example) <= field.max_length, field


def test_adverse_items_are_those_that_speak_against_the_organisation(pack: Pack) -> None:
    assert {item.id for item in pack.items.values() if item.adverse} == {
        "penalty", "coercion", "abnormal-operations", "serious-dishonesty", "court-enforcement", "tax-arrears",
        "interview",
    }  # fmt: skip


def test_code_lists_of_the_template(pack: Pack) -> None:
    def codes(name: str) -> list[str]:
        return [entry.code for entry in pack.code_lists[name].codes]

    assert codes("party-kind") == ["法人及非法人组织", "自然人", "个体工商户"]
    assert codes("licence-kind") == ["普通", "特许", "认可", "核准", "登记", "其他"]
    assert {(entry.code, entry.label) for entry in pack.code_lists["status"].codes} == {("1", "有效"), ("2", "无效")}


def test_penalty_kinds_of_both_laws_in_order_of_gravity(pack: Pack) -> None:
    kinds = pack.code_lists["penalty-kind"].codes
    assert [entry.weight for entry in kinds] == [*sorted(entry.weight for entry in kinds if entry.weight), 0]
    new = ["警告", "通报批评", "罚款", "没收违法所得", "没收非法财物", "暂扣许可证件", "降低资质等级", "吊销许可证件",
           "限制开展生产经营活动", "责令停产停业", "责令关闭", "限制从业", "行政拘留"]  # fmt: skip
    assert [entry.code for entry in kinds if entry.until is None and entry.weight] == new
    old = [entry for entry in kinds if entry.until is not None]
    assert [entry.code for entry in old] == ["没收违法所得、没收非法财物", "暂扣或者吊销许可证、暂扣或者吊销执照"]


def test_purposes_see_only_what_they_name(pack: Pack) -> None:
    assert len(pack.purposes) >= 12
    assert {"licence-review", "government-procurement", "tendering", "credit-repair"} <= set(pack.purposes)
    for purpose in pack.purposes.values():
        assert purpose.basis
        assert "public" in purpose.disclosures
        assert set(purpose.categories) <= set(pack.categories)
