"""In which roles somebody may act in a case: the own one, and those of absent colleagues (substitutes)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import get_args
from uuid import UUID

from gongxin.identity import selectors
from gongxin.identity.models import User
from gongxin.identity.roles import Role
from gongxin.policy.casework import RoleWord


@dataclass(frozen=True, slots=True)
class Standing:
    """A role somebody holds towards a case. absent: whom he stands in for there, None for the own role."""

    role: RoleWord
    absent: User | None = None


def standings(user: User, *, department: UUID, uscc: str | None, day: date) -> tuple[Standing, ...]:
    """The roles `user` holds on `day` towards a case about the organisation `uscc` that `department` decides."""
    if user.role == Role.REPRESENTATIVE:
        return (Standing("representative"),) if uscc and uscc in selectors.codes(user) else ()
    own = _word(user.role, user.department_id, department)
    found = [Standing(own)] if own else []
    for entry in selectors.in_force(user, day):
        word = _word(entry.role, entry.department_id, department)
        if word and all(word != held.role for held in found):
            found.append(Standing(word, entry.absent))
    return tuple(found)


def _word(role: str, held: UUID | None, department: UUID) -> RoleWord | None:
    """Officers act for the deciding department only, the credit office for every one."""
    if role == Role.CREDIT_OFFICE:
        return "credit_office"
    word: RoleWord | None = next((name for name in get_args(RoleWord) if name == role), None)
    return word if held == department else None
