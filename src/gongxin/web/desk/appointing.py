"""Changing what an account may do: its substitute, the organisations it represents. Each with a page that asks to
confirm; nothing is done before. Its role takes two administrators: `proposing`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from gongxin import clock
from gongxin.enquiries.looks import Seen
from gongxin.errors import GongxinError, NotFound
from gongxin.identity import representations, selectors, substitutions
from gongxin.identity.decision_table import Action
from gongxin.identity.models import User
from gongxin.identity.roles import exclude
from gongxin.subjects import selectors as subjects
from gongxin.subjects.identifiers import folded_code
from gongxin.web import looking
from gongxin.web.desk.pages import acting_user, desk_page, require

_DAY = forms.DateInput({"type": "date"}, format="%Y-%m-%d")


class SubstituteForm(forms.Form):
    """Who stands in, from day to day. Only colleagues whose roles are compatible can be chosen."""

    substitute = forms.ChoiceField(label=gettext_lazy("代理人"))
    starts_on = forms.DateField(label=gettext_lazy("代理起始日"), widget=_DAY)
    ends_on = forms.DateField(label=gettext_lazy("代理截止日"), widget=_DAY)

    def __init__(self, data: Any, account: User) -> None:
        super().__init__(data, initial={"starts_on": clock.today()})
        colleagues = selectors.listing().filter(department=account.department, is_active=True).exclude(pk=account.pk)
        able = [entry for entry in colleagues if not exclude(account.role, entry.role)]
        named = [(str(entry.pk), f"{entry.display_name()}（{entry.get_role_display()}）") for entry in able]
        _choose(self, "substitute", named, _("请选择"))


class BindForm(forms.Form):
    """The organisation an account is to represent, and on which papers."""

    uscc = forms.CharField(label=gettext_lazy("统一社会信用代码"), max_length=30)
    ground = forms.CharField(
        label=gettext_lazy("依据"),
        max_length=representations.MAX_GROUND,
        help_text=gettext_lazy("已核验的授权委托书等材料的名称和编号，不要填写身份证件号码。"),
    )

    def __init__(self, data: Any, _account: User) -> None:
        super().__init__(data)


@dataclass(frozen=True, slots=True)
class _Task:
    """A change: its form, its words, and what does it. answers: what the page shows to confirm."""

    title: str
    warning: str
    done: str
    form: forms.Form
    answers: Callable[[dict[str, Any]], Sequence[tuple[str, str]]]
    act: Callable[[dict[str, Any]], object]


@require_http_methods(["GET", "POST"])
@desk_page
def substitute(request: HttpRequest, account_id: int) -> HttpResponseBase:
    """A substitute for an absent account."""
    require(request, Action.SUBSTITUTE_APPOINT)
    account = selectors.account(account_id)
    form = SubstituteForm(request.POST or None, account)

    def answers(values: dict[str, Any]) -> list[tuple[str, str]]:
        chosen = User.objects.get(pk=values["substitute"])
        return [
            (_("被代理人"), account.display_name()),
            (_("代理人"), chosen.display_name()),
            (_("代理的角色"), account.get_role_display()),
            (_("代理起始日"), _iso(values["starts_on"])),
            (_("代理截止日"), _iso(values["ends_on"])),
        ]

    def act(values: dict[str, Any]) -> None:
        chosen = User.objects.get(pk=values["substitute"])
        days = {name: values[name] for name in ("starts_on", "ends_on")}
        substitutions.appoint(account, chosen, **days, acting_user=acting_user(request), at=clock.now())

    warning = _("代理期间，代理人除本人角色外，还可以被代理人的角色办理本单位事项，每一步都记明代理谁。")
    return _steps(request, account, _Task(_("指定代理人"), warning, _("代理人已指定。"), form, answers, act))


@require_http_methods(["GET", "POST"])
@desk_page
def bind(request: HttpRequest, account_id: int) -> HttpResponseBase:
    """An organisation for a representative's account."""
    require(request, Action.REPRESENTATION_BIND)
    account = selectors.account(account_id)
    form = BindForm(request.POST or None, account)

    def answers(values: dict[str, Any]) -> list[tuple[str, str]]:
        code = _registered(values["uscc"])
        found = subjects.by_code(code)
        name = found.name if found else ""
        return [(_("信用主体"), name), (_("统一社会信用代码"), code), (_("依据"), values["ground"])]

    def act(values: dict[str, Any]) -> None:
        code = _registered(values["uscc"])
        actor = acting_user(request)
        representations.bind(account, code, ground=values["ground"], acting_user=actor, at=clock.now())

    warning = _("绑定后，该账号可以查看这个信用主体的全部信用信息，并以其名义提出申请。请核对名称和代码与材料一致。")
    return _steps(request, account, _Task(_("绑定信用主体"), warning, _("已绑定。"), form, answers, act))


