"""The database's part of a hand-in, inside one transaction (docs/adr/0003): questions by the set, COPY in, one merge
at the end.

All statements run on one connection, one after the other, in a thread of their own (`Lane`), while the next chunk is
being prepared.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import polars as pl
import psycopg
from psycopg import Cursor

from gongxin.intake import matching
from gongxin.intake.copying import Lines, LineWriter, copy_in
from gongxin.intake.matching import Answer
from gongxin.intake.shaping import CONSTANT, VARYING
from gongxin.persons import receiving
from gongxin.persons.receiving import Reported
from gongxin.policy.model import Item
from gongxin.records import locking

T = TypeVar("T")

_COLUMNS: Final = [*VARYING, *CONSTANT]

# The column names are constants of this code.
_STAGE: Final = f"SELECT {', '.join(_COLUMNS)} FROM records_record"  # noqa: S608
_CREATE: Final = f"""
CREATE TEMP TABLE IF NOT EXISTS gx_key (n integer, key_hash uuid, content_hash uuid) ON COMMIT DROP;
CREATE TEMP TABLE IF NOT EXISTS gx_stage ON COMMIT DROP AS {_STAGE} WITH NO DATA;
TRUNCATE gx_key, gx_stage;
"""

# OFFSET 0 keeps the planner, which knows nothing of the staging table, from turning the look-up of each key inside out.
_COMPARE: Final = """
SELECT coalesce(array_agg(k.n) FILTER (WHERE r.provider_id = %(provider)s AND r.content_hash = k.content_hash), '{}'),
       coalesce(array_agg(k.n) FILTER (WHERE r.provider_id = %(provider)s AND r.content_hash <> k.content_hash), '{}'),
       coalesce(array_agg(k.n ORDER BY k.n) FILTER (WHERE r.provider_id <> %(provider)s), '{}'),
       coalesce(array_agg(d.name ORDER BY k.n) FILTER (WHERE r.provider_id <> %(provider)s), '{}')
FROM gx_key k
CROSS JOIN LATERAL (
    SELECT provider_id, content_hash FROM records_record WHERE key_hash = k.key_hash OFFSET 0
) r
JOIN identity_department d ON d.id = r.provider_id
"""

# What a new revision replaces; id, key, provider, disclosure and state stay.
_KEPT: Final = ("id", "item", "key_hash", "provider_id", "disclosure", "state", "revision")
_REPLACED: Final = [name for name in _COLUMNS if name not in _KEPT]
# First lock what is about to be replaced, in a statement of its own: a row that a statement has changed it cannot lock.
_HOLD: Final = "SELECT FROM gx_stage s JOIN records_record r USING (key_hash) FOR UPDATE OF r"
# The column names are constants of this code.
_MERGE: Final = f"""
WITH held AS (
    SELECT r.id, r.revision, r.item_version, r.payload, r.content_hash, r.submission_id, r.recorded_at
    FROM gx_stage s JOIN records_record r USING (key_hash)
), kept AS (
    INSERT INTO records_revision (
        record_id, number, item_version, payload, content_hash, submission_id, recorded_at, replaced_at, reason
    )
    SELECT id, revision, item_version, payload, content_hash, submission_id, recorded_at, %(at)s, %(reason)s FROM held
)
UPDATE records_record r
SET ({", ".join(_REPLACED)}, revision) = ({", ".join(f"s.{name}" for name in _REPLACED)}, r.revision + 1)
FROM gx_stage s
WHERE r.key_hash = s.key_hash
"""  # noqa: S608  (made of constants of this module)


@dataclass(slots=True)
class Comparison:
    """Positions (in the chunk's asked rows) of what is held already: same content, other content, held by another
    provider.
    """

    same: list[int] = field(default_factory=list)
    different: list[int] = field(default_factory=list)
    foreign: list[int] = field(default_factory=list)
    holders: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of a table as COPY takes them, written out before the database waits for them."""

    table: str
    columns: list[str]
    rows: int
    lines: Lines


class Lane:
    """Runs database work in order in one thread, so that it overlaps with the preparation of the next chunk."""

    def __init__(self, depth: int) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="intake-load")
        self._waiting: list[Future[Any]] = []
        self._depth = depth

    def __enter__(self) -> Lane:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)

    def ask(self, work: Callable[[], T]) -> Future[T]:
        """Have it done after all that was handed over before; the answer comes by the future."""
        return self._executor.submit(work)

    def send(self, work: Callable[[], object]) -> None:
        """Have it done; waits while more than `depth` of these are outstanding. Raises what an earlier one raised."""
        self._waiting.append(self._executor.submit(work))
        while len(self._waiting) > self._depth:
            self._waiting.pop(0).result()

    def drain(self) -> None:
        """Wait for everything sent. Raises what one of these raised."""
        while self._waiting:
            self._waiting.pop(0).result()


