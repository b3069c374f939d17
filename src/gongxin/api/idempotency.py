"""Requests that must not be done twice: the ``Idempotency-Key`` header of POST /submissions.

Same key and same body within `LIFETIME`: the first submission again. Same key and another body: 409. After that the
key is free. Two requests with one key at once: the second waits for the row of the first, so there is one submission.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from gongxin.api import problems
from gongxin.api.models import IdempotentRequest
from gongxin.errors import Conflict
from gongxin.identity.models import Department
from gongxin.intake.models import Submission

LIFETIME: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Kept:
    """The submission of a request; replayed: it was made by an earlier request with the same key."""

    submission: Submission
    replayed: bool


def body_hash(*parts: str) -> str:
    """SHA-256 over the parts that make a request, lengths included so that no two lists of parts meet."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()


@transaction.atomic
def once(key: str, digest: str, receive: Callable[[], Submission], *, department: Department, at: datetime) -> Kept:
    """The submission under `key`, or the one `receive` makes now. Raises Conflict for a key used with another body."""
    _lock(f"idempotency {department.pk} {key}")
    IdempotentRequest.objects.filter(department=department, expires_at__lte=at).delete()
    earlier = IdempotentRequest.objects.select_related("submission").filter(department=department, key=key).first()
    if earlier is None:
        submission = receive()
        IdempotentRequest.objects.create(
            department=department,
            key=key,
            body_hash=digest,
            submission=submission,
            created_at=at,
            expires_at=at + LIFETIME,
        )
        return Kept(submission, replayed=False)
    if earlier.body_hash != digest:
        known = problems.types()["idempotency-key-reused"]
        raise Conflict(known.code, known.title + "。", remedy=known.remedy)
    return Kept(earlier.submission, replayed=True)


def _lock(name: str) -> None:
    """Wait for whoever holds `name`; held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
