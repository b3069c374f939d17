"""Changes of accounts that take two administrators: the system administrator proposes, the security administrator
approves, and neither alone ever holds a code that opens an account (docs/adr/0030).

Both steps are one leaf each; what is approved is done by the verb that the command line has too, under its event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from gongxin import ledger
from gongxin.clock import CIVIL_TIME
from gongxin.errors import Conflict, InvalidInput, NotFound, NotPermitted
from gongxin.identity import accounts, actors, decisions, factors, passwords, suspension
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.identity.models import Department, Proposal, ProposalKind, ProposalState, User
from gongxin.identity.warrants import REASON, TWO, Warrant

# What is approved with a code for the account's owner.
WITH_CODE: Final = frozenset({ProposalKind.ACCOUNT, ProposalKind.PASSWORD})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is proposed. account: None for one that is to be made, which then has the name and full name.

    role, department: of an account to be made, or that it is to have.
    """

    kind: ProposalKind
    account: User | None = None
    username: str = ""
    full_name: str = ""
    role: str = ""
    department: Department | None = None


@dataclass(frozen=True, slots=True)
class Half:
    """One half of a one-time code, shown once. number: 1 or 2; until: when the whole runs out."""

    text: str
    number: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Approved:
    """What was approved. half: the first half of the code, where there is one."""

    proposal: Proposal
    half: Half | None


@transaction.atomic
def propose(wanted: Wanted, *, reason: str, acting_user: User, at: datetime) -> Proposal:
    """Put a change before the security administrator. Nothing changes yet.

    Raises Refused (who may; not for the own account), InvalidInput (what cannot be, no reason), Conflict (it would
    change nothing, or the same waits already).
    """
    name = wanted.account.username if wanted.account else wanted.username.strip()
    _may(acting_user, Action.ACCOUNT_PROPOSE, name, at)
    why = _reason(reason)
    _judge(wanted, at)
    _expire(name, at)
    account = wanted.account
    made = Proposal(
        kind=wanted.kind,
        account=account,
        username=name,
        full_name=wanted.full_name.strip(),
        role=wanted.role,
        department=wanted.department,
        old_role=account.role if account else "",
        old_department=account.department if account else None,
        reason=why,
        proposed_by=acting_user,
        proposed_at=at,
        expires_at=at + timedelta(days=settings.PROPOSAL_DAYS),
    )
    fields = _told(made) | {"reason": why, "expires_at": made.expires_at.isoformat()}
    try:
        with transaction.atomic():
            made.save(force_insert=True)
            ledger.append("account.change.proposed", fields=fields, actor=acting_user.username, at=at, about=_of(made))
    except IntegrityError:
        raise Conflict(
            "proposal-waiting", "这个账号的同类变更正在等待批准。", remedy="请先由安全管理员处理，或者撤回原申请。"
        ) from None
    return made


@transaction.atomic
def approve(proposal_id: UUID, *, reason: str, acting_user: User, at: datetime) -> Approved:
    """Do what somebody else proposed; the leaf is that of what is done, with the proposal's id.

    Everything is judged again as it stands now. Raises Refused (who may; neither the own proposal nor the own
    account), NotFound, Conflict (decided already, time over, the account has changed meanwhile), InvalidInput.
    """
    held, why = _decided_by(proposal_id, reason, acting_user, at)
    if held.account and held.kind == ProposalKind.ROLE and _standing(held.account) != _stood(held):
        raise Conflict(
            "proposal-stale", "提出以后，账号的角色或者单位已经变更。", remedy="请不予批准，由系统管理员重新提出。"
        )
    _conclude(held, ProposalState.DONE, why, acting_user, at)
    account = _do(held, Warrant(acting_user.username, TWO, why, str(held.pk)), at)
    if held.kind not in WITH_CODE:
        return Approved(held, None)
    held.account, (held.code_stamp, held.code_digest) = account, passwords.marked(account)
    held.save(update_fields=["account", "code_stamp", "code_digest"])
    return Approved(held, _half(held, 1))


@transaction.atomic
def reject(proposal_id: UUID, *, reason: str, acting_user: User, at: datetime) -> Proposal:
    """Leave things as they are. Raises as `approve`."""
    held, why = _decided_by(proposal_id, reason, acting_user, at)
    _conclude(held, ProposalState.REJECTED, why, acting_user, at)
    fields = _told(held) | {"reason": why}
    ledger.append("account.change.rejected", fields=fields, actor=acting_user.username, at=at, about=_of(held))
    return held


