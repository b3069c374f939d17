"""The ledger: leaves a second in transactions of their own, and what proofs and checks cost at a million leaves.

Each append is a transaction with a change of a business table, as the verbs make them, flushed to the disk. Proof and
check are together what somebody waits for who asks for a proof and verifies it; the figure is that of the slowest
hundredth. Full verification: once in the node, and once as an outsider does it, by the script over an export.
"""

from __future__ import annotations

import hashlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import connection, transaction

from benchmarks.node import own_database
from gongxin import clock, ledger
from gongxin.ledger import batches, checkpoints, exporting, keys, proofs, selectors, tree

TOOL = Path(__file__).resolve().parents[1] / "tools" / "verify_ledger.py"
SECONDS = 4.0
ASKED = 1_000
SEED = 11


def run(rows: int = 1_000_000) -> dict[str, float]:
    """Leaves a second, milliseconds and seconds; `rows` leaves for proofs and full verification."""
    with own_database(), tempfile.TemporaryDirectory(prefix="gongxin-bench-") as folder:
        settings.VAR_DIR = Path(folder)
        keys.make("bench.invalid/ledger")
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE bench_changed (writer integer PRIMARY KEY, number integer NOT NULL)")
        figures = {f"ledger_appends_s_{writers}": _appends(writers) for writers in (1, 8)}
        figures["ledger_fill_s"] = _timed(lambda: _fill(rows))
        figures["ledger_sign_all_s"] = _timed(lambda: checkpoints.sign(at=clock.now(), apart=1_000))
        figures |= _proofs()
        figures["ledger_full_verify_s"] = _timed(checkpoints.verify)
        figures["ledger_offline_verify_s"] = _offline(Path(folder) / "export")
    return figures | _batch()


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _appends(writers: int) -> float:
    """Transactions a second of so many writers at once."""
    begin, until = selectors.size(), time.perf_counter() + SECONDS

    def write(writer: int) -> None:
        with closing(connection):
            number = 0
            while time.perf_counter() < until:
                number += 1
                _change(writer, number)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(writers)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (selectors.size() - begin) / (time.perf_counter() - begun)


def _change(writer: int, number: int) -> None:
    fields = {"key": f"{writer}-{number}", "department": "bench"}
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO bench_changed VALUES (%s, %s) ON CONFLICT (writer) DO UPDATE SET number = excluded.number",
                [writer, number],
            )
        ledger.append("key.revoked", fields=fields, actor="bench", at=clock.now())


def _fill(rows: int) -> None:
    """Leaves up to `rows`, as they would be, loaded at once with the hashes that each finishes."""
    begin = selectors.size()
    growing = selectors.growing(begin)
    with connection.cursor() as cursor, cursor.copy("COPY ledger_leaf FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(["int8", "bytea", "bytea[]"])
        for seq, body in enumerate(_bodies(begin, rows), begin):
            copy.write_row((seq, body, growing.append(tree.leaf_hash(body))))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE ledger_leaf")


def _bodies(begin: int, end: int) -> Iterator[bytes]:
    for seq in range(begin, end):
        commitment = hashlib.sha256(seq.to_bytes(8, "big")).hexdigest()
        yield (
            f'{{"actor":{{"commitment":"{commitment}"}},"at":"2026-05-06T07:08:09.000000Z","event":"key.revoked",'
            f'"fields":{{"department":"bench","key":"{seq}"}},"v":1}}'
        ).encode()


def _proofs() -> dict[str, float]:
    """Milliseconds to make a proof of a leaf anywhere in the log and to check it."""
    asked = np.random.default_rng(SEED).integers(0, selectors.size(), ASKED + 50).tolist()
    taken = []
    for seq in asked:
        begun = time.perf_counter()
        proved = proofs.check(proofs.inclusion(seq), keys.verifier())
        taken.append(1_000 * (time.perf_counter() - begun))
        if proved.index != seq:
            raise AssertionError("the proof is of another leaf")
    # The first ones open connections and caches.
    taken = sorted(taken[50:])
    return {
        "ledger_proof_verify_ms": taken[int(0.99 * len(taken))],
        "ledger_proof_verify_median_ms": statistics.median(taken),
    }


def _offline(target: Path) -> float:
    exporting.export(target)
    command = [sys.executable, "-I", "-S", str(TOOL), str(target), "--key", str(keys.verifier())]
    begun = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    taken = time.perf_counter() - begun
    if "everything fits" not in done.stdout:
        raise AssertionError(done.stdout)
    return taken


def _batch() -> dict[str, float]:
    """Seconds for the root over a batch of a million records, sorting included."""
    random = np.random.default_rng(SEED)
    hashes = random.bytes(16_000_000), random.bytes(16_000_000)
    return {"ledger_batch_root_s": _timed(lambda: batches.root(batches.entries(*hashes)))}
