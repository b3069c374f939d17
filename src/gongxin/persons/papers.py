"""Evidence that a person brings with an objection: files sealed under the person's key, in the database alone.

Whoever destroys the key has destroyed them too; nothing of them lies among the evidence of organisations.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from gongxin import filekinds, scanning
from gongxin.errors import InvalidInput, NotFound
from gongxin.identity.models import User
from gongxin.ids import uuid7
from gongxin.persons import holding
from gongxin.persons.holding import OwnFile
from gongxin.persons.models import Objection, Paper
from gongxin.persons.seen import NewPaper, PaperContent, PaperSeen

MOST_FILES: Final = 3
MOST_BYTES: Final = 5 * 1024 * 1024
_TABLE: Final = "persons_paper"
_NAME: Final = 200


def judged(files: Sequence[NewPaper]) -> tuple[PaperContent, ...]:
    """The files with their kinds. Raises InvalidInput: too many, empty, too large, of a kind that is not accepted."""
    if len(files) > MOST_FILES:
        raise InvalidInput("paper-too-many", f"材料超过 {MOST_FILES} 份。", remedy="请合并后上传。")
    return tuple(_judged(given) for given in files)


def keep(own: OwnFile, held: Objection, files: Sequence[PaperContent]) -> None:
    """Seal files to an objection of this person."""
    for content in files:
        paper = Paper(id=uuid7(), objection=held)
        head = {"filename": content.filename, "media_type": content.media_type, "size": len(content.content)}
        paper.head = _sealed(own, paper, "head", json.dumps(head, ensure_ascii=False))
        paper.body = _sealed(own, paper, "body", base64.b64encode(content.content).decode())
        paper.save(force_insert=True)


def of(own: OwnFile, held: Objection) -> tuple[PaperSeen, ...]:
    """What was brought with an objection, in order; the files themselves stay closed."""
    found = Paper.objects.filter(objection=held).defer("body").order_by("id")
    return tuple(PaperSeen(id=paper.pk, **_head(own, paper)) for paper in found)


def content(own: OwnFile, held: Objection, paper_id: UUID) -> PaperContent:
    """One file, opened. Raises NotFound for a file of another objection."""
    paper = Paper.objects.filter(objection=held, pk=paper_id).first()
    if paper is None:
        raise NotFound("paper-unknown", "没有这份材料。", remedy="请从异议页面重新打开。")
    head, body = _head(own, paper), own.key.open(paper.body, table=_TABLE, row=f"{paper.pk}.body")
    return PaperContent(head["filename"], head["media_type"], base64.b64decode(body))


def of_person(user: User, objection_id: UUID, paper_id: UUID) -> PaperContent:
    """A file that the person brought. Raises NotPermitted as `holding.file_of`, NotFound."""
    own = holding.file_of(user)
    held = Objection.objects.filter(pk=objection_id, entry__file=own.file).first() if own else None
    if own is None or held is None:
        raise NotFound("paper-unknown", "没有这份材料。", remedy="请从异议页面重新打开。")
    return content(own, held, paper_id)


def _judged(given: NewPaper) -> PaperContent:
    if not given.content or len(given.content) > MOST_BYTES:
        most = MOST_BYTES // 1024**2
        raise InvalidInput(
            "paper-size", f"材料“{given.filename}”是空的，或者超过 {most} MiB。", remedy="请重新选择文件。"
        )
    kind = filekinds.media_type(given.content, given.filename)
    if kind is None:
        raise InvalidInput(
            "paper-kind",
            f"材料“{given.filename}”的格式不在接受范围内，或者内容与扩展名不符。",
            remedy="请上传 PDF、PNG 或者 JPEG 文件。",
        )
    if name := scanning.found([given.content]):
        raise InvalidInput(
            "paper-infected",
            f"查毒服务在材料“{given.filename}”中发现恶意代码（{name}）。",
            remedy="请查毒后重新扫描或者导出上传。",
        )
    return PaperContent(Path(given.filename).name[-_NAME:], kind, given.content)


def _head(own: OwnFile, paper: Paper) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(own.key.open(paper.head, table=_TABLE, row=f"{paper.pk}.head"))
    return found


def _sealed(own: OwnFile, paper: Paper, column: str, text: str) -> str:
    return own.key.seal(text, table=_TABLE, row=f"{paper.pk}.{column}")
