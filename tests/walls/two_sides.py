"""Two sides that have nothing to do with each other, with one row of every walled table each. Made of the models
themselves: a new table is there without a word here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.db import models
from tests import held

from gongxin.identity.models import Department, User
from gongxin.records.models import Record
from gongxin.subjects.models import Organisation
from gongxin.walls.acting import Asker
from gongxin.walls.table import Wall, load

AT = datetime(2026, 4, 10, 2, 0, tzinfo=UTC)
MODELS = {model._meta.db_table: model for model in apps.get_models()}
# Where constraints of the database want more than a value of the right type.
_SPECIAL: dict[str, Callable[[Side], dict[str, Any]]] = {
    "rights_evidence": lambda _side: {"draft_id": None},
    "rights_draft": lambda side: {"record": side.one(Record)},
    "identity_consent": lambda _side: {"borrower": "", "code_digest": ""},
    "identity_representation": lambda side: {"user": side.agent},
    "identity_substitution": lambda side: {"substitute_id": side.mate.pk},
    "persons_file": lambda _side: {"document": f"10 {next(_numbers)}"},
    "correspondence_enclosed": lambda side: {"message": side.one(MODELS["correspondence_message"])},
}
_numbers = count(1)


class Side:
    """A department with an officer, an organisation with a representative, and a row of every walled table."""

    def __init__(self) -> None:
        self.department = held.department()
        self.organisation = held.organisation()
        self.user = User.objects.create(username=f"officer{next(_numbers)}", department=self.department)
        self.mate = User.objects.create(username=f"mate{next(_numbers)}", department=self.department)
        self.agent = User.objects.create(username=f"agent{next(_numbers)}", role="representative")
        self.digest = hashlib.sha256(str(next(_numbers)).encode()).hexdigest()
        # One that is shown to nobody else, by its disclosure class.
        self._made: dict[type[models.Model], models.Model] = {
            Department: self.department,
            Organisation: self.organisation,
            User: self.user,
            Record: held.record(self.organisation, provider=self.department, disclosure="shared"),
        }
        self.rows = {
            wall.table: self.one(MODELS[wall.table]) for wall in load().values() if not (wall.everybody or wall.nobody)
        }

    def staff(self) -> Asker:
        """Its officer asks."""
        return Asker(
            roles=frozenset({"data_officer"}), departments=frozenset({self.department.pk}), name=self.user.username
        )

    def representative(self) -> Asker:
        """The representative of its organisation asks."""
        return Asker(roles=frozenset({"representative"}), codes=frozenset({str(self.organisation.uscc)}))

    def one(self, model: type[models.Model]) -> models.Model:
        """Its row of a table, made when it is first wanted, with all that it refers to."""
        if model not in self._made:
            wall = load()[model._meta.db_table]
            values = {field.name: self._value(field) for field in model._meta.concrete_fields if _is_wanted(field)}
            values |= self._owned(wall, model) | _SPECIAL.get(wall.table, lambda _side: {})(self)
            self._made[model] = model._default_manager.create(**values)
        return self._made[model]

    def _owned(self, wall: Wall, model: type[models.Model]) -> dict[str, Any]:
        """The columns that make the row this side's."""
        values = {
            "department": self.department.pk,
            "organisation": self.organisation.pk,
            "organisations": [self.organisation.pk],
            "code": self.organisation.uscc,
            "account": self.user.pk,
            "name": self.user.username,
            "digest": self.digest,
        }
        owned = {column: values[way] for way, column in wall.ways}
        for through in wall.through:
            owned[through.column] = self.one(MODELS[through.table]).pk
        names = {field.column: field for field in model._meta.concrete_fields}
        return {names[column].attname: value for column, value in owned.items()}

    def _value(self, field: Any) -> Any:
        if isinstance(field, models.ForeignKey):
            return self.one(field.related_model)
        if field.blank:
            return ""
        if field.choices:
            return field.choices[0][0]
        number = next(_numbers)
        made: list[tuple[type[models.Field[Any, Any]], Any]] = [
            (models.UUIDField, uuid4()),
            (models.DateTimeField, AT),
            (models.DateField, date(2026, 4, 1)),
            (models.IntegerField, 1),
            (models.JSONField, []),
            (models.BinaryField, b"0"),
            (models.GenericIPAddressField, "192.0.2.1"),
            (models.TextField, "text"),
            (models.CharField, hashlib.sha256(str(number).encode()).hexdigest()[: field.max_length or 64]),
        ]
        return next(value for kind, value in made if isinstance(field, kind))


def _is_wanted(field: Any) -> bool:
    if field.null or field.has_default() or field.db_default is not models.NOT_PROVIDED:
        return False
    return not isinstance(field, models.AutoField)
