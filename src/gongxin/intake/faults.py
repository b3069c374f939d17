"""What can be wrong with a file, a row or a cell: the closed list of codes, from `faults.yaml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from ruamel.yaml import YAML

from gongxin.errors import InvalidInput

Level = Literal["file", "row", "warning"]

_SOURCE: Final = Path(__file__).with_name("faults.yaml")
_CODE: Final = re.compile(r"^[EW]\d{3}$")
_KEYS: Final = frozenset({"level", "title", "title_en", "says", "reason", "remedy"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault. `says` is the sentence of one finding, the rest is its help page (/errors/<code>)."""

    code: str
    level: Level
    title: str
    title_en: str
    says: str
    reason: str
    remedy: str

    @property
    def is_warning(self) -> bool:
        """True: the row is taken in all the same."""
        return self.level == "warning"

    def sentence(self, *, field: str = "", value: object = "", expected: object = "") -> str:
        """What is wrong, in one sentence. field: the label of the column; value and expected: as the finding holds
        them.
        """
        return self._filled(self.says, field, value, expected)

    def next_step(self, *, field: str = "", value: object = "", expected: object = "") -> str:
        """What to do now, for one finding."""
        return self._filled(self.remedy, field, value, expected)

    @staticmethod
    def _filled(template: str, field: str, value: object, expected: object) -> str:
        # One pass, so that a brace inside a cell's text is never read as a placeholder.
        parts = {"field": field, "value": str(value), "expected": str(expected)}
        return re.sub(r"\{(field|value|expected)\}", lambda match: parts[match[1]], template)


def _fault(code: str, entry: dict[str, Any]) -> Fault:
    """The entry as a Fault; ValueError names the place where faults.yaml breaks its own form."""
    if not _CODE.match(code) or set(entry) != _KEYS:
        raise ValueError(f"faults.yaml: {code}: expected the keys {sorted(_KEYS)}, found {sorted(entry)}")
    if entry["level"] not in get_args(Level) or (entry["level"] == "warning") != code.startswith("W"):
        raise ValueError(f"faults.yaml: {code}: level {entry['level']!r} does not fit the code")
    return Fault(code=code, **entry)


def _load(path: Path) -> dict[str, Fault]:
    document = YAML(typ="safe").load(path)
    return {code: _fault(code, entry) for code, entry in document.items()}


FAULTS: Final[dict[str, Fault]] = _load(_SOURCE)


class FileRefused(InvalidInput):
    """The whole file is refused: nothing was loaded. `code` is an E1…/E4… code; `facts` hold field, value, expected."""

    def __init__(self, code: str, *, field: str = "", value: object = "", expected: object = "") -> None:
        fault = FAULTS[code]
        said = {"field": field, "value": value, "expected": expected}
        super().__init__(
            code,
            fault.sentence(field=field, value=value, expected=expected),
            remedy=fault.next_step(field=field, value=value, expected=expected),
            facts={name: str(fact) for name, fact in said.items() if fact != ""},
        )
