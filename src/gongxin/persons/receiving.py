"""Rows of natural persons that were handed in go into their own files: set by set, in the transaction of the hand-in.

A row of a known decision with other content is its next version; with the content that was reported last it changes
nothing (an old file that is handed in again does not undo a correction). What was destroyed, and what could be at
once because its term of keeping is over, is not taken in again. Whoever hands in learns none of this.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import polars as pl
from psycopg import Cursor

from gongxin.clock import CIVIL_TIME
from gongxin.ids import uuid7
from gongxin.persons import keeping, letters, personal_keys
from gongxin.persons.models import DOCUMENT
from gongxin.persons.personal_keys import PersonalKey
from gongxin.policy.model import Item
from gongxin.secrecy import blind, sealing

# One hand-in at a time writes files: two that met the same persons in another order would wait for each other.
_LOCK: Final = 0x67785F7065727300
REPORTED: Final = "reported"

_FOUND: Final = "SELECT id, index, secret FROM persons_file WHERE index = ANY(%s)"
_NEW_FILES: Final = """
    INSERT INTO persons_file (id, document, index, secret)
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[])
"""
_HELD: Final = """
    SELECT e.file_id::text, e.tag, e.id::text, v.number, v.content, e.destroyed_on IS NOT NULL
    FROM unnest(%s::uuid[], %s::text[]) AS asked (file_id, tag)
    JOIN persons_entry e USING (file_id, tag)
    LEFT JOIN LATERAL (
        SELECT number, content FROM persons_version WHERE entry_id = e.id ORDER BY number DESC LIMIT 1
    ) v ON true
"""
_NEW_ENTRIES: Final = """
    INSERT INTO persons_entry (id, file_id, tag, withdrawn)
    SELECT *, false FROM unnest(%s::uuid[], %s::uuid[], %s::text[])
"""
_NEW_VERSIONS: Final = """
    INSERT INTO persons_version (id, entry_id, number, content, body)
    SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::int[], %s::text[], %s::text[])