@transaction.atomic
def withdraw(proposal_id: UUID, *, acting_user: User, at: datetime) -> Proposal:
    """Take a proposal back before it is decided. Raises Refused, NotFound, Conflict."""
    held = _waiting(proposal_id, at)
    _may(acting_user, Action.ACCOUNT_PROPOSE, held.username, at)
    _conclude(held, ProposalState.WITHDRAWN, "", acting_user, at)
    ledger.append("account.change.withdrawn", fields=_told(held), actor=acting_user.username, at=at, about=_of(held))
    return held


@transaction.atomic
def take_half(proposal_id: UUID, *, acting_user: User, at: datetime) -> Half:
    """The second half of a code, once, for who proposes and never for who approved and was shown the first.

    Raises Refused, NotPermitted, NotFound, or Conflict: there is no code, it is void, or its half was taken.
    """
    held = _locked(proposal_id)
    _may(acting_user, Action.ACCOUNT_PROPOSE, held.username, at)
    if held.decided_by_id == acting_user.pk:
        raise NotPermitted("half-same-person", "批准人已经取得代码的前一段。", remedy="请由另一名系统管理员取后一段。")
    if held.half_taken_at is not None:
        raise Conflict("half-taken", "代码的后一段已经取走，只显示一次。", remedy="遗失的，请重新提出重置密码。")
    half = _half(held, 2)
    held.half_taken_by, held.half_taken_at = acting_user, at
    held.save(update_fields=["half_taken_by", "half_taken_at"])
    fields = {"proposal": str(held.pk), "account": held.username}
    ledger.append("account.code.taken", fields=fields, actor=acting_user.username, at=at, about=_of(held))
    return half


def one(proposal_id: UUID) -> Proposal:
    """The proposal with its people. Raises NotFound."""
    found = listing().filter(pk=proposal_id).first()
    if found is None:
        raise NotFound("proposal-unknown", "没有这项账号变更申请。", remedy="请从“账号变更”重新打开。")
    return found


def listing() -> QuerySet[Proposal]:
    """Every proposal, newest first."""
    people = ("account", "department", "old_department", "proposed_by", "decided_by", "half_taken_by")
    return Proposal.objects.select_related(*people).order_by("-proposed_at", "-pk")


def about(account: User) -> QuerySet[Proposal]:
    """Those of an account, newest first; the one it was made by too."""
    return listing().filter(account=account)


def refused_lately(user: User, *, at: datetime) -> QuerySet[Proposal]:
    """Of those that the user proposed, the ones that came to nothing in the last days."""
    since = at - timedelta(days=settings.PROPOSAL_DAYS)
    rejected = Q(state=ProposalState.REJECTED, decided_at__gt=since)
    over = Q(state__in=(ProposalState.PROPOSED, ProposalState.EXPIRED), expires_at__lte=at, expires_at__gt=since)
    return listing().filter(rejected | over, proposed_by=user)


def waiting(*, at: datetime) -> QuerySet[Proposal]:
    """Those that can be decided now, the first to expire first."""
    return listing().filter(state=ProposalState.PROPOSED, expires_at__gt=at).order_by("expires_at", "pk")


def with_half(*, at: datetime) -> QuerySet[Proposal]:
    """Those approved whose second half of a code nobody has taken, while the code may still be good."""
    since = at - timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    done = Q(state=ProposalState.DONE, kind__in=WITH_CODE, half_taken_at__isnull=True)
    return listing().filter(done, decided_at__gt=since)


def standing(proposal: Proposal, *, at: datetime) -> ProposalState:
    """How it stands at that instant: time ends it, no job has to."""
    state = ProposalState(proposal.state)
    return ProposalState.EXPIRED if state == ProposalState.PROPOSED and proposal.expires_at <= at else state


