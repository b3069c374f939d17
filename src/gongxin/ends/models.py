"""Runs of the daily proof and what they found; proposals to destroy what is archived, and what is left afterwards."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from gongxin.ids import uuid7


class ProofRun(models.Model):
    """One proof that nothing is seen outside its term. While it runs, and if it broke off, `ended_at` is null."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # The civil day that is proved.
    day = models.DateField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    # The account or operator that asked for it.
    by = models.CharField(max_length=150)
    pack_version = models.CharField(max_length=40)
    # Public records judged anew, and records that are asked for at every exit.
    swept = models.BigIntegerField(default=0)
    suspects = models.BigIntegerField(default=0)
    # Records seen where they may not be, at all exits together; null until the end.
    overstaying = models.BigIntegerField(null=True)
    # One entry an exit: name, title, checked, overstaying, fault (why it could not be asked, empty where it could).
    exits = models.JSONField(default=list)
    # The leaf `proof.run`.
    leaf = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("-started_at", "-id")

    @property
    def faults(self) -> int:
        """How many exits could not be asked."""
        return sum(bool(entry["fault"]) for entry in self.exits)

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None


class Overstay(models.Model):
    """A record seen at an exit where it may not be."""

    run = models.ForeignKey(ProofRun, on_delete=models.PROTECT, related_name="found")
    exit = models.CharField(max_length=40)
    record_id = models.UUIDField()
    item = models.CharField(max_length=48, blank=True)
    # judging.REASONS, and the last day of its term where that is over.
    reason = models.CharField(max_length=20)
    until = models.DateField(null=True)

    class Meta:
        ordering = ("run", "exit", "record_id")
        constraints = [models.UniqueConstraint(fields=["run", "exit", "record_id"], name="overstay_once")]


class DestructionState(models.TextChoices):
    """Where a proposal to destroy stands."""

    PROPOSED = "proposed", "待复核"
    DONE = "done", "已销毁"
    REJECTED = "rejected", "未予同意"


class Destruction(models.Model):
    """A list of what is to be destroyed under one rule: proposed by one official, decided by another."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Id of the rule of keeping, what it is about, and the article as it stood that day.
    rule = models.CharField(max_length=80)
    what = models.CharField(max_length=20)
    # What goes: parts of policy.retention.
    destroys = models.JSONField()
    basis = models.CharField(max_length=300)
    pack_version = models.CharField(max_length=40)
    reason = models.CharField(max_length=500)
    # The day on which the terms are judged.
    day = models.DateField()
    # How many entries the list has and its Merkle root; when it is done, of those that were destroyed. No number: some
    # entries of personal files, fewer than ten. Entries of persons are in no table of this package.
    count = models.BigIntegerField(null=True)
    root = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=DestructionState.choices, default=DestructionState.PROPOSED)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_reason = models.CharField(max_length=500, blank=True)
    leaf = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("-proposed_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["rule"], condition=Q(state=DestructionState.PROPOSED), name="destruction_open_once"
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=models.F("proposed_by")),
                name="destruction_by_two",
            ),
        ]


class Tombstone(models.Model):
    """What is left of something destroyed: which entry of which list. Nothing of its contents.

    Written with the proposal and counted as destroyed once that is done (`destroyed_on`).
    """

    destruction = models.ForeignKey(Destruction, on_delete=models.PROTECT, related_name="entries")
    # The id of the record, of the submission whose rejected rows it is about, of the message or of the e-mail.
    subject = models.UUIDField()
    item = models.CharField(max_length=48)
    # When it ended (was archived, was processed), and when its contents went; null where they have not.
    ended_on = models.DateField()
    destroyed_on = models.DateField(null=True)

    class Meta:
        ordering = ("destruction", "subject")
        constraints = [models.UniqueConstraint(fields=["destruction", "subject"], name="tombstone_once")]
        indexes = [models.Index(fields=["subject"], name="tombstone_by_subject")]
