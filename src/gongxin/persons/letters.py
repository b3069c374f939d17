"""E-mails that tell a person to sign in: an entry arrived, somebody opened the file or tried to, an objection was
decided. Which of these, by whom and about what is never said; nor is anybody told who gets one.

Made in the transaction of the cause, for a file with a confirmed address; one waits at most, and the next one waits an
hour after the last.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.urls import reverse

from gongxin import postal
from gongxin.clock import CIVIL_TIME
from gongxin.persons import holding, mailboxes
from gongxin.persons.models import Letter
from gongxin.persons.seen import SMALLEST
from gongxin.policy import packs
from gongxin.policy.retention import rules

_log = logging.getLogger(__name__)
# Engineering: how long news wait for more of them after the last e-mail.
PAUSE: Final = timedelta(hours=1)
_AT_ONCE: Final = 500
_TELL: Final = """
    INSERT INTO persons_letter (id, file_id, state, made_at, due_at, attempts, fault)
    SELECT gen_random_uuid(), box.file_id, 'waiting', %(at)s, greatest(%(at)s, last.sent + %(pause)s), 0, ''
    FROM persons_mailbox box
    CROSS JOIN LATERAL (SELECT max(sent_at) AS sent FROM persons_letter held WHERE held.file_id = box.file_id) last
    WHERE box.confirmed_at IS NOT NULL AND box.file_id = ANY(%(files)s::uuid[])
    ON CONFLICT (file_id) WHERE state = 'waiting' DO NOTHING
"""
_SUBJECT: Final = "【公信】请登录查看 / Please sign in"
_BODY: Final = """您在公共信用信息平台的本人档案有新的情况。为保护个人信息，邮件不写内容，请登录后查看：
{address}

There is something new in your own file on the public credit information platform. Please sign in at the address above.

不想再收到邮件的，登录后可以随时删除电子邮箱。 You can remove your address at any time after signing in.
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one round."""

    sent: int = 0
    again: int = 0
    failed: int = 0


def tell(given: Sequence[Any], *, at: datetime, cursor: Any = None) -> None:
    """Have the persons of these files (ids) told, as far as they want to be. cursor: of the transaction, if another."""
    if not settings.MAIL or not given:
        return
    said: dict[str, Any] = {"files": [str(file) for file in given], "at": at, "pause": PAUSE}
    if cursor is not None:
        cursor.execute(_TELL, said)
        return
    with connection.cursor() as own:
        own.execute(_TELL, said)


def send_due(day: date, *, at: datetime) -> Sent:
    """Send what is due, each in a transaction of its own, and forget what is older than the pack's term of keeping."""
    found = Letter.objects.filter(state=Letter.State.WAITING, due_at__lte=at).order_by("due_at")
    outcomes = [_attempt(key, at) for key in list(found.values_list("pk", flat=True)[:_AT_ONCE])]
    for rule in rules(packs.current(), "person-letter", day):
        by = rule.ended_by(day)
        if by is not None:
            over = datetime.combine(by + timedelta(days=1), datetime.min.time(), CIVIL_TIME)
            Letter.objects.exclude(state=Letter.State.WAITING).filter(made_at__lt=over).delete()
    return Sent(*(outcomes.count(state) for state in (Letter.State.SENT, Letter.State.WAITING, Letter.State.FAILED)))


def undelivered(day: date) -> int | None:
    """How many of the last thirty days could not be delivered, for staff; None: fewer than SMALLEST, or none."""
    since = datetime.combine(day - timedelta(days=30), datetime.min.time(), CIVIL_TIME)
    count = Letter.objects.filter(state=Letter.State.FAILED, made_at__gte=since).count()
    return count if count >= SMALLEST else None


@transaction.atomic
def _attempt(key: UUID, at: datetime) -> str:
    """Send one; its state after that."""
    waiting = Letter.objects.select_for_update(of=("self",), skip_locked=True).select_related("file")
    held = waiting.filter(pk=key, state=Letter.State.WAITING).first()
    if held is None:
        return ""
    own = holding.opened(held.file)
    address = mailboxes.confirmed(own) if own else ""
    fault = postal.handed_over(_letter(held, address)) if address else "no-address"
    if not fault:
        held.state, held.sent_at = Letter.State.SENT, at
    elif held.attempts >= len(postal.PAUSES) or not address:
        held.state = Letter.State.FAILED
    else:
        held.due_at = at + postal.PAUSES[held.attempts]
    held.attempts, held.fault = held.attempts + 1, fault
    held.save()
    return held.state


def _letter(held: Letter, address: str) -> EmailMessage:
    body = _BODY.format(address=settings.ORIGIN + reverse("person:start"))
    message = EmailMessage(_SUBJECT, body, to=[address])
    message.extra_headers = {"Message-ID": postal.message_id(held.pk), "Auto-Submitted": "auto-generated"}
    return message
