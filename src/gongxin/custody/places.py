"""Where sealed values and blind indexes lie: every encrypted field of every model. How many values each key sealed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.apps import apps
from django.db import connection, models
from psycopg import sql

from gongxin.secrecy import blind, sealing
from gongxin.secrecy.fields import BlindIndexField, EncryptedTextField


@dataclass(frozen=True, slots=True)
class Place:
    """A column whose values name the key they were made with. pk_type: database type of the primary key.

    plain_before: the sealed column may still hold plain texts. source: for a blind index, the column of the sealed
    texts; purpose: what the index is for.
    """

    table: str
    column: str
    pk: str
    pk_type: str
    plain_before: bool = False
    source: str = ""
    purpose: str = ""

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"

    @property
    def mark(self) -> str:
        """How a value of this column begins."""
        return blind.MARK if self.source else sealing.MARK

    def filled(self, text: str) -> sql.Composed:
        """A statement about this column. In braces: table, column, pk, source (the column itself if it has none)."""
        names = {"table": self.table, "column": self.column, "pk": self.pk, "source": self.source or self.column}
        return sql.SQL(text).format(
            pk_type=sql.SQL(self.pk_type), **{name: sql.Identifier(value) for name, value in names.items()}
        )


def sealed() -> list[Place]:
    """Every column of sealed texts of this node."""
    return sealed_of(apps.get_models())


def indexed() -> list[Place]:
    """Every column of blind indexes of this node."""
    return indexed_of(apps.get_models())


def sealed_of(among: Iterable[type[models.Model]]) -> list[Place]:
    """The columns of sealed texts of these models."""
    return [
        _place(model, field.column, plain_before=field.plain_before)
        for model, field in _fields(among)
        if isinstance(field, EncryptedTextField)
    ]


def indexed_of(among: Iterable[type[models.Model]]) -> list[Place]:
    """The columns of blind indexes of these models."""
    found = []
    for model, field in _fields(among):
        if isinstance(field, BlindIndexField):
            of: Any = model._meta.get_field(field.of)
            place = _place(model, field.column, plain_before=of.plain_before)
            found.append(replace(place, source=str(of.column), purpose=field.purpose))
    return found


def in_use(places: Iterable[Place]) -> Counter[str]:
    """How many values each key made, by its id; under an empty id those that no key made."""
    found: Counter[str] = Counter()
    for place in places:
        with connection.cursor() as cursor:
            cursor.execute(place.filled(_COUNTED), [place.mark, len(place.mark) + 1])
            found.update(dict(cursor.fetchall()))
    return found


_COUNTED = """
    SELECT CASE WHEN starts_with({column}, %s) THEN split_part(substr({column}, %s), '.', 1) ELSE '' END, count(*)
    FROM {table} WHERE {source} IS NOT NULL GROUP BY 1
"""


def _fields(among: Iterable[type[models.Model]]) -> Iterable[tuple[type[models.Model], Any]]:
    for model in among:
        if model._meta.managed and not model._meta.proxy:
            yield from ((model, field) for field in model._meta.local_fields)


def _place(model: type[models.Model], column: object, *, plain_before: bool) -> Place:
    pk: Any = model._meta.pk
    return Place(model._meta.db_table, str(column), str(pk.column), str(pk.rel_db_type(connection)), plain_before)
