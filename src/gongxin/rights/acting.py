"""In which roles somebody may act in a case: the own one, and those of absent colleagues (substitutes)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import get_args
from uuid import UUID

from gongxin.errors import Conflict, NotPermitted
from gongxin.identity import selectors
from gongxin.identity.models import Department, User
from gongxin.identity.roles import Role
from gongxin.policy.casework import ROLE_WORDS, Procedure, RoleWord
from gongxin.walls.acting import as_node


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


def deciding(procedure: Procedure, user: User, *, action: str, day: date) -> Department:
    """The department that decides a case about an organisation which `user` opens: the credit office where the
    procedure is its own, else the one for which he may take the action, the own one first. Raises NotPermitted.
    """
    row = procedure.transition(action)
    wanted = row.roles if row else ()
    own = [user.department] if user.department else []
    stood_in = [entry.absent.department for entry in selectors.in_force(user, day)]
    for department in (*own, *stood_in):
        if department is None or (procedure.office and not _is_office(department)):
            continue
        if any(held.role in wanted for held in standings(user, department=department.pk, uscc=None, day=day)):
            return department
    if procedure.office and user.role == Role.REPRESENTATIVE:
        return _office()
    said = "、".join(ROLE_WORDS[role] for role in wanted)
    raise NotPermitted("case-wrong-role", f"“{procedure.title}”由{said}提出。", remedy="请由有权限的账号登录后办理。")


def _is_office(department: Department) -> bool:
    with as_node():
        return User.objects.filter(department=department, role=Role.CREDIT_OFFICE, is_active=True).exists()


def _office() -> Department:
    """The credit office of this node."""
    found = User.objects.filter(role=Role.CREDIT_OFFICE, is_active=True, department__isnull=False)
    with as_node():
        officer = found.select_related("department").order_by("department__code").first()
    if officer is None or officer.department is None:
        raise Conflict("office-none", "本平台还没有信用办账号，不能受理。", remedy="请向信用办书面提出。")
    return officer.department


def _word(role: str, held: UUID | None, department: UUID) -> RoleWord | None:
    """Officers act for the deciding department only, the credit office for every one."""
    if role == Role.CREDIT_OFFICE:
        return "credit_office"
    word: RoleWord | None = next((name for name in get_args(RoleWord) if name == role), None)
    return word if held == department else None
