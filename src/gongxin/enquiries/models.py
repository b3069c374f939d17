"""Looks at what is not public, as asked and answered, and reports as issued."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from gongxin.ids import uuid7


class Outcome(models.TextChoices):
    """How a look ended."""

    FOUND = "found", "有可披露记录"
    NO_RECORDS = "no_records", "主体在册，无可披露记录"
    NOT_FOUND = "not_found", "未查到该主体"
    AMBIGUOUS = "ambiguous", "名称对应多个主体"
    SHOWN = "shown", "已提供"
    REFUSED = "refused", "不予查询"


class Channel(models.TextChoices):
    """The way a look came."""

    API = "api", "接口"
    BATCH = "batch", "批量接口"
    DESK = "desk", "工作台"
    MINE = "mine", "信用主体页面"
    CODE = "code", "授权码"


class Kind(models.TextChoices):
    """What was looked at."""

    CHECK = "check", "信用核查"
    RECORD = "record", "信用记录"
    RECORDS = "records", "信用记录列表"
    SUBMISSION = "submission", "报送批次"
    FILE = "file", "报送文件"
    REPORT = "report", "信用报告"
    ACCOUNT = "account", "账号"
    LOG = "log", "查询留痕"
    CASE = "case", "办件"
    ARCHIVE = "archive", "归档信息"


class Look(models.Model):
    """One look at what is not public (查询留痕): who, for which department, when, at what, why, and what came of it.

    Append-only (a trigger refuses changes). Written in the transaction that answers, which fails if this does. The
    transaction's leaf in the ledger commits to the row by `enquiries_entry` (migration 0004, enquiries.looks).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.CHECK)
    channel = models.CharField(max_length=8, choices=Channel.choices, default=Channel.API)
    # Null: somebody who acts for no department (a representative).
    department = models.ForeignKey(
        "identity.Department", on_delete=models.PROTECT, null=True, db_constraint=False, db_index=False
    )
    # The account or API key that asked, by its lasting name, and its role («key» for a key).
    asked_by = models.CharField(max_length=150)
    role = models.CharField(max_length=32, blank=True)
    asked_at = models.DateTimeField()
    # As asked; resident identity numbers are masked before anything is stored.
    asked_for = models.CharField(max_length=200)
    organisation_id = models.UUIDField(null=True)
    # The organisations on a list that shows several.
    others = ArrayField(models.UUIDField(), default=list)
    # uscc, identifier, name, former_name; empty where nothing was matched.
    matched_by = models.CharField(max_length=16, blank=True)
    # Code of a purpose or duty of the pack, and the article it stood on that day.
    purpose = models.CharField(max_length=40)
    basis = models.CharField(max_length=200, blank=True)
    matter = models.CharField(max_length=120, blank=True)
    # Numbers of the organisation's authorisations it came under, or (where none is in force) of the last one.
    consent = models.TextField(blank=True, default="", db_default="")
    # The rule of access that allowed or refused it.
    rule = models.CharField(max_length=80, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    # Why it was refused: the code of the reason.
    reason = models.CharField(max_length=40, blank=True)
    record_count = models.IntegerField(default=0)
    # What was disclosed: [[record id, revision], …].
    disclosed = models.JSONField(default=list)
    batch_id = models.UUIDField(null=True)
    pack_version = models.CharField(max_length=40)
    # The database snapshot the answer was read from (pg_snapshot as text).
    data_version = models.TextField()

    class Meta:
        ordering = ("-asked_at", "-id")
        indexes = [
            models.Index(fields=["organisation_id", "asked_at", "id"], name="look_by_organisation"),
            models.Index(fields=["department", "asked_at", "id"], name="look_by_department"),
            models.Index(fields=["asked_by", "asked_at", "id"], name="look_by_account"),
            models.Index(fields=["asked_at", "id"], name="look_by_time"),
            models.Index(
                # The department too, so that the index itself sorts out whose refusals are asked for.
                fields=["asked_at", "id", "department"],
                name="look_refused",
                condition=models.Q(outcome=Outcome.REFUSED),
            ),
            models.Index(fields=["batch_id"], name="look_by_batch", condition=models.Q(batch_id__isnull=False)),
            # Lists are few beside checks: only they are in it.
            GinIndex(fields=["others"], name="look_at_others", condition=~models.Q(others=[])),
        ]


class LookLeaf(models.Model):
    """The leaf of the ledger that commits to a look, or to the looks of a piece of a batch."""

    # Id of the look, or of the first of the piece; of the batch, where it was one piece (until November 2026).
    subject = models.UUIDField(primary_key=True)
    # Of a piece: its last look. Ids of a piece are made in one millisecond, so no clock set back makes two overlap.
    last = models.UUIDField(null=True)
    seq = models.BigIntegerField()
    # Where the leaf is that of a report, which commits to the look by the same root.
    event = models.CharField(max_length=40)


class Version(models.TextChoices):
    """What a report shows."""

    PUBLIC = "public", "公开版"
    FULL = "full", "完整版"


class Report(models.Model):
    """A credit report as issued. The file itself is not kept: its SHA-256 is, here and in the ledger. Append-only."""

    number = models.CharField(max_length=32, primary_key=True)
    organisation_id = models.UUIDField(db_index=True)
    version = models.CharField(max_length=8, choices=Version.choices)
    issued_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64, unique=True)
    # Every record shown, as it was: [[record id, revision], …]; and the SHA-256 of the base information.
    shown = models.JSONField()
    basics = models.CharField(max_length=64)
    pack_version = models.CharField(max_length=40)
    # The leaf `report.issued`.
    leaf = models.BigIntegerField()
