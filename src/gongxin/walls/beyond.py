"""What may be known of a row behind the wall: whose it is, so that asking for it is judged and logged as what it is."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet

from gongxin.walls import acting

M = TypeVar("M", bound=Model)


def whose(rows: QuerySet[M], *facts: str) -> M | None:
    """The first row with nothing but these fields; None where there is none.

    Reading any other field of it asks the database again, as whoever asks: where the row is not theirs there is no
    answer (DoesNotExist), whatever the application has forgotten to judge.
    """
    with acting.as_node():
        return rows.only(*facts).first()
