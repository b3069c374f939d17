"""Repair training at the desk: courses and their sessions, who comes, attendance, certificates."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongxin import clock
from gongxin.clock import CIVIL_TIME
from gongxin.errors import GongxinError, NotFound, NotPermitted
from gongxin.identity.decision_table import Action
from gongxin.rights import certificate, selectors, training
from gongxin.rights.models import Certificate, Course, Registration, Session
from gongxin.web import sheets
from gongxin.web.attempts import attempt
from gongxin.web.cases import registering
from gongxin.web.desk.pages import acting_user, desk_page, of_department, require, scope

_COURSES: Final = ("培训名称", "单位", "开设时间", "场次", "报名（单位次）")
_COMING: Final = (
    "场次时间", "地点", "信用主体", "统一社会信用代码", "人数", "岗位", "书面报名的收文号", "实际学时", "证明编号",
)  # fmt: skip


class CourseForm(forms.Form):
    """A course."""

    title = forms.CharField(label=gettext_lazy("培训名称"), max_length=200)
    content = forms.CharField(
        label=gettext_lazy("培训内容"), required=False, max_length=2000, widget=forms.Textarea({"rows": 3})
    )


class SessionForm(forms.Form):
    """A session."""

    day = forms.DateField(label=gettext_lazy("日期"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    time = forms.TimeField(label=gettext_lazy("时间"), widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    place = forms.CharField(label=gettext_lazy("地点或者网址"), max_length=200)
    hours = forms.IntegerField(label=gettext_lazy("学时"), min_value=1, max_value=training.MOST_HOURS)
    seats = forms.IntegerField(label=gettext_lazy("名额（单位数）"), min_value=1, max_value=training.MOST_SEATS)


class HoursForm(forms.Form):
    """For how many class hours somebody came."""

    hours = forms.IntegerField(label=gettext_lazy("实际学时"), min_value=0, max_value=training.MOST_HOURS)


@require_http_methods(["GET", "POST"])
@desk_page
def courses(request: HttpRequest) -> HttpResponseBase:
    """All courses, with the form of a new one."""
    _require(request)
    form, status = CourseForm(request.POST if request.method == "POST" else None), 200
    if request.method == "POST":
        user, at = acting_user(request), clock.now()
        made, status = attempt(form, lambda: training.open_course(**form.cleaned_data, acting_user=user, at=at))
        if made is not None:
            messages.success(request, _("已开设培训。请安排场次。"))
            return redirect("cases:course", made.pk)
    context = {"courses": selectors.offered(), "form": form, "rule": training.asked()}
    return render(request, "cases/courses.html", context, status=status)


@require_safe
@desk_page
def courses_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """All courses as CSV or XLSX."""
    _require(request)
    rows = (
        [held.title, held.department.name, _minute(held.opened_at), str(held.dates), str(held.coming)]
        for held in selectors.offered()
    )
    return sheets.listed(form, "信用修复培训", _COURSES, rows)


@require_http_methods(["GET", "POST"])
@desk_page
def course(request: HttpRequest, course_id: UUID) -> HttpResponseBase:
    """One course: sessions, who comes, attendance; the form of a new session."""
    held = _course(request, course_id)
    form, status = SessionForm(request.POST if request.method == "POST" else None), 200
    if request.method == "POST":
        made, status = attempt(form, lambda: _scheduled(request, held, form))
        if made is not None:
            messages.success(request, _("已安排场次。"))
            return redirect("cases:course", held.pk)
    return _page(request, held, form, status=status)


@require_safe
@desk_page
def course_file(request: HttpRequest, course_id: UUID, form: str) -> HttpResponseBase:
    """Who comes to a course and for how many class hours, as CSV or XLSX: organisations, numbers, functions."""
    held = _course(request, course_id)
    issued = {entry.organisation_id: entry.number for entry in selectors.certificates().filter(course=held)}
    rows = (
        [
            _minute(entry.session.starts_at),
            entry.session.place,
            entry.organisation.name,
            entry.organisation.uscc or "",
            str(entry.people),
            entry.get_position_display(),
            entry.paper,
            "" if entry.hours is None else str(entry.hours),
            issued.get(entry.organisation_id, ""),
        ]
        for entry in selectors.coming(held)
    )
    return sheets.listed(form, "培训报名", _COMING, rows)


@require_http_methods(["GET", "POST"])
@desk_page
def register(request: HttpRequest, course_id: UUID, session_id: UUID) -> HttpResponseBase:
    """A written registration, entered by the credit office; may be kept as a draft and finished later."""
    held, session = _course(request, course_id), selectors.session(session_id)
    training.judge_registering(acting_user(request), day=clock.today())
    if session.course_id != held.pk:
        raise NotFound("session-unknown", _("没有这个场次。"), remedy=_("请从培训列表重新打开。"))

    def done(made: Registration) -> HttpResponseBase:
        messages.success(request, _("已登记“%(name)s”的书面报名。") % {"name": made.organisation.name})
        return redirect("cases:course", held.pk)

    page = {"layout": "desk/layout.html", "site": "cases"}
    return registering.work(request, session, registering.WrittenForm, page=page, done=done)


@require_POST
@desk_page
def withdraw(request: HttpRequest, course_id: UUID, registration_id: UUID) -> HttpResponseBase:
    """Take a registration back, as the organisation has asked the credit office in writing."""
    held = _course(request, course_id)
    training.withdraw(registration_id, acting_user=acting_user(request), at=clock.now())
    messages.info(request, _("已取消报名。"))
    return redirect("cases:course", held.pk)


@require_POST
@desk_page
def attended(request: HttpRequest, course_id: UUID, registration_id: UUID) -> HttpResponseBase:
    """Record for how many class hours an organisation came."""
    held, form = _course(request, course_id), HoursForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("请填写实际参加的学时，未到场的填 0。"))
        return _page(request, held, SessionForm(), status=422)
    try:
        made = training.attended(
            registration_id, form.cleaned_data["hours"], acting_user=acting_user(request), at=clock.now()
        )
    except GongxinError as error:
        messages.error(request, f"{error.title}{error.remedy}")
        return _page(request, held, SessionForm(), status=error.status)
    told = _("已登记学时，并出具证明 %(number)s。") % {"number": made.number} if made else _("已登记学时。")
    messages.success(request, told)
    return redirect("cases:course", held.pk)


@require_safe
@desk_page
def certificate_pdf(request: HttpRequest, certificate_id: UUID) -> HttpResponseBase:
    """The certificate as PDF, for who organises trainings."""
    _require(request)
    return served(selectors.certificates().filter(pk=certificate_id).first())


def served(held: Certificate | None) -> HttpResponseBase:
    """The certificate as a download. Raises NotFound for None."""
    if held is None:
        raise NotFound("certificate-unknown", _("没有这份证明。"), remedy=_("请从培训页面重新打开。"))
    response = HttpResponse(certificate.pdf(held, training.asked()), content_type=sheets.CONTENT_TYPES["pdf"])
    return sheets.named(response, certificate.filename(held))


def _require(request: HttpRequest) -> None:
    require(request, Action.CASE_READ, of_department(acting_user(request).department))


def _course(request: HttpRequest, course_id: UUID) -> Course:
    _require(request)
    seen = scope(request, Action.CASE_READ)
    held = selectors.courses().filter(pk=course_id).first()
    if held is None or (seen is not None and held.department_id != seen.pk):
        raise NotFound("course-unknown", _("没有这个培训。"), remedy=_("请从培训列表重新打开。"))
    return held


def _registers(request: HttpRequest) -> bool:
    try:
        return training.judge_registering(acting_user(request), day=clock.today()) == "credit_office"
    except NotPermitted:
        return False


def _minute(at: datetime) -> str:
    return f"{at.astimezone(CIVIL_TIME):%Y-%m-%d %H:%M}"


def _scheduled(request: HttpRequest, held: Course, form: SessionForm) -> Session:
    given = form.cleaned_data
    return training.schedule(
        held.pk,
        datetime.combine(given["day"], given["time"], tzinfo=CIVIL_TIME),
        given["place"],
        hours=given["hours"],
        seats=given["seats"],
        acting_user=acting_user(request),
        at=clock.now(),
    )


def _page(request: HttpRequest, held: Course, form: SessionForm, *, status: int = 200) -> HttpResponseBase:
    context = {
        "course": held,
        "form": form,
        "sessions": selectors.sessions(held),
        "certificates": selectors.certificates().filter(course=held),
        "coming": selectors.coming(held).count(),
        "registers": _registers(request),
        "rule": training.asked(),
        "now": clock.now(),
    }
    return render(request, "cases/course.html", context, status=status)
