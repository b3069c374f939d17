"""From a handed-in file to committed records: read → normalise → validate → match → compare → load.

The file streams through in chunks. While one chunk is copied into the database, the next is prepared; everything
happens in one transaction, so that a killed worker leaves all of it or nothing. Every row ends as accepted, revised,
unchanged, rejected, or received into a person's own file.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import polars as pl
import psycopg
from django.db import connection, transaction

from gongxin import ledger
from gongxin.clock import CIVIL_TIME
from gongxin.errors import Conflict, NotFound
from gongxin.identity.models import Department
from gongxin.intake import persons, reading, rejecting, repeating, rules, storage
from gongxin.intake.faults import FileRefused
from gongxin.intake.flow import Flow, Progress
from gongxin.intake.loading import Loader
from gongxin.intake.models import UNFINISHED, Submission, SubmissionState
from gongxin.intake.preparing import Preparer
from gongxin.intake.rejecting import HeldBack
from gongxin.intake.seen import SeenRows
from gongxin.intake.shaping import Origin
from gongxin.intake.timeliness import Timeliness
from gongxin.ledger import batches
from gongxin.ledger import selectors as log
from gongxin.policy import packs
from gongxin.walls import acting

WAITING: Final = "等待同一目录项的其他批次"
_RESUBMITTED, _CORRECTED = "resubmitted", "corrected"


def process(submission_id: UUID, *, at: datetime, progress: Progress | None = None) -> Submission:
    """Process a received submission and return it, completed or refused.

    at: the instant of processing, kept as the time of the records. progress: called with stage, rows done, rows in
    all (None while unknown; an estimate until the last row is read). A submission that a dead worker left behind can
    be processed again: nothing of it has been loaded. Raises NotFound for an unknown submission, Conflict for one
    that is finished or whose keys were taken by another writer meanwhile.
    """
    found = Submission.objects.select_related("provider", "corrects", "submitted_by")
    submission = found.filter(pk=submission_id).first()
    if submission is None:
        raise NotFound("submission-unknown", "没有这个报送批次。", remedy="请核对批次号。")
    if submission.state not in UNFINISHED:
        raise Conflict(
            "submission-finished", "这个批次已经处理完毕。", remedy="请查看批次结果；需要更正的，请另行报送。"
        )
    Submission.objects.filter(pk=submission_id).update(state=SubmissionState.PROCESSING)
    try:
        with transaction.atomic(), acting.loading():
            _load(submission, at, progress or _silent)
    except FileRefused as refusal:
        refuse(submission, refusal, at=at)
    except psycopg.errors.UniqueViolation as error:
        raise _raced() from error
    submission.refresh_from_db()
    return submission


def _load(submission: Submission, at: datetime, report: Progress) -> None:
    """The transaction: open the file, load its rows, merge revisions, write the outcome."""
    pack = packs.current()
    item = pack.item(submission.item)
    connection.ensure_connection()
    loader = Loader(connection.connection, item, submission.pk, submission.provider_id)
    report(WAITING, 0, None)
    loader.begin()
    judged: dict[str, object] = {"rules": repeating.stamp(pack), "leaf": log.size()}
    earlier = repeating.known(submission, rules=repeating.stamp(pack))
    if earlier is not None:
        _complete(submission, judged | repeating.carry_over(earlier, submission), SeenRows(), at)
        return
    day = submission.received_at.astimezone(CIVIL_TIME).date()
    table = reading.open_table(storage.original(submission), submission.filename, item, pack)
    authorities = list(Department.objects.exclude(uscc="").values_list("uscc", flat=True))
    compiled = rules.compiled(item, table.columns, day=day, authorities=authorities)
    flow = Flow(
        item=item,
        pack=pack,
        table=table,
        preparer=Preparer(item, pack, table.columns, compiled),
        loader=loader,
        origin=Origin(submission.pk, submission.provider_id, at),
        timeliness=Timeliness(item, pack, day),
        held_back=HeldBack(rejecting.identity_columns(table.header.titles, table.columns, item)),
        report=report,
    )
    outcome = flow.run().outcome()
    merged = loader.merge(reason=_CORRECTED if submission.corrects_id else _RESUBMITTED, at=at)
    if merged != outcome["revised"]:
        raise AssertionError(f"{outcome['revised']} rows revised, {merged} records changed")
    read = {
        "generation": table.columns.generation.id if table.columns.generation else "",
        "columns": _masked(table.header.titles),
        "ignored_columns": _masked(table.columns.ignored),
    }
    _complete(submission, judged | outcome | read, flow.rows, at)


def _masked(titles: Sequence[str]) -> list[str]:
    return persons.masked_texts(pl.Series(titles, dtype=pl.String)).to_list()


def _complete(submission: Submission, outcome: dict[str, object], rows: SeenRows, at: datetime) -> None:
    """The outcome goes into the row, and into one leaf for the batch with the root over the records it made or
    changed.
    """
    Submission.objects.filter(pk=submission.pk).update(
        **outcome,
        state=SubmissionState.COMPLETED,
        completed_at=at,
        stage="",
        rows_done=outcome["rows_in"],
        rows_total=outcome["rows_in"],
        fault_code="",
        fault_facts={},
    )
    entries = rows.taken()
    counts = {name: outcome[name] for name in ("rows_in", "accepted", "revised", "unchanged", "rejected", "received")}
    sums = {"records": len(entries), "records_root": batches.root_unordered(entries).hex()}
    ledger.append("submission.completed", fields=_named(submission) | counts | sums, actor=_actor(submission), at=at)


def _named(submission: Submission) -> dict[str, object]:
    """The fields that both events of a submission have."""
    return {
        "submission": str(submission.pk),
        "item": submission.item,
        "provider": submission.provider.code,
        "file_sha256": submission.file_sha256,
    }


def _actor(submission: Submission) -> str:
    """Who handed it in: an account, else the way it came."""
    user = submission.submitted_by
    return user.username if user else f"{submission.channel} of {submission.provider.code}"


def _silent(stage: str, done: int, total: int | None) -> None:
    """Nobody is watching."""


def _raced() -> Conflict:
    return Conflict("submission-raced", "另一批次同时写入了相同的记录。", remedy="没有任何数据入库，请重新处理本批次。")


@transaction.atomic
def refuse(submission: Submission, refusal: FileRefused, *, at: datetime) -> None:
    """The whole file goes back: nothing is loaded, no row counted. Nothing happens to a finished submission."""
    refused = Submission.objects.filter(pk=submission.pk, state__in=UNFINISHED).update(
        state=SubmissionState.REFUSED,
        fault_code=refusal.code,
        fault_facts={name: persons.masked_text(str(said)) for name, said in refusal.facts.items()},
        completed_at=at,
        stage="",
        rows_done=0,
        rows_total=None,
    )
    if refused:
        fields = _named(submission) | {"fault": refusal.code}
        ledger.append("submission.refused", fields=fields, actor=_actor(submission), at=at)
