"""Cases: a head that says where a case stands, and steps, evidence and notices that are only ever appended."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import Q

from gongxin.clock import CIVIL_TIME
from gongxin.ids import uuid7

# Steps that the clock takes, not somebody: a case is about to be late, or is.
WARNED: Final = "clock-warned"
OVERDUE: Final = "clock-overdue"


class Channel(models.TextChoices):
    """How a case came in."""

    ACCOUNT = "account", "网上"
    PAPER = "paper", "书面"
    DESK = "desk", "工作台"


class Case(models.Model):
    """One objection, repair, revocation … of one record. The head holds where it stands; what happened are its steps.

    A case holds nothing of a natural person: whoever filed on paper is known by the number of the paper.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=40, unique=True)
    # Id of the procedure in the pack.
    procedure = models.CharField(max_length=40)
    record = models.ForeignKey("records.Record", on_delete=models.PROTECT, related_name="cases")
    organisation = models.ForeignKey("subjects.Organisation", on_delete=models.PROTECT, related_name="cases")
    # Who decides: the provider of the record.
    department = models.ForeignKey("identity.Department", on_delete=models.PROTECT, related_name="cases")
    channel = models.CharField(max_length=12, choices=Channel.choices)
    # Number of the paper under which the credit office keeps a written application.
    paper = models.CharField(max_length=80, blank=True)
    opened_at = models.DateTimeField()
    filed_on = models.DateField()
    state = models.CharField(max_length=40)
    state_since = models.DateTimeField()
    # The running clock; none at an end. Days inclusive.
    clock = models.CharField(max_length=40, blank=True)
    due_on = models.DateField(null=True)
    warn_on = models.DateField(null=True)
    due_provisional = models.BooleanField(default=False)
    # granted, refused or withdrawn; empty while it is open.
    outcome = models.CharField(max_length=12, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-opened_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["procedure", "record"], condition=Q(outcome=""), name="case_open_once"),
        ]
        indexes = [models.Index(fields=["due_on"], condition=Q(outcome=""), name="case_open_due")]


class CaseStep(models.Model):
    """One thing that happened in a case. A trigger refuses changes (migration 0001)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="steps")
    number = models.IntegerField()
    action = models.CharField(max_length=40)
    since = models.CharField(max_length=40, blank=True)
    to = models.CharField(max_length=40)
    # Id of the rule on the policies page; empty for steps of the clock.
    rule = models.CharField(max_length=80, blank=True)
    # None: the clock.
    actor = models.ForeignKey("identity.User", on_delete=models.PROTECT, null=True, related_name="+")
    role = models.CharField(max_length=20, blank=True)
    # Whom the actor stood in for.
    absent = models.ForeignKey("identity.User", on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    reasons = models.TextField(blank=True)
    # New texts of fields, by name: what is asked for, or what was put right.
    correction = models.JSONField(default=dict)
    # The day the cause arose, and the day by which it had to be reported.
    occurred_on = models.DateField(null=True)
    within = models.DateField(null=True)
    due_on = models.DateField(null=True)
    # Which of several rules was applied, and why, where no rule of transition could be read.
    choice = models.TextField(blank=True)
    pack_version = models.CharField(max_length=32)

    class Meta:
        ordering = ("case", "number")
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="case_step_once")]

    @property
    def late(self) -> bool:
        """Whether what this step reports was reported after its clock had run out."""
        return self.within is not None and self.at.astimezone(CIVIL_TIME).date() > self.within


class Draft(models.Model):
    """What somebody has filled in and not yet filed. Deleted when it is filed or given up."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("identity.User", on_delete=models.CASCADE, related_name="drafts")
    procedure = models.CharField(max_length=40)
    record = models.ForeignKey("records.Record", on_delete=models.PROTECT, related_name="+")
    reasons = models.TextField(blank=True)
    correction = models.JSONField(default=dict)
    committed = models.BooleanField(default=False)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "procedure", "record"], name="draft_once")]


class Paper(models.TextChoices):
    """What a piece of evidence is."""

    DUTIES = "duties", "履行义务的证明"
    COMMITMENT = "commitment", "信用承诺书"
    OTHER = "other", "其他证明材料"


class Evidence(models.Model):
    """A file handed in for a case (or a draft of one), kept under its SHA-256 beside the originals."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="evidence")
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, null=True, related_name="evidence")
    # The step that brought it; 0 while it belongs to a draft.
    step = models.IntegerField(default=0)
    paper = models.CharField(max_length=12, choices=Paper.choices, default=Paper.OTHER)
    filename = models.CharField(max_length=200)
    media_type = models.CharField(max_length=80)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_at = models.DateTimeField()

    class Meta:
        ordering = ("uploaded_at", "id")
        constraints = [
            models.CheckConstraint(
                condition=Q(case__isnull=False, draft__isnull=True) | Q(case__isnull=True, draft__isnull=False),
                name="evidence_of_one",
            )
        ]


class Notice(models.Model):
    """What somebody was told about a case, in words of the pack. Never changed but for `read_at`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notices")
    step = models.IntegerField()
    # organisation, department or credit_office.
    addressee = models.CharField(max_length=20)
    zh = models.TextField()
    en = models.TextField()
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-at", "-id")


class Outbox(models.Model):
    """What has to reach other platforms, written in the transaction of its cause; `gongxin.exchange` sends it."""

    id = models.BigAutoField(primary_key=True)
    topic = models.CharField(max_length=40)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="outbox")
    body = models.JSONField()
    at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
