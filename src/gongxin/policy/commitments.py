"""The six kinds of commitments (信用承诺): which are made on the platform and with which words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gongxin.policy.lists import reference
from gongxin.policy.model import CodeList, Reference
from gongxin.policy.reading import Node


@dataclass(frozen=True, slots=True)
class CommitmentKind:
    """One of the six kinds of commitments (信用承诺). kind: its word in the code list `commitment-kind`.

    where: made on the platform by oneself (self), with an application (case), or with a department. text: the words of
    a commitment made on the platform, empty for others; note: how it comes about.
    """

    id: str
    kind: str
    title: str
    title_en: str
    where: Literal["self", "case", "department"]
    note: str
    note_en: str
    text: str
    text_en: str
    reference: Reference


def commitment_kind(node: Node, pack: str, *, codes: Mapping[str, CodeList]) -> CommitmentKind:
    """A kind of commitments; one that is made on the platform has its words, the others have none."""
    keys = node.mapping(
        ["id", "kind", "title", "title_en", "where", "note", "note_en", "reference"], ["text", "text_en", "replaces"]
    )
    where: Literal["self", "case", "department"] = keys["where"].choice(("self", "case", "department"))
    missing = [name for name in ("text", "text_en") if (name in keys) != (where == "self")]
    if missing:
        raise node.error(
            "pack-commitment-text",
            f"“{keys['id'].text()}”的 where 是 {where}，{missing[0]} {'缺少' if where == 'self' else '多余'}。",
            remedy="在平台上作出的承诺（self）写明 text 和 text_en，其他的不写。",
        )
    return CommitmentKind(
        id=keys["id"].text(),
        kind=keys["kind"].choice([code.code for code in codes["commitment-kind"].codes]),
        title=keys["title"].text(),
        title_en=keys["title_en"].text(),
        where=where,
        note=keys["note"].text(),
        note_en=keys["note_en"].text(),
        text=keys["text"].text() if "text" in keys else "",
        text_en=keys["text_en"].text() if "text_en" in keys else "",
        reference=reference(keys["reference"]),
    )
