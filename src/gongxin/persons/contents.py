"""The records of one file, opened: from sealed versions to what a page shows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from gongxin.clock import CIVIL_TIME
from gongxin.identity.models import Department
from gongxin.persons import keeping
from gongxin.persons.holding import OwnFile
from gongxin.persons.keeping import Kept
from gongxin.persons.models import Entry, Objection, Version
from gongxin.persons.seen import FieldSeen, KeptSeen, RecordSeen, VersionSeen
from gongxin.policy import packs
from gongxin.policy.model import Field, FieldRole, Item

_TABLE: Final = "persons_version"
# Whose a record is and which decision it is about stay as they are: such a mistake is a record to be taken back.
_PARTY: Final[frozenset[FieldRole]] = frozenset(
    {"party_name", "party_kind", "person_id_type", "person_id_number", "authority_code", "source_code"}
)


def body_of(own: OwnFile, version: Version) -> dict[str, Any]:
    """What a version says. Raises Conflict if it does not open."""
    found: dict[str, Any] = json.loads(own.key.open(version.body, table=_TABLE, row=str(version.pk)))
    return found


def sealed_body(own: OwnFile, version: Version, body: dict[str, Any]) -> str:
    """The same the other way round, for a version that is about to be written."""
    return own.key.seal(json.dumps(body, ensure_ascii=False), table=_TABLE, row=str(version.pk))


def records(
    own: OwnFile, *, history: bool, only: UUID | None = None, day: date | None = None
) -> tuple[RecordSeen, ...]:
    """Every record of the file, the newest decision first. history: with all its versions. only: this one record.
    day: tell too until when each is kept, judged on that day.
    """
    versions = Version.objects.filter(entry__file=own.file).select_related("entry").order_by("entry_id", "-number")
    if only is not None:
        versions = versions.filter(entry_id=only)
    contested = set(
        Objection.objects.filter(entry__file=own.file, state=Objection.State.OPEN).values_list("entry_id", flat=True)
    )
    grouped = [(entry, list(found)) for entry, found in groupby(versions, key=lambda version: version.entry)]
    opened = [
        (entry, [(found, body_of(own, found)) for found in (held if history else held[:1])]) for entry, held in grouped
    ]
    names = unit_names({UUID(bodies[0][1]["provider"]) for _, bodies in opened})
    seen = [_record(entry, bodies, names, contested=entry.pk in contested, history=history) for entry, bodies in opened]
    if day is not None:
        terms = {entry.pk: kept(bodies[0][1], day) for entry, bodies in opened}
        seen = [replace(record, kept=_kept_seen(terms[record.id], day)) for record in seen]
    return tuple(sorted(seen, key=lambda one: (one.decided_on or date.min, one.id), reverse=True))


def unit_names(units: Iterable[UUID]) -> dict[UUID, str]:
    """Names of departments by id."""
    return dict(Department.objects.filter(pk__in=set(units)).values_list("pk", "name"))


def kept(body: dict[str, Any], day: date) -> Kept | None:
    """How long what a version says is kept, by the rules of `day`."""
    item = packs.current().item(body["item"])
    recorded_on = datetime.fromisoformat(body["recorded_at"]).astimezone(CIVIL_TIME).date()
    return keeping.kept(item, named_values(item, body), recorded_on=recorded_on, day=day)


def correctable(item: Item) -> tuple[Field, ...]:
    """The fields whose texts an objection may ask to be put right."""
    fixed = set(item.natural_key)
    return tuple(field for field in item.fields if field.name not in fixed and field.role not in _PARTY)


def _record(
    entry: Entry,
    bodies: list[tuple[Version, dict[str, Any]]],
    names: dict[UUID, str],
    *,
    contested: bool,
    history: bool,
) -> RecordSeen:
    body = bodies[0][1]
    item = packs.current().item(body["item"])
    named = named_values(item, body)
    provider = UUID(body["provider"])
    return RecordSeen(
        id=entry.pk,
        item=item.id,
        item_title=item.title,
        item_title_en=item.title_en,
        title=_by_role(item, named, "title") or item.title,
        document_no=_by_role(item, named, "document_no"),
        decided_on=_day(_by_role(item, named, "decided_on")),
        unit=provider,
        unit_name=names.get(provider, ""),
        fields=_fields(item, named),
        contested=contested,
        withdrawn=entry.withdrawn,
        versions=tuple(_version(item, version, said) for version, said in bodies) if history else (),
    )


def _kept_seen(found: Kept | None, day: date) -> KeptSeen | None:
    if found is None:
        return None
    last = found.over_from - timedelta(days=1) if found.over_from else None
    rule = found.rule
    titles = (rule.id, rule.title, rule.title_en)
    return KeptSeen(*titles, rule.term(), rule.outcome(), last, found.is_over(day), rule.reference)


def _version(item: Item, version: Version, body: dict[str, Any]) -> VersionSeen:
    recorded_at = datetime.fromisoformat(body["recorded_at"])
    return VersionSeen(version.number, recorded_at, body["reason"], _fields(item, named_values(item, body)))


def named_values(item: Item, body: dict[str, Any]) -> dict[str, str]:
    """The texts by field name; a payload is a prefix of the fields of a later version of the item."""
    texts = [text or "" for text in body["payload"]]
    return {field.name: text for field, text in zip(item.fields, texts, strict=False)}


def _fields(item: Item, named: dict[str, str]) -> tuple[FieldSeen, ...]:
    allowed = {field.name for field in correctable(item)}
    return tuple(
        FieldSeen(field.name, field.label, field.label_en, named[field.name].replace(";", "；"), field.name in allowed)
        for field in item.fields
        if named.get(field.name)
    )


def _by_role(item: Item, named: dict[str, str], role: FieldRole) -> str:
    field = item.by_role(role)
    return named.get(field.name, "") if field else ""


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
