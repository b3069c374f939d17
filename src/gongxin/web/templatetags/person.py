"""What the desk's navigation offers of the pages about personal files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext as _

from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.persons.seen import AuthorisationSeen, FieldSeen, OpeningSeen
from gongxin.web.desk.pages import acting, acting_user, ask
from gongxin.web.person import showing

register = template.Library()


@register.filter
def said(field: FieldSeen, item_id: str) -> str:
    """The text of a field of a record of this catalogue item, as a reader takes it."""
    return showing.said(field, item_id)


@register.filter
def purpose_words(seen: OpeningSeen | AuthorisationSeen) -> str:
    """For what, in the page's language."""
    return showing.purpose(seen.purpose, seen.purpose_title)


@register.filter
def item_words(seen: AuthorisationSeen) -> str:
    """What is lent, in the page's language."""
    pairs = zip(seen.items, seen.item_titles, strict=True)
    return _("、").join(showing.item(code, title) for code, title in pairs)


@register.simple_tag(takes_context=True)
def opens_by_code(context: Mapping[str, Any]) -> bool:
    """Whether the account could open what a code lends to its unit, for one of the unit's purposes."""
    request = context["request"]
    own = Resource(department=acting_user(request).department_id, disclosure="authorised", consent=True)
    return any(ask(request, Action.PERSON_OPEN, own, purpose=code).allowed for code in acting(request).purposes)


@register.simple_tag(takes_context=True)
def decides_for_persons(context: Mapping[str, Any]) -> bool:
    """Whether the account decides objections of persons to its unit's records."""
    request = context["request"]
    own = Resource(department=acting_user(request).department_id, consent=True)
    return ask(request, Action.PERSON_DECIDE, own).allowed
