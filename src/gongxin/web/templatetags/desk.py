"""Filters of the desk's pages."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

from gongxin.intake.faults import FAULTS
from gongxin.intake.models import Submission, SubmissionState
from gongxin.web.templatetags.gongxin import titled

register = template.Library()

_BADGES = {
    SubmissionState.COMPLETED: "badge-good",
    SubmissionState.REFUSED: "badge-bad",
}


@register.filter
def at(mapping: Mapping[str, str], key: str) -> str:
    """The entry under `key`, or the key itself."""
    return mapping.get(key, key)


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