class Loader:
    """The statements of one submission's transaction. Not thread-safe: everything goes through one Lane."""

    def __init__(self, connection: psycopg.Connection[Any], item: Item, submission_id: UUID, provider_id: UUID) -> None:
        self._cursor: Cursor[Any] = Cursor(connection)
        self._item = item
        self._submission_id = submission_id
        self._provider_id = provider_id
        self._anything_held = False
        # None: nothing has been asked yet.
        self._register_read: bool | None = None
        self._staged = 0
        self._writer = LineWriter()

    def begin(self) -> None:
        """Wait for other files of the same item, then make the staging tables."""
        locking.hold_item(self._cursor, self._item.id)
        self._cursor.execute(_CREATE)
        self._cursor.execute("SELECT EXISTS (SELECT 1 FROM records_record WHERE item = %s)", [self._item.id])
        self._anything_held = bool(self._one()[0])

    def ask(self, codes: pl.Series, keys: pl.DataFrame, *, rows: int) -> tuple[Answer, Comparison]:
        """What the register says of these codes, and what is held under these keys (columns key_hash, content_hash).

        rows: how many the file has. Whether the register is read whole is decided at the first question.
        """
        if self._register_read:
            return Answer(codes.clear().to_frame()), self._compare(keys)
        answer = matching.ask(self._cursor, codes, rows=rows if self._register_read is None else 0)
        self._register_read = answer.whole
        return answer, self._compare(keys)

    def namesakes(self, names: pl.Series) -> dict[str, int]:
        """See `matching.namesakes`."""
        return matching.namesakes(self._cursor, names)

    def register_newcomers(self, fresh: pl.DataFrame, at: datetime) -> pl.DataFrame:
        """See `matching.register_newcomers`."""
        return matching.register_newcomers(self._cursor, fresh, at=at)

    def piece(self, table: str, frame: pl.DataFrame) -> Piece:
        """Rows of a table whose columns are the frame's. This and its sisters may run in another thread."""
        return Piece(table, frame.columns, frame.height, self._writer.write(frame))

    def new_records(self, frame: pl.DataFrame) -> Piece:
        """Records (a frame of `shaping.record_columns`) that are not held yet."""
        return Piece("records_record", _COLUMNS, frame.height, self._writer.write(frame, ready=True))

    def staged_revisions(self, frame: pl.DataFrame) -> Piece:
        """Records (a frame of `shaping.record_columns`) whose other content is held."""
        return Piece("gx_stage", _COLUMNS, frame.height, self._writer.write(frame, ready=True))

    def store(self, pieces: list[Piece]) -> None:
        """Load rows that have been written out."""
        for piece in pieces:
            if piece.rows:
                copy_in(self._cursor, piece.table, piece.columns, piece.lines)
            self._staged += piece.rows if piece.table == "gx_stage" else 0
            self._writer.take_back(piece.lines)

    def hand_over(self, personal: pl.DataFrame, at: datetime) -> None:
        """Rows of natural persons go into their own files; nothing comes back."""
        reported = Reported(self._provider_id, self._submission_id, at)
        receiving.receive_rows(self._cursor, personal, item=self._item, reported=reported)

    def withdraw(self, key_hashes: pl.Series) -> None:
        """Take out again what this transaction has loaded or staged under these keys."""
        keys = key_hashes.to_list()
        self._cursor.execute(
            "DELETE FROM records_record WHERE submission_id = %s AND key_hash = ANY(%s::uuid[])",
            [self._submission_id, keys],
        )
        self._cursor.execute("DELETE FROM gx_stage WHERE key_hash = ANY(%s::uuid[])", [keys])
        self._staged -= self._cursor.rowcount

    def merge(self, *, reason: str, at: datetime) -> int:
        """Turn the staged rows into new revisions; the old states are kept. Returns how many; 0 without asking
        where none is staged.
        """
        if not self._staged:
            return 0
        self._cursor.execute("ANALYZE gx_stage")
        self._cursor.execute(_HOLD)
        self._cursor.execute(_MERGE, {"at": at, "reason": reason})
        return self._cursor.rowcount

    def _compare(self, keys: pl.DataFrame) -> Comparison:
        if not self._anything_held or keys.is_empty():
            return Comparison()
        self._cursor.execute("TRUNCATE gx_key")
        self.store([self.piece("gx_key", keys.with_row_index("n"))])
        self._cursor.execute(_COMPARE, {"provider": self._provider_id})
        return Comparison(*self._one())

    def _one(self) -> tuple[Any, ...]:
        row = self._cursor.fetchone()
        if row is None:
            raise RuntimeError("the statement returned no row")
        return tuple(row)
