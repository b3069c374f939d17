"""Bringing values under the active key: page by page, each page read, made anew and written in one transaction.

Nothing is remembered outside the values: each says which key made it, so that a run that was killed is simply run
again. A row that somebody else writes meanwhile is either locked by the page or written under the active key already.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from django.db import connection, transaction

from gongxin.custody.places import Place
from gongxin.secrecy import blind, sealing, sources
from gongxin.secrecy.fields import row_name
from gongxin.secrecy.keyring import Purpose

PAGE: Final = 20_000
# place, values done, values to do.
Progress = Callable[[Place, int, int], None]

_COUNT: Final = """
    SELECT count(*) FROM {table}
    WHERE {source} IS NOT NULL AND ({value} IS NULL OR NOT starts_with({value}, %(current)s))
"""
_READ: Final = """
    SELECT {pk}, {row}, {source} FROM {table}
    WHERE {source} IS NOT NULL AND ({value} IS NULL OR NOT starts_with({value}, %(current)s)) AND (AFTER)
    ORDER BY {pk} LIMIT %(page)s FOR NO KEY UPDATE
"""
_WRITE: Final = """
    UPDATE {table} SET {column} = {new}
    FROM unnest(%(keys)s::{pk_type}[], %(texts)s::text[]) AS made (pk, text) WHERE {table}.{pk} = made.pk
"""


class _Row(NamedTuple):
    """pk: as the database takes it. name: as the seal calls the row."""

    pk: Any
    name: str
    text: str


def reseal(place: Place, *, progress: Progress | None = None, page: int | None = None) -> int:
    """Bring every value of a column under the active key; returns how many it made anew. page: rows of a transaction.

    A value that does not open (changed, or moved from another row) stays as it is. Raises Unavailable where a key is
    missing.
    """
    purpose = Purpose.BLIND_INDEX if place.source else Purpose.DATA
    current = f"{place.mark}{sources.current().active(purpose).id}."
    with connection.cursor() as cursor:
        cursor.execute(place.filled(_COUNT), {"current": current})
        total = int(cursor.fetchone()[0])
    seen, made, last = 0, 0, None
    while True:
        keys, count = _page(place, {"current": current, "page": page or PAGE, "last": last})
        if not keys:
            return made
        seen, made, last = seen + len(keys), made + count, keys[-1]
        if progress:
            progress(place, seen, max(total, seen))


@transaction.atomic
def _page(place: Place, asked: dict[str, Any]) -> tuple[list[Any], int]:
    """One page: the primary keys of its rows, and how many of them have a new value."""
    after = "TRUE" if asked["last"] is None else "{pk} > %(last)s"
    with connection.cursor() as cursor:
        cursor.execute(place.filled(_READ.replace("AFTER", after)), asked)
        rows = [_Row(bytes(pk) if isinstance(pk, memoryview) else pk, row_name(name), text)
                for pk, name, text in cursor.fetchall()]  # fmt: skip
        if not rows:
            return [], 0
        made = _remade(place, rows)
        cursor.execute(place.filled(_WRITE), {"keys": list(made), "texts": list(made.values())})
    return [row.pk for row in rows], len(made)


def _remade(place: Place, rows: list[_Row]) -> dict[Any, str]:
    """The values as the active key makes them, by primary key; without those that do not open."""
    opened = [(row, text) for row, text in zip(rows, _opened(place, rows), strict=True) if text is not None]
    texts = [text for _, text in opened]
    if place.source:
        made = blind.blind_many(texts, purpose=place.purpose)
    else:
        names = [row.name for row, _ in opened]
        made = sealing.seal_many(texts, table=place.table, field=place.column, rows=names)
    return {row.pk: text for (row, _), text in zip(opened, made, strict=True)}


def _opened(place: Place, rows: list[_Row]) -> list[str | None]:
    """The texts; None for what does not open; those that stand there plain as they are, if the field allows that."""
    found = sealing.open_each(
        [row.text for row in rows],
        table=place.table,
        field=place.source or place.column,
        rows=[row.name for row in rows],
    )
    if not place.plain_before:
        return found
    return [one if sealing.is_sealed(row.text) else row.text for one, row in zip(found, rows, strict=True)]
