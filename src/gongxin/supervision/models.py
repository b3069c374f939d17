"""Commitments made on the platform."""

from __future__ import annotations

from django.db import models

from gongxin.ids import uuid7


class Commitment(models.Model):
    """A commitment (信用承诺) an organisation made on this platform, with the words of that day. Append-only: a trigger
    refuses changes (migration 0001). Whether it was kept is for departments to say, in records of the catalogue.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(max_length=24, unique=True)
    organisation = models.ForeignKey("subjects.Organisation", on_delete=models.PROTECT, related_name="commitments")
    # Id of the kind in the pack.
    kind = models.CharField(max_length=40)
    # About what, in the organisation's own words; may be empty.
    matter = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    # An account, by name.
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField()
    pack_version = models.CharField(max_length=32)

    class Meta:
        ordering = ("-made_at", "-id")
