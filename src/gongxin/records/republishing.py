"""Held records under a changed pack: severity and publicity interval derived again, in one transaction.

Streams the records item by item in chunks, so that memory stays bounded, and updates only rows that differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import polars as pl
from django.db import connection, transaction
from psycopg import Connection, Cursor, sql

from gongxin import ledger
from gongxin.policy.model import Item
from gongxin.policy.pack import Pack
from gongxin.records import deriving, locking
from gongxin.records.models import PackApplied, State

# Called with the item's id and how many of its records have been looked at.
Progress = Callable[[str, int], None]

_CHUNK: Final = 100_000
# A pack is applied by whoever looks after the node, at its command line.
_OPERATOR: Final = "the command line"
_STAGE: Final = """
CREATE TEMP TABLE IF NOT EXISTS gx_derived (
    id uuid, severity text, publicity_from date, publicity_until date, publicity_rule text
) ON COMMIT DROP;
TRUNCATE gx_derived;
"""
_UPDATE: Final = """
UPDATE records_record r
SET (severity, publicity_from, publicity_until, publicity_rule)
    = (d.severity, d.publicity_from, d.publicity_until, d.publicity_rule)
FROM gx_derived d
WHERE r.id = d.id
"""


@dataclass(frozen=True, slots=True)
class Republished:
    """Active records looked at, and changed; by_item: changed ones by item. All nought if the pack was applied."""

    records: int = 0
    changed: int = 0
    by_item: dict[str, int] = field(default_factory=dict)


def is_applied(pack: Pack) -> bool:
    """True if the held records were last derived by this version of this pack."""
    last = PackApplied.objects.order_by("-id").values_list("name", "version").first()
    return last == (pack.name, pack.version)


def behind(pack: Pack) -> bool:
    """True if held records were last derived by another version; that one holds until `gongxin packs apply` has run."""
    return PackApplied.objects.exists() and not is_applied(pack)


def apply_pack(pack: Pack, *, at: datetime, progress: Progress | None = None) -> Republished:
    """Derive severity and publicity of all active records by the rules of `pack`, unless this was done last.

    at: the instant kept in `PackApplied`. All or nothing; waits for files being loaded and holds up new ones until it
    is done. Records of an item that the pack no longer has keep what they have.
    """
    if is_applied(pack):
        return Republished()
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Two at once would do it twice; readers of the table are not held up.
            cursor.execute("LOCK TABLE records_packapplied IN SHARE ROW EXCLUSIVE MODE")
        if is_applied(pack):
            return Republished()
        counted = _derive_all(connection.connection, pack, progress or _silent)
        done = Republished(
            records=sum(records for records, _ in counted.values()),
            changed=sum(changed for _, changed in counted.values()),
            by_item={item: changed for item, (_, changed) in counted.items() if changed},
        )
        PackApplied.objects.create(
            name=pack.name, version=pack.version, applied_at=at, records=done.records, changed=done.changed
        )
        fields = {"pack": pack.name, "version": pack.version, "records": done.records, "changed": done.changed}
        ledger.append("pack.applied", fields=fields, actor=_OPERATOR, at=at)
    return done


def _derive_all(held: Connection[Any], pack: Pack, report: Progress) -> dict[str, tuple[int, int]]:
    """Records looked at and changed, by item. Locks in the order of ids: two writers never wait for each other."""
    cursor = Cursor(held)
    cursor.execute(_STAGE)
    counted: dict[str, tuple[int, int]] = {}
    for name in sorted(pack.items):
        locking.hold_item(cursor, name)
        counted[name] = _derive_item(held, pack.items[name], pack, report)
    return counted


def _derive_item(held: Connection[Any], item: Item, pack: Pack, report: Progress) -> tuple[int, int]:
    fields = [entry for role in deriving.ROLES if (entry := item.by_role(role))]
    seen = 0
    with held.cursor(name="gx_republish") as reader, Cursor(held) as writer:
        reader.execute(_question([item.fields.index(entry) for entry in fields]), [item.id, State.ACTIVE.value])
        names = ["id", *(f"held_{name}" for name in deriving.DERIVED), *(entry.name for entry in fields)]
        schema = {name: pl.Date if name in _HELD_DAYS else pl.String for name in names}
        while rows := reader.fetchmany(_CHUNK):
            _stage(writer, pl.DataFrame(rows, schema=schema, orient="row"), item, pack)
            seen += len(rows)
            report(item.id, seen)
        writer.execute(_UPDATE)
        changed = writer.rowcount
        writer.execute("TRUNCATE gx_derived")
    return seen, changed


_HELD_DAYS: Final = ("held_publicity_from", "held_publicity_until")


def _question(positions: list[int]) -> sql.Composed:
    """Held values, then the texts of the payload at these positions (a pack only appends fields: records.payload)."""
    texts = [sql.SQL(", nullif(payload ->> {}, '')").format(sql.Literal(position)) for position in positions]
    return sql.SQL(
        "SELECT id::text, severity, publicity_from, publicity_until, publicity_rule{} FROM records_record"
        " WHERE item = %s AND state = %s"
    ).format(sql.Composed(texts))


def _stage(writer: Cursor[Any], rows: pl.DataFrame, item: Item, pack: Pack) -> None:
    """Put aside what differs from what is held."""
    derived = deriving.derived(deriving.typed(rows, item), item, pack)
    both = pl.concat([rows.select("id", pl.col("^held_.*$")), derived], how="horizontal")
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"held_{name}")) for name in deriving.DERIVED)
    other = both.filter(differs).select("id", *deriving.DERIVED)
    if other.height:
        with writer.copy("COPY gx_derived FROM STDIN (FORMAT csv)") as copy:
            copy.write(other.write_csv(include_header=False, quote_style="non_numeric", null_value="").encode())


def _silent(item: str, done: int) -> None:
    """Nobody is watching."""
