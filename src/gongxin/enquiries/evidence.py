"""Whether the log of looks is what the ledger committed to: one look, or the piece of a batch that it belongs to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection

from gongxin.enquiries import looks
from gongxin.enquiries.models import Look, LookLeaf
from gongxin.ledger import selectors

_ONE: Final = "SELECT enquiries_entry(l) FROM enquiries_look l WHERE l.id = %s"
_PIECE: Final = """
    SELECT enquiries_entry(l) FROM enquiries_look l
    WHERE l.batch_id = %s AND l.id BETWEEN %s AND %s ORDER BY l.id"""
_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Evidence:
    """seq: number of the leaf, None where there is none. holds: the look is what the leaf commits to."""

    seq: int | None
    holds: bool


def of(look: Look) -> Evidence:
    """The leaf of a look (for one of a batch: of its piece), and whether what is stored is what it commits to."""
    if look.batch_id:
        kept, root = _of_batch(look.batch_id, look.pk)
    else:
        kept, root = LookLeaf.objects.filter(subject=look.pk).first(), _over(_ONE, look.pk)
    if kept is None:
        return Evidence(None, holds=False)
    fields = json.loads(selectors.body(kept.seq))["fields"]
    said = fields["looks_root"] if kept.event == looks.TAKEN else (fields["looks"] or [""])[0]
    return Evidence(kept.seq, holds=said == root)


def _of_batch(batch: UUID, look: UUID) -> tuple[LookLeaf | None, str]:
    """The leaf of the piece with this look, and the root over the piece as it is stored now."""
    of_batch = LookLeaf.objects.filter(subject__in=Look.objects.filter(batch_id=batch).values("pk"))
    kept = of_batch.filter(subject__lte=look, last__gte=look).first()
    if kept is None:
        return LookLeaf.objects.filter(subject=batch).first(), _over(_PIECE, batch, _FIRST, _LAST)
    return kept, _over(_PIECE, batch, kept.subject, kept.last)


def _over(statement: str, *parameters: UUID | None) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return looks.root([bytes(entry) for (entry,) in cursor.fetchall()])
