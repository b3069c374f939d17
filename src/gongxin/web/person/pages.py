"""What every page of the own personal file has in common: the person alone, verified, and nothing stays in a cache."""

from __future__ import annotations

from functools import wraps
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from gongxin import clock
from gongxin.errors import GongxinError, NotFound
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.persons import opening
from gongxin.persons.seen import FileSeen, RecordSeen
from gongxin.web.desk.pages import View, acting_user, private, require

# Where a sign-in by the identity service is the next step.
_UNVERIFIED: Final = frozenset({"person-unverified", "person-sign-in-again"})


def person_page(view: View) -> View:
    """A page for the signed-in person. Others are sent to sign in, or told what the account is for."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            target = request.path if request.method in ("GET", "HEAD") else reverse("person:home")
            return private(HttpResponseRedirect(f"{reverse('person:start')}?{urlencode({'next': target})}"))
        try:
            require(request, Action.PERSON_OWN, Resource(account=acting_user(request).username))
            return private(view(request, *args, **kwargs))
        except GongxinError as error:
            return private(_refusal(request, error))

    return page


def own_file(request: HttpRequest) -> FileSeen:
    """The own file; every page that shows it is an opening, which the person sees too. Raises NotPermitted."""
    return opening.open_own(acting_user=acting_user(request), at=clock.now())


def own_record(file: FileSeen, record_id: UUID) -> RecordSeen:
    """One record of the file. Raises NotFound."""
    for record in file.records:
        if record.id == record_id:
            return record
    raise NotFound("person-record-unknown", _("档案里没有这条记录。"), remedy=_("请从“我的记录”重新打开。"))


def service() -> str:
    """What the identity service of this node is called; empty where there is none."""
    return str(settings.OIDC_NAME) if settings.OIDC_ISSUER else ""


def _refusal(request: HttpRequest, error: GongxinError) -> HttpResponse:
    template = "person/unverified.html" if error.code in _UNVERIFIED else "person/refused.html"
    return render(request, template, {"error": error, "service": service()}, status=error.status)
