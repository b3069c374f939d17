"""Reads of accounts: whom one represents, whom one stands in for, the list of accounts."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet

from gongxin.identity.models import Representation, Substitution, User
from gongxin.identity.roles import Role


def represented(user: User) -> QuerySet[Representation]:
    """The bindings of an account that are in force."""
    return Representation.objects.filter(user=user, ended_at__isnull=True)


def codes(user: User) -> frozenset[str]:
    """The credit codes an account acts for now; empty for every role but the representative's."""
    if user.role != Role.REPRESENTATIVE:
        return frozenset()
    return frozenset(represented(user).values_list("uscc", flat=True))


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
