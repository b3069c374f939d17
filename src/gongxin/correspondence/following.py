"""What an account follows about the organisations it acts for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from gongxin import ledger
from gongxin.correspondence.models import Following, Kind
from gongxin.errors import InvalidInput, NotPermitted
from gongxin.identity import selectors
from gongxin.identity.models import User


def of(user: User) -> dict[str, frozenset[str]]:
    """The kinds the account follows, by credit code."""
    return {entry.uscc: frozenset(entry.kinds) for entry in Following.objects.filter(user=user)}


@transaction.atomic
def follow(uscc: str, kinds: Collection[str], *, acting_user: User, at: datetime) -> Following:
    """Follow these kinds from `at` on and no others; none: nothing.

    A leaf, unless that is how it was. Raises NotPermitted for an organisation the account does not act for,
    InvalidInput for a kind there is not.
    """
    if uscc not in selectors.codes(acting_user):
        raise NotPermitted(
            "following-not-represented", "账号没有绑定这个信用主体。", remedy="请联系信用办办理代表账号的绑定。"
        )
    if unknown := sorted(set(kinds) - set(Kind.values)):
        raise InvalidInput(
            "following-kind", "没有这类变化。", remedy="请从列出的种类中选择。", facts={"unknown": unknown}
        )
    held, made = Following.objects.select_for_update().get_or_create(
        user=acting_user, uscc=uscc, defaults={"kinds": sorted(set(kinds)), "since": at}
    )
    if not made and set(held.kinds) == set(kinds):
        return held
    if not made:
        held.kinds, held.since = sorted(set(kinds)), at
        held.save(update_fields=["kinds", "since"])
    fields = {"organisation": uscc, "kinds": held.kinds}
    ledger.append("following.changed", fields=fields, actor=acting_user.username, at=at, about=[acting_user.pk])
    return held
