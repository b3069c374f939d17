"""Lending access to the organisation's own records, taking it back, and reading what others have lent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gongxin import clock
from gongxin.enquiries import borrowed, selectors
from gongxin.enquiries.asked import MAX_MATTER
from gongxin.enquiries.looks import Seen
from gongxin.enquiries.models import Channel
from gongxin.errors import GongxinError, InvalidInput, NotFound
from gongxin.identity import consents, departments
from gongxin.identity.consents import Borrower, Lent
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Resource
from gongxin.identity.models import Consent, Department
from gongxin.policy import packs
from gongxin.records import explaining
from gongxin.records.models import Disclosure, Record
from gongxin.subjects import selectors as subjects
from gongxin.subjects.models import Organisation
from gongxin.web import looking
from gongxin.web.attempts import refuse
from gongxin.web.desk.pages import acting, acting_user, require
from gongxin.web.mine.pages import codes, mine_page

_USES: Final = 100
_KINDS: Final = (
    ("department", gettext_lazy("政府部门：从下面选择")),
    ("organisation", gettext_lazy("其他单位：由其信用主体代表登录查看")),
    ("code", gettext_lazy("持授权码者：例如银行，凭码查看，不需要账号")),
)
STANDINGS: Final = {
    "live": gettext_lazy("有效"),
    "expired": gettext_lazy("已到期"),
    "taken-back": gettext_lazy("已收回"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An authorisation as a page shows it. owner, borrower: names; items, purpose: titles."""

    consent: Consent
    owner: str
    borrower: str
    items: str
    purpose: str
    standing: str

    @property
    def words(self) -> Any:
        """How it stands, in words."""
        return STANDINGS[self.standing]