@require_http_methods(["GET", "POST"])
@desk_page
def end_substitution(request: HttpRequest, substitution_id: UUID) -> HttpResponseBase:
    """End a substitution before its last day."""
    require(request, Action.SUBSTITUTE_APPOINT)
    held = selectors.substitution(substitution_id)
    answers = [
        (_("被代理人"), held.absent.display_name()),
        (_("代理人"), held.substitute.display_name()),
        (_("期间"), f"{_iso(held.starts_on)} – {_iso(held.ends_on)}"),
    ]
    return _ending(
        request,
        held.absent,
        (_("结束代理"), _("代理已结束。")),
        answers,
        lambda: substitutions.end(held.pk, acting_user=acting_user(request), at=clock.now()),
    )


@require_http_methods(["GET", "POST"])
@desk_page
def end_representation(request: HttpRequest, representation_id: UUID) -> HttpResponseBase:
    """Unbind a representative's account from an organisation."""
    require(request, Action.REPRESENTATION_BIND)
    held = selectors.representation(representation_id)
    found = subjects.by_code(held.uscc)
    answers = [
        (_("信用主体"), found.name if found else ""),
        (_("统一社会信用代码"), held.uscc),
        (_("依据"), held.ground),
    ]
    return _ending(
        request,
        held.user,
        (_("解除绑定"), _("绑定已解除。")),
        answers,
        lambda: representations.end(held.pk, acting_user=acting_user(request), at=clock.now()),
    )


def _steps(request: HttpRequest, account: User, task: _Task) -> HttpResponseBase:
    """The form; then what was answered, to confirm; then the deed. `step` says which."""
    form, step = task.form, request.POST.get("step")
    refused: GongxinError | None = None
    looking.saw(request, Seen(account.username))
    if request.method == "POST" and form.is_valid() and step != "edit":
        try:
            shown = task.answers(form.cleaned_data)
            if step != "submit":
                hidden = [(name, request.POST.get(name, "")) for name in form.fields]
                context = {"account": account, "task": task, "answers": shown, "hidden": hidden}
                return render(request, "desk/appointing_check.html", context)
            task.act(form.cleaned_data)
        except GongxinError as error:
            refused = error
        else:
            messages.success(request, task.done)
            return redirect("desk:account-of", account.pk)
    status = refused.status if refused else (422 if request.method == "POST" and form.errors else 200)
    context = {"account": account, "task": task, "form": form, "refused": refused}
    return render(request, "desk/appointing.html", context, status=status)


def _ending(
    request: HttpRequest,
    account: User,
    words: tuple[str, str],
    answers: Sequence[tuple[str, str]],
    act: Callable[[], object],
) -> HttpResponseBase:
    """What is about to end, to confirm; then the deed. words: title, and what is said when it is done."""
    title, done = words
    looking.saw(request, Seen(account.username))
    if request.method == "POST":
        act()
        messages.success(request, done)
        return redirect("desk:account-of", account.pk)
    context = {"account": account, "task": {"title": title, "warning": ""}, "answers": answers, "ending": True}
    return render(request, "desk/appointing_check.html", context)


def _registered(text: str) -> str:
    """The code as the register has it. Raises NotFound."""
    code = folded_code(text)
    found = subjects.by_code(code)
    if found is None or found.uscc != code:
        raise NotFound(
            "organisation-unknown", _("登记库中没有这个统一社会信用代码。"), remedy=_("请核对代码，与营业执照一致。")
        )
    return code


def _choose(form: forms.Form, name: str, choices: list[tuple[str, str]], nothing: str) -> None:
    field = form.fields[name]
    if isinstance(field, forms.ChoiceField):
        field.choices = [("", nothing), *choices]


def _iso(day: date) -> str:
    return day.isoformat()
