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
    texts; purpose: what the index is for. row: the column that names the row in the seal, if it is not the primary key.
    key: the column is jsonb, and the sealed text stands under this key.
    """

    table: str
    column: str
    pk: str
    pk_type: str
    plain_before: bool = False
    source: str = ""
    purpose: str = ""
    row: str = ""
    key: str = ""

    def __str__(self) -> str:
        return ".".join(filter(None, (self.table, self.column, self.key)))

    @property
    def mark(self) -> str:
        """How a value of this column begins."""
        return blind.MARK if self.source else sealing.MARK

    def filled(self, text: str) -> sql.Composed:
        """A statement about this column. In braces: table, pk, pk_type, row; value (what is made), source (what it is
        made from), new (what is put into `column`, from made.text).
        """
        column = sql.Identifier(self.column)
        inner = sql.SQL("({} ->> {})").format(column, sql.Literal(self.key)) if self.key else column
        new: sql.Composable = sql.SQL("made.text")
        if self.key:
            new = sql.SQL("jsonb_set({}, ARRAY[{}], to_jsonb(made.text))").format(column, sql.Literal(self.key))
        return sql.SQL(text).format(
            table=sql.Identifier(self.table),
            column=column,
            pk=sql.Identifier(self.pk),
            pk_type=sql.SQL(self.pk_type),
            row=sql.Identifier(self.row or self.pk),
            value=inner,
            source=sql.Identifier(self.source) if self.source else inner,
            new=new,
        )


_registered: list[Place] = []


def register(place: Place) -> None:
    """Name a column of sealed texts that is no EncryptedTextField: of a package that seals through hooks of its own."""
    if place not in _registered:
        _registered.append(place)


def sealed() -> list[Place]:
    """Every column of sealed texts of this node."""
    return sealed_of(apps.get_models()) + _registered


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
    SELECT CASE WHEN starts_with({value}, %s) THEN split_part(substr({value}, %s), '.', 1) ELSE '' END, count(*)
    FROM {table} WHERE {source} IS NOT NULL GROUP BY 1
"""


def _fields(among: Iterable[type[models.Model]]) -> Iterable[tuple[type[models.Model], Any]]:
    for model in among:
        if model._meta.managed and not model._meta.proxy:
            yield from ((model, field) for field in model._meta.local_fields)


def _place(model: type[models.Model], column: object, *, plain_before: bool) -> Place:
    pk: Any = model._meta.pk
    return Place(model._meta.db_table, str(column), str(pk.column), str(pk.rel_db_type(connection)), plain_before)
