"""Who follows what, the messages that came of it, and the e-mails that say there are some.

Everything belongs to an account of a representative: whoever else has an account follows nothing.
"""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import Q

from gongxin.ids import uuid7
from gongxin.secrecy.fields import EncryptedTextField


class Kind(models.TextChoices):
    """What can be followed."""

    RECORDS = "records", "新增记录"
    CHANGES = "changes", "记录变更、停止公示"
    CASES = "cases", "办件进展"
    LOOKS = "looks", "有单位查询"
    REPORTS = "reports", "出具信用报告"


# Beside them in the list of messages: notices of cases, which are told whether anybody follows or not.
NOTICE: Final = "notice"


class Following(models.Model):
    """What an account follows about an organisation it acts for. Kept anew by each choice; none: it follows nothing."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("identity.User", on_delete=models.CASCADE, related_name="followings")
    uscc = models.CharField(max_length=18, db_index=True)
    # Words of `Kind`.
    kinds = models.JSONField()
    # Nothing that happened before is told.
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "uscc"], name="following_once")]


class Mailbox(models.Model):
    """The e-mail address of an account. Nothing is sent to it before somebody who reads it confirmed it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.OneToOneField("identity.User", on_delete=models.CASCADE, related_name="mailbox")
    address = EncryptedTextField()
    given_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)


class Message(models.Model):
    """One thing that is new about an organisation, told to one account. Never changed but for `read_at`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("identity.User", on_delete=models.CASCADE, related_name="messages")
    organisation = models.ForeignKey("subjects.Organisation", on_delete=models.PROTECT, related_name="messages")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    # What it was told from: `leaf 17` of the ledger, `day 2026-07-01`, or `look` with the instant of the look.
    source = models.CharField(max_length=40)
    # How many, of which item, in which case: what the sentence names (`messages.sentence`).
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-at", "-id")
        constraints = [models.UniqueConstraint(fields=["user", "organisation", "kind", "source"], name="message_once")]
        indexes = [
            models.Index(fields=["user", "at"], name="message_of_account"),
            models.Index(fields=["user"], condition=Q(read_at__isnull=True), name="message_unread"),
        ]


class State(models.TextChoices):
    """How an e-mail stands."""

    WAITING = "waiting", "待发送"
    SENT = "sent", "已发送"
    FAILED = "failed", "未能送达"


class Delivery(models.Model):
    """An e-mail to an account (outbox): that there is something new, never what. Made in the transaction of its cause.

    At least once: it is marked as sent after it was handed over, under a Message-ID that is always the same.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("identity.User", on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    made_at = models.DateTimeField()
    # Not before; later with each failed attempt.
    due_at = models.DateTimeField()
    attempts = models.SmallIntegerField(default=0)
    # The kind of the last failure, without what the server said: that may hold the address.
    fault = models.CharField(max_length=60, blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-made_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(state=State.WAITING), name="delivery_one_waiting")
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state=State.WAITING), name="delivery_due"),
            models.Index(fields=["made_at"], condition=Q(state=State.FAILED), name="delivery_failed"),
        ]


class Enclosed(models.Model):
    """What an e-mail speaks of: a message, or a notice of a case."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="enclosed")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, related_name="enclosed")
    notice = models.ForeignKey("rights.Notice", on_delete=models.CASCADE, null=True, related_name="enclosed")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(message__isnull=False, notice__isnull=True) | Q(message__isnull=True, notice__isnull=False),
                name="enclosed_one_thing",
            )
        ]


class Position(models.Model):
    """How far what is new has been gathered: the next leaf of the ledger, and the last civil day. One row."""

    leaf = models.BigIntegerField()
    day = models.DateField()
