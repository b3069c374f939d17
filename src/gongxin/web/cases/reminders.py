"""Where officers are told by e-mail of clocks that are about to run out, beside the list of what waits."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from gongxin import clock
from gongxin.correspondence import mailboxes, mailing
from gongxin.correspondence.models import Mailbox
from gongxin.identity.decision_table import Action
from gongxin.web.attempts import attempt
from gongxin.web.desk.pages import acting_user, desk_page, of_department, require
from gongxin.web.mine.following import AddressForm


@require_http_methods(["GET", "POST"])
@desk_page
def mail(request: HttpRequest) -> HttpResponseBase:
    """The address of the own account; POST gives one, and has the link of confirmation sent to it."""
    user = acting_user(request)
    require(request, Action.CASE_FILE, of_department(user.department))
    form, status = AddressForm(request.POST if request.method == "POST" else None), 200
    if request.method == "POST":
        made, status = attempt(form, lambda: _given(request, form), field="address")
        if made is not None:
            messages.success(request, _("确认邮件已发出，请在一天之内打开邮件中的链接并确认。"))
            return redirect("cases:mail")
    held = mailboxes.of(user)
    context = {
        "form": form,
        "mailbox": held,
        "shown": mailboxes.shown(held) if held else "",
        "available": settings.MAIL,
    }
    return render(request, "cases/mail.html", context, status=status)


@require_POST
@desk_page
def mail_drop(request: HttpRequest) -> HttpResponseBase:
    """Forget the address of the own account."""
    if mailboxes.drop(acting_user(request), at=clock.now()):
        messages.info(request, _("电子邮箱已经删除，不再发送邮件。"))
    return redirect("cases:mail")


def _given(request: HttpRequest, form: AddressForm) -> Mailbox:
    held = mailboxes.give(form.cleaned_data["address"], acting_user=acting_user(request), at=clock.now())
    mailing.confirm(held)
    return held
