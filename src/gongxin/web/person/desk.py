"""What staff may do with a personal file: read what a code lends, and decide objections to the own unit's records.

There is no way to a person but a code that the person gave, or an objection that waits for the own unit.
"""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongxin import clock
from gongxin.errors import GongxinError
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.persons import erasing, objecting, opening, selectors
from gongxin.persons.seen import Lent, ObjectionCase
from gongxin.web.attempts import attempt, refuse
from gongxin.web.desk.pages import acting, acting_user, ask, desk_page, require
from gongxin.web.person import showing
from gongxin.web.person.forms import CodeForm, DecisionForm, ErasureForm


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def authorised(request: HttpRequest) -> HttpResponseBase:
    """A code and the purpose are typed in (POST body, never an address); what they open is shown once."""
    purposes = may_open(request)
    form = CodeForm(request.POST if request.method == "POST" else None, purposes=purposes)
    if request.method != "POST":
        return render(request, "person/desk/authorised.html", {"form": form})
    lent, status = attempt(form, lambda: _opened(request, form))
    if lent is None:
        return render(request, "person/desk/authorised.html", {"form": form}, status=status)
    records = [{"record": record, "basis": showing.basis(record)} for record in lent.records]
    return render(request, "person/desk/lent.html", {"lent": lent, "records": records})


@require_safe
@desk_page
def objections(request: HttpRequest) -> HttpResponseBase:
    """What waits for the own unit: number and deadline, nothing of anybody."""
    unit, day = _unit(request), clock.today()
    rows = [showing.pending(seen, day=day) for seen in selectors.pending(unit, day=day)]
    return render(request, "person/desk/objections.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def objection(request: HttpRequest, objection_id: UUID) -> HttpResponseBase:
    """One objection with the record it is about: an opening that the person sees. POST decides it."""
    _unit(request)
    case = objecting.open_objection(objection_id, acting_user=acting_user(request), at=clock.now())
    if request.method != "POST":
        return _page(request, case, DecisionForm(record=case.record, wanted=case.objection.wanted))
    form = DecisionForm(request.POST, record=case.record)
    if not form.is_valid():
        return _page(request, case, form, status=422)
    try:
        said = _decided(request, objection_id, form)
    except GongxinError as error:
        refuse(form, error)
        return _page(request, case, form, status=error.status)
    messages.success(request, said % {"number": showing.number(case.objection)})
    return redirect("person-desk:objections")


@require_POST
@desk_page
def erasure(request: HttpRequest, objection_id: UUID) -> HttpResponseBase:
    """Decide whether a record is erased that another official of the unit wants erased."""
    _unit(request)
    form, agreed = ErasureForm(request.POST), request.POST.get("decision") == "agree"
    if not form.is_valid():
        case = objecting.open_objection(objection_id, acting_user=acting_user(request), at=clock.now())
        return _page(request, case, DecisionForm(record=case.record), form, status=422)
    reasons = form.cleaned_data["reasons"]
    erasing.decide_erasure(
        objection_id, agreed=agreed, reasons=reasons, acting_user=acting_user(request), at=clock.now()
    )
    messages.success(request, _("记录已经删除，结果已告知本人。") if agreed else _("没有同意删除，异议继续办理。"))
    return redirect("person-desk:objections")


@require_safe
@desk_page
def paper(request: HttpRequest, objection_id: UUID, paper_id: UUID) -> HttpResponseBase:
    """A file that the person brought with the objection: an opening too."""
    _unit(request)
    found = objecting.open_paper(objection_id, paper_id, acting_user=acting_user(request), at=clock.now())
    return showing.file(found)


@require_POST
@desk_page
def assistance(request: HttpRequest, objection_id: UUID) -> HttpResponseBase:
    """Other units verify too: the longer clock runs."""
    _unit(request)
    objecting.call_assistance(objection_id, acting_user=acting_user(request), at=clock.now())
    messages.success(request, _("已登记由其他单位协助核查，期限相应延长。"))
    return redirect("person-desk:objection", objection_id)


def _opened(request: HttpRequest, form: CodeForm) -> Lent:
    given, user = form.cleaned_data, acting_user(request)
    return opening.open_by_code(given["code"], purpose=given["purpose"], acting_user=user, at=clock.now())


def may_open(request: HttpRequest) -> frozenset[str]:
    """The purposes for which this account may open what a code lends to its unit. Raises Refused if there is none."""
    own = Resource(department=acting_user(request).department_id, disclosure="authorised", consent=True)
    asked = acting(request).purposes
    found = {code for code in asked if ask(request, Action.PERSON_OPEN, own, purpose=code).allowed}
    if not found:
        require(request, Action.PERSON_OPEN, own, purpose=min(asked, default=""))
    return frozenset(found)


def _unit(request: HttpRequest) -> UUID:
    """The account's department, where the account decides objections. Raises Refused."""
    unit = acting_user(request).department_id
    require(request, Action.PERSON_DECIDE, Resource(department=unit, consent=True))
    # mypy: staff have a department, and only they are allowed so far.
    assert unit is not None  # noqa: S101
    return unit


def _decided(request: HttpRequest, objection_id: UUID, form: DecisionForm) -> str:
    """Take the step that the form says; what to say of it. Raises what the verbs raise."""
    given, user, at = form.cleaned_data, acting_user(request), clock.now()
    if given["outcome"] == "erased":
        erasing.propose_erasure(objection_id, reasons=given["reasons"], acting_user=user, at=at)
        return _("已提出删除 %(number)s 所涉记录，等待本单位另一名工作人员复核。")
    objecting.decide_objection(
        objection_id,
        outcome=given["outcome"],
        reasons=given["reasons"],
        correction=form.correction() if given["outcome"] == "corrected" else None,
        acting_user=user,
        at=at,
    )
    return _("已办结 %(number)s，结果已告知本人。")


def _page(
    request: HttpRequest,
    case: ObjectionCase,
    form: DecisionForm,
    erasure: ErasureForm | None = None,
    *,
    status: int = 200,
) -> HttpResponseBase:
    context = showing.objection(case.objection, day=clock.today())
    wanted = showing.wanted(case.objection.wanted, case.record)
    context |= {"record": case.record, "wanted": wanted, "basis": showing.basis(case.record), "form": form}
    context |= {
        "erasure": erasure or ErasureForm(),
        "own": case.objection.erasure_wanted_by == request.user.get_username(),
    }
    return render(request, "person/desk/objection.html", context, status=status)
