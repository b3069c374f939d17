"""The exits of the node: every place where somebody outside can come to see a record.

Each layer names its own when Django starts (`register` from an AppConfig), so that the proof looks at what is really
there and imports nothing above it. An exit that is not registered is not proved: tests/ends/test_exits.py asks for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Suspect:
    """A record that should be seen nowhere, with what an exit needs to look for it."""

    id: UUID
    item: str
    organisation: UUID
    document_no: str
    decided_on: date


@dataclass(frozen=True, slots=True)
class Exit:
    """A place that is asked about certain records: `shown` gives those of them that it shows on `day`.

    inside: it is for staff, who also see what is not public; there only what has ended overstays.
    """

    name: str
    title: str
    shown: Callable[[Sequence[Suspect], date], Iterable[UUID]]
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Store:
    """A place that can be read from end to end (a file, a feed): `held` gives everything in it, in stretches."""

    name: str
    title: str
    held: Callable[[date], Iterator[Sequence[UUID]]]


_known: dict[str, Exit | Store] = {}


def register(place: Exit | Store) -> None:
    """Name an exit. Raises ValueError where the name is taken."""
    if place.name in _known:
        raise ValueError(f"an exit named {place.name!r} is registered already")
    _known[place.name] = place


def withdraw(name: str) -> None:
    """Take an exit off the list (tests)."""
    del _known[name]


def registered() -> tuple[Exit | Store, ...]:
    """All exits, in the order of their registration."""
    return tuple(_known.values())


def titles() -> dict[str, str]:
    """What pages call each exit."""
    return {place.name: place.title for place in _known.values()}
