"""Sending the e-mails that wait: retried with growing pauses, and after the last attempt shown to staff as not
delivered. An e-mail says that there is something new and where; it holds nothing of a record, a case or a name.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from gongxin import ledger, postal
from gongxin.correspondence import mailboxes
from gongxin.correspondence.models import Delivery, Mailbox, State
from gongxin.errors import Conflict, NotFound, Unavailable
from gongxin.identity.models import User
from gongxin.identity.roles import Role

_log = logging.getLogger(__name__)
_AT_ONCE: Final = 500

_SUBJECT: Final = "【公信】您有新消息 / You have new messages"
_BODY: Final = """公共信用信息平台有 {count} 条与贵单位有关的新消息。为保护信息安全，邮件不写内容，请登录后查看：
{address}

There are {count} new messages for your organisation. Please sign in to read them at the address above.

不再接收邮件 / Stop these e-mails：
{stop}
"""
_CONFIRM_SUBJECT: Final = "【公信】请确认电子邮箱 / Please confirm your address"
_CONFIRM_BODY: Final = """有人在公共信用信息平台填写了这个电子邮箱，用于接收新消息提醒。
是您本人的，请在一天之内打开下面的地址并确认；不是的，不必理会，我们不会再发邮件。

Somebody gave this address for news from the public credit information platform. Please confirm it within a day at
{address}
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one round."""

    sent: int = 0
    again: int = 0
    failed: int = 0


def confirm(mailbox: Mailbox) -> None:
    """Send the link of confirmation, now. Raises Unavailable where it cannot be handed over."""
    address = settings.ORIGIN + reverse("mine:mail-confirm", args=[mailboxes.confirmation(mailbox)])
    message = EmailMessage(_CONFIRM_SUBJECT, _CONFIRM_BODY.format(address=address), to=[mailbox.address.reveal()])
    message.extra_headers = {"Auto-Submitted": "auto-generated"}
    if fault := postal.handed_over(message):
        raise Unavailable(
            "mail-not-sent", f"确认邮件没有发出（{fault}）。", remedy="请核对地址，稍后重试；仍不行的，请联系信用办。"
        )


def send_due(*, at: datetime) -> Sent:
    """Send what is due, each in a transaction of its own. Waiting ones somebody else is at are passed over."""
    found = Delivery.objects.filter(state=State.WAITING, due_at__lte=at).order_by("due_at")
    outcomes = [_attempt(key, at) for key in list(found.values_list("pk", flat=True)[:_AT_ONCE])]
    return Sent(*(outcomes.count(state) for state in (State.SENT, State.WAITING, State.FAILED)))


def undelivered() -> QuerySet[Delivery]:
    """What could not be delivered, latest first, for staff."""
    return Delivery.objects.filter(state=State.FAILED).select_related("user").order_by("-made_at", "-pk")


@transaction.atomic
def try_again(delivery_id: UUID, *, acting_user: User, at: datetime) -> Delivery:
    """Let an e-mail that was given up wait again.

    Raises NotFound; Conflict where another one waits for the account already, or it has no address any more.
    """
    held = Delivery.objects.select_for_update(of=("self",)).filter(pk=delivery_id, state=State.FAILED).first()
    if held is None:
        raise NotFound("delivery-unknown", "没有这封未能送达的邮件。", remedy="请刷新列表。")
    waits = Delivery.objects.filter(user=held.user_id, state=State.WAITING).exists()
    if waits or not Mailbox.objects.filter(user=held.user_id, confirmed_at__isnull=False).exists():
        raise Conflict(
            "delivery-waits", "该账号没有确认的电子邮箱，或者已有一封待发送。", remedy="请联系信用主体核对电子邮箱。"
        )
    held.state, held.attempts, held.due_at = State.WAITING, 0, at
    held.save(update_fields=["state", "attempts", "due_at"])
    fields = {"delivery": str(held.pk)}
    ledger.append("delivery.retried", fields=fields, actor=acting_user.username, at=at, about=[held.user_id])
    return held


@transaction.atomic
def _attempt(key: UUID, at: datetime) -> str:
    """Send one; its state after that."""
    held = Delivery.objects.select_for_update(skip_locked=True).filter(pk=key, state=State.WAITING).first()
    if held is None:
        return ""
    mailbox = Mailbox.objects.filter(user=held.user_id, confirmed_at__isnull=False).first()
    fault = postal.handed_over(_letter(held, mailbox)) if mailbox else "no-address"
    if not fault:
        held.state, held.sent_at, held.fault = State.SENT, at, ""
    elif held.attempts >= len(postal.PAUSES) or mailbox is None:
        held.state, held.fault = State.FAILED, fault
    else:
        held.due_at, held.fault = at + postal.PAUSES[held.attempts], fault
    held.attempts += 1
    held.save()
    return held.state


def _letter(held: Delivery, mailbox: Mailbox) -> EmailMessage:
    stop = settings.ORIGIN + reverse("mine:mail-stop", args=[mailboxes.stopping(mailbox)])
    # Officers are told of clocks of cases, which wait on the desk's first page.
    at = "mine:messages" if held.user.role == Role.REPRESENTATIVE else "desk:home"
    address = settings.ORIGIN + reverse(at)
    body = _BODY.format(count=held.enclosed.count(), address=address, stop=stop)
    message = EmailMessage(_SUBJECT, body, to=[mailbox.address.reveal()])
    message.extra_headers = {
        "Message-ID": postal.message_id(held.pk),
        "Auto-Submitted": "auto-generated",
        # RFC 8058: mail programs end it with one click.
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return message
