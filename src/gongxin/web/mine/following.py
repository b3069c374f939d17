"""Choosing what to be told of, and where e-mails go; the links in e-mails, for whoever has them."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from gongxin import clock
from gongxin.correspondence import following, mailboxes, mailing
from gongxin.correspondence.models import Kind
from gongxin.errors import GongxinError
from gongxin.rights import selectors
from gongxin.walls import acting
from gongxin.web.attempts import refuse
from gongxin.web.desk.pages import acting_user
from gongxin.web.mine.pages import codes, mine_page
from gongxin.web.templatetags.mine import KINDS

_HELP: Final = {
    Kind.RECORDS: gettext_lazy("有单位报送了关于本单位的新记录"),
    Kind.CHANGES: gettext_lazy("记录被更正、撤销、修复，或者公示期届满"),
    Kind.CASES: gettext_lazy("异议、修复等办件有新的步骤"),
    Kind.LOOKS: gettext_lazy("有单位查询本单位不公开的信息"),
    Kind.REPORTS: gettext_lazy("有人下载或者出具本单位的信用报告"),
}


class FollowForm(forms.Form):
    """What to be told of about one organisation."""

    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("告诉我"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: Any = None, *, uscc: str, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, prefix=uscc, initial=initial)
        field = self.fields["kinds"]
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = [(kind.value, f"{KINDS[kind]}：{_HELP[kind]}") for kind in Kind]


class AddressForm(forms.Form):
    """Where e-mails go."""

    address = forms.CharField(
        label=gettext_lazy("电子邮箱"),
        max_length=200,
        help_text=gettext_lazy(
            "填写本单位的电子邮箱。确认以后才会发邮件；邮件只提醒有新消息，不写内容。地址加密保存。"
        ),
        widget=forms.EmailInput({"autocomplete": "email"}),
    )


@require_http_methods(["GET", "POST"])
@mine_page
def follow(request: HttpRequest) -> HttpResponseBase:
    """What is followed about each organisation; saved together."""
    if request.method != "POST":
        return _page(request, _unsent(request), AddressForm(), 200)
    own = selectors.organisations(codes(request))
    sent = [(entry, FollowForm(request.POST, uscc=str(entry.uscc))) for entry in own]
    if not all(form.is_valid() for _entry, form in sent):
        return _page(request, sent, AddressForm(), 422)
    for entry, form in sent:
        kinds = form.cleaned_data["kinds"]
        following.follow(str(entry.uscc), kinds, acting_user=acting_user(request), at=clock.now())
    messages.success(request, _("已保存。新的变化会出现在“消息”中。"))
    return redirect("mine:following")


@require_POST
@mine_page
def mail(request: HttpRequest) -> HttpResponseBase:
    """Give an address, and have the link of confirmation sent to it."""
    form = AddressForm(request.POST)
    if form.is_valid():
        try:
            held = mailboxes.give(form.cleaned_data["address"], acting_user=acting_user(request), at=clock.now())
            mailing.confirm(held)
        except GongxinError as error:
            refuse(form, error, field="address")
        else:
            messages.success(request, _("确认邮件已发出，请在一天之内打开邮件中的链接并确认。"))
            return redirect("mine:following")
    return _page(request, _unsent(request), form, 422)


@require_POST
@mine_page
def drop(request: HttpRequest) -> HttpResponseBase:
    """Forget the address."""
    if mailboxes.drop(acting_user(request), at=clock.now()):
        messages.info(request, _("电子邮箱已经删除，不再发送邮件。"))
    return redirect("mine:following")


@require_http_methods(["GET", "POST"])
@cache_control(no_store=True, private=True)
def confirm(request: HttpRequest, signed: str) -> HttpResponseBase:
    """The link of confirmation: a button, since programs that look into e-mails open links by themselves.

    What is signed opens nothing: it says that its address is read.
    """
    return _link(request, signed, stops=False)


# A mail program sends the form without having seen the page (RFC 8058); the token is what proves it may.
@csrf_exempt
@require_http_methods(["GET", "POST"])
@cache_control(no_store=True, private=True)
def stop(request: HttpRequest, signed: str) -> HttpResponseBase:
    """The link that ends e-mails."""
    return _link(request, signed, stops=True)


def _link(request: HttpRequest, token: str, *, stops: bool) -> HttpResponseBase:
    context: dict[str, Any] = {"stops": stops, "done": request.method == "POST"}
    try:
        # Whoever holds the link acts for its address, signed in or not.
        with acting.as_node():
            if not context["done"]:
                mailboxes.judge(token, stops=stops)
            elif stops:
                mailboxes.stop(token, at=clock.now())
            else:
                mailboxes.confirm(token, at=clock.now())
    except GongxinError as error:
        return render(request, "mine/mail_link.html", context | {"refused": error}, status=error.status)
    return render(request, "mine/mail_link.html", context)


def _unsent(request: HttpRequest) -> list[tuple[Any, FollowForm]]:
    held = following.of(acting_user(request))
    return [
        (entry, FollowForm(uscc=str(entry.uscc), initial={"kinds": sorted(held.get(str(entry.uscc), ()))}))
        for entry in selectors.organisations(codes(request))
    ]


def _page(
    request: HttpRequest, forms_of: list[tuple[Any, FollowForm]], address: AddressForm, status: int
) -> HttpResponseBase:
    mailbox = mailboxes.of(acting_user(request))
    context = {
        "forms": forms_of,
        "form": address,
        "mailbox": mailbox,
        "shown": mailboxes.shown(mailbox) if mailbox else "",
        "available": settings.MAIL,
    }
    return render(request, "mine/following.html", context, status=status)
