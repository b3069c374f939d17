"""Records and their revisions."""

from __future__ import annotations

from django.db import models

from gongxin.ids import uuid7


class Disclosure(models.TextChoices):
    """Who may see a record."""

    PUBLIC = "public", "社会公开"
    AUTHORISED = "authorised", "授权查询"
    SHARED = "shared", "政务共享"


class State(models.TextChoices):
    """Whether a record is in force. All but the first are archive: not public, not shared, not answered."""

    ACTIVE = "active", "有效"
    CLOSED = "closed", "已归档"
    REPAIRED = "repaired", "已修复"
    REVOKED = "revoked", "已撤销"


class Record(models.Model):
    """What is held about an organisation: the current revision of one decision, list entry or honour.

    Loaded by COPY in bulk: `organisation` and `provider` carry no database constraint (a trigger per row costs more
    than the row); intake matches both set-based inside the loading transaction and neither is ever deleted
    (docs/adr/0003).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    item = models.CharField(max_length=48, db_collation="C")
    item_version = models.SmallIntegerField()
    organisation = models.ForeignKey(
        "subjects.Organisation", on_delete=models.PROTECT, related_name="records", db_constraint=False
    )
    provider = models.ForeignKey(
        "identity.Department", on_delete=models.PROTECT, related_name="records", db_constraint=False, db_index=False
    )
    submission_id = models.UUIDField()
    # The natural key: twelve digits of the document number, by which records are found (records.numbering), then 80
    # bits of SHA-256 over item and folded key (intake.keys). The content: 128 bits of SHA-256 over the payload.
    key_hash = models.UUIDField()
    content_hash = models.UUIDField()
    document_no = models.CharField(max_length=128, blank=True, db_collation="C")
    title = models.CharField(max_length=300, blank=True)
    decided_on = models.DateField()
    effective_until = models.DateField(null=True)
    acted_until = models.DateField(null=True)
    severity = models.CharField(max_length=20, blank=True)
    procedure = models.CharField(max_length=20, blank=True)
    # The interval, derived from dated rules, in which the record is public; both null: never public. Days inclusive.
    publicity_from = models.DateField(null=True)
    publicity_until = models.DateField(null=True)
    publicity_rule = models.CharField(max_length=80, blank=True)
    disclosure = models.CharField(max_length=12, choices=Disclosure.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.ACTIVE)
    # The item's fields in catalogue order of `item_version`: a JSON array of texts, an empty one where nothing is
    # given.
    payload = models.JSONField()
    revision = models.IntegerField(default=1)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key_hash"], name="record_natural_key")]
        indexes = [
            models.Index(fields=["item", "decided_on"], name="record_item_decided"),
        ]


class Revision(models.Model):
    """A state a record had before a later one replaced it. Append-only; the current state is the record itself."""

    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="revisions")
    number = models.IntegerField()
    item_version = models.SmallIntegerField()
    payload = models.JSONField()
    content_hash = models.UUIDField()
    submission_id = models.UUIDField()
    recorded_at = models.DateTimeField()
    replaced_at = models.DateTimeField()
    # Why the next state replaced this one.
    reason = models.CharField(max_length=40)

    class Meta:
        ordering = ("record", "number")
        constraints = [models.UniqueConstraint(fields=["record", "number"], name="revision_once")]


class Contested(models.Model):
    """The mark 异议: an objection to the record is being verified, and nothing may rest on it meanwhile.

    One row for each case under way (`gongxin.rights`), so that the table stays small and answers look into it.
    """

    case_id = models.UUIDField(primary_key=True)
    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="contested_by")
    since = models.DateTimeField()


class PackApplied(models.Model):
    """A version of the policy pack by whose rules all held records were derived. Append-only; the last one counts."""

    name = models.CharField(max_length=80)
    version = models.CharField(max_length=32)
    applied_at = models.DateTimeField()
    # Active records looked at, and those whose interval or severity became another.
    records = models.BigIntegerField()
    changed = models.BigIntegerField()

    class Meta:
        ordering = ("id",)
