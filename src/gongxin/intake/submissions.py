"""Submissions: taking in a file of a department and having it processed."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import BinaryIO, Final, Literal

from django.conf import settings
from django.db import connection, transaction

from gongxin.clock import CIVIL_TIME
from gongxin.errors import Conflict, InvalidInput, NotPermitted
from gongxin.identity.models import Department, User
from gongxin.intake import jobs, persons, storage
from gongxin.intake.faults import FAULTS, FileRefused
from gongxin.intake.models import UNFINISHED, Channel, Submission, SubmissionState
from gongxin.policy import packs
from gongxin.policy.model import Item

Mode = Literal["auto", "now", "job"]

_log = logging.getLogger(__name__)
_NAME_LENGTH: Final = 255


def receive(
    stream: BinaryIO | Iterable[bytes],
    *,
    filename: str,
    item: str,
    provider: Department,
    channel: Channel | str,
    acting_user: User | None,
    at: datetime,
    corrects: Submission | None = None,
) -> Submission:
    """Keep the file and write its Submission row; nothing is judged yet. The file is on the disk before the row
    commits.

    The same file of the same department for the same item that is still waiting gives the waiting submission (a double
    click). item: id of a catalogue item. acting_user: None for the command line and API keys. Raises NotPermitted
    (department or user may not hand this in), FileRefused E109 (too large) or E117 (no such item).
    """
    judge_permission(item, provider=provider, acting_user=acting_user, at=at, corrects=corrects)
    with storage.staged(stream) as file, transaction.atomic():
        facts = {"item": item, "provider": provider, "file_sha256": file.sha256, "corrects": corrects}
        storage.place(file)
        waiting = Submission.objects.filter(**facts, state__in=UNFINISHED).first()
        return waiting or Submission.objects.create(
            **facts,
            channel=channel,
            filename=_plain_name(filename),
            file_bytes=file.size,
            submitted_by=acting_user,
            received_at=at,
        )


def submit(
    stream: BinaryIO | Iterable[bytes],
    *,
    filename: str,
    item: str,
    provider: Department,
    channel: Channel | str,
    acting_user: User | None,
    at: datetime,
    corrects: Submission | None = None,
    mode: Mode = "auto",
    progress: jobs.Progress | None = None,
) -> Submission:
    """Receive, then process: at once (`now`, or a file up to settings.INTAKE_INLINE_BYTES) or as a job (`job`, or a
    larger one).

    A processing that fails for a reason of ours (database gone) is handed to the worker: the submission is then still
    unfinished when this returns. Raises as `receive`.
    """
    submission = receive(
        stream,
        filename=filename,
        item=item,
        provider=provider,
        channel=channel,
        acting_user=acting_user,
        at=at,
        corrects=corrects,
    )
    return process(submission, at=at, mode=mode, progress=progress)


def process(
    submission: Submission, *, at: datetime, mode: Mode = "auto", progress: jobs.Progress | None = None
) -> Submission:
    """Process a received submission, now or as a job (see `submit`). A finished one is returned as it is."""
    if submission.state not in UNFINISHED:
        return submission
    if mode == "job" or (mode == "auto" and submission.file_bytes > settings.INTAKE_INLINE_BYTES):
        jobs.defer(submission)
        return submission
    try:
        return jobs.run(submission.pk, at=at, progress=progress)
    # Whatever broke, the file is kept and the department must not be told that it was its fault: a worker tries again.
    except Exception as error:
        # In one line, for the command line's sake; the worker that tries again logs where it broke.
        _log.error("submission %s not processed at once (%r); handed to the worker", submission.pk, error)
        if connection.in_atomic_block and connection.needs_rollback:
            raise
        jobs.defer(submission)
        return Submission.objects.get(pk=submission.pk)


def retry(submission: Submission, *, acting_user: User | None, at: datetime) -> Submission:
    """Process again a submission that was interrupted (E118); what interrupted it so far no longer counts.

    Conflict if it ended in any other way or its file is gone.
    """
    judge_permission(submission.item, provider=submission.provider, acting_user=acting_user, at=at)
    with transaction.atomic():
        locked = Submission.objects.select_for_update().get(pk=submission.pk)
        if locked.fault_code != jobs.INTERRUPTED or not storage.has_original(locked):
            raise Conflict("not-interrupted", "该批次不能重新处理。", remedy="请重新上传文件。")
        locked.state, locked.fault_code, locked.fault_facts = SubmissionState.RECEIVED, "", {}
        locked.completed_at, locked.interruptions = None, 0
        locked.save(update_fields=["state", "fault_code", "fault_facts", "completed_at", "interruptions"])
        jobs.defer(locked)
    return locked


def judge_permission(
    item: str,
    *,
    provider: Department,
    acting_user: User | None,
    at: datetime,
    corrects: Submission | None = None,
) -> Item:
    """The catalogue item, if this department and user may hand it in on that day.

    Raises NotPermitted or FileRefused.
    """
    found = packs.current().items.get(item)
    if found is None:
        raise FileRefused("E117", value=item, expected="、".join(sorted(packs.current().items)))
    day = at.astimezone(CIVIL_TIME).date()
    if (found.effective_from and day < found.effective_from) or (found.effective_until and day > found.effective_until):
        term = f"{found.effective_from or ''} 至 {found.effective_until or ''}"
        raise InvalidInput(
            "item-not-in-force",
            f"目录项“{found.title}”在 {day} 不适用（适用期间：{term}）。",
            remedy="请从目录页选择现行的目录项。",
        )
    _judge_department(found, provider, acting_user)
    if corrects is not None and (corrects.provider_id != provider.pk or corrects.item != item):
        raise InvalidInput(
            "corrects-other",
            "被改正的批次不是本单位本目录项的批次。",
            remedy="请从原批次的页面上传改正文件，或者作为新批次报送。",
        )
    return found


def _judge_department(item: Item, provider: Department, acting_user: User | None) -> None:
    if not provider.active:
        raise NotPermitted(
            "department-inactive", f"“{provider.name}”已停用，不能报送。", remedy="请联系信用办恢复本单位的报送资格。"
        )
    if acting_user is not None and (not acting_user.is_active or acting_user.department_id != provider.pk):
        raise NotPermitted(
            "other-department", f"当前账号不属于“{provider.name}”。", remedy="请使用该单位的账号报送，或者改选本单位。"
        )
    if item.id not in provider.items:
        fault = FAULTS["E116"]
        said = {"value": provider.name, "expected": item.title}
        raise NotPermitted("E116", fault.sentence(**said), remedy=fault.next_step(**said), facts=said)


def _plain_name(filename: str) -> str:
    """The last part of the name, for showing only: no folders, no control or direction characters, no resident ID."""
    last = filename.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(character for character in last if unicodedata.category(character)[0] != "C").strip()
    # No name of a file that goes back may have an asterisk.
    masked = persons.masked_text(shown[-_NAME_LENGTH:]).replace("*", "_")
    return masked or "未命名"
