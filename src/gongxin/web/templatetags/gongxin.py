"""Filters and tags that both sites use: titles in the page's language, days, form controls."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, FileInput, RadioSelect, Select
from django.template.context import RequestContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()


def _english() -> bool:
    return (get_language() or "").startswith("en")


@register.filter
def titled(thing: Any) -> str:
    """The title of an item, rule, fault, category … in the page's language; Chinese where there is no English."""
    english = getattr(thing, "title_en", "") if _english() else ""
    return str(english or thing.title)


@register.filter
def labelled(thing: Any) -> str:
    """The label of a field or code in the page's language; Chinese where there is no English."""
    english = getattr(thing, "label_en", "") if _english() else ""
    return str(english or thing.label)


@register.filter
def day(value: date | datetime | None) -> str | SafeString:
    """A civil day in words, as a `time` element: 2026年4月1日, 1 April 2026. Nothing for None."""
    if value is None:
        return ""
    shown = timezone.localtime(value).date() if isinstance(value, datetime) else value
    words = f"{shown.day} {shown:%B %Y}" if _english() else f"{shown.year}年{shown.month}月{shown.day}日"
    return format_html('<time datetime="{}">{}</time>', shown.isoformat(), words)


@register.filter
def iso(value: date | datetime | None) -> str | SafeString:
    """A civil day as 2026-04-01 in a `time` element: for tables. Nothing for None."""
    if value is None:
        return ""
    shown = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return format_html('<time datetime="{0}">{0}</time>', shown.isoformat())


@register.filter
def instant(value: datetime | None) -> str | SafeString:
    """An instant in China's civil time as 2026-04-01 09:30 in a `time` element. Nothing for None."""
    if value is None:
        return ""
    shown = timezone.localtime(value)
    machine, words = shown.isoformat(timespec="minutes"), f"{shown:%Y-%m-%d %H:%M}"
    return format_html('<time datetime="{}">{}</time>', machine, words)


@register.filter
def thousands(number: int | None) -> str:
    """A count with thin separators: 1,234,567."""
    return "" if number is None else f"{number:,}"


@register.filter
def control(field: BoundField) -> SafeString:
    """A form field's control in Bootstrap's classes; Django adds aria-invalid and aria-describedby."""
    return field.as_widget(attrs={"class": f"{_control_class(field)}{' is-invalid' if field.errors else ''}"})


def _control_class(field: BoundField) -> str:
    widget = field.field.widget
    if isinstance(widget, CheckboxInput | RadioSelect | CheckboxSelectMultiple):
        return "form-check-input"
    if isinstance(widget, FileInput):
        return "form-control"
    return "form-select" if isinstance(widget, Select) else "form-control"


@register.simple_tag(takes_context=True)
def with_query(context: RequestContext, **changes: Any) -> str:
    """The present query string with some parameters changed (None or "" takes one out), starting with `?`."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value in {None, ""}:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.inclusion_tag("parts/download_links.html")
def downloads(name: str, *arguments: Any, query: str = "") -> dict[str, Any]:
    """The pair of links to a list as file. name: of the address, whose last part is the form; query: its filters."""
    ending = f"?{query}" if query else ""
    return {"links": [(form.upper(), reverse(name, args=[*arguments, form]) + ending) for form in ("xlsx", "csv")]}
