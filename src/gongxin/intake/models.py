"""Submissions, their rejected rows and what was wrong with them."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from gongxin.ids import uuid7


class Channel(models.TextChoices):
    """How a file came in."""

    CLI = "cli", "命令行"
    DESK = "desk", "工作台上传"
    FORM = "form", "单条录入"
    ROWS = "rows", "页面改正"
    API = "api", "接口"


class SubmissionState(models.TextChoices):
    """Where a submission stands."""

    RECEIVED = "received", "已接收，待处理"
    PROCESSING = "processing", "处理中"
    COMPLETED = "completed", "已完成"
    REFUSED = "refused", "整批退回"


# Not yet judged: a worker has still to finish these.
UNFINISHED = (SubmissionState.RECEIVED, SubmissionState.PROCESSING)


class Submission(models.Model):
    """One hand-in (报送批次) of one department for one item. rows_in = accepted + revised + unchanged + rejected +
    received, always.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    item = models.CharField(max_length=48)
    provider = models.ForeignKey("identity.Department", on_delete=models.PROTECT, related_name="submissions")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    filename = models.CharField(max_length=255)
    file_sha256 = models.CharField(max_length=64)
    file_bytes = models.BigIntegerField()
    # The submission whose rejected rows this one corrects.
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="corrections")
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)
    received_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=SubmissionState.choices, default=SubmissionState.RECEIVED)
    # Honest progress: what is being done and how many rows of how many (rows_total null while unknown).
    stage = models.CharField(max_length=40, blank=True)
    rows_done = models.BigIntegerField(default=0)
    rows_total = models.BigIntegerField(null=True)
    rows_in = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    revised = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    # Rows of natural persons, taken over into their own files: the provider learns no more than that.
    received = models.BigIntegerField(default=0)
    # {"E204": 12, …}: rejected rows and warnings by code.
    rejections_by_code = models.JSONField(default=dict)
    warnings_by_code = models.JSONField(default=dict)
    # Which generation of the template the columns belong to; original column titles in order; columns nobody reads.
    generation = models.CharField(max_length=20, blank=True)
    columns = models.JSONField(default=list)
    ignored_columns = models.JSONField(default=list)
    # Set when the whole file was refused: a file fault's code (E1…) and the values that met.
    fault_code = models.CharField(max_length=8, blank=True)
    fault_facts = models.JSONField(default=dict)
    # How often its processing broke off through no outage (intake.attempts); from a number on it is refused.
    interruptions = models.PositiveSmallIntegerField(default=0)
    # The rules it was judged by (packs and program), and how many leaves the log had when that began.
    rules = models.CharField(max_length=64, blank=True)
    leaf = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("-received_at",)
        indexes = [models.Index(fields=["provider", "-received_at"], name="submission_by_provider")]


class Attempt(models.Model):
    """Somebody is at work on a submission, or died over it (intake.attempts). Unlogged: a server that crashed has none.

    No foreign key: a mark holds no row of anybody's, and one without a submission is of no consequence.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    submission_id = models.UUIDField(db_index=True)
    # When the database server was started: a mark from before a restart says nothing about its worker.
    server_start = models.DateTimeField()


class RejectedRow(models.Model):
    """A row that was not taken in, as it stood in the file (row_number counts as the spreadsheet shows it)."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="rejected_rows")
    row_number = models.BigIntegerField()
    # Raw cell texts in the file's column order; null for a natural person's row, whose content is not kept.
    cells = models.JSONField(null=True)
    # The later submission whose row took this one's place.
    corrected_by = models.ForeignKey(Submission, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ("submission", "row_number")
        constraints = [models.UniqueConstraint(fields=["submission", "row_number"], name="rejected_row_once")]


class Finding(models.Model):
    """One thing found in one row: an error (E…, the row is rejected) or a warning (W…, the row is taken in)."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="findings")
    row_number = models.BigIntegerField()
    field = models.CharField(max_length=40, blank=True)
    code = models.CharField(max_length=8)
    value = models.CharField(max_length=200, blank=True)
    # Extra facts for the sentence: limit, expected form.
    expected = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("submission", "row_number", "id")
        indexes = [models.Index(fields=["submission", "code", "row_number"], name="finding_by_code")]
