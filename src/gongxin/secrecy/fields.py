"""Fields of Django models whose values are sealed in the database, and the blind indexes beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

from django.core import checks
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.query_utils import DeferredAttribute

from gongxin.secrecy import blind, sealing

_HIDDEN: Final = "••••••"
_LOOKUPS: Final = frozenset({"isnull"})
_INDEX_LOOKUPS: Final = frozenset({"exact", "in", "isnull"})
_INDEX_LENGTH: Final = 80


def row_name(pk: object) -> str:
    """How a primary key is called in a seal: hexadecimal for bytes, its text for everything else."""
    return bytes(pk).hex() if isinstance(pk, bytes | memoryview) else str(pk)


class _Guarded:
    """Shows dots wherever a text is expected, and cannot be pickled (into a cache, a session, a job)."""

    __slots__ = ()

    def __str__(self) -> str:
        return _HIDDEN

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __format__(self, spec: str) -> str:
        return format(_HIDDEN, spec)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a sealed value is not pickled; reveal it where it is needed")

    def __copy__(self) -> _Guarded:
        return self

    def __deepcopy__(self, memo: object) -> _Guarded:
        return self


class Stored(_Guarded):
    """A sealed text as the database has it (`values()` and `values_list()` give these)."""

    __slots__ = ("sealed",)

    def __init__(self, sealed: str) -> None:
        self.sealed = sealed


class SealedText(_Guarded):
    """The value of an encrypted field of one object. Whoever needs the text calls `reveal`, in sight of a reader."""

    __slots__ = ("_plain", "_row", "_stored", "field")

    def __init__(self, field: EncryptedTextField, *, plain: str | None = None, stored: str = "", row: str = "") -> None:
        self.field = field
        self._plain = plain
        self._stored = stored
        self._row = row

    def reveal(self) -> str:
        """The text. Raises Conflict if it was sealed for another place or changed, Unavailable without its key."""
        if self._plain is not None:
            return self._plain
        return self.field.opened(self._stored, self._row)

    def stored_for(self, row: str) -> str:
        """The sealed text if this is what stands in that row; empty otherwise."""
        return self._stored if self._row == row else ""


class _Attribute(DeferredAttribute):
    """Wraps what is assigned, and what came from the database, on its way out."""

    field: EncryptedTextField

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if isinstance(value, Stored):
            return SealedText(self.field, stored=value.sealed, row=row_name(instance.pk))
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        kept = SealedText(self.field, plain=value) if isinstance(value, str) else value
        if kept is not None and not isinstance(kept, Stored | SealedText):
            raise TypeError(f"{self.field.name} takes a text, not {type(value).__name__}")
        instance.__dict__[self.field.attname] = kept


if TYPE_CHECKING:
    _TextField = models.TextField["str | SealedText | None", SealedText]
else:
    _TextField = models.TextField


class EncryptedTextField(_TextField):
    """A text that the database sees only sealed for its table, column and row (`sealing`).

    The attribute is a `SealedText`: str, repr, templates and logs show dots, `reveal()` gives the text. Assign a str;
    saving seals it. Searching, sorting and updating by query are refused: put a `BlindIndexField` beside it. The
    primary key must be known before the row is (a UUID, not a counter).
    plain_before: rows written before the column was sealed hold plain texts, which are read as they are until the next
    rotation seals them.
    """

    descriptor_class = _Attribute

    def __init__(self, *args: Any, plain_before: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plain_before = plain_before

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "plain_before": True} if self.plain_before else kwargs

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        found = list(super().check(**kwargs))
        if isinstance(self.model._meta.pk, models.AutoField):
            found.append(
                checks.Error(
                    "A sealed value is bound to its row, which must be known before it is written.",
                    hint="Give the model a UUID as its primary key (gongxin.ids.uuid7).",
                    obj=self,
                    id="secrecy.E001",
                )
            )
        if self.unique or getattr(self, "db_index", False):
            found.append(checks.Error("Sealed values are all different: no index.", obj=self, id="secrecy.E002"))
        return found

    def opened(self, stored: str, row: str) -> str:
        """The text of a stored value of this row. Raises as `sealing.open_sealed` does."""
        if self.plain_before and not sealing.is_sealed(stored):
            return stored
        return sealing.open_sealed(stored, table=self.model._meta.db_table, field=str(self.column), row=row)

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Stored | None:
        """What a query finds: dots, until it is asked for in its row."""
        del expression, connection
        return None if value is None else Stored(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Stored | None:
        """The sealed text to write; what stands there already is checked to belong to this row."""
        del add
        value = model_instance.__dict__.get(self.attname)
        if value is None:
            return None
        row = row_name(model_instance.pk)
        stored = value.sealed if isinstance(value, Stored) else value.stored_for(row)
        if stored:
            self.opened(stored, row)
            return Stored(stored)
        sealed = sealing.seal(value.reveal(), table=self.model._meta.db_table, field=str(self.column), row=row)
        model_instance.__dict__[self.attname] = Stored(sealed)
        return Stored(sealed)

    def get_prep_value(self, value: Any) -> Any:
        """Only what `pre_save` sealed reaches the database."""
        if value is None or isinstance(value, Stored):
            return value
        raise TypeError(f"{self.name} is sealed for its row: assign the text to the object and save it")

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> str | None:
        """The sealed text itself."""
        del connection, prepared
        kept = self.get_prep_value(value)
        return None if kept is None else str(kept.sealed)

    def get_lookup(self, lookup_name: str) -> Any:
        """Only whether there is a value can be asked."""
        if lookup_name not in _LOOKUPS:
            raise TypeError(f"{self.name} is sealed and cannot be searched ({lookup_name}): use its blind index")
        return super().get_lookup(lookup_name)

    def get_transform(self, lookup_name: str) -> NoReturn:
        """Nothing can be computed from a sealed value."""
        raise TypeError(f"{self.name} is sealed and cannot be searched ({lookup_name}): use its blind index")

    def value_to_string(self, obj: models.Model) -> NoReturn:
        """Not serialised: a fixture holds no secrets, and a sealed text opens in its own row only."""
        raise TypeError(f"{self.name} of {obj._meta.label} is sealed and is not serialised")

    def formfield(self, *args: Any, **kwargs: Any) -> None:
        """No form shows it by itself."""


class BlindIndexField(models.CharField):  # type: ignore[type-arg]  # django-stubs' parameters do not exist at run time
    """The blind index of an encrypted field of the same model, kept by `save`.

    of: the encrypted field. purpose: see `blind.blind_index`. Look up with
    ``filter(field__in=blind_candidates(text, purpose=…))``. Who saves with update_fields names both fields.
    """

    def __init__(self, *args: Any, of: str, purpose: str, **kwargs: Any) -> None:
        kwargs.setdefault("db_index", True)
        kwargs |= {"max_length": _INDEX_LENGTH, "editable": False, "db_collation": "C"}
        super().__init__(*args, **kwargs)
        self.of = of
        self.purpose = purpose

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for implied in ("max_length", "editable", "db_collation"):
            del kwargs[implied]
        return name, path, args, {**kwargs, "of": self.of, "purpose": self.purpose}

    def pre_save(self, model_instance: models.Model, add: bool) -> str | None:
        """The index of what the encrypted field holds."""
        del add
        held = getattr(model_instance, self.of)
        index = None if held is None else blind.blind_index(held.reveal(), purpose=self.purpose)
        setattr(model_instance, self.attname, index)
        return index

    def get_lookup(self, lookup_name: str) -> Any:
        """Indexes are equal or not; they have no parts and no order."""
        if lookup_name not in _INDEX_LOOKUPS:
            raise TypeError(f"{self.name} is a blind index: it can only be compared as a whole ({lookup_name})")
        return super().get_lookup(lookup_name)
