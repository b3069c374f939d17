"""Records and their revisions."""

from __future__ import annotations

from typing import Any

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
    # Off a list; and out of sight while a reorganisation in bankruptcy runs, which may bring it back.
    REMOVED = "removed", "已移出名单"
    SHIELDED = "shielded", "暂时屏蔽"


class PayloadField(models.JSONField):
    """A JSON array of texts, kept as `json` and not as `jsonb`: it is read whole and never searched in, and a load
    spends a third less of its time on it (docs/adr/0003).
    """

    def db_type(self, connection: Any) -> str:
        """The column's type."""
        return "json"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """The driver has read `json` already."""
        return super().from_db_value(value, expression, connection) if isinstance(value, str) else value


class Record(models.Model):
    """What is held about an organisation: the current revision of one decision, list entry or honour.

    Loaded by COPY in bulk: `organisation` and `provider` carry no database constraint (a trigger per row costs more
    than the row); intake matches both set-based inside the loading transaction and neither is ever deleted.
    Texts have no limit of length in the database, which would count their characters again: intake.shaping cuts them
    (docs/adr/0003).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    item = models.CharField(db_collation="C")
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
    document_no = models.CharField(blank=True, db_collation="C")
    title = models.CharField(blank=True)
    decided_on = models.DateField()
    effective_until = models.DateField(null=True)
    acted_until = models.DateField(null=True)
    severity = models.CharField(blank=True)
    procedure = models.CharField(blank=True)
    # The interval, derived from dated rules, in which the record is public; both null: never public. Days inclusive.
    publicity_from = models.DateField(null=True)
    publicity_until = models.DateField(null=True)
    publicity_rule = models.CharField(blank=True)
    disclosure = models.CharField(choices=Disclosure.choices)
    state = models.CharField(choices=State.choices, default=State.ACTIVE)
    # The item's fields in catalogue order of `item_version`: a JSON array of texts, an empty one where nothing is
    # given.
    payload = PayloadField()
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
    payload = PayloadField()
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
