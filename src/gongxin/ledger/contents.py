"""Destroying what commitments in a leaf stand for. The leaf stays, and every proof; nobody can open it again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from gongxin.errors import Conflict, InvalidInput
from gongxin.ledger import appending, leaves, selectors
from gongxin.ledger.models import Concerned, Opening


@transaction.atomic
def destroy(seq: int, *, names: Collection[str] = (), reason: str, actor: str, at: datetime) -> int:
    """Destroy the openings of leaf `seq`; the number of the leaf that says so.

    names: of the fields whose contents are destroyed (`actor`: who acted); none: of all. reason: why, for the record.
    Copies in backups are destroyed with the backups. Raises NotFound for a leaf that is not there, InvalidInput for an
    empty reason or a field that is not committed in this leaf, Conflict where nothing is left to destroy.
    """
    if not reason.strip():
        raise InvalidInput("ledger-reason", "没有说明原因。", remedy="请写明依据和原因。")
    held = leaves.committed(selectors.body(seq))
    if unknown := set(names) - set(held):
        raise InvalidInput(
            "ledger-field",
            f"第 {seq} 条没有可销毁的字段：{'、'.join(sorted(unknown))}。",
            remedy=f"可销毁的字段：{'、'.join(held)}。",
        )
    wanted = [commitment for name, commitment in held.items() if not names or name in names]
    kept = Opening.objects.select_for_update().filter(commitment__in=wanted)
    fields = sorted(kept.values_list("field", flat=True))
    if not fields:
        raise Conflict("ledger-destroyed", f"第 {seq} 条的内容此前已经销毁。", remedy="无需再次销毁。")
    kept.delete()
    Concerned.objects.filter(leaf=seq).delete()
    stated = {"leaf": seq, "names": fields, "reason": reason.strip()}
    return appending.append("ledger.contents_destroyed", fields=stated, actor=actor, at=at)