"""
# What was taken back and is reported with other content stands again.
_REVIVED: Final = "UPDATE persons_entry SET withdrawn = false WHERE withdrawn AND id = ANY(%s::uuid[])"


@dataclass(frozen=True, slots=True)
class Reported:
    """Where rows come from. provider: the department that answers for them."""

    provider: UUID
    submission: UUID
    at: datetime


def receive_rows(cursor: Cursor[Any], rows: pl.DataFrame, *, item: Item, reported: Reported) -> None:
    """Take rows over into the files of their persons, in the cursor's transaction, which also appends its leaf.

    rows: `document` (documents.identity), `key` (what tells the decision from the person's others) and `payload` (a
    JSON array of the item's fields), in the order of the hand-in.
    """
    rows = rows.filter(~keeping.over(rows, item=item, day=reported.at.astimezone(CIVIL_TIME).date()))
    if rows.is_empty():
        return
    alone(cursor)
    files = _files(cursor, rows["document"].unique(maintain_order=True).to_list())
    tagged = _tagged(rows, files, f"{reported.provider}|{item.id}|")
    changed = _changed(cursor, tagged)
    if changed.is_empty():
        return
    fresh = changed.filter(pl.col("is_new")).unique("entry", maintain_order=True)
    cursor.execute(_NEW_ENTRIES, [fresh[name].to_list() for name in ("entry", "file", "tag")])
    cursor.execute(_REVIVED, [changed["entry"].unique().to_list()])
    ids = [str(uuid7()) for _ in range(changed.height)]
    bodies = _sealed(changed, ids, dict(files.values()), _head(item, reported))
    columns = [changed[name].to_list() for name in ("entry", "number", "content")]
    cursor.execute(_NEW_VERSIONS, [ids, *columns, bodies])
    letters.tell(changed["file"].unique().to_list(), at=reported.at, cursor=cursor)


def alone(cursor: Any) -> None:
    """Nobody else adds to files until the end of the transaction."""
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _files(cursor: Cursor[Any], documents: Sequence[str]) -> dict[str, tuple[str, PersonalKey]]:
    """The file of each document, made where there is none."""
    named = {index: document for document in documents for index in blind.blind_candidates(document, purpose=DOCUMENT)}
    cursor.execute(_FOUND, [list(named)])
    held = [(str(file), named[index], secret) for file, index, secret in cursor.fetchall()]
    secrets = _opened([secret for _, _, secret in held], [file for file, _, _ in held])
    found = {document: (file, PersonalKey(key)) for (file, document, _), key in zip(held, secrets, strict=True)}
    return found | _made(cursor, [document for document in documents if document not in found])


def _made(cursor: Cursor[Any], documents: Sequence[str]) -> dict[str, tuple[str, PersonalKey]]:
    if not documents:
        return {}
    ids, keys = [str(uuid7()) for _ in documents], [personal_keys.new() for _ in documents]
    sealed = sealing.seal_many(documents, table="persons_file", field="document", rows=ids)
    secrets = sealing.seal_many(keys, table="persons_file", field="secret", rows=ids)
    cursor.execute(_NEW_FILES, [ids, sealed, blind.blind_many(documents, purpose=DOCUMENT), secrets])
    return {document: (file, PersonalKey(key)) for document, file, key in zip(documents, ids, keys, strict=True)}


def _opened(secrets: Sequence[str], files: Sequence[str]) -> list[str]:
    return sealing.open_many(secrets, table="persons_file", field="secret", rows=files)


def _tagged(rows: pl.DataFrame, files: dict[str, tuple[str, PersonalKey]], prefix: str) -> pl.DataFrame:
    """The rows with the file and the two tags that only this person's key makes."""
    made = []
    for document, key, payload in rows.select("document", "key", "payload").iter_rows():
        file, own = files[document]
        made.append((file, own.tag(prefix + key), own.tag(payload), payload))
    return pl.DataFrame(made, schema=["file", "tag", "content", "payload"], orient="row")


def _changed(cursor: Cursor[Any], tagged: pl.DataFrame) -> pl.DataFrame:
    """The rows that say something new, each with its entry and the number of its version."""
    asked = tagged.select("file", "tag").unique()
    cursor.execute(_HELD, [asked["file"].to_list(), asked["tag"].to_list()])
    schema = {"file": pl.String, "tag": pl.String, "entry": pl.String, "last": pl.Int64, "held": pl.String,
              "gone": pl.Boolean}  # fmt: skip
    held = pl.DataFrame(cursor.fetchall(), schema=schema, orient="row")
    joined = tagged.join(held, on=["file", "tag"], how="left", maintain_order="left")
    joined = joined.filter(pl.col("gone").is_null() | ~pl.col("gone"))
    before = pl.col("content").shift(1).over("file", "tag").fill_null(pl.col("held"))
    joined = joined.filter(before.is_null() | (pl.col("content") != before))
    fresh = joined.filter(pl.col("entry").is_null()).select("file", "tag").unique(maintain_order=True)
    fresh = fresh.with_columns(pl.Series("made", [str(uuid7()) for _ in range(fresh.height)], dtype=pl.String))
    return joined.join(fresh, on=["file", "tag"], how="left", maintain_order="left").select(
        "file",
        "tag",
        "content",
        "payload",
        is_new=pl.col("entry").is_null(),
        entry=pl.coalesce("entry", "made"),
        number=pl.col("last").fill_null(0) + pl.int_range(1, pl.len() + 1).over("file", "tag"),
    )


def _head(item: Item, reported: Reported) -> str:
    """What every body of this hand-in begins with, up to the payload."""
    head = {
        "item": item.id,
        "item_version": item.version,
        "provider": str(reported.provider),
        "submission": str(reported.submission),
        "recorded_at": reported.at.astimezone(UTC).isoformat(),
        "reason": REPORTED,
    }
    return json.dumps(head, ensure_ascii=False).removesuffix("}") + ', "payload": '


def _sealed(changed: pl.DataFrame, ids: Sequence[str], keys: dict[str, PersonalKey], head: str) -> list[str]:
    rows = zip(ids, changed["file"], changed["payload"], strict=True)
    return [keys[file].seal(f"{head}{payload}}}", table="persons_version", row=row) for row, file, payload in rows]
