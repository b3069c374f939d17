"""The table of walls, read strictly from `walls.yaml`: whose the rows of each table are, who may do what with it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from gongxin.policy import reading
from gongxin.policy.reading import Node

SOURCE: Final = Path(__file__).with_name("walls.yaml")
# What a role may do with a table. None of them may ever truncate it, refer to it or put triggers on it.
MAY: Final = {
    "none": "",
    "read": "SELECT",
    "append": "SELECT, INSERT",
    "change": "SELECT, INSERT, UPDATE",
    "write": "SELECT, INSERT, UPDATE, DELETE",
}
# By what a row can be somebody's. The value is the column that says so.
WAYS: Final = ("department", "organisation", "organisations", "code", "account", "name", "digest")
# Rows that are shown to others than their owners, by conditions that `policies` knows.
SHOWN: Final = ("published", "opened")


@dataclass(frozen=True, slots=True)
class Through:
    """Rows are whose the row of another table is that `column` points to."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Who sees rows that are not his: by ways as in Wall, or by role."""

    ways: tuple[tuple[str, str], ...]
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wall:
    """One table. everybody: its rows are nobody's own, so no policy stands before them.

    ways: (way, column) pairs, each enough. through: likewise. roles: those who see everybody's rows. shown: SHOWN.
    seen: ways and roles of those who see rows without changing them. nobody: reached by functions of `doors` only.
    anybody_adds: rows may be added for others. app, loader: words of MAY. copied: loaded by COPY.
    auditor: the columns an auditor may read; empty: none; ("*",): all.
    """

    table: str
    everybody: bool
    nobody: bool
    ways: tuple[tuple[str, str], ...]
    through: tuple[Through, ...]
    roles: tuple[str, ...]
    shown: tuple[str, ...]
    seen: Seen | None
    anybody_adds: bool
    app: str
    loader: str
    copied: bool
    auditor: tuple[str, ...]


@lru_cache(maxsize=1)
def load(path: Path = SOURCE) -> dict[str, Wall]:
    """The walls by table. Raises PackError: file, line, what was found, what is allowed."""
    tables = reading.read(path, path.parent).mapping(["tables"])["tables"]
    walls = {name: _wall(name, node) for name, node in tables.entries().items()}
    for name, node in tables.entries().items():
        if walls[name].shown and {way for way, _column in walls[name].ways} - {"department", "organisation"}:
            raise node.error(
                "walls-shown",
                f"“{name}”向他人展示，只能按 department 和 organisation 归属。",
                remedy="请去掉其他归属方式。",
            )
        for through in walls[name].through:
            if through.table not in walls or walls[through.table].everybody:
                raise node.error(
                    "walls-through",
                    f"“{name}”经由的表“{through.table}”没有列出，或者不属于任何人。",
                    remedy="请改为一张有归属的表。",
                )
    return walls


def _wall(name: str, node: Node) -> Wall:
    keys = node.mapping(["rows", "app"], ["shown", "seen", "add", "load", "copied", "auditor"])
    rows = keys["rows"]
    word = rows.choice(["everybody", "nobody"]) if isinstance(rows.raw.value, str) else ""
    parts = {} if word else rows.mapping([], [*WAYS, "through", "roles"])
    return Wall(
        table=name,
        everybody=word == "everybody",
        nobody=word == "nobody",
        ways=_ways(parts),
        through=_throughs(parts),
        roles=parts["roles"].texts() if "roles" in parts else (),
        shown=keys["shown"].choices(SHOWN) if "shown" in keys else (),
        seen=_seen(keys["seen"].mapping([], [*WAYS, "roles"])) if "seen" in keys else None,
        anybody_adds="add" in keys and keys["add"].choice(["anybody"]) == "anybody",
        app=keys["app"].choice(MAY),
        loader=keys["load"].choice(MAY) if "load" in keys else "none",
        copied="copied" in keys and keys["copied"].boolean(),
        auditor=keys["auditor"].texts() if "auditor" in keys else (),
    )


def _ways(parts: dict[str, Node]) -> tuple[tuple[str, str], ...]:
    return tuple((way, column) for way in WAYS if way in parts for column in _columns(parts[way]))


def _seen(parts: dict[str, Node]) -> Seen:
    return Seen(_ways(parts), parts["roles"].texts() if "roles" in parts else ())


def _columns(node: Node) -> tuple[str, ...]:
    """One column, or a list of them, each of which is enough."""
    return (node.raw.value,) if isinstance(node.raw.value, str) else node.texts()


def _throughs(parts: dict[str, Node]) -> tuple[Through, ...]:
    if "through" not in parts:
        return ()
    return tuple(Through(table, column.text()) for table, column in parts["through"].entries().items())
