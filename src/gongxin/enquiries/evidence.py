"""Whether the log of looks is what the ledger committed to: one look, or the piece of a batch that it belongs to; and
the proof of one look, for whoever has nothing but the log's public key.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import UUID

from django.db import connection

from gongxin.enquiries import looks
from gongxin.enquiries.models import Look, LookLeaf
from gongxin.errors import Conflict, NotFound
from gongxin.ledger import batches, proofs, selectors
from gongxin.ledger.notes import encoded

HEADER: Final = "gongxin look-proof v1"
_ONE: Final = "SELECT l.id, enquiries_entry(l) FROM enquiries_look l WHERE l.id = %s"
_PIECE: Final = """
    SELECT l.id, enquiries_entry(l) FROM enquiries_look l
    WHERE l.batch_id = %s AND l.id BETWEEN %s AND %s ORDER BY l.id"""
# What `enquiries_entry` hashes (migration 0006); a proof holds it only where it hashes to the entry.
_SAID: Final = """
    SELECT (CASE WHEN l.consent = '' THEN jsonb_build_array(1) ELSE jsonb_build_array(2) END || jsonb_build_array(
        l.id, l.kind, l.channel, l.department_id, l.asked_by, l.role,
        (extract(epoch FROM l.asked_at) * 1000000)::bigint, l.asked_for, l.organisation_id, to_jsonb(l.others),
        l.matched_by, l.purpose, l.basis, l.matter, l.rule, l.outcome, l.reason, l.record_count, l.disclosed,
        l.batch_id, l.pack_version, l.data_version)
        || CASE WHEN l.consent = '' THEN '[]'::jsonb ELSE jsonb_build_array(l.consent) END)::text
    FROM enquiries_look l WHERE l.id = %s"""
_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Evidence:
    """seq: number of the leaf, None where there is none. holds: the look is what the leaf commits to."""

    seq: int | None
    holds: bool


@dataclass(frozen=True, slots=True)
class _Piece:
    """The leaf over a look, and the entries of all looks under it as they are stored now."""

    leaf: LookLeaf | None
    ids: tuple[UUID, ...]
    entries: tuple[bytes, ...]


def of(look: Look) -> Evidence:
    """The leaf of a look (for one of a batch: of its piece), and whether what is stored is what it commits to."""
    piece = _piece(look)
    if piece.leaf is None:
        return Evidence(None, holds=False)
    return Evidence(piece.leaf.seq, holds=_committed(piece.leaf) == looks.root(piece.entries))


def proof(look: Look) -> str:
    """The proof that this one look is in the log, as a text that tools/verify_look.py checks.

    First what the look says, its place among those under its leaf, their hashes (of 256 at most, and of the others the
    path above), then the proof of the leaf as the ledger makes it. Of other looks it holds hashes over random numbers.
    Raises NotFound without a leaf or without a checkpoint over it, Conflict where the log of looks was changed.
    """
    piece = _piece(look)
    if piece.leaf is None:
        raise NotFound("look-no-leaf", "这条查询留痕没有对应的日志。", remedy="请保留现状并上报。")
    if _committed(piece.leaf) != looks.root(piece.entries):
        raise Conflict("look-damaged", "查询留痕与日志的承诺不一致，不能出具证明。", remedy="请保留现状并上报。")
    index = piece.ids.index(look.pk)
    found = batches.proof(b"".join(piece.entries), index)
    lines = [HEADER, f"said {encoded(_said(look, piece.entries[index]))}", f"index {index}"]
    lines += [f"group {encoded(found.group)}", *(encoded(part) for part in found.path)]
    return "\n".join(lines) + f"\n\n{proofs.inclusion(piece.leaf.seq)}"


def _piece(look: Look) -> _Piece:
    if not look.batch_id:
        return _Piece(LookLeaf.objects.filter(subject=look.pk).first(), *_stored(_ONE, look.pk))
    of_batch = LookLeaf.objects.filter(subject__in=Look.objects.filter(batch_id=look.batch_id).values("pk"))
    kept = of_batch.filter(subject__lte=look.pk, last__gte=look.pk).first()
    if kept is None:
        whole = LookLeaf.objects.filter(subject=look.batch_id).first()
        return _Piece(whole, *_stored(_PIECE, look.batch_id, _FIRST, _LAST))
    return _Piece(kept, *_stored(_PIECE, look.batch_id, kept.subject, kept.last))


def _committed(leaf: LookLeaf) -> str:
    """The root that a leaf states over its looks."""
    fields = json.loads(selectors.body(leaf.seq))["fields"]
    return str(fields["looks_root"] if leaf.event == looks.TAKEN else (fields["looks"] or [""])[0])


def _stored(statement: str, *parameters: UUID | None) -> tuple[tuple[UUID, ...], tuple[bytes, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = cursor.fetchall()
    return tuple(row[0] for row in rows), tuple(bytes(row[1]) for row in rows)


def _said(look: Look, entry: bytes) -> bytes:
    """The text whose hash the entry is."""
    with connection.cursor() as cursor:
        cursor.execute(_SAID, [look.pk])
        text = str(cursor.fetchone()[0]).encode()
    if sha256(text).digest() != entry:
        raise RuntimeError("the text of a look is not what its entry was made of: see migration 0006")
    return text
