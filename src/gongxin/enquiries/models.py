"""Credit checks as asked and answered."""

from __future__ import annotations

from django.db import models

from gongxin.ids import uuid7


class Check(models.Model):
    """One credit check (信用核查): who asked, for which department, when, about what, for which purpose and matter."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    department = models.ForeignKey("identity.Department", on_delete=models.PROTECT, db_constraint=False, db_index=False)
    # The user or API key that asked, by its lasting name.
    asked_by = models.CharField(max_length=120)
    asked_at = models.DateTimeField()
    asked_for = models.CharField(max_length=200)
    organisation_id = models.UUIDField(null=True)
    purpose = models.CharField(max_length=40)
    matter = models.CharField(max_length=120)
    outcome = models.CharField(max_length=16)
    record_count = models.IntegerField(default=0)
    batch_id = models.UUIDField(null=True)
    pack_version = models.CharField(max_length=40)
    data_version = models.CharField(max_length=40)

    class Meta:
        ordering = ("-asked_at",)
        indexes = [
            models.Index(fields=["organisation_id", "-asked_at"], name="check_by_organisation"),
            models.Index(fields=["department", "-asked_at"], name="check_by_department"),
        ]
