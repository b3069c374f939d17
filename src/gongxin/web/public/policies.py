"""The rules the platform counts with: every dated rule with its source, and the working-day calendar."""

from __future__ import annotations

from calendar import Calendar
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final, Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gongxin import clock
from gongxin.errors import NotFound
from gongxin.policy import packs
from gongxin.policy.model import CalendarYear, DatedRule
from gongxin.records import republishing
from gongxin.web.public.serving import public_page

GROUPS: Final = {
    "terms": gettext_lazy("公示期"),
    "cap": gettext_lazy("披露上限"),
    "severity": gettext_lazy("失信程度分类"),
    "repair": gettext_lazy("信用修复条件"),
    "procedure": gettext_lazy("办理程序"),
    "clock": gettext_lazy("办理时限"),
    "retention": gettext_lazy("保存期限和销毁"),
    "principle": gettext_lazy("计算和选用规则的原则"),
}
_MONDAY_FIRST: Final = Calendar(firstweekday=0)


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day of the calendar page. kind: off (休), work (班, a make-up day), rest (an ordinary weekend) or plain."""

    day: date
    kind: Literal["off", "work", "rest", "plain"]


@public_page
def index(request: HttpRequest) -> HttpResponse:
    """All rules by group."""
    pack, today = packs.current(), clock.today()
    rules = [(rule, _standing(rule, today)) for rule in pack.rules()]
    groups = [
        (name, GROUPS.get(name, name), list(members))
        for name, members in groupby(rules, key=lambda pair: pair[0].group)
    ]
    doubtful = sum(rule.reference.confidence == "L" for rule, _standing_ in rules)
    context = {"pack": pack, "groups": groups, "doubtful": doubtful, "total": len(rules), "chain": pack.chain}
    context["behind"] = republishing.behind(pack)
    return render(request, "public/policies.html", context)


@public_page
def rule_page(request: HttpRequest, rule_id: str) -> HttpResponse:
    """One rule, with the rules of the same id (a classification has several cases)."""
    found = [rule for rule in packs.current().rules() if rule.id == rule_id]
    if not found:
        raise NotFound("rule-unknown", _("规则不存在。"), remedy=_("请从政策规则一览中查找。"))
    today = clock.today()
    context = {
        "rule": found[0],
        "group": GROUPS.get(found[0].group, found[0].group),
        "rules": [(rule, _standing(rule, today)) for rule in found],
    }
    return render(request, "public/policy.html", context)


def _standing(rule: DatedRule, today: date) -> Literal["present", "past", "future"]:
    if rule.since and today < rule.since:
        return "future"
    return "past" if rule.until and rule.until < today else "present"


@public_page
def calendar_page(request: HttpRequest, year: int | None = None) -> HttpResponse:
    """The working days of one year; without a year: of this one."""
    held = packs.current().calendar.years
    shown = year if year is not None else clock.today().year
    if year is not None and year not in held:
        raise NotFound(
            "calendar-year-unknown",
            _("政策包中没有 %(year)s 年的工作日安排。") % {"year": year},
            remedy=_("没有正式安排的年份，办理时限按周一至周五暂计并注明。"),
        )
    entry = held.get(shown)
    context = {
        "year": shown,
        "years": sorted(held, reverse=True),
        "entry": entry,
        "weekdays": [_("一"), _("二"), _("三"), _("四"), _("五"), _("六"), _("日")],
        "months": [_month(shown, month, entry) for month in range(1, 13)] if entry else [],
    }
    return render(request, "public/calendar.html", context)


def _month(year: int, month: int, entry: CalendarYear) -> tuple[date, list[list[CalendarDay | None]]]:
    """The first day of a month and its weeks, Monday first; None for days of its neighbours."""
    weeks = [
        [_calendar_day(day, entry) if day.month == month else None for day in week]
        for week in _MONDAY_FIRST.monthdatescalendar(year, month)
    ]
    return date(year, month, 1), weeks


def _calendar_day(day: date, entry: CalendarYear) -> CalendarDay:
    weekend = day.weekday() >= 5
    if day in entry.make_up_days:
        return CalendarDay(day, "work")
    if day in entry.days_off:
        return CalendarDay(day, "off")
    return CalendarDay(day, "rest" if weekend else "plain")
