"""Reading the log: its size, the hashes of subtrees, leaves as a stream."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final, LiteralString

import psycopg
from django.db import connection
from django.db.models import Max
from psycopg.rows import tuple_row

from gongxin.errors import Conflict, NotFound
from gongxin.ledger import leaves, tree
from gongxin.ledger.models import Concerned, CoSignature, Leaf, Opening, SignedCheckpoint
from gongxin.ledger.tree import Node

# A power of two, so that each stretch is a complete subtree.
STRETCH: Final = 4_096
_CHUNK: Final = 2_000
_HASHES: Final = "SELECT seq, hashes FROM ledger_leaf WHERE seq = ANY(%s)"
_PROVABLE: Final = """
    SELECT (SELECT body FROM ledger_leaf WHERE seq = %s), newest.size, newest.note,
           coalesce((SELECT string_agg(given.line, '' ORDER BY given.witness) FROM ledger_cosignature given
                     WHERE given.size = newest.size), '')
    FROM ledger_checkpoint newest ORDER BY newest.size DESC LIMIT 1
"""
_HAPPENED: Final = """
    SELECT 1 FROM ledger_leaf
    WHERE seq >= %s AND NOT convert_from(body, 'UTF8')::json ->> 'event' LIKE ANY (%s) LIMIT 1
"""
_NAMED: Final = """
    SELECT leaf.said -> 'fields' ->> %s
    FROM (SELECT seq, convert_from(body, 'UTF8')::json AS said FROM ledger_leaf WHERE seq >= %s) leaf
    WHERE leaf.said ->> 'event' = %s ORDER BY leaf.seq
"""
_STRETCH: Final = "SELECT seq, body, hashes FROM ledger_leaf WHERE seq >= %s AND seq < %s ORDER BY seq"


def size() -> int:
    """How many leaves there are."""
    last = Leaf.objects.aggregate(last=Max("seq"))["last"]
    return 0 if last is None else int(last) + 1


def happened(since: int, *, but: Collection[str]) -> bool:
    """Whether a leaf from number `since` on is of an event whose name begins with none of `but`."""
    return bool(_rows(_HAPPENED, [since, [f"{beginning}%" for beginning in but]]))


def named_since(since: int, *, event: str, field: str) -> list[str]:
    """What the leaves of an event from number `since` on say in one field, in their order."""
    return [said for (said,) in _rows(_NAMED, [field, since, event])]


def body(seq: int) -> bytes:
    """The body of a leaf. Raises NotFound."""
    found = Leaf.objects.filter(pk=seq).values_list("body", flat=True).first()
    if found is None:
        raise NotFound(
            "ledger-leaf-unknown", f"日志中没有第 {seq} 条。", remedy=f"编号从 0 起，现有 {size()} 条，请核对编号。"
        )
    return bytes(found)


def bodies(begin: int, end: int) -> Iterator[bytes]:
    """The bodies of the leaves begin … end - 1, in order, streamed. Raises Conflict where one is missing."""
    expected = begin
    found = Leaf.objects.filter(seq__gte=begin, seq__lt=end).order_by("seq").values_list("seq", "body")
    for seq, raw in found.iterator(chunk_size=_CHUNK):
        if seq != expected:
            break
        yield bytes(raw)
        expected += 1
    if expected != end:
        raise damaged(f"缺少第 {expected} 条")


def stretches(end: int) -> Iterator[list[tuple[bytes, list[bytes]]]]:
    """Bodies and stored hashes of the first `end` leaves, in stretches of STRETCH, the last one shorter.

    Read in binary form, past the models: a million leaves in seconds. Raises Conflict where one is missing.
    """
    for begin in range(0, end, STRETCH):
        until = min(begin + STRETCH, end)
        rows = _rows(_STRETCH, [begin, until])
        if len(rows) != until - begin or [row[0] for row in rows] != list(range(begin, until)):
            held = {row[0] for row in rows}
            raise damaged(f"缺少第 {next(seq for seq in range(begin, until) if seq not in held)} 条")
        yield [(body, stored) for _, body, stored in rows]


def hashes(wanted: Collection[Node]) -> dict[Node, bytes]:
    """The stored hashes of complete subtrees, in one query. Raises Conflict where one is missing."""
    rows = dict(_rows(_HASHES, [list({node.last_leaf for node in wanted})]))
    found = {}
    for node in wanted:
        stored = rows.get(node.last_leaf, [])
        if len(stored) <= node.level:
            raise damaged(f"第 {node.last_leaf} 条缺少散列值")
        found[node] = stored[node.level]
    return found


def growing(at_size: int) -> tree.Growing:
    """The tree over the first `at_size` leaves, from stored hashes."""
    wanted = tree.nodes(0, at_size)
    stored = hashes(wanted)
    return tree.Growing(at_size, [stored[node] for node in wanted])


@dataclass(frozen=True, slots=True)
class Provable:
    """A leaf and the newest checkpoint: its size, its note, and below it the lines of witnesses."""

    body: bytes
    size: int
    note: str
    cosignatures: str


def provable(seq: int) -> Provable:
    """What the proof of a leaf begins with, in one query. Raises NotFound where leaf or checkpoint is not there."""
    found = _rows(_PROVABLE, [seq])
    if not found or found[0][0] is None:
        body(seq)
        raise NotFound("ledger-no-checkpoint", "还没有检查点。", remedy="请先运行 gongxin ledger checkpoint。")
    return Provable(*found[0])


def _rows(query: LiteralString, parameters: list[object]) -> list[tuple[Any, ...]]:
    """The answer in binary form, past the models; cursors of Django merge parameters into the text and cannot."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection, row_factory=tuple_row) as cursor:
        return cursor.execute(query, parameters, binary=True).fetchall()


