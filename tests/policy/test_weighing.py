"""How the kinds in a cell are read."""

from __future__ import annotations

import pytest

from gongxin.policy import weighing
from gongxin.policy.pack import Pack
from gongxin.policy.regimes import When


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("罚款", ("罚款",)),
        ("警告;罚款", ("罚款", "警告")),
        ("警告；罚款；罚款", ("罚款", "警告")),
        ("警告、罚款", ("罚款", "警告")),
        ("没收违法所得、没收非法财物", ("没收违法所得、没收非法财物",)),
        ("没收违法所得、没收非法财物;罚款", ("没收违法所得、没收非法财物", "罚款")),
        ("其他-责令改正", ("其他",)),
        ("其它（责令改正、限期拆除）；警告", ("其他", "警告")),
        ("吊销营业执照", ("吊销许可证件",)),
        ("不认识的", ("不认识的",)),
        (" ; ", ()),
        ("", ()),
    ],
)
def test_kinds_in_a_cell(pack: Pack, text: str, kinds: tuple[str, ...]) -> None:
    assert weighing.split_kinds(pack.code_lists["penalty-kind"], text) == tuple(sorted(kinds))


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (When(), True),
        (When(severity=("minor",)), False),
        (When(severity=("serious", "minor")), True),
        (When(any_kind=("警告",)), True),
        (When(any_kind=("行政拘留",)), False),
        (When(only_kinds=("警告", "罚款", "其他")), True),
        (When(only_kinds=("警告",)), False),
        (When(procedure=("simple",)), False),
        (When(severity=("serious",), field_of_law=("食品",)), True),
    ],
)
def test_all_conditions_must_hold(when: When, expected: bool) -> None:
    facts = weighing.Facts("serious", "", "食品", ("罚款", "警告"))
    assert weighing.holds(when, facts) is expected


def test_nothing_known_meets_no_condition() -> None:
    unknown = weighing.Facts("", "", "", ())
    assert not weighing.holds(When(only_kinds=("警告",)), unknown)
    assert not weighing.holds(When(any_kind=("警告",)), unknown)
    assert weighing.holds(When(), unknown)
