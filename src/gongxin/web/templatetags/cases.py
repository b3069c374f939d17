"""Filters of pages about cases, at the desk and for organisations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django import template
from django.utils.translation import get_language

from gongxin import clock
from gongxin.ends.ending import Ending
from gongxin.identity.decision_table import Action
from gongxin.intake.models import Submission
from gongxin.policy import packs
from gongxin.policy.casework import ROLE_WORDS, ROLE_WORDS_EN
from gongxin.policy.model import Clock
from gongxin.records import archiving, selectors
from gongxin.records.models import Record
from gongxin.rights import deadlines, drafts, repair_notice
from gongxin.rights import selectors as cases
from gongxin.rights.models import Draft
from gongxin.web.cases.filling import Begun, begun
from gongxin.web.desk import traces
from gongxin.web.desk.pages import acting_user, ask, of_department, scope
from gongxin.web.templatetags.gongxin import titled

register = template.Library()


@register.filter
def role_word(role: str) -> str:
    """Who a role is, in the page's language."""
    english = (get_language() or "").startswith("en")
    return (ROLE_WORDS_EN if english else ROLE_WORDS).get(role, role)


@register.filter
def limit(clocks: Mapping[str, Clock], clock_id: str) -> Clock | None:
    """The time limit of that id."""
    return clocks.get(clock_id)


@register.filter
def item_title(item_id: str) -> str:
    """The catalogue item's title in the page's language; the id of one that is gone."""
    item = packs.current().items.get(item_id)
    return titled(item) if item else item_id


@register.simple_tag
def ending_of(record: Record | None) -> Ending | None:
    """How a record ended that staff may not work with: all that pages outside the archive tell of it; else None."""
    return traces.of_record(record)


@register.filter
def archived(record: Record | str | None) -> bool:
    """Whether staff may not work with the record: archived or shielded. Asks nothing of the database."""
    # A template gives an empty text for what its page has not.
    return isinstance(record, Record) and not archiving.is_at_hand(record, clock.today())


@register.simple_tag
def is_contested(record: Record) -> bool:
    """Whether the record carries the mark 异议."""
    return selectors.is_contested(record)


@register.simple_tag
def entered_by(record: Record) -> UUID | None:
    """The case that put the record on; None for a record that was handed in."""
    return cases.entered_by(record)


@register.simple_tag(takes_context=True)
def waiting_cases(context: Mapping[str, Any]) -> dict[str, int] | None:
    """How many cases the account may see are open, soon due and late; None for who sees none."""
    request = context["request"]
    if not ask(request, Action.CASE_READ, of_department(acting_user(request).department)).allowed:
        return None
    found, day = cases.visible(scope(request, Action.CASE_READ)), clock.today()
    return {
        "open": found.filter(outcome="").count(),
        "soon": found.filter(pk__in=deadlines.soon(day)).count(),
        "late": found.filter(pk__in=deadlines.late(day)).count(),
    }


@register.filter
def kept_until(draft: Draft) -> date:
    """The last day on which a draft is there."""
    return drafts.kept_until(draft)


@register.simple_tag
def draft_clock() -> Clock:
    """How long drafts are kept, with its source."""
    return drafts.kept()


@register.simple_tag(takes_context=True)
def own_drafts(context: Mapping[str, Any]) -> list[Begun]:
    """What the account has begun at the desk and not filed."""
    return begun(acting_user(context["request"]), "cases")


@register.simple_tag
def notice_parts(submission: Submission) -> range:
    """The numbers of the files that hold the submission's notices how to repair; empty where it has none."""
    return range(1, repair_notice.parts(submission) + 1)
