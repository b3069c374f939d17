"""Reads of organisations."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from gongxin.errors import NotFound
from gongxin.subjects.identifiers import folded_code
from gongxin.subjects.models import FormerName, Organisation


def organisation(organisation_id: UUID) -> Organisation:
    """The organisation. Raises NotFound."""
    found = Organisation.objects.filter(pk=organisation_id).first()
    if found is None:
        raise NotFound("organisation-unknown", "没有这个信用主体。", remedy="请核对地址，或者用名称、代码重新搜索。")
    return found


def by_code(code: str) -> Organisation | None:
    """The organisation with this code: its USCC, else another identifier that only one organisation has."""
    return by_codes([code]).get(code)


def by_codes(codes: Iterable[str]) -> dict[str, Organisation]:
    """The organisations with these codes, by the code as it was given; unknown and ambiguous codes are absent.

    Two queries whatever the number of codes.
    """
    given = {code: folded_code(code) for code in codes}
    wanted = set(given.values()) - {""}
    found = {held.uscc: held for held in Organisation.objects.filter(uscc__in=wanted)}
    missing = wanted - found.keys()
    ambiguous: set[str | None] = set()
    holders = Organisation.objects.filter(identifiers__value__in=missing).distinct() if missing else []
    for held in holders:
        for identifier in held.identifiers.all():
            value = identifier.value
            if value in missing:
                ambiguous |= {value} if found.setdefault(value, held).pk != held.pk else set()
    return {code: found[folded] for code, folded in given.items() if folded in found and folded not in ambiguous}


def former_names(held: Organisation) -> QuerySet[FormerName]:
    """The names the organisation had, latest first."""
    return held.former_names.order_by("-until", "name")
