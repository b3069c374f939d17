"""Cases: a head that says where a case stands, and steps, evidence and notices that are only ever appended."""

from __future__ import annotations

from functools import reduce
from operator import or_
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
    """One objection, repair, revocation … of one record, or a procedure about an organisation. The head holds where it
    stands; what happened are its steps.

    A case holds nothing of a natural person: whoever filed on paper is known by the number of the paper.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=40, unique=True)
    # Id of the procedure in the pack.
    procedure = models.CharField(max_length=40)
    # None: the procedure is about the organisation; records that its steps take in are `CaseRecord` rows.
    record = models.ForeignKey("records.Record", on_delete=models.PROTECT, related_name="cases", null=True)
    organisation = models.ForeignKey("subjects.Organisation", on_delete=models.PROTECT, related_name="cases")
    # Who decides: the provider of the record, or the department that opened the case or has to decide it.
    department = models.ForeignKey("identity.Department", on_delete=models.PROTECT, related_name="cases")
    channel = models.CharField(max_length=12, choices=Channel.choices)
    # Number of the paper under which the credit office keeps a written application.
    paper = models.CharField(max_length=80, blank=True)
    # On which of the procedure's grounds it rests.
    ground = models.CharField(max_length=40, blank=True)
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
            models.UniqueConstraint(
                fields=["procedure", "organisation", "department"],
                condition=Q(outcome="", record__isnull=True),
                name="case_of_organisation_open_once",
            ),
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


class Taken(models.TextChoices):
    """What a step of a case about an organisation did to one of its records."""

    SHIELDED = "shielded", "暂时屏蔽"
    SETTLED = "settled", "修复"
    RESTORED = "restored", "恢复"
    ENTERED = "entered", "记入"


class CaseRecord(models.Model):
    """What a step did to one record of the organisation the case is about. A trigger refuses changes (0002)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="taken")
    record = models.ForeignKey("records.Record", on_delete=models.PROTECT, related_name="taken_by")
    step = models.IntegerField()
    change = models.CharField(max_length=12, choices=Taken.choices)
    at = models.DateTimeField()

    class Meta:
        ordering = ("step", "id")
        constraints = [models.UniqueConstraint(fields=["case", "record", "change"], name="case_record_once")]


# What a draft may be about: one of them.
_ABOUT: Final = ("record", "organisation", "case", "session")


class Draft(models.Model):
    """What somebody has filled in and not yet filed. Deleted when it is filed or given up, or when it was kept for as
    long as the pack says (clock `draft-keeping`).

    It is the draft of one form: a step of a procedure about a record, about an organisation or in a case, or the
    registration for a session of a training.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("identity.User", on_delete=models.CASCADE, related_name="drafts")
    # Id of the procedure in the pack, or `drafts.TRAINING`.
    procedure = models.CharField(max_length=40)
    action = models.CharField(max_length=40)
    record = models.ForeignKey("records.Record", on_delete=models.PROTECT, null=True, related_name="+")
    organisation = models.ForeignKey("subjects.Organisation", on_delete=models.PROTECT, null=True, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="+")
    session = models.ForeignKey("rights.Session", on_delete=models.PROTECT, null=True, related_name="+")
    # What was typed in, by name of the form's field.
    filled = models.JSONField(default=dict)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "procedure", "action", *_ABOUT], nulls_distinct=False, name="draft_of_one_form"
            ),
            models.CheckConstraint(
                condition=reduce(or_, (Q(**{f"{one}__isnull": one != it for one in _ABOUT}) for it in _ABOUT)),
                name="draft_about_one",
            ),
        ]


class Paper(models.TextChoices):
    """What a piece of evidence is."""

    DUTIES = "duties", "履行义务的证明"
    COMMITMENT = "commitment", "信用承诺书"
    TRAINING = "training", "信用修复培训的证明"
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


class Course(models.Model):
    """A course of repair training. hours of class are those of its sessions."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    title = models.CharField(max_length=200)
    content = models.TextField(blank=True)
    # Who organises it.
    department = models.ForeignKey("identity.Department", on_delete=models.PROTECT, related_name="courses")
    opened_at = models.DateTimeField()

    class Meta:
        ordering = ("-opened_at", "-id")


class Session(models.Model):
    """One date of a course: when, where, how many class hours, for how many organisations."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="sessions")
    starts_at = models.DateTimeField()
    place = models.CharField(max_length=200)
    hours = models.SmallIntegerField()
    seats = models.IntegerField()

    class Meta:
        ordering = ("starts_at", "id")


class Position(models.TextChoices):
    """In which function somebody comes for the organisation. Nobody's name is kept."""

    HEAD = "head", "主要负责人"
    COMPLIANCE = "compliance", "合规或者信用管理岗位"
    OTHER = "other", "其他岗位"


class Registration(models.Model):
    """That an organisation comes to a session, and for how many class hours it did. Who came is not kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="registrations")
    organisation = models.ForeignKey("subjects.Organisation", on_delete=models.PROTECT, related_name="trainings")
    people = models.SmallIntegerField()
    position = models.CharField(max_length=12, choices=Position.choices)
    # Number of the paper under which the credit office keeps a written registration; empty for one made by the account.
    paper = models.CharField(max_length=80, blank=True)
    registered_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    # None: attendance has not been recorded.
    hours = models.SmallIntegerField(null=True)
    recorded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("registered_at", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["session", "organisation"], condition=Q(withdrawn_at__isnull=True), name="registration_once"
            )
        ]


class Certificate(models.Model):
    """That an organisation took the class hours the pack asks for in one course. Issued once a course."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=40, unique=True)
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="certificates")
    organisation = models.ForeignKey("subjects.Organisation", on_delete=models.PROTECT, related_name="certificates")
    hours = models.SmallIntegerField()
    # What the pack asked for when it was issued.
    asked = models.SmallIntegerField()
    issued_at = models.DateTimeField()

    class Meta:
        ordering = ("-issued_at", "-id")
        constraints = [models.UniqueConstraint(fields=["course", "organisation"], name="certificate_once")]