def cosignatures(at_size: int) -> str:
    """The lines that witnesses gave for the checkpoint of that size, to put below its note."""
    return "".join(CoSignature.objects.filter(size=at_size).order_by("witness").values_list("line", flat=True))


def last_checkpoint() -> SignedCheckpoint | None:
    """The newest checkpoint given out."""
    return SignedCheckpoint.objects.order_by("-size").first()


@dataclass(frozen=True, slots=True)
class Opened:
    """A leaf with what its commitments stand for; `closed`: how many of them were destroyed or do not fit."""

    body: bytes
    values: dict[str, str]
    closed: int


def opened(seq: int) -> Opened:
    """A leaf with the openings that are still kept. Raises NotFound."""
    return _opened([body(seq)])[0]


def about(account: int, *, size: int, before: int | None = None) -> list[tuple[int, Opened]]:
    """The newest leaves about an account below number `before`, opened; three queries, however many."""
    listed = Concerned.objects.filter(account=account)
    if before is not None:
        listed = listed.filter(leaf__lt=before)
    seqs = list(listed.order_by("-leaf").values_list("leaf", flat=True)[:size])
    found = dict(Leaf.objects.filter(pk__in=seqs).values_list("seq", "body"))
    present = [seq for seq in seqs if seq in found]
    return list(zip(present, _opened([bytes(found[seq]) for seq in present]), strict=True))


def _opened(raw: list[bytes]) -> list[Opened]:
    held = [set(leaves.committed(body).values()) for body in raw]
    kept = {bytes(one.commitment): one for one in Opening.objects.filter(commitment__in=set().union(*held))}
    found = []
    for body, commitments in zip(raw, held, strict=True):
        ones = [
            leaves.Opening(key, bytes(kept[key].salt), kept[key].field, _revealed(kept[key]))
            for key in commitments & kept.keys()
        ]
        values = {one.field: one.value for one in ones if leaves.opens(one)}
        found.append(Opened(body, values, len(commitments) - len(values)))
    return found


def _revealed(one: Opening) -> str:
    """What an opening says; nothing, where it was changed or belongs to another commitment."""
    try:
        return one.value.reveal()
    except Conflict:
        return ""


def damaged(what: str) -> Conflict:
    """The error for a log that is not what it was."""
    return Conflict(
        "ledger-damaged",
        f"日志不完整或已被改动：{what}。",
        remedy="请停止写入，保留数据库现状，用最近一次导出和外部保存的检查点核对，再从备份恢复。",
    )
