"""Credit checks as asked and answered."""

from __future__ import annotations

from django.db import models

from gongxin.ids import uuid7


class Outcome(models.TextChoices):
    """How a credit check ended."""

    FOUND = "found", "有可披露记录"
    NO_RECORDS = "no_records", "主体在册，无可披露记录"
    NOT_FOUND = "not_found", "未查到该主体"
    AMBIGUOUS = "ambiguous", "名称对应多个主体"
    REFUSED = "refused", "不予查询"


class Check(models.Model):
    """One credit check (信用核查): who asked, for which department, when, about what, for which purpose and matter.

    Append-only. Written by the very statement that answers (enquiries.answering), so that no answer exists without
    its row.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    department = models.ForeignKey("identity.Department", on_delete=models.PROTECT, db_constraint=False, db_index=False)
    # The user or API key that asked, by its lasting name.
    asked_by = models.CharField(max_length=120)
    asked_at = models.DateTimeField()
    # As asked; resident identity numbers are masked before anything is stored.
    asked_for = models.CharField(max_length=200)
    organisation_id = models.UUIDField(null=True)
    # uscc, identifier, name, former_name; empty where nothing matched.
    matched_by = models.CharField(max_length=16, blank=True)
    purpose = models.CharField(max_length=40)
    matter = models.CharField(max_length=120)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    # Why the check was refused: the code of the reason.
    reason = models.CharField(max_length=40, blank=True)
    record_count = models.IntegerField(default=0)
    # What was disclosed: [[record id, revision], …].
    disclosed = models.JSONField(default=list)
    batch_id = models.UUIDField(null=True)
    pack_version = models.CharField(max_length=40)
    # The database snapshot the answer was read from (pg_snapshot as text).
    data_version = models.TextField()

    class Meta:
        ordering = ("-asked_at",)
        indexes = [
            models.Index(fields=["organisation_id", "-asked_at"], name="check_by_organisation"),
            models.Index(fields=["department", "-asked_at"], name="check_by_department"),
        ]
