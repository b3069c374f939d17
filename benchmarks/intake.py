"""Loading a department's file, from the file to committed and searchable records, against the limit.

The limit is COPY of the same clean rows into a plain table of typed columns with primary key, unique natural key and
three indexes, measured before and after ours, in the same database with the same settings, from a file that is ready
to be copied; the mean of the two counts. Ours reads the CSV as a department hands it in (all columns of the template,
2 % of the rows broken, 3 % repeated), with 200,000 organisations in the register. Peak memory is that of the process
that took in all files, the largest of five times the rows.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from psycopg import sql

from benchmarks.node import own_database
from gongxin import clock
from gongxin.identity import departments
from gongxin.identity.models import Department
from gongxin.intake import submissions
from gongxin.intake.models import Channel, Submission
from gongxin.policy import packs
from gongxin.sample.departments import BY_CODE
from gongxin.subjects import register

SEED = 11
ORGANISATIONS = 200_000
_SQL_TYPES = {"date": "date", "decimal": "numeric(18,6)", "integer": "bigint", "year": "integer"}
_PIECE = 1 << 20


def run(rows: int = 1_000_000) -> dict[str, float]:
    """The ratios at `rows` rows; from a tenth to five times as many: growth of the cost per row, peak memory."""
    small, big = max(1000, rows // 10), rows * 5
    with tempfile.TemporaryDirectory(prefix="gongxin-bench-") as folder, own_database():
        provider = _provider()
        files = {count: _made(Path(folder), count) for count in (small, rows, big)}
        register.import_file(files[rows].parent / "register.csv", acting="benchmark", at=clock.now())
        _settle()
        per_row_small = _submit(files[small], provider) / small
        _forget()
        limit = [_limit(files[rows], Path(folder))]
        _settle()
        first = _submit(files[rows], provider)
        _settle()
        again = _submit(files[rows], provider)
        _forget()
        limit.append(_limit(files[rows], Path(folder)))
        per_row_big = _submit(files[big], provider) / big
    copy = sum(limit) / len(limit)
    return {
        "intake_rows_s": rows / first,
        "copy_rows_s": rows / copy,
        "intake_vs_copy": first / copy,
        "resubmit_vs_copy": again / copy,
        "cost_per_row_growth": per_row_big / per_row_small,
        "intake_peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _provider() -> Department:
    market = BY_CODE["market"]
    return departments.register(
        code=market.code, name=market.name, uscc=market.uscc, items=["penalty"], purposes=[], at=clock.now()
    )


def _made(folder: Path, rows: int) -> Path:
    """A penalty file, made in a process of its own so that its memory is not counted."""
    target = folder / str(rows)
    entry = "import os, django; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'gongxin.settings'); django.setup(); "
    entry += "from gongxin.cli.sample import app; app()"
    arguments = ["--rows", str(rows), "--seed", str(SEED), "--item", "penalty", "--organisations", str(ORGANISATIONS)]
    subprocess.run([sys.executable, "-c", entry, "generate", str(target), *arguments], check=True, capture_output=True)
    return target / "penalty.csv"


def _submit(path: Path, provider: Department) -> float:
    """Seconds from handing in to committed."""
    begun = time.perf_counter()
    with path.open("rb") as stream:
        done = submissions.submit(
            stream,
            filename=path.name,
            item="penalty",
            provider=provider,
            channel=Channel.CLI,
            acting_user=None,
            at=clock.now(),
            mode="now",
        )
    taken = time.perf_counter() - begun
    _must_add_up(done)
    return taken


def _must_add_up(done: Submission) -> None:
    ends = done.accepted + done.revised + done.unchanged + done.rejected + done.received
    if done.state != "completed" or done.rows_in != ends or not done.rows_in:
        raise AssertionError(f"submission {done.state}: {done.rows_in} rows in, {ends} ended; {done.fault_code}")


def _forget() -> None:
    """Take the records out again, so that the next file is a first load."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE records_record, records_revision, intake_submission CASCADE")
    _settle()


def _settle() -> None:
    """What the server has put off is done now, not in the next measurement."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def _limit(path: Path, folder: Path) -> float:
    """Seconds of one COPY of the clean rows of the file into a plain table, committed."""
    item = packs.current().item("penalty")
    ready = folder / "clean.csv"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "benchmarks.clean", str(path), str(ready)], check=True)
    types = [(field.name, _SQL_TYPES.get(field.type, "text")) for field in item.fields]
    columns = sql.SQL(", ").join(sql.SQL("{} " + kind).format(sql.Identifier(name)) for name, kind in types)
    key = sql.SQL(", ").join(map(sql.Identifier, item.natural_key))
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS plain")
        create = sql.SQL("CREATE TABLE plain (id uuid PRIMARY KEY, {}, UNIQUE ({}))").format(columns, key)
        cursor.execute(create.as_string(None))
        for name in ("CF_XDR_SHXYM", "CF_WSH", "CF_JDRQ"):
            cursor.execute(sql.SQL("CREATE INDEX ON plain ({})").format(sql.Identifier(name)).as_string(None))
    _settle()
    begun = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        raw: Any = cursor
        with raw.copy("COPY plain FROM STDIN (FORMAT csv)") as copy, ready.open("rb") as stream:
            while piece := stream.read(_PIECE):
                copy.write(piece)
    return time.perf_counter() - begun
