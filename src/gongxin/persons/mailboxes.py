"""Where a person is told that there is something new: an address, confirmed by a code that was sent to it, removed at
any time. Sealed under the person's own key; nobody else ever sees it or who has one.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction

from gongxin import postal
from gongxin.clock import CIVIL_TIME
from gongxin.errors import Conflict, InvalidInput, NotFound, Unavailable
from gongxin.identity.models import User
from gongxin.ids import uuid7
from gongxin.persons import gone, holding
from gongxin.persons.authorising import own_file
from gongxin.persons.holding import OwnFile
from gongxin.persons.models import Letter, Mailbox
from gongxin.persons.seen import LetterSeen, MailboxSeen

# Engineering: how long a code works, how often it may be typed in, how many are sent to one file in a day.
CODE_FOR: Final = timedelta(minutes=30)
MOST_TRIES: Final = 5
MOST_CODES: Final = 5
DIGITS: Final = 8
_LONGEST: Final = 200
_SHOWN: Final = 5
_TABLE: Final = "persons_mailbox"
_SUBJECT: Final = "【公信】确认电子邮箱的验证码 / Your code"
_BODY: Final = """验证码：{code}
三十分钟内有效，请在填写电子邮箱的页面输入。不是您本人填写的，不必理会，我们不会再发邮件。

Code: {code}. It works for thirty minutes, on the page where the address was given.
If that was not you, nothing needs to be done.
"""


def of(user: User) -> MailboxSeen | None:
    """The person's mailbox with its latest e-mails; None where there is none, or no file. Raises as `file_of`."""
    own = holding.file_of(user)
    held = Mailbox.objects.filter(file=own.file).first() if own else None
    if own is None or held is None:
        return None
    letters = Letter.objects.filter(file=own.file).order_by("-made_at", "-pk")[:_SHOWN]
    return MailboxSeen(
        _masked(_body(own, held)["address"]),
        held.confirmed_at,
        tuple(LetterSeen(one.made_at, one.state, str(Letter.State(one.state).label), one.sent_at) for one in letters),
    )


def give(address: str, *, acting_user: User, at: datetime) -> None:
    """Keep an address and send a code to it; nothing else is sent before the code was typed in.

    No leaf: it concerns nobody but the person. Raises InvalidInput for what is no address, NotFound without a file,
    Conflict after too many codes, Unavailable where the code cannot be handed over.
    """
    text = address.strip()
    try:
        validate_email(text)
    except ValidationError as error:
        raise InvalidInput("mail-address", "这不是电子邮箱地址。", remedy="请核对，例如 name@example.cn。") from error
    if len(text) > _LONGEST:
        raise InvalidInput("mail-address", "电子邮箱过长。", remedy="请换一个电子邮箱。")
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    with transaction.atomic():
        own = own_file(acting_user, at)
        held = Mailbox.objects.filter(file=own.file).first()
        sent = _recent(own, held, at)
        _forget(own, at)
        fresh = Mailbox(id=uuid7(), file=own.file)
        sent.append(at.isoformat())
        body = {"address": text, "code": _digest(code), "until": (at + CODE_FOR).isoformat(), "tries": 0, "sent": sent}
        _seal(own, fresh, body)
        fresh.save(force_insert=True)
    message = EmailMessage(_SUBJECT, _BODY.format(code=code), to=[text])
    message.extra_headers = {"Auto-Submitted": "auto-generated"}
    if not settings.MAIL or (fault := postal.handed_over(message)):
        said = "本节点没有配置邮件服务" if not settings.MAIL else fault
        raise Unavailable("mail-not-sent", f"验证码没有发出（{said}）。", remedy="请核对地址，稍后重试。")


def confirm(code: str, *, acting_user: User, at: datetime) -> None:
    """Whoever has the code reads the address. No leaf. Raises NotFound, InvalidInput for a wrong or late code."""
    with transaction.atomic():
        own = own_file(acting_user, at)
        held = Mailbox.objects.select_for_update().filter(file=own.file).first()
        if held is None:
            raise _none()
        if held.confirmed_at is not None:
            return
        body = _body(own, held)
        right = body["tries"] < MOST_TRIES and at <= datetime.fromisoformat(body["until"])
        right = right and secrets.compare_digest(body["code"], _digest("".join(code.split())))
        body["tries"] += 1
        if right:
            held.confirmed_at, body["code"] = at, ""
        _seal(own, held, body)
        held.save(update_fields=["body", "confirmed_at"])
    # Outside: a wrong code has to stay counted.
    if not right:
        raise InvalidInput(
            "mail-code",
            "验证码不对，或者已经失效。",
            remedy=f"请核对；连续错 {MOST_TRIES} 次或者超过三十分钟的，请重新填写邮箱。",
        )


@transaction.atomic
def drop(*, acting_user: User, at: datetime) -> None:
    """Forget the address; what waits is not sent any more. No leaf. Raises NotFound where there is none."""
    own = own_file(acting_user, at)
    if not _forget(own, at):
        raise _none()


def confirmed(own: OwnFile) -> str:
    """The address that e-mails of this file go to; empty where there is none."""
    held = Mailbox.objects.filter(file=own.file, confirmed_at__isnull=False).first()
    return str(_body(own, held)["address"]) if held else ""


def _forget(own: OwnFile, at: datetime) -> bool:
    Letter.objects.filter(file=own.file, state=Letter.State.WAITING).delete()
    held = Mailbox.objects.select_for_update().filter(file=own.file).first()
    if held is None:
        return False
    gone.note("mailbox", [held.pk], day=at.astimezone(CIVIL_TIME).date())
    held.delete()
    return True


def _recent(own: OwnFile, held: Mailbox | None, at: datetime) -> list[str]:
    """When codes were sent in the last day. Raises Conflict if it was often enough."""
    sent = _body(own, held)["sent"] if held else []
    recent = [when for when in sent if datetime.fromisoformat(when) > at - timedelta(days=1)]
    if len(recent) >= MOST_CODES:
        raise Conflict("mail-codes-many", "今天发出的验证码已经够多。", remedy="请明天再试，或者使用最后一个验证码。")
    return recent


def _body(own: OwnFile, held: Mailbox) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(own.key.open(held.body, table=_TABLE, row=str(held.pk)))
    return found


def _seal(own: OwnFile, held: Mailbox, body: dict[str, Any]) -> None:
    held.body = own.key.seal(json.dumps(body), table=_TABLE, row=str(held.pk))


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _masked(address: str) -> str:
    name, _, host = address.rpartition("@")
    return f"{name[:1]}…@{host}"


def _none() -> NotFound:
    return NotFound("mail-none", "没有填写电子邮箱。", remedy="请先填写。")
