"""Reads of accounts: whom one represents, whom one stands in for, the list of accounts."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from gongxin.errors import NotFound
from gongxin.identity import doors
from gongxin.identity.models import Representation, Substitution, User
from gongxin.identity.roles import Role


def account(account_id: int) -> User:
    """The account, with its department. Raises NotFound."""
    found = listing().filter(pk=account_id).first()
    if found is None:
        raise NotFound("account-unknown", "没有这个账号。", remedy="请从账号管理重新打开。")
    return found


def substitution(substitution_id: UUID) -> Substitution:
    """The substitution, with its accounts and department. Raises NotFound."""
    found = Substitution.objects.select_related("absent", "substitute", "department").filter(pk=substitution_id).first()
    if found is None:
        raise NotFound("substitute-unknown", "没有这项代理。", remedy="请从账号管理重新打开。")
    return found


def representation(representation_id: UUID) -> Representation:
    """The binding, with its account. Raises NotFound."""
    found = Representation.objects.select_related("user").filter(pk=representation_id).first()
    if found is None:
        raise NotFound("representation-unknown", "没有这项绑定。", remedy="请从账号管理重新打开。")
    return found


def represented(user: User) -> QuerySet[Representation]:
    """The bindings of an account that are in force."""
    return Representation.objects.filter(user=user, ended_at__isnull=True)


def codes(user: User) -> frozenset[str]:
    """The credit codes an account acts for now; empty for every role but the representative's."""
    if user.role != Role.REPRESENTATIVE:
        return frozenset()
    return doors.codes_of(user.pk)


def in_force(substitute: User, day: date) -> QuerySet[Substitution]:
    """Whom an account stands in for on `day`. A change of role of either account has ended it already."""
    found = _within(day, day).filter(substitute=substitute, department__active=True)
    return found.select_related("absent", "department")


def standing_in(absent: User, day: date) -> QuerySet[Substitution]:
    """Who stands in for an account on `day`."""
    return _within(day, day).filter(absent=absent).select_related("substitute", "department")


def overlapping(absent: User, starts_on: date, ends_on: date) -> QuerySet[Substitution]:
    """The substitutions of an absent account that are in force on one of the days."""
    return _within(starts_on, ends_on).filter(absent=absent)


def concerning(user: User) -> QuerySet[Substitution]:
    """All substitutions an account took part in, on either side, latest first."""
    found = Substitution.objects.filter(Q(absent=user) | Q(substitute=user))
    return found.select_related("absent", "substitute", "department")


def listing() -> QuerySet[User]:
    """Every account, by department and name."""
    return User.objects.select_related("department").order_by("department__code", "username")


def _within(starts_on: date, ends_on: date) -> QuerySet[Substitution]:
    return Substitution.objects.filter(ended_at__isnull=True, starts_on__lte=ends_on, ends_on__gte=starts_on)
