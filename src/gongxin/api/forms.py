"""The shapes of answers and questions that several resources share."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field

# Text that a database can keep (no control characters) and that says something (not blanks only).
PLAIN = r"^[^\u0000-\u001f\u007f]*$"
SAYING = r"^[^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*$"
NAME = r"^[A-Za-z0-9._:-]+$"

Said = Annotated[str, Field(pattern=SAYING, min_length=1)]


class Closed(Schema):
    """A question: members that nobody reads are refused by name instead of being dropped."""

    model_config = ConfigDict(extra="forbid")


class ProviderOut(Schema):
    """The department that made and answers for a record."""

    code: str | None
    name: str | None


class PublicityOut(Schema):
    """The days, both inclusive, in which the record is public, and the rule they come from. until null: no end."""

    since: date | None = Field(alias="from")
    until: date | None
    rule: str


class RecordOut(Schema):
    """A record. `fields`: the public fields that have content, by field name; their labels are in `labels` or the
    item.
    """

    id: UUID
    item: str = Field(examples=["penalty"])
    item_title: str | None
    document_no: str
    title: str
    decided_on: date
    effective_until: date | None
    disclosure: str
    publicity: PublicityOut
    provider: ProviderOut
    revision: int
    recorded_at: datetime
    contested: bool = Field(
        description="True while an objection is being verified (异议): no measure may rest on the record."
    )
    url: str = Field(description="Permanent address of the record's page on this node.")
    fields: dict[str, Any]


class OrganisationBrief(Schema):
    """An organisation as lists and checks name it."""

    id: UUID
    uscc: str | None = Field(description="Unified social credit code; null where the register gave none.")
    name: str
    kind: str = Field(description="enterprise, institution, social or sole_trader")
    status: str
    district: str
    url: str


class FormerNameOut(Schema):
    """A name the organisation had, and until when."""

    name: str
    until: date


class OrganisationOut(OrganisationBrief):
    """An organisation with the records that are public today, newest first. No natural person is named outside
    `fields`.
    """

    type_name: str
    address: str | None = Field(description="Null for sole traders.")
    established_on: date | None
    capital: str
    scope: str
    former_names: list[FormerNameOut]
    as_of: date = Field(description="The civil day in China that publicity was judged for.")
    rule_version: str
    counts: dict[str, int] = Field(description="Public records by item.")
    records: list[RecordOut] = Field(description="At most 100; the others by `next`.")
    next: str | None = Field(description="Address of the following records, null at the end.")


class RecordsPage(Schema):
    """A page of records, newest first."""

    as_of: date
    records: list[RecordOut]
    next: str | None = Field(description="Address of the following page, null at the end.")
