"""The verbs of custody: make the node's keys, rotate them, say how things stand.

A key is in the ring before its leaf is in the ledger, because the leaf is sealed with it; what a crash leaves without a
leaf gets it at the next command (`Key.logged`). A key that was replaced is retired when nothing is left that it made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from gongxin import ledger
from gongxin.custody import places, resealing
from gongxin.custody.places import Place
from gongxin.custody.resealing import Progress
from gongxin.errors import Conflict
from gongxin.secrecy import keyring, sources, suites
from gongxin.secrecy.keyring import Key, KeyRing, Purpose, State

_LOCK: Final = 0x67786B657973
# Values written under the old key while a pass goes on are few; a pass that always finds more is a fault.
_PASSES: Final = 5


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did. resumed: it finished an earlier one, and no new key was made."""

    purpose: Purpose
    key: str
    replaced: tuple[str, ...]
    values: int
    resumed: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """A key and how many values it made. key: None where values name a key that is not here."""

    id: str
    key: Key | None
    values: int


def init(*, acting_user: str, at: datetime) -> KeyRing:
    """Make the node's keys, of the suite that GONGXIN_SUITE names, and log it.

    A demonstration node keeps the keys it has used so far, to open what they sealed. Raises Conflict if there are keys
    already (after logging those whose leaf is missing).
    """
    source = sources.source()
    with _alone():
        if source.load() is None:
            source.save(_first(at))
        elif not _log(acting_user, at):
            raise Conflict(
                "keys-exist", "本节点已有密钥，不会覆盖。", remedy="请用 gongxin keys rotate 更换，用 status 查看。"
            )
        else:
            return sources.current()
        _log(acting_user, at)
    return sources.current()


def rotate(
    *,
    acting_user: str,
    at: datetime,
    purposes: Sequence[Purpose] = tuple(Purpose),
    progress: Progress | None = None,
) -> list[Rotated]:
    """Put a new key of the present suite in force for each purpose, bring all values under it, retire the ones before.

    A rotation that was broken off is finished instead of beginning another. Raises Unavailable without keys, Conflict
    while another rotation runs, and when values do not open: then everything else is under the new key, and the old
    one is held.
    """
    with _alone():
        if sources.source().load() is None:
            sources.source().save(sources.current())
        _log(acting_user, at)
        return [_rotated(purpose, acting_user, at, progress) for purpose in purposes]


def status() -> list[Standing]:
    """Every key with the number of values it made; keys that values name and nobody has come last."""
    ring, used = sources.current(), _used(list(Purpose))
    known = [Standing(key.id, key, used.pop(key.id, 0)) for key in ring.keys]
    return known + [Standing(key_id, None, count) for key_id, count in sorted(used.items())]


def _rotated(purpose: Purpose, acting_user: str, at: datetime, progress: Progress | None) -> Rotated:
    source, ring = sources.source(), sources.current()
    resumed = bool(ring.of(purpose, State.HELD))
    if not resumed:
        source.save(ring.with_new(purpose, suites.chosen(), at=at))
        _log(acting_user, at)
    values = _brought_over(purpose, progress)
    ring = sources.current()
    held = tuple(key.id for key in ring.of(purpose, State.HELD))
    new = ring.active(purpose)
    with transaction.atomic():
        if left := _left(purpose, held):
            raise Conflict(
                "rotation-unfinished",
                f"仍有 {left} 个值使用旧密钥（打不开，或者刚被旧版本的程序写入）；旧密钥继续保留。",
                remedy="请停用旧版本的程序并恢复已损坏的行，然后再次运行 gongxin keys rotate。",
            )
        _tell_retired(ring, held, acting_user, at)
        facts = {"purpose": str(purpose), "key": new.id, "replaced": list(held), "values": values}
        ledger.append("nodekey.rotated", fields=facts, actor=acting_user, at=at)
    source.save(ring.with_retired(held, at=at))
    return Rotated(purpose, new.id, held, values, resumed)


def _brought_over(purpose: Purpose, progress: Progress | None) -> int:
    """Pass after pass until one finds nothing to do; how many values were made anew."""
    values = 0
    for _pass in range(_PASSES):
        made = sum(resealing.reseal(place, progress=progress) for place in _places(purpose))
        values += made
        if not made:
            break
    return values


def _left(purpose: Purpose, held: Sequence[str]) -> int:
    used = _used([purpose])
    return sum(used[key_id] for key_id in held)


def _used(purposes: Sequence[Purpose]) -> Counter[str]:
    return sum((places.in_use(_places(purpose)) for purpose in purposes), Counter())


def _places(purpose: Purpose) -> list[Place]:
    """Where the values of a purpose lie. Signatures are handed out, not kept: nothing is brought over."""
    if purpose == Purpose.DATA:
        return places.sealed()
    return places.indexed() if purpose == Purpose.BLIND_INDEX else []


def _first(at: datetime) -> KeyRing:
    if not settings.DEMO:
        return keyring.new(suites.chosen(), at=at)
    ring = keyring.demonstration(suites.chosen())
    for purpose in Purpose:
        ring = ring.with_new(purpose, suites.chosen(), at=at)
    return ring


def _log(acting_user: str, at: datetime) -> bool:
    """A leaf for each key that has none. Whether there were any."""
    ring = sources.current()
    unlogged = [key for key in ring.keys if not key.logged]
    if not unlogged:
        return False
    with transaction.atomic():
        for key in unlogged:
            facts = {"key": key.id, "purpose": str(key.purpose), "suite": key.suite}
            ledger.append("nodekey.made", fields=facts, actor=acting_user, at=at)
    sources.source().save(ring.with_logged(key.id for key in unlogged))
    return True


def _tell_retired(ring: KeyRing, held: Sequence[str], acting_user: str, at: datetime) -> None:
    for key_id in held:
        facts = {"key": key_id, "purpose": str(ring.key(key_id).purpose)}
        ledger.append("nodekey.retired", fields=facts, actor=acting_user, at=at)


@contextmanager
def _alone() -> Iterator[None]:
    """One command at a time; a killed one lets go by itself, as the lock belongs to its connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise Conflict("keys-busy", "另一个密钥命令正在运行。", remedy="请等它结束后再试。")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
