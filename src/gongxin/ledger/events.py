"""The catalogue of events, from `events.yaml`: an event that is not in it, or has other fields, is not logged."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

_SOURCE: Final = Path(__file__).with_name("events.yaml")
_CODE: Final = re.compile(r"[a-z]+(\.[a-z_]+)+")
_KEYS: Final = {"zh", "en", "personal_data", "fields"}
_HASH: Final = re.compile(r"[0-9a-f]{64}")
# Kinds whose value is a text: a commitment is made over one.
_COMMITTABLE: Final = ("text", "hash")
# RFC 8785 3.2.2.3: whole numbers beyond this are not the same everywhere.
_LARGEST: Final = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a leaf. committed: the leaf holds a salted commitment in place of the value."""

    kind: str
    committed: bool

    def fits(self, value: object) -> bool:
        """Whether a value is of this field's kind."""
        return KINDS[self.kind](value)


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of event. zh, en: its sentence, with fields in braces; personal_data: which it holds, in words."""

    code: str
    zh: str
    en: str
    personal_data: str
    fields: dict[str, Field]

    def judge(self, values: Mapping[str, object]) -> None:
        """Raises ValueError unless exactly the fields of the event are given, each of its kind."""
        if set(values) != set(self.fields):
            raise ValueError(f"{self.code}: expected the fields {sorted(self.fields)}, found {sorted(values)}")
        wrong = [name for name, field in self.fields.items() if not field.fits(values[name])]
        if wrong:
            raise ValueError(f"{self.code}: not of the kind that events.yaml names: {', '.join(wrong)}")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


KINDS: Final[dict[str, Callable[[object], bool]]] = {
    "text": lambda value: isinstance(value, str),
    "count": _is_count,
    "flag": lambda value: isinstance(value, bool),
    "list": _is_list,
    "hash": lambda value: isinstance(value, str) and _HASH.fullmatch(value) is not None,
}


def load(path: Path) -> dict[str, Event]:
    """The catalogue in a file. ValueError names the event and what is wrong with it; a key given twice is refused."""
    document = YAML(typ="safe").load(path)
    return {code: _event(code, entry) for code, entry in document.items()}


def _event(code: str, entry: dict[str, Any]) -> Event:
    if not _CODE.fullmatch(str(code)) or not isinstance(entry, dict) or set(entry) != _KEYS:
        raise ValueError(f"events.yaml: {code}: expected noun.verb and the keys {sorted(_KEYS)}")
    fields = {name: _field(f"{code}.{name}", raw) for name, raw in entry["fields"].items()}
    event = Event(code, entry["zh"], entry["en"], entry["personal_data"], fields)
    for text in (event.zh, event.en, event.personal_data):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"events.yaml: {code}: a sentence is missing")
        unknown = set(re.findall(r"\{(\w+)\}", text)) - {name for name, field in fields.items() if not field.committed}
        if unknown:
            raise ValueError(f"events.yaml: {code}: a sentence names {sorted(unknown)}: no open field of the leaf")
    return event


def _field(place: str, raw: Any) -> Field:
    if not isinstance(raw, dict) or set(raw) != {"kind", "personal"} or raw["kind"] not in KINDS:
        raise ValueError(f"events.yaml: {place}: expected kind ({', '.join(KINDS)}) and personal")
    committed = raw["personal"] == "committed"
    if raw["personal"] not in ("none", "committed") or (committed and raw["kind"] not in _COMMITTABLE):
        raise ValueError(f"events.yaml: {place}: personal is none or, for text and hash, committed")
    return Field(raw["kind"], committed)


EVENTS: Final = load(_SOURCE)


def page() -> str:
    """docs/ledger-events.md, built from the catalogue."""
    parts = [
        "# Events of the ledger\n\nBuilt from `src/gongxin/ledger/events.yaml` by `gongxin ledger events`; a test "
        "holds that it is current.\nEvery leaf also holds `v`, `event`, `at` (UTC) and `actor` (committed).\n"
    ]
    for event in EVENTS.values():
        rows = "".join(
            f"| `{name}` | {field.kind} | {'committed' if field.committed else 'open'} |\n"
            for name, field in event.fields.items()
        )
        parts.append(
            f"\n## `{event.code}`\n\n{event.zh}\n\n{event.en}\n\nPersonal data: {event.personal_data}\n\n"
            f"| field | kind | in the leaf |\n|---|---|---|\n{rows}"
        )
    return "".join(parts)
