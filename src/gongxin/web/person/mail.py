"""Where the person is told by e-mail that there is something new: given, confirmed by a code, removed."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from gongxin import clock
from gongxin.errors import GongxinError
from gongxin.persons import mailboxes
from gongxin.web.attempts import refuse
from gongxin.web.desk.pages import acting_user
from gongxin.web.person.forms import AddressForm, MailCodeForm
from gongxin.web.person.pages import person_page


@sensitive_post_parameters("address")
@require_http_methods(["GET", "HEAD", "POST"])
@person_page
def mail(request: HttpRequest) -> HttpResponseBase:
    """The address as it stands, with the latest e-mails; POST gives another one and has a code sent to it."""
    form = AddressForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _page(request, form, MailCodeForm())
    if form.is_valid():
        try:
            mailboxes.give(form.cleaned_data["address"], acting_user=acting_user(request), at=clock.now())
        except GongxinError as error:
            refuse(form, error, field="address")
        else:
            messages.success(request, _("验证码已发出，请在三十分钟内输入。"))
            return redirect("person:mail")
    return _page(request, form, MailCodeForm(), status=422)


@sensitive_post_parameters("code")
@require_POST
@person_page
def confirm(request: HttpRequest) -> HttpResponseBase:
    """The code that was sent to the address."""
    form = MailCodeForm(request.POST)
    if form.is_valid():
        try:
            mailboxes.confirm(form.cleaned_data["code"], acting_user=acting_user(request), at=clock.now())
        except GongxinError as error:
            refuse(form, error, field="code")
        else:
            messages.success(request, _("电子邮箱已经确认。档案有新的情况时，会发邮件请您登录查看。"))
            return redirect("person:mail")
    return _page(request, AddressForm(), form, status=422)


@require_POST
@person_page
def drop(request: HttpRequest) -> HttpResponseBase:
    """Forget the address."""
    mailboxes.drop(acting_user=acting_user(request), at=clock.now())
    messages.success(request, _("电子邮箱已经删除，不再发送邮件。"))
    return redirect("person:mail")


def _page(request: HttpRequest, form: AddressForm, code: MailCodeForm, *, status: int = 200) -> HttpResponseBase:
    context = {"form": form, "code": code, "box": mailboxes.of(acting_user(request)), "available": settings.MAIL}
    return render(request, "person/mail.html", context, status=status)
