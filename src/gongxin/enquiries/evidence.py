"""Whether the log of looks is what the ledger committed to: one look, or the batch it belongs to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from gongxin.enquiries import looks
from gongxin.enquiries.models import Look, LookLeaf
from gongxin.ledger import selectors

_ENTRIES = "SELECT enquiries_entry(l) FROM enquiries_look l WHERE {} ORDER BY id"


@dataclass(frozen=True, slots=True)
class Evidence:
    """seq: number of the leaf, None where there is none. holds: the look is what the leaf commits to."""

    seq: int | None
    holds: bool


def of(look: Look) -> Evidence:
    """The leaf of a look (for one of a batch: of the batch), and whether what is stored is what it commits to."""
    kept = LookLeaf.objects.filter(subject=look.batch_id or look.pk).first()
    if kept is None:
        return Evidence(None, holds=False)
    fields = json.loads(selectors.body(kept.seq))["fields"]
    said = fields["looks_root"] if kept.event == looks.TAKEN else (fields["looks"] or [""])[0]
    return Evidence(kept.seq, holds=said == (root_of(look.batch_id) if look.batch_id else _root(look.pk)))


def root_of(batch: UUID) -> str:
    """The root over the looks of a batch as they are stored now."""
    return _over(_ENTRIES.format("l.batch_id = %s"), batch)


def _root(look: UUID) -> str:
    return _over(_ENTRIES.format("l.id = %s"), look)


def _over(statement: str, key: UUID) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement, [key])
        return looks.root([bytes(entry) for (entry,) in cursor.fetchall()])
