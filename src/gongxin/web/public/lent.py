"""Reading what an organisation has lent to whoever holds a code: for banks and others without an account."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from gongxin import clock
from gongxin.enquiries import borrowed
from gongxin.enquiries.asked import MAX_MATTER
from gongxin.enquiries.looks import Looker
from gongxin.enquiries.models import Channel
from gongxin.errors import GongxinError
from gongxin.identity import actors, consents
from gongxin.identity.decision_table import VISITOR
from gongxin.walls import acting
from gongxin.walls.acting import Asker
from gongxin.web.attempts import refuse
from gongxin.web.mine import lending

# As the log of looks names somebody who comes with a code and no account.
HOLDER: Final = "code-holder"


class CodeForm(forms.Form):
    """The code, and for which business it is used."""

    code = forms.CharField(
        label=gettext_lazy("授权码"),
        max_length=80,
        help_text=gettext_lazy("由授权单位提供，大小写和连字符不影响。"),
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    matter = forms.CharField(
        label=gettext_lazy("办理事项"),
        max_length=MAX_MATTER,
        help_text=gettext_lazy("所办业务的名称或者编号；写入查询留痕，授权单位可以看到。不要写自然人的信息。"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(no_store=True, private=True)
def page(request: HttpRequest) -> HttpResponseBase:
    """The form (GET), and the records (POST), as one look of the organisation that lent them."""
    if request.method != "POST":
        return render(request, "public/lent.html", {"form": CodeForm()})
    form = CodeForm(request.POST)
    if not form.is_valid():
        return render(request, "public/lent.html", {"form": form}, status=422)
    try:
        context: dict[str, Any] = _told(form.cleaned_data["code"], form.cleaned_data["matter"])
    except GongxinError as error:
        refuse(form, error, field="code")
        return render(request, "public/lent.html", {"form": form}, status=error.status)
    return render(request, "public/lent.html", context)


def _told(code: str, matter: str) -> dict[str, Any]:
    # The second wall is told of the code, which shows one authorisation, and of the name that the look will have.
    acting.act(Asker(name=HOLDER, digest=consents.digest(code)))
    looker = Looker(HOLDER, VISITOR, Channel.CODE)
    told = borrowed.read(consents.of_code(code), actors.VISITOR_ACTOR, looker=looker, matter=matter, at=clock.now())
    (entry,) = lending.shown([told.consent])
    return {"entry": entry, "records": lending.as_read(told.records)}