def _judge(wanted: Wanted, at: datetime) -> None:
    """Whether it could be done now, so that what cannot be is told to who proposes it."""
    account = wanted.account
    if account is None:
        accounts.judged(wanted.username, full_name=wanted.full_name, department=wanted.department, role=wanted.role)
        return
    if wanted.kind == ProposalKind.ROLE:
        role = accounts.judged_role(wanted.role, wanted.department)
        if (account.role, account.department) == (role, wanted.department):
            raise Conflict("account-role-same", "该账号已经是这个角色和单位。", remedy="无需变更。")
    elif wanted.kind == ProposalKind.RESTORE and account.is_active:
        raise Conflict("account-open", "该账号没有停用。", remedy="无需恢复。")
    elif wanted.kind == ProposalKind.PASSWORD and not account.is_active:
        raise Conflict("account-closed", "该账号已经停用。", remedy="请先提出恢复账号。")
    elif wanted.kind == ProposalKind.FACTORS and not factors.enrolled(account):
        raise NotFound("factor-none", "该账号没有设置双重验证。", remedy="请核对账号。")


def _do(held: Proposal, by: Warrant, at: datetime) -> User:
    if held.account is None:
        return accounts.create_unopened(
            held.username, full_name=held.full_name, department=held.department, role=held.role, by=by, at=at
        )
    deeds: dict[ProposalKind, Callable[..., object]] = {
        ProposalKind.ROLE: partial(accounts.change_role, role=held.role, department=held.department),
        ProposalKind.RESTORE: suspension.lift,
        ProposalKind.PASSWORD: passwords.reset,
        ProposalKind.FACTORS: factors.remove_all,
    }
    deeds[ProposalKind(held.kind)](held.account, by=by, at=at)
    return User.objects.get(pk=held.account.pk)


def _half(held: Proposal, number: int) -> Half:
    found = None
    if held.account is not None and held.code_stamp is not None and held.decided_at is not None:
        found = passwords.halves(User.objects.get(pk=held.account.pk), held.code_stamp, held.code_digest)
        until = passwords.until(held.decided_at)
    if found is None:
        raise Conflict("code-void", "没有可用的一次性代码，或者代码已经使用、过期。", remedy="需要的，请重新提出。")
    return Half(found[number - 1], number, until)


def _decided_by(proposal_id: UUID, reason: str, user: User, at: datetime) -> tuple[Proposal, str]:
    """The locked proposal, after judging whether this administrator may decide it now."""
    held = _waiting(proposal_id, at)
    for name in (held.proposed_by.username, held.username):
        _may(user, Action.ACCOUNT_APPROVE, name, at)
    return held, _reason(reason)


def _waiting(proposal_id: UUID, at: datetime) -> Proposal:
    held = _locked(proposal_id)
    if (found := standing(held, at=at)) != ProposalState.PROPOSED:
        raise Conflict(
            "proposal-over", f"这项申请{found.label}，不能再办理。", remedy="仍需变更的，请系统管理员重新提出。"
        )
    return held


def _locked(proposal_id: UUID) -> Proposal:
    return listing().select_for_update(of=("self",)).filter(pk=proposal_id).first() or one(proposal_id)


def _conclude(held: Proposal, state: ProposalState, why: str, user: User, at: datetime) -> None:
    held.state, held.decided_by, held.decided_at, held.decided_reason = state, user, at, why
    held.save(update_fields=["state", "decided_by", "decided_at", "decided_reason"])
    # The name is the account's from now on, or nobody's.
    Proposal.objects.filter(pk=held.pk).update(full_name="")


def _expire(name: str, at: datetime) -> None:
    """Put away those of this name whose time is over: another may be proposed."""
    over = Proposal.objects.filter(username=name, state=ProposalState.PROPOSED, expires_at__lte=at)
    over.update(state=ProposalState.EXPIRED, full_name="")


def _may(user: User, action: Action, account: str, at: datetime) -> None:
    day = at.astimezone(CIVIL_TIME).date()
    decisions.require(actors.of_user(user, day=day), action, Resource(account=account), day=day)


def _told(held: Proposal) -> dict[str, str]:
    return {
        "proposal": str(held.pk),
        "kind": held.kind,
        "account": held.username,
        "role": held.role,
        "department": accounts.code_of(held.department),
    }


def _of(held: Proposal) -> list[int]:
    return [held.account.pk] if held.account else []


def _standing(account: User) -> tuple[str, object]:
    return account.role, account.department_id


def _stood(held: Proposal) -> tuple[str, object]:
    return held.old_role, held.old_department_id


def _reason(text: str) -> str:
    why = text.strip()
    if not why or len(why) > REASON:
        raise InvalidInput("proposal-reason", f"请写明理由，不超过 {REASON} 个字。", remedy="请补充或者缩短理由。")
    return why
