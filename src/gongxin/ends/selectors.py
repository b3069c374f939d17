"""Reads of runs of the proof."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet

from gongxin.ends.models import Overstay, ProofRun
from gongxin.errors import NotFound
from gongxin.records.models import Record


@dataclass(frozen=True, slots=True)
class Standing:
    """How the proof stands: the last run that came to an end, and for how long there has been none.

    seconds: since that run began, or, where there never was one, since there is anything to prove (0: nothing).
    """

    last: ProofRun | None
    seconds: float


def standing(*, at: datetime) -> Standing:
    """The standing at that instant."""
    last = ProofRun.objects.filter(ended_at__isnull=False).first()
    since = last.started_at if last else _first_record()
    return Standing(last, max((at - since).total_seconds(), 0.0) if since else 0.0)


def _first_record() -> datetime | None:
    """When the oldest record came: ids grow with time."""
    return Record.objects.order_by("pk").values_list("recorded_at", flat=True).first()


def is_proved(day: date) -> bool:
    """Whether a run that came to an end has proved this day."""
    return ProofRun.objects.filter(day=day, ended_at__isnull=False).exists()


def runs() -> QuerySet[ProofRun]:
    """All runs, the last one first."""
    return ProofRun.objects.all()


def one(run_id: UUID) -> ProofRun:
    """The run. Raises NotFound."""
    found = ProofRun.objects.filter(pk=run_id).first()
    if found is None:
        raise NotFound("proof-unknown", "没有这次核验。", remedy="请从“每日核验”重新打开。")
    return found


def found_in(run: ProofRun) -> QuerySet[Overstay]:
    """The records a run saw where they may not be, as far as it kept them by name."""
    return run.found.all()


HISTORY: tuple[str, ...] = (
    "核验日", "开始时间", "结束时间", "核验人", "公示记录数", "逐个出口查找的记录数", "超期公示数", "未能核验的出口数",
    "规则版本", "日志编号",
)  # fmt: skip
FOUND: tuple[str, ...] = ("出口", "记录编号", "目录项", "原因", "公示截止日期")


def history_rows() -> Iterator[list[str]]:
    """The runs as texts, under HISTORY."""
    for run in runs().iterator():
        cells = (
            run.day, _instant(run.started_at), _instant(run.ended_at), run.by, run.swept, run.suspects, run.overstaying,
            run.faults if run.ended_at else None, run.pack_version, run.leaf,
        )  # fmt: skip
        yield ["" if cell is None else str(cell) for cell in cells]


def found_rows(run: ProofRun, titles: dict[str, str]) -> Iterator[list[str]]:
    """What a run found as texts, under FOUND. titles: what exits, items and reasons are called."""
    for entry in found_in(run).iterator():
        said = (titles.get(entry.exit, entry.exit), entry.record_id, titles.get(entry.item, entry.item))
        yield [str(cell) for cell in (*said, titles.get(entry.reason, entry.reason), entry.until or "")]


def _instant(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""
