"""Reading a YAML file strictly: every value keeps its file and line, every surprise is refused with the way to fix it.

Nothing is guessed from the look of a value: a reader asks for text, a whole number, a day or one of a list, and gets it
or a `PackError`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from gongxin.errors import GongxinError

Word = TypeVar("Word", bound=str)

_NULL = "tag:yaml.org,2002:null"


class PackError(GongxinError):
    """A policy pack cannot be used: file, line, what was found, what is allowed, how to fix it."""

    status = 503


def fault(code: str, where: str, found: str, *, allowed: str = "", remedy: str) -> PackError:
    """A `PackError`. where: file and line; found, allowed and remedy: sentences without the place."""
    title = f"{where}：{found}" + (f"允许的是：{allowed}。" if allowed else "")
    return PackError(code, title, remedy=remedy, facts={"where": where, "found": found, "allowed": allowed})


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a file. place: the keys that lead to it, e.g. ``fields[3].type``."""

    raw: Any
    file: str
    place: str = ""

    @property
    def where(self) -> str:
        """File and line as messages name them; lines count from 1."""
        return f"{self.file} 第 {self.raw.start_mark.line + 1} 行"

    def error(self, code: str, found: str, *, allowed: str = "", remedy: str) -> PackError:
        """A `PackError` at this value."""
        return fault(code, self.where, found, allowed=allowed, remedy=remedy)

    @property
    def is_null(self) -> bool:
        """True for an empty value or ``null``."""
        return isinstance(self.raw, ScalarNode) and self.raw.tag == _NULL

    def mapping(self, required: Iterable[str] = (), optional: Iterable[str] = ()) -> dict[str, Node]:
        """The keys and values; every key must be required or optional, none twice, none of the required missing."""
        must = list(required)
        known = [*must, *optional]
        found = self.entries()
        for key, value in found.items():
            if key not in known:
                raise _unknown_key(value, key, known)
        missing = [key for key in must if key not in found]
        if missing:
            raise self._missing(missing)
        return found

    def entries(self) -> dict[str, Node]:
        """The keys and values of a mapping with free keys; a key given twice is refused."""
        if not isinstance(self.raw, MappingNode):
            raise self._wrong_type("键值对（key: value）")
        found: dict[str, Node] = {}
        for key, value in self.raw.value:
            if key.value in found:
                raise Node(key, self.file).error(
                    "pack-duplicate-key", f"键“{key.value}”写了两次。", remedy="请删去其中一个，或者改成正确的键名。"
                )
            found[key.value] = Node(value, self.file, f"{self.place}.{key.value}" if self.place else key.value)
        return found

    def sequence(self) -> list[Node]:
        """The members of a list."""
        if not isinstance(self.raw, SequenceNode):
            raise self._wrong_type("列表（每项以 - 开头，或写成 [a, b]）")
        return [
            Node(member, self.file, f"{self.place}[{number}]") for number, member in enumerate(self.raw.value, start=1)
        ]

    def text(self) -> str:
        """A non-empty text."""
        if not isinstance(self.raw, ScalarNode) or self.is_null or not self.raw.value.strip():
            raise self._wrong_type("非空文字")
        return str(self.raw.value)

    def texts(self) -> tuple[str, ...]:
        """A list of texts, none twice."""
        members = self.sequence()
        values = [member.text() for member in members]
        for number, value in enumerate(values):
            if value in values[:number]:
                raise members[number].error(
                    "pack-duplicate-value", f"“{value}”在列表里出现了两次。", remedy="请删去重复的一个。"
                )
        return tuple(values)

    def choice(self, allowed: Iterable[Word]) -> Word:
        """One of the allowed words."""
        known = list(allowed)
        value = self.text()
        for word in known:
            if word == value:
                return word
        raise self.error(
            "pack-unknown-value",
            f"{self._named()}的值“{value}”不认识。",
            allowed="、".join(known),
            remedy=f"请改为允许的值。{_nearest(value, known)}",
        )

    def choices(self, allowed: Iterable[Word]) -> tuple[Word, ...]:
        """A list of allowed words, none twice."""
        known = list(allowed)
        self.texts()
        return tuple(member.choice(known) for member in self.sequence())

    def integer(self) -> int:
        """A whole number, not negative."""
        if not isinstance(self.raw, ScalarNode) or not self.raw.value.isascii() or not self.raw.value.isdigit():
            raise self._wrong_type("非负整数")
        return int(self.raw.value)

    def optional_integer(self) -> int | None:
        """A whole number, or None for ``null``."""
        return None if self.is_null else self.integer()

    def boolean(self) -> bool:
        """``true`` or ``false``."""
        if not isinstance(self.raw, ScalarNode) or self.raw.value not in {"true", "false"}:
            raise self._wrong_type("true 或 false")
        return bool(self.raw.value == "true")

    def day(self) -> date:
        """A day, yyyy-MM-dd."""
        try:
            if not isinstance(self.raw, ScalarNode) or len(self.raw.value) != len("2026-04-01"):
                raise self._wrong_type("日期（yyyy-MM-dd）")
            return date.fromisoformat(self.raw.value)
        except ValueError:
            raise self._wrong_type("存在的日期（yyyy-MM-dd）") from None

    def optional_day(self) -> date | None:
        """A day, or None for ``null``."""
        return None if self.is_null else self.day()

    def _missing(self, keys: list[str]) -> PackError:
        found = f"{self._named()}缺少“{'”、“'.join(keys)}”。"
        if {"reference", "basis"} & set(keys):
            return self.error(
                "pack-missing-reference",
                found,
                remedy="每条规则都必须写明依据：请补上 title、confidence，有条号的写 article。",
            )
        return self.error("pack-missing-key", found, remedy="请在此处补上缺少的键。")

    def _named(self) -> str:
        return f"“{self.place}”" if self.place else "文件顶层"

    def _wrong_type(self, wanted: str) -> PackError:
        return self.error(
            "pack-wrong-type",
            f"{self._named()}{_described(self.raw)}，类型不对。",
            allowed=wanted,
            remedy=f"请改为{wanted}。",
        )


def read(path: Path, root: Path) -> Node:
    """The top of a YAML file. root: the folder that messages name files from. Raises PackError."""
    name = path.relative_to(root).as_posix()
    try:
        raw = YAML(typ="safe").compose(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise fault(
            "pack-not-yaml",
            f"{name} 第 {line} 行",
            f"不是合格的 YAML（{error.problem}）。",
            remedy="请检查缩进、冒号后的空格、引号和括号是否成对。",
        ) from None
    except UnicodeDecodeError as error:
        raise fault(
            "pack-not-utf8",
            f"{name} 第 1 行",
            f"第 {error.start} 字节处不是 UTF-8。",
            remedy="请把文件另存为 UTF-8 编码。",
        ) from None
    if raw is None:
        raise fault("pack-empty-file", f"{name} 第 1 行", "文件是空的。", remedy="请写入内容，或者删去这个文件。")
    return Node(raw, name)


def _unknown_key(value: Node, key: str, known: list[str]) -> PackError:
    return value.error(
        "pack-unknown-key",
        f"不认识的键“{key}”。",
        allowed="、".join(known),
        remedy=f"请改正键名或者删去这一项。{_nearest(key, known)}",
    )


def _nearest(value: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(value, known, n=1, cutoff=0.6)
    return f"是否想写“{near[0]}”？" if near else ""


def _described(raw: Any) -> str:
    if isinstance(raw, MappingNode):
        return "写成了键值对"
    if isinstance(raw, SequenceNode):
        return "写成了列表"
    return f"写成了“{raw.value}”" if raw.value else "是空的"
