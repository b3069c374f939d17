"""Departments, for the credit office: the list, a new one, what each may hand in and ask for, out of use and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from gongxin import clock
from gongxin.errors import GongxinError
from gongxin.identity import departments
from gongxin.identity.decision_table import Action
from gongxin.identity.models import Department
from gongxin.policy import packs
from gongxin.subjects import identifiers
from gongxin.web import sheets
from gongxin.web.desk.pages import acting_user, desk_page, number, query, require
from gongxin.web.templatetags.gongxin import titled

_PAGE: Final = 50
_COLUMNS: Final = ("代码", "名称", "统一社会信用代码", "目录项", "查询用途", "在用账号", "状态")
_STATES: Final = [("", gettext_lazy("全部")), ("yes", gettext_lazy("在用")), ("no", gettext_lazy("已停用"))]


class Filters(forms.Form):
    """What narrows the list."""

    q = forms.CharField(label=gettext_lazy("代码或名称"), required=False, max_length=200)
    item = forms.ChoiceField(label=gettext_lazy("目录项"), required=False)
    in_use = forms.ChoiceField(label=gettext_lazy("状态"), required=False, choices=_STATES)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        field = self.fields["item"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", _("全部")), *_items()]


class DepartmentForm(forms.Form):
    """What is known of a department, and what it may do."""

    code = forms.CharField(
        label=gettext_lazy("单位代码"),
        max_length=32,
        help_text=gettext_lazy("字母、数字和连字符，登记后不能更改。"),
    )
    name = forms.CharField(label=gettext_lazy("单位名称"), max_length=200)
    uscc = forms.CharField(label=gettext_lazy("统一社会信用代码"), required=False, max_length=30)
    items = forms.MultipleChoiceField(
        label=gettext_lazy("可以报送的目录项"), required=False, widget=forms.CheckboxSelectMultiple
    )
    purposes = forms.MultipleChoiceField(
        label=gettext_lazy("可以使用的查询用途"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any, held: Department | None = None) -> None:
        names = ("code", "name", "uscc", "items", "purposes")
        super().__init__(data, initial={name: getattr(held, name) for name in names} if held else None)
        if held:
            del self.fields["code"]
        for name, choices in (("items", _items()), ("purposes", _purposes())):
            field = self.fields[name]
            if isinstance(field, forms.MultipleChoiceField):
                field.choices = choices

    def clean_uscc(self) -> str:
        """The code, folded; its check digit is judged where there is one."""
        code = identifiers.folded_code(self.cleaned_data["uscc"])
        if code and identifiers.uscc_fault(code):
            raise forms.ValidationError(_("统一社会信用代码不正确，请与登记证书核对。"))
        return code

    def answers(self) -> list[tuple[str, str]]:
        """What was answered, to confirm."""
        values, items, purposes = self.cleaned_data, dict(_items()), dict(_purposes())
        return [
            *([(_("单位代码"), values["code"])] if "code" in values else []),
            (_("单位名称"), values["name"]),
            (_("统一社会信用代码"), values["uscc"]),
            (_("可以报送的目录项"), "、".join(items[entry] for entry in values["items"])),
            (_("可以使用的查询用途"), "、".join(purposes[entry] for entry in values["purposes"])),
        ]

    def hidden(self) -> list[tuple[str, str]]:
        """The answers as fields of the page that asks to confirm."""
        values = self.cleaned_data
        plain = [(name, values[name]) for name in ("code", "name", "uscc") if name in values]
        return plain + [(name, entry) for name in ("items", "purposes") for entry in values[name]]


@require_safe
@desk_page
def department_list(request: HttpRequest) -> HttpResponseBase:
    """Every department, a page at a time."""
    require(request, Action.DEPARTMENT_KEEP)
    filters = Filters(request.GET)
    page = Paginator(_filtered(filters), _PAGE).get_page(number(request.GET.get("page")))
    context = {"filters": filters, "page": page, "query": query(request, page="")}
    return render(request, "desk/departments_kept.html", context)


@require_safe
@desk_page
def department_file(request: HttpRequest, form: str) -> HttpResponseBase:
    """All rows of the filtered list as CSV or XLSX."""
    require(request, Action.DEPARTMENT_KEEP)
    return sheets.listed(form, "单位", _COLUMNS, _rows(_filtered(Filters(request.GET))))


@require_http_methods(["GET", "POST"])
@desk_page
def new(request: HttpRequest) -> HttpResponseBase:
    """A department that is not there yet."""
    require(request, Action.DEPARTMENT_KEEP)
    return _steps(request, None)


@require_http_methods(["GET", "POST"])
@desk_page
def change(request: HttpRequest, code: str) -> HttpResponseBase:
    """Another name or code of an organisation, other items and purposes."""
    require(request, Action.DEPARTMENT_KEEP)
    return _steps(request, departments.by_code(code))


@require_http_methods(["GET", "POST"])
@desk_page
def use(request: HttpRequest, code: str) -> HttpResponseBase:
    """Out of use, or back into it: to confirm, then done."""
    require(request, Action.DEPARTMENT_KEEP)
    held = departments.by_code(code)
    if request.method == "POST":
        active = request.POST.get("active") == "yes"
        departments.use(held, active=active, acting_user=acting_user(request), at=clock.now())
        messages.success(request, _("单位已恢复。") if active else _("单位已停用。"))
        return redirect("desk:departments-kept")
    accounts = held.users.filter(is_active=True).count()
    return render(request, "desk/department_use.html", {"department": held, "accounts": accounts})


def _steps(request: HttpRequest, held: Department | None) -> HttpResponseBase:
    """The form; then what was answered, to confirm; then the deed. `step` says which."""
    form, step = DepartmentForm(request.POST or None, held), request.POST.get("step")
    refused: GongxinError | None = None
    title = _("变更单位") if held else _("登记单位")
    if form.is_valid() and step != "edit":
        if step != "submit":
            context: dict[str, Any] = {"answers": form.answers(), "hidden": form.hidden(), "title": title}
            return render(request, "desk/department_check.html", context)
        try:
            _done(request, held, form.cleaned_data)
        except GongxinError as error:
            refused = error
        else:
            messages.success(request, _("单位已变更。") if held else _("单位已登记。"))
            return redirect("desk:departments-kept")
    context = {"form": form, "department": held, "refused": refused, "title": title}
    return render(
        request, "desk/department.html", context, status=refused.status if refused else 422 if form.errors else 200
    )


def _done(request: HttpRequest, held: Department | None, values: dict[str, Any]) -> None:
    facts: dict[str, Any] = {name: values[name] for name in ("name", "uscc", "items", "purposes")}
    who: dict[str, Any] = {"acting_user": acting_user(request), "at": clock.now()}
    if held is None:
        departments.enter(code=values["code"], **facts, **who)
    else:
        departments.register(code=held.code, active=held.active, **facts, **who)


def _filtered(filters: Filters) -> QuerySet[Department]:
    accounts = Count("users", filter=Q(users__is_active=True))
    found = departments.listing(inactive=True).annotate(accounts=accounts)
    if not filters.is_valid():
        return found.none()
    wanted = filters.cleaned_data
    if wanted["q"]:
        found = found.filter(Q(code__icontains=wanted["q"]) | Q(name__icontains=wanted["q"]))
    if wanted["item"]:
        found = found.filter(items__contains=[wanted["item"]])
    return found.filter(active=wanted["in_use"] == "yes") if wanted["in_use"] else found


def _rows(found: QuerySet[Department]) -> Iterator[list[str]]:
    items, purposes = dict(_items()), dict(_purposes())
    for entry in found.iterator(chunk_size=1000):
        yield [
            entry.code,
            entry.name,
            entry.uscc,
            "、".join(items.get(one, one) for one in entry.items),
            "、".join(purposes.get(one, one) for one in entry.purposes),
            # mypy knows no annotations of querysets.
            str(entry.accounts),  # type: ignore[attr-defined]
            "在用" if entry.active else "已停用",
        ]


def _items() -> list[tuple[str, str]]:
    return [(item.id, titled(item)) for item in packs.current().items.values()]


def _purposes() -> list[tuple[str, str]]:
    return [(code, titled(purpose)) for code, purpose in packs.current().purposes.items()]
