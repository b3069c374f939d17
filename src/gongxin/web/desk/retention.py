"""Terms of keeping and destruction at the desk: preview, proposal, decision by a second official, history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from gongxin import clock
from gongxin.correspondence.models import Kind
from gongxin.ends import destroying, due
from gongxin.ends.models import Destruction, DestructionState
from gongxin.errors import NotFound
from gongxin.identity.decision_table import Action
from gongxin.policy import packs
from gongxin.web import sheets
from gongxin.web.desk.pages import acting_user, ask, desk_page, number, require

_PAGE: Final = 30
# Entries shown of a preview or a list; its file has all.
_SHOWN: Final = 50
HISTORY: Final = (
    "提出时间", "规定", "依据", "项数", "结果", "提出人", "提出理由", "复核人", "复核时间", "复核理由", "清单默克尔根",
    "日志编号",
)  # fmt: skip
ENTRIES: Final = ("编号", "目录项", "终结日期", "销毁日期")


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=gettext_lazy("理由"),
        max_length=destroying.REASON,
        widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy("不要写个人信息；写入防篡改日志的承诺值。"),
    )


@require_safe
@desk_page
def overview(request: HttpRequest) -> HttpResponseBase:
    """Every rule of keeping, what is due under it today, and all lists."""
    require(request, Action.RETENTION_READ)
    page = Paginator(_lists(), _PAGE).get_page(number(request.GET.get("page")))
    counted = {rule.id: _number(rule.what, count) for rule, count in due.waiting(clock.today())}
    rules = [(rule, counted.get(rule.id, "—")) for rule in packs.current().retention.values()]
    context = {
        "rules": rules,
        "page": page,
        "titles": _titles(),
        "downloads": [
            (_("下载 CSV"), reverse("desk:retention-file", args=["csv"])),
            (_("下载 XLSX"), reverse("desk:retention-file", args=["xlsx"])),
        ],
    }
    return render(request, "desk/retention.html", context)


@require_safe
@desk_page
def file(request: HttpRequest, form: str) -> HttpResponseBase:
    """All lists as CSV or XLSX."""
    require(request, Action.RETENTION_READ)
    return sheets.listed(form, "销毁清单", HISTORY, _history())


@require_http_methods(["GET", "HEAD", "POST"])
@desk_page
def rule(request: HttpRequest, rule_id: str) -> HttpResponseBase:
    """What may be destroyed today under a rule (GET), and proposing it (POST). Ids and days, no contents."""
    require(request, Action.RETENTION_READ)
    found = due.rule(rule_id)
    if found is None or found.then != "decided":
        raise NotFound("retention-rule", _("没有这项可以据以销毁的规定。"), remedy=_("请从“保存期限和销毁”选择。"))
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = destroying.propose(
            found.id, reason=form.cleaned_data["reason"], acting_user=acting_user(request), at=clock.now()
        )
        messages.success(request, _("已提出清单，等待另一名工作人员复核。"))
        return redirect("desk:retention-list", made.pk)
    hidden = found.what == due.PERSONS
    entries = [] if hidden else due.of(found, clock.today())
    count = due.count(found, clock.today()) if hidden else len(entries)
    context = {
        "rule": found,
        "form": form,
        "found": count,
        "said": _number(found.what, count),
        "hidden": hidden,
        "most": due.MOST,
        "entries": entries[:_SHOWN],
        "titles": _titles(),
        "may_propose": ask(request, Action.RETENTION_PROPOSE).allowed,
        "waiting": Destruction.objects.filter(rule=found.id, state=DestructionState.PROPOSED).first(),
    }
    return render(request, "desk/retention_rule.html", context)


@require_safe
@desk_page
def one(request: HttpRequest, list_id: UUID) -> HttpResponseBase:
    """One list: its entries, who proposed it, who decided it."""
    require(request, Action.RETENTION_READ)
    return _shown(request, destroying.one(list_id), ReasonForm())


@require_safe
@desk_page
def list_file(request: HttpRequest, list_id: UUID, form: str) -> HttpResponseBase:
    """The entries of a list as CSV or XLSX."""
    require(request, Action.RETENTION_READ)
    found = destroying.one(list_id)
    return sheets.listed(form, "销毁清单", ENTRIES, _entries(found), name=f"销毁清单-{found.day}")


@require_http_methods(["POST"])
@desk_page
def decide(request: HttpRequest, list_id: UUID) -> HttpResponseBase:
    """Confirm or reject the list of somebody else."""
    require(request, Action.RETENTION_DECIDE)
    held, form = destroying.one(list_id), ReasonForm(request.POST)
    if not form.is_valid():
        return _shown(request, held, form)
    verb = destroying.confirm if request.POST.get("decision") == "confirm" else destroying.reject
    done = verb(held.pk, reason=form.cleaned_data["reason"], acting_user=acting_user(request), at=clock.now())
    messages.success(request, _("已作出决定：%(state)s。") % {"state": done.get_state_display()})
    return redirect("desk:retention-list", done.pk)


def _shown(request: HttpRequest, held: Destruction, form: ReasonForm) -> HttpResponseBase:
    decides = held.state == DestructionState.PROPOSED and ask(request, Action.RETENTION_DECIDE).allowed
    context: dict[str, Any] = {
        "list": held,
        "hidden": held.what == due.PERSONS,
        "said": _many(held),
        "form": form,
        "rule_title": _titles().get(held.rule, held.rule),
        "entries": held.entries.all()[:_SHOWN],
        "titles": _titles(),
        "may_decide": decides and held.proposed_by_id != acting_user(request).pk,
        "own": held.proposed_by_id == acting_user(request).pk,
        "downloads": [
            (_("下载 CSV"), reverse("desk:retention-list-file", args=[held.pk, "csv"])),
            (_("下载 XLSX"), reverse("desk:retention-list-file", args=[held.pk, "xlsx"])),
        ],
    }
    return render(request, "desk/retention_list.html", context)


def _lists() -> Any:
    return Destruction.objects.select_related("proposed_by", "decided_by").all()


def _number(what: str, count: int) -> str:
    """A number as it is told: small ones of persons' entries are not, and of very many it says how many at least."""
    told = due.told(what, count)
    if told is None:
        return _("少于 10")
    return f"{told:,}" + ("+" if told == due.MOST else "")


def _many(held: Destruction) -> str:
    """How many entries a list has, in words."""
    return _("少于 10") if held.count is None else f"{held.count:,}"


def _titles() -> dict[str, str]:
    """What items, messages and rules are called."""
    pack = packs.current()
    told = {kind.value: str(kind.label) for kind in Kind} | {due.DELIVERY: _("邮件提醒")}
    return (
        told
        | {item.id: item.title for item in pack.items.values()}
        | {found.id: found.title for found in pack.retention.values()}
    )


def _history() -> Iterator[list[str]]:
    titles = _titles()
    for held in _lists().iterator():
        cells = (
            held.proposed_at.isoformat(timespec="seconds"), titles.get(held.rule, held.rule), held.basis, _many(held),
            held.get_state_display(), held.proposed_by.username, held.reason,
            held.decided_by.username if held.decided_by else "",
            held.decided_at.isoformat(timespec="seconds") if held.decided_at else "", held.decided_reason, held.root,
            held.leaf,
        )  # fmt: skip
        yield ["" if cell is None else str(cell) for cell in cells]


def _entries(held: Destruction) -> Iterator[list[str]]:
    titles = _titles()
    for entry in held.entries.all().iterator():
        yield [
            str(entry.subject),
            titles.get(entry.item, entry.item),
            str(entry.ended_on),
            str(entry.destroyed_on or ""),
        ]
