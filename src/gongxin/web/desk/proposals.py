"""Changes of accounts (账号变更): what was proposed, by whom it was approved and why; deciding it; the halves of codes.

Whoever approves is shown the first half of a one-time code, whoever proposes takes the second, each once: the owner of
the account gets them from two people, and neither of these can use what he has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from gongxin import clock
from gongxin.clock import CIVIL_TIME
from gongxin.enquiries.looks import Seen
from gongxin.errors import GongxinError
from gongxin.identity import proposals
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.identity.models import Proposal, ProposalKind, ProposalState
from gongxin.identity.proposals import Half
from gongxin.web import looking, sheets
from gongxin.web.desk.pages import acting_user, ask, desk_page, number, query, require
from gongxin.web.desk.proposing import ReasonForm

_PAGE: Final = 50
COLUMNS: Final = (
    "提出时间", "事项", "账号", "角色", "单位", "原角色", "原单位", "状态", "提出人", "提出理由", "有效期至", "办理人",
    "办理时间", "办理理由",
)  # fmt: skip


class Filters(forms.Form):
    """What narrows the list."""

    state = forms.ChoiceField(
        label=gettext_lazy("状态"), required=False, choices=[("", gettext_lazy("全部")), *ProposalState.choices]
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("事项"), required=False, choices=[("", gettext_lazy("全部")), *ProposalKind.choices]
    )


@require_safe
@desk_page
def listing(request: HttpRequest) -> HttpResponseBase:
    """Every proposal, newest first, a page at a time."""
    rule = require(request, Action.ACCOUNT_READ).rule
    looking.saw(request, Seen(_("账号变更")), rule=rule)
    filters = Filters(request.GET)
    page = Paginator(_filtered(filters), _PAGE).get_page(number(request.GET.get("page")))
    context = {
        "filters": filters,
        "page": page,
        "rows": [(entry, _standing(entry)) for entry in page],
        "query": query(request, page=""),
        "may_propose": ask(request, Action.ACCOUNT_PROPOSE).allowed,
    }
    return render(request, "desk/proposals.html", context)


@require_safe
@desk_page
def file(request: HttpRequest, form: str) -> HttpResponseBase:
    """All rows of the filtered list as CSV or XLSX."""
    rule = require(request, Action.ACCOUNT_READ).rule
    looking.saw(request, Seen(_("账号变更")), rule=rule)
    return sheets.listed(form, "账号变更", COLUMNS, _rows(_filtered(Filters(request.GET))))


@require_safe
@desk_page
def one(request: HttpRequest, proposal_id: UUID) -> HttpResponseBase:
    """One proposal: what, why, who; and what the reader may do about it now."""
    require(request, Action.ACCOUNT_READ)
    return _shown(request, proposals.one(proposal_id), ReasonForm())


@require_POST
@desk_page
def decide(request: HttpRequest, proposal_id: UUID) -> HttpResponseBase:
    """Approve or reject the proposal of somebody else; the first half of a code is on the page that answers."""
    require(request, Action.ACCOUNT_APPROVE)
    held, form = proposals.one(proposal_id), ReasonForm(request.POST)
    if not form.is_valid():
        return _shown(request, held, form)
    reason, actor, at = form.cleaned_data["reason"], acting_user(request), clock.now()
    half: Half | None = None
    try:
        if request.POST.get("decision") == "approve":
            done = proposals.approve(held.pk, reason=reason, acting_user=actor, at=at)
            held, half = done.proposal, done.half
        else:
            held = proposals.reject(held.pk, reason=reason, acting_user=actor, at=at)
    except GongxinError as error:
        return _shown(request, proposals.one(proposal_id), form, error)
    if half is not None:
        return _half(request, held, half)
    messages.success(request, _("已作出决定：%(state)s。") % {"state": held.get_state_display()})
    return redirect("desk:proposal", held.pk)


@require_POST
@desk_page
def withdraw(request: HttpRequest, proposal_id: UUID) -> HttpResponseBase:
    """Take a proposal back before it is decided."""
    proposals.withdraw(proposal_id, acting_user=acting_user(request), at=clock.now())
    messages.success(request, _("已撤回，什么都没有变更。"))
    return redirect("desk:proposal", proposal_id)


@require_POST
@desk_page
def code(request: HttpRequest, proposal_id: UUID) -> HttpResponseBase:
    """The second half of a code, once."""
    half = proposals.take_half(proposal_id, acting_user=acting_user(request), at=clock.now())
    return _half(request, proposals.one(proposal_id), half)


def _shown(
    request: HttpRequest, held: Proposal, form: ReasonForm, refused: GongxinError | None = None
) -> HttpResponseBase:
    looking.saw(request, Seen(held.username))
    state, at = _standing(held), clock.now()
    proposed, concerned = Resource(account=held.proposed_by.username), Resource(account=held.username)
    approves = all(ask(request, Action.ACCOUNT_APPROVE, whose).allowed for whose in (proposed, concerned))
    proposes = ask(request, Action.ACCOUNT_PROPOSE, concerned).allowed
    context: dict[str, Any] = {
        "proposal": held,
        "state": state,
        "form": form,
        "refused": refused,
        "may_decide": state == ProposalState.PROPOSED and approves,
        "may_withdraw": state == ProposalState.PROPOSED and proposes,
        "may_take": proposes and proposals.with_half(at=at).filter(pk=held.pk).exists(),
        "may_undo": proposes and _is_undoable(held),
    }
    status = refused.status if refused else (422 if form.errors else 200)
    return render(request, "desk/proposal.html", context, status=status)


def _is_undoable(held: Proposal) -> bool:
    """Whether the account still has the role and department that this gave it."""
    if held.state != ProposalState.DONE or held.kind != ProposalKind.ROLE or held.account is None:
        return False
    return (held.account.role, held.account.department_id) == (held.role, held.department_id)


def _half(request: HttpRequest, held: Proposal, half: Half) -> HttpResponseBase:
    """The only page this half is ever on. It answers the form, no redirect: nothing keeps it in between."""
    looking.settle(request)
    return render(request, "desk/proposal_half.html", {"proposal": held, "half": half})


def _filtered(filters: Filters) -> QuerySet[Proposal]:
    found = proposals.listing()
    if not filters.is_valid():
        return found.none()
    wanted = filters.cleaned_data
    if wanted["kind"]:
        found = found.filter(kind=wanted["kind"])
    state, at = wanted["state"], clock.now()
    if state == ProposalState.PROPOSED:
        return found.filter(state=state, expires_at__gt=at)
    if state == ProposalState.EXPIRED:
        over = found.filter(state=ProposalState.PROPOSED, expires_at__lte=at)
        return (over | found.filter(state=state)).order_by("-proposed_at", "-pk")
    return found.filter(state=state) if state else found


def _standing(held: Proposal) -> ProposalState:
    return proposals.standing(held, at=clock.now())


def _rows(found: QuerySet[Proposal]) -> Iterator[list[str]]:
    for held in found.iterator(chunk_size=1000):
        yield [
            _instant(held.proposed_at), held.get_kind_display(), held.username, held.get_role_display(),
            held.department.name if held.department else "", held.get_old_role_display(),
            held.old_department.name if held.old_department else "", str(_standing(held).label),
            held.proposed_by.username, held.reason, _instant(held.expires_at),
            held.decided_by.username if held.decided_by else "", _instant(held.decided_at), held.decided_reason,
        ]  # fmt: skip


def _instant(at: Any) -> str:
    return f"{at.astimezone(CIVIL_TIME):%Y-%m-%d %H:%M}" if at else ""
