"""Sealing, opening and rotating: values a second, by both suites.

The rotation is the real one: every value of the ledger's openings read, opened, sealed under a new key and written
back, page by page, each page a transaction.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable

from django.db import connection

from benchmarks import node
from gongxin import clock
from gongxin.custody import places, resealing
from gongxin.secrecy import keyring, sealing, sources, suites
from gongxin.secrecy.keyring import Purpose

_CHUNK = 50_000


def run(rows: int = 1_000_000) -> dict[str, float]:
    """Rows a second. seal, open: in memory; rotate: in the database."""
    figures = {}
    for name in suites.NAMES:
        sources.source().save(keyring.new(name, at=clock.now()))
        figures |= {f"secrecy_{what}_{name}_s": value for what, value in _in_memory(rows).items()}
    with node.own_database():
        for name in reversed(suites.NAMES):
            suffix = "" if name == "intl" else f"_{name}"
            figures[f"secrecy_rotate{suffix}_rows_s"] = _rotation(rows, name)
    return figures


def _in_memory(rows: int) -> dict[str, float]:
    keys = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(min(rows, 200_000))]
    texts = [f"officer-{key[:12]}" for key in keys]
    place = {"table": "ledger_opening", "field": "value"}
    sealed: list[str] = []
    seconds = _timed(lambda: sealed.extend(sealing.seal_many(texts, rows=keys, **place)))
    figures = {"seal": len(keys) / seconds}
    opened: list[str] = []
    seconds = _timed(lambda: opened.extend(sealing.open_many(sealed, rows=keys, **place)))
    if opened != texts:
        raise AssertionError("what was opened is not what was sealed")
    return figures | {"open": len(keys) / seconds}


def _rotation(rows: int, suite: str) -> float:
    """Rows a second of a rotation to a new key of the suite."""
    source = sources.source()
    source.save(keyring.new(suite, at=clock.now()))
    _fill(rows)
    source.save(sources.current().with_new(Purpose.DATA, suite, at=clock.now()))
    (place,) = (one for one in places.sealed() if one.table == "ledger_opening")
    made: list[int] = []
    seconds = _timed(lambda: made.append(resealing.reseal(place)))
    left = places.in_use([place])
    if made != [rows] or dict(left) != {sources.current().active(Purpose.DATA).id: rows}:
        raise AssertionError(f"rotated {made} of {rows}: {dict(left)}")
    return rows / seconds


def _fill(rows: int) -> None:
    """Openings as `ledger.append` writes them."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE ledger_opening")
        with cursor.copy("COPY ledger_opening (commitment, salt, field, value) FROM STDIN") as copy:
            for begin in range(0, rows, _CHUNK):
                keys = [os.urandom(32).hex() for _ in range(min(_CHUNK, rows - begin))]
                texts = [f"officer-{number}" for number in range(begin, begin + len(keys))]
                sealed = sealing.seal_many(texts, table="ledger_opening", field="value", rows=keys)
                copy.write("".join(rf"\\x{key}\t\\x{key}\tactor\t{text}".replace(r"\t", "\t") + "\n"
                                   for key, text in zip(keys, sealed, strict=True)))  # fmt: skip
        cursor.execute("VACUUM (ANALYZE) ledger_opening")


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
