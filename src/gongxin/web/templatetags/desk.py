"""Filters of the desk's pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext as _

from gongxin import clock
from gongxin.ends import selectors as proofs
from gongxin.ends.selectors import Standing
from gongxin.identity import proposals
from gongxin.identity.administering import COMMAND_LINE
from gongxin.identity.decision_table import Action
from gongxin.intake.faults import FAULTS
from gongxin.intake.models import Submission, SubmissionState
from gongxin.web.desk.pages import acting_user, ask, of_department
from gongxin.web.templatetags.gongxin import titled

register = template.Library()
# So many of a kind on the first page; the list has all.
_WAITING = 10

_BADGES = {
    SubmissionState.COMPLETED: "badge-good",
    SubmissionState.REFUSED: "badge-bad",
}


@register.filter
def at(mapping: Mapping[str, str], key: str) -> str:
    """The entry under `key`, or the key itself."""
    return mapping.get(key, key)


@register.simple_tag(takes_context=True)
def may(context: Mapping[str, Any], action: str) -> bool:
    """Whether the signed-in account may do it with what belongs to its own department: what the page offers."""
    request = context["request"]
    return ask(request, Action(action), of_department(acting_user(request).department)).allowed


@register.simple_tag(takes_context=True)
def proof_standing(context: Mapping[str, Any]) -> Standing | None:
    """How the daily proof stands; None for who does not see its runs."""
    seen = ask(context["request"], Action.PROOF_READ).allowed
    return proofs.standing(at=clock.now()) if seen else None


@register.inclusion_tag("desk/parts/proposals_waiting.html", takes_context=True)
def proposals_waiting(context: Mapping[str, Any]) -> dict[str, Any]:
    """Changes of accounts that wait for the reader: to be approved, decided otherwise, or with a code to hand over."""
    request, at = context["request"], clock.now()
    approves = ask(request, Action.ACCOUNT_APPROVE).allowed
    if not approves and not ask(request, Action.ACCOUNT_PROPOSE).allowed:
        return {}
    own = {} if approves else {"halves": proposals.with_half(at=at)[:_WAITING]}
    if not approves:
        own["refused"] = proposals.refused_lately(acting_user(request), at=at)[:_WAITING]
    return {"approves": approves, "waiting": proposals.waiting(at=at)[:_WAITING], **own}


@register.filter
def operator(name: str) -> str:
    """Who acted, as the page says it: an account's name, or the command line."""
    return _("命令行") if name == COMMAND_LINE else name


@register.filter
def fault_title(code: str) -> str:
    """A fault's title in the page's language; the code itself if there is no such fault."""
    fault = FAULTS.get(code)
    return titled(fault) if fault else code


@register.filter
def state_badge(submission: Submission) -> str:
    """The badge's class for where a submission stands."""
    if submission.state == SubmissionState.COMPLETED and submission.rejected:
        return "badge-warn"
    return _BADGES.get(SubmissionState(submission.state), "badge-plain")
