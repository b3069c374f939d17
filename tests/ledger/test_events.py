"""The catalogue of events: strictly loaded, and its page is current."""

from __future__ import annotations

from pathlib import Path

import pytest

from gongxin.ledger import events

GOOD = """
thing.done:
  zh: 完成{thing}
  en: "{thing} was done"
  personal_data: None.
  fields:
    thing: {kind: text, personal: none}
    by: {kind: text, personal: committed}
"""


def test_the_page_is_current() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "ledger-events.md"
    assert page.read_text() == events.page(), "run: gongxin ledger events > docs/ledger-events.md"


def test_a_good_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "events.yaml"
    path.write_text(GOOD)
    assert events.load(path)["thing.done"].fields["by"].committed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("thing.done:", "thing:"),
        ("  en: ", "  english: "),
        ("None.", '""'),
        ("完成{thing}", "完成{other}"),
        ("完成{thing}", "{by}完成"),
        ("kind: text, personal: none", "kind: texts, personal: none"),
        ("kind: text, personal: none", "kind: text"),
        ("kind: text, personal: committed", "kind: count, personal: committed"),
        ("personal: committed", "personal: maybe"),
        ("    by:", "    thing:"),
    ],
)
def test_a_broken_catalogue_is_refused(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "events.yaml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1))
    # ruamel's error for a key given twice is no ValueError.
    with pytest.raises(Exception, match=r"events\.yaml"):
        events.load(path)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", ["", "x"], [1, None]),
        ("count", [0, 2**53 - 1], [-1, 2**53, True, 1.0]),
        ("flag", [True], [1]),
        ("list", [[], ["a"]], [["a", 1], "a"]),
        ("hash", ["0" * 64], ["0" * 63, "G" * 64]),
    ],
)
def test_kinds(kind: str, good: list[object], bad: list[object]) -> None:
    field = events.Field(kind, committed=False)
    assert all(field.fits(value) for value in good)
    assert not any(field.fits(value) for value in bad)
