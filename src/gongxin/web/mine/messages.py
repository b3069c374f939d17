"""Messages: what is new about the organisation and notices of its cases, as a list, a file, a page and a PDF."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from gongxin import clock
from gongxin.correspondence import messages, notice_page
from gongxin.correspondence.messages import Filters
from gongxin.enquiries.looks import Seen
from gongxin.errors import NotFound
from gongxin.web import looking, sheets
from gongxin.web.desk.pages import acting_user, number, query
from gongxin.web.mine.pages import mine_page
from gongxin.web.templatetags.mine import KINDS

_PAGE: Final = 25
_DAY: Final = {"type": "date"}


class FilterForm(forms.Form):
    """What narrows the list. An unreadable value narrows nothing and is told."""

    kind = forms.ChoiceField(
        label=gettext_lazy("种类"),
        required=False,
        choices=[("", gettext_lazy("全部")), *KINDS.items()],
    )
    unread = forms.ChoiceField(
        label=gettext_lazy("阅读"),
        required=False,
        choices=[("", gettext_lazy("全部")), ("1", gettext_lazy("未读"))],
    )
    since = forms.DateField(label=gettext_lazy("起始日期"), required=False, widget=forms.DateInput(_DAY))
    until = forms.DateField(label=gettext_lazy("截止日期"), required=False, widget=forms.DateInput(_DAY))

    def wanted(self) -> Filters:
        """The filters as far as they can be read."""
        self.full_clean()
        given = self.cleaned_data
        return Filters(
            kind=given.get("kind") or "",
            unread=given.get("unread") == "1",
            since=given.get("since"),
            until=given.get("until"),
        )


@require_safe
@mine_page
def listing(request: HttpRequest) -> HttpResponseBase:
    """All messages and notices, newest first."""
    user, filters = acting_user(request), FilterForm(request.GET)
    page = Paginator(messages.listed(user, filters.wanted()), _PAGE).get_page(number(request.GET.get("page")))
    looking.saw(request, Seen(_("消息")))
    context: dict[str, Any] = {
        "filters": filters,
        "page": page,
        "entries": messages.entries(user, page.object_list),
        "unread": messages.unread(user),
        "query": query(request, page=""),
    }
    return render(request, "mine/messages.html", context)


@require_safe
@mine_page
def file(request: HttpRequest, form: str) -> HttpResponseBase:
    """All rows of the filtered list as CSV or XLSX."""
    user = acting_user(request)
    looking.saw(request, Seen(_("消息")))
    found = messages.listed(user, FilterForm(request.GET).wanted())
    # Read whole while the look is logged: what is sent afterwards asks the database nothing.
    rows = list(messages.lines(user, found))
    return sheets.listed(form, "消息", messages.HEADER, rows)


@require_safe
@mine_page
def message(request: HttpRequest, message_id: UUID) -> HttpResponseBase:
    """One message; from now on it counts as read."""
    entry, notice = messages.opened(message_id, acting_user(request), clock.now())
    looking.saw(request, Seen(_("消息")))
    return render(request, "mine/message.html", {"entry": entry, "notice": notice})


@require_safe
@mine_page
def pdf(request: HttpRequest, message_id: UUID) -> HttpResponseBase:
    """A notice as a document."""
    entry, notice = messages.opened(message_id, acting_user(request), clock.now())
    looking.saw(request, Seen(_("消息")))
    if notice is None:
        raise NotFound("message-no-notice", _("这条消息不是通知。"), remedy=_("请在页面查看。"))
    response = HttpResponse(notice_page.pdf(entry, notice), content_type=sheets.CONTENT_TYPES["pdf"])
    return sheets.named(response, f"{notice_page.TITLE}-{notice.case.number}.pdf")


@require_POST
@mine_page
def read_all(request: HttpRequest) -> HttpResponseBase:
    """Everything told so far is marked as read."""
    messages.read_all(acting_user(request), clock.now())
    return redirect("mine:messages")
