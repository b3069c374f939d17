"""API keys of departments: the list, a new one, rotation, revocation. A key is shown once, on the page that made it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_safe

from gongxin import clock
from gongxin.errors import GongxinError
from gongxin.identity import departments, keys
from gongxin.identity.decision_table import Action
from gongxin.identity.models import ApiKey, Department
from gongxin.policy import packs
from gongxin.web.desk.pages import acting_user, ask, desk_page, require

STATES: Final = {
    "valid": _lazy("有效"),
    "rotated": _lazy("已轮换，过渡期内有效"),
    "expired": _lazy("已失效"),
    "revoked": _lazy("已吊销"),
}
_MOST_HOURS: Final = keys.LONGEST_OVERLAP // timedelta(hours=1)
_OPERATIONS: Final = {
    keys.SUBMIT: _lazy("报送"),
    keys.CHECK: _lazy("信用核查"),
    keys.READ: _lazy("读取本单位的批次和核查"),
}


class NewKey(forms.Form):
    """What a key is for. The choices of purposes are those of the department."""

    label = forms.CharField(label=_lazy("使用密钥的业务系统"), max_length=100)
    operations = forms.MultipleChoiceField(
        label=_lazy("可以进行的操作"), choices=list(_OPERATIONS.items()), widget=forms.CheckboxSelectMultiple
    )
    purposes = forms.MultipleChoiceField(
        label=_lazy("可以使用的查询用途"), required=False, widget=forms.CheckboxSelectMultiple
    )
    until = forms.DateField(label=_lazy("有效期至"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, data: Any, department: Department) -> None:
        last = clock.today() + timedelta(days=settings.KEY_DAYS)
        super().__init__(data, initial={"until": last})
        known = packs.current().purposes
        field = self.fields["purposes"]
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = [(code, known[code].title) for code in department.purposes if code in known]


class Rotation(forms.Form):
    """How long the old key stays valid."""

    hours = forms.IntegerField(label=_lazy("旧密钥继续有效的小时数"), min_value=0, max_value=_MOST_HOURS)


@require_safe
@desk_page
def key_list(request: HttpRequest) -> HttpResponseBase:
    """All keys, newest first, and the departments a key can be issued to."""
    require(request, Action.KEY_READ)
    at = clock.now()
    rows = [(key, keys.state(key, at=at)) for key in keys.listing().prefetch_related("replaced_by")]
    context = {
        "rows": [_row(key, state) for key, state in rows],
        "may_issue": ask(request, Action.KEY_ISSUE).allowed,
        "departments": departments.listing(),
    }
    return render(request, "desk/keys.html", context)


@require_http_methods(["GET", "POST"])
@desk_page
def new(request: HttpRequest) -> HttpResponseBase:
    """A key for the department named in the address (`department`); after issuing, the page with the key."""
    require(request, Action.KEY_ISSUE)
    department = departments.by_code(request.GET.get("department", ""))
    form = NewKey(request.POST if request.method == "POST" else None, department)
    refused: GongxinError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            return _shown(request, _issued(request, department, form.cleaned_data))
        except GongxinError as error:
            refused = error
    context = {"form": form, "department": department, "refused": refused}
    return render(request, "desk/key_new.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "POST"])
@desk_page
def rotate(request: HttpRequest, key_id: UUID) -> HttpResponseBase:
    """Say how long the old key stays valid, get the new one."""
    require(request, Action.KEY_ISSUE)
    key = keys.one(key_id)
    form = Rotation(request.POST or None, initial={"hours": settings.KEY_OVERLAP_HOURS})
    refused: GongxinError | None = None
    if request.method == "POST" and form.is_valid():
        overlap = timedelta(hours=form.cleaned_data["hours"])
        try:
            made = keys.rotate(key_id, overlap=overlap, acting_user=acting_user(request).username, at=clock.now())
            return _shown(request, made, old=keys.one(key_id))
        except GongxinError as error:
            refused = error
    context = {"form": form, "key": key, "refused": refused}
    return render(request, "desk/key_rotate.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "POST"])
@desk_page
def revoke(request: HttpRequest, key_id: UUID) -> HttpResponseBase:
    """Ask once, then make the key void at once."""
    require(request, Action.KEY_ISSUE)
    if request.method == "POST":
        key = keys.revoke(key_id, acting_user=acting_user(request).username, at=clock.now())
        messages.success(request, _("密钥 %(prefix)s… 已吊销，立即失效。") % {"prefix": key.prefix})
        return redirect("desk:keys")
    return render(request, "desk/key_revoke.html", {"key": keys.one(key_id)})


def _issued(request: HttpRequest, department: Department, chosen: dict[str, Any]) -> keys.IssuedKey:
    return keys.issue(
        department=department,
        label=chosen["label"],
        operations=chosen["operations"],
        purposes=chosen["purposes"],
        expires_at=datetime.combine(chosen["until"], time.max, clock.CIVIL_TIME),
        acting_user=acting_user(request).username,
        at=clock.now(),
    )


def _shown(request: HttpRequest, made: keys.IssuedKey, old: ApiKey | None = None) -> HttpResponseBase:
    """The only page a key is ever on. It answers the form, no redirect: nothing keeps the key in between."""
    return render(request, "desk/key_made.html", {"made": made, "row": _row(made.key, "valid"), "old": old})


def _row(key: ApiKey, state: str) -> dict[str, Any]:
    known = packs.current().purposes
    return {
        "key": key,
        "state": state,
        "state_text": STATES[state],
        "operations": [_OPERATIONS[name] for name in key.operations],
        "purposes": [known[code].title if code in known else code for code in key.purposes],
        "usable": state in ("valid", "rotated"),
    }