class LendForm(forms.Form):
    """Whose records, to whom, of which items, for which purpose, until when."""

    uscc = forms.ChoiceField(label=gettext_lazy("本单位"))
    kind = forms.ChoiceField(
        label=gettext_lazy("授权给"), choices=_KINDS, widget=forms.RadioSelect, initial="department"
    )
    department = forms.ChoiceField(label=gettext_lazy("政府部门"), required=False)
    borrower = forms.CharField(
        label=gettext_lazy("其他单位的统一社会信用代码"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("授权给其他单位的填写；只能授权给单位，不能授权给自然人。"),
    )
    items = forms.MultipleChoiceField(label=gettext_lazy("目录项"), widget=forms.CheckboxSelectMultiple)
    purpose = forms.ChoiceField(label=gettext_lazy("查询用途"), initial="authorised-query")
    ends_on = forms.DateField(
        label=gettext_lazy("授权截止日期"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, own: list[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = {entry.code: entry for entry in departments.listing()}
        self.departments: dict[str, Department] = found
        self._choose("uscc", [(entry.uscc or "", f"{entry.name}（{entry.uscc}）") for entry in own])
        self._choose("department", [("", "—"), *((code, entry.name) for code, entry in found.items())])
        self._choose("items", _lendable(own))
        self._choose("purpose", [(code, entry.title) for code, entry in consents.purposes().items()])
        latest = consents.latest_end(clock.today())
        self.fields["ends_on"].help_text = _("最迟 %(day)s；可以随时收回。") % {"day": latest.isoformat()}

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def clean(self) -> dict[str, Any]:
        """Who is chosen is named."""
        given = super().clean() or self.cleaned_data
        kind, borrower = given.get("kind"), None
        if kind == "department" and not given.get("department"):
            self.add_error("department", _("请选择政府部门。"))
        if kind == "organisation":
            borrower = subjects.by_code(given.get("borrower") or "")
            if borrower is None or not borrower.uscc:
                self.add_error("borrower", _("没有这个代码的信用主体，请核对。"))
        given["to"] = Borrower(
            self.departments.get(given.get("department", "")) if kind == "department" else None,
            str(borrower.uscc) if borrower is not None else "",
        )
        return given


class MatterForm(forms.Form):
    """For which business somebody reads what was lent."""

    matter = forms.CharField(
        label=gettext_lazy("办理事项"),
        max_length=MAX_MATTER,
        help_text=gettext_lazy("所办业务的名称或者编号；写入查询留痕，授权单位可以看到。不要写自然人的信息。"),
    )


@require_safe
@mine_page
def lending(request: HttpRequest) -> HttpResponseBase:
    """What the organisation has lent, and what was lent to it."""
    own = codes(request)
    context = {
        "lent": shown(list(consents.lent_by(own))),
        "borrowed": shown(list(consents.borrowed_by(own))),
        "lendable": bool(_lendable(_organisations(own))),
    }
    return render(request, "mine/lending.html", context)


@require_http_methods(["GET", "POST"])
@mine_page
def lend(request: HttpRequest) -> HttpResponseBase:
    """The form; what was made is shown once with its code."""
    own = _organisations(codes(request))
    sent = request.method == "POST"
    form = LendForm(request.POST, own=own) if sent else LendForm(own=own)
    status = 422 if sent else 200
    if sent and form.is_valid():
        try:
            lent = _lent(request, form.cleaned_data)
        except InvalidInput as error:
            refuse(form, error, field="ends_on" if error.code == "consent-end" else None)
        else:
            (entry,) = shown([lent.consent])
            return render(request, "mine/lent_made.html", {"entry": entry, "code": lent.code})
    return render(request, "mine/lend.html", {"form": form}, status=status)


@require_safe
@mine_page
def lent(request: HttpRequest, consent_id: UUID) -> HttpResponseBase:
    """One authorisation with every use of it."""
    held = _own(request, consent_id)
    (entry,) = shown([held])
    about = subjects.by_code(held.uscc)
    uses = list(selectors.under_consent(about.pk, held.number, since=held.lent_at)[:_USES]) if about else []
    context = {"entry": entry, "uses": [(use, selectors.purpose_title(use.purpose)) for use in uses]}
    return render(request, "mine/lent.html", context)


@require_POST
@mine_page
def take_back(request: HttpRequest, consent_id: UUID) -> HttpResponseBase:
    """End an authorisation now."""
    held = _own(request, consent_id)
    consents.take_back(held.pk, acting_user=acting_user(request), at=clock.now())
    messages.success(request, _("授权 %(number)s 已收回，即时生效。") % {"number": held.number})
    return redirect("mine:lent", held.pk)


@require_http_methods(["GET", "POST"])
@mine_page
def read(request: HttpRequest, consent_id: UUID) -> HttpResponseBase:
    """What was lent to the organisation (GET: the form that asks for the matter, POST: the records, as one look)."""
    held = _borrowed(request, consent_id)
    # The form shows nothing of the owner's, and the verb logs what it tells or refuses.
    looking.settle(request)
    form = MatterForm(request.POST) if request.method == "POST" else MatterForm()
    (entry,) = shown([held])
    context: dict[str, Any] = {"entry": entry, "form": form}
    status = 200
    if request.method == "POST" and form.is_valid():
        looker = looking.looker(request, Channel.MINE)
        told = borrowed.read(held, acting(request), looker=looker, matter=form.cleaned_data["matter"], at=clock.now())
        context["records"] = as_read(told.records)
    elif request.method == "POST":
        status = 422
    return render(request, "mine/borrowed.html", context, status=status)


def shown(held: list[Consent]) -> list[Shown]:
    """Authorisations as pages show them: names of organisations in one query."""
    names = {entry.uscc: entry.name for entry in _organisations({code for one in held for code in _codes(one)})}
    items, purposes, day = packs.current().items, packs.current().purposes, clock.today()
    return [
        Shown(
            consent=entry,
            owner=names.get(entry.uscc, entry.uscc),
            borrower=_borrower(entry, names),
            items="、".join(items[item].title if item in items else item for item in entry.items),
            purpose=purposes[entry.purpose].title if entry.purpose in purposes else entry.purpose,
            standing=consents.standing(entry, day),
        )
        for entry in held
    ]


def as_read(records: list[Record]) -> list[tuple[Record, Any, list[Any]]]:
    """Each record with its item and the fields that may be seen."""
    items = packs.current().items
    return [(entry, items.get(entry.item), explaining.public_fields(entry)) for entry in records]


def _lent(request: HttpRequest, given: dict[str, Any]) -> Lent:
    return consents.lend(
        given["uscc"],
        given["to"],
        items=given["items"],
        purpose=given["purpose"],
        ends_on=given["ends_on"],
        acting_user=acting_user(request),
        at=clock.now(),
    )


def _own(request: HttpRequest, consent_id: UUID) -> Consent:
    """An authorisation that one of the account's organisations gave; any other is answered like none."""
    looking.saw(request, Seen(f"授权 {consent_id}"))
    held = consents.one(consent_id)
    if held.uscc not in codes(request):
        raise _unknown()
    require(request, Action.CONSENT_LEND, Resource(organisation=held.uscc))
    return held


def _borrowed(request: HttpRequest, consent_id: UUID) -> Consent:
    """An authorisation given to one of the account's organisations; any other is answered like none."""
    looking.saw(request, Seen(f"授权 {consent_id}"))
    held = consents.one(consent_id)
    if not held.borrower or held.borrower not in codes(request):
        raise _unknown()
    looking.saw(request, Seen(f"授权 {held.number}"))
    return held


def _unknown() -> GongxinError:
    return NotFound("consent-unknown", _("没有这项授权。"), remedy=_("请从“授权查询”重新打开。"))


def _organisations(wanted: set[str] | frozenset[str]) -> list[Organisation]:
    return list(Organisation.objects.filter(uscc__in=[code for code in wanted if code]).order_by("name"))


def _codes(entry: Consent) -> tuple[str, str]:
    return entry.uscc, entry.borrower


def _borrower(entry: Consent, names: dict[str | None, str]) -> str:
    if entry.department is not None:
        return entry.department.name
    return names.get(entry.borrower, entry.borrower) if entry.borrower else _("持授权码者")


def _lendable(own: list[Organisation]) -> list[tuple[str, str]]:
    """Items of which records for authorised use are held, or could be."""
    items = packs.current().items
    held = Record.objects.filter(organisation__in=own, disclosure=Disclosure.AUTHORISED)
    there = set(held.values_list("item", flat=True).distinct())
    return [
        (entry.id, entry.title) for entry in items.values() if entry.disclosure == "authorised" or entry.id in there
    ]
