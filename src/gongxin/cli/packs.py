"""`gongxin packs`: the rules of this node, shown and checked."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from gongxin import clock
from gongxin.cli.speaking import said_plainly
from gongxin.policy import checks, packs
from gongxin.policy.model import Clock, Field, Item, Reference
from gongxin.policy.pack import Pack
from gongxin.policy.regimes import PublicityCap, PublicityCase, PublicityRegime
from gongxin.records import republishing
from gongxin.records.republishing import Republished

app = typer.Typer(no_args_is_help=True, help="Policy packs: catalogue, code lists, terms, clocks, calendar.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OnDay = Annotated[
    datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="Rules in force on that day (default: today).")
]


@app.callback()
def about() -> None:
    """Policy packs: catalogue, code lists, terms, clocks, calendar."""


@app.command()
@said_plainly
def check(as_json: AsJson = False) -> None:
    """Every rule has a reference, every test of the packs passes. Exit code 1 and a list otherwise."""
    report = checks.check(packs.current().name, packs.policies_folder())
    if as_json:
        problems = [{"kind": entry.kind, "where": entry.where, "what": entry.what} for entry in report.problems]
        _print_json(
            {
                "pack": report.pack.name,
                "version": report.pack.version,
                "rules": report.rules,
                "tests": report.tests,
                "uncertain": report.uncertain,
                "problems": problems,
            }
        )
    else:
        _print_report(report)
    if report.problems:
        raise typer.Exit(1)


@app.command()
@said_plainly
def apply(as_json: AsJson = False) -> None:
    """Derive severity and publicity of held records by the node's pack; nothing to do if that was done already."""
    done = apply_current(quiet=as_json)
    if as_json:
        _print_json({"records": done.records, "changed": done.changed, "by_item": done.by_item})


def apply_current(*, quiet: bool = False) -> Republished:
    """Apply the node's pack to the held records, with a line for what was done. quiet: prints nothing."""
    pack = packs.current()
    fresh = republishing.is_applied(pack)

    def tell(item: str, records: int) -> None:
        if not quiet:
            typer.echo(f"  {item} {records}")

    done = republishing.apply_pack(pack, at=clock.now(), progress=tell)
    if not quiet:
        changed = f"核对记录 {done.records} 条，公示期或程度有变化 {done.changed} 条"
        said = "已是当前规则 already applied" if fresh else changed
        typer.echo(f"政策包 {pack.name} {pack.version}：{said}。")
    return done


@app.command("list")
@said_plainly
def list_items(as_json: AsJson = False) -> None:
    """The catalogue items of the node's pack."""
    pack = packs.current()
    if as_json:
        items = [
            {
                "id": item.id,
                "title": item.title,
                "version": item.version,
                "category": item.category,
                "disclosure": item.disclosure,
                "fields": len(item.fields),
                "pack": item.pack,
            }
            for item in pack.items.values()
        ]
        _print_json({"pack": pack.name, "version": pack.version, "chain": pack.chain, "items": items})
        return
    table = _table("目录项", "名称", "版本", "信息类别", "公开范围", "字段数", "政策包", title=_heading(pack))
    for item in pack.items.values():
        category = pack.categories[item.category].title
        table.add_row(
            item.id, item.title, str(item.version), category, item.disclosure, str(len(item.fields)), item.pack
        )
    Console().print(table)


@app.command()
@said_plainly
def show(
    item: Annotated[str, typer.Argument(help="Id of a catalogue item, e.g. penalty.")],
    day: OnDay = None,
    as_json: AsJson = False,
) -> None:
    """One catalogue item: fields, natural key, basis, publicity rules in force on a day, clocks."""
    pack = packs.current()
    found, on = pack.item(item), day.date() if day else clock.today()
    regime = _regime(pack, found, on)
    limits = [pack.clocks[name] for name in found.clocks]
    if as_json:
        _print_json(_item_json(pack, found, regime, limits, on))
        return
    console = Console()
    console.print(_heading(pack), style="dim")
    console.print(f"[bold]{found.title}[/bold] {found.id} · 第 {found.version} 版 · {found.pack} · {found.disclosure}")
    console.print(f"自然键：{'、'.join(found.natural_key)}")
    for basis in found.basis:
        console.print(f"依据：{_source(basis)}")
    console.print(_fields_table(found))
    console.print(_terms_table(pack, found, regime, on))
    console.print(_clocks_table(limits))


def _regime(pack: Pack, item: Item, day: date) -> PublicityRegime:
    """The publicity regime in force on the day; regimes follow each other without gap, the first and last are open."""
    regimes = pack.publicity[item.publicity].regimes
    return next((regime for regime in regimes if day <= (regime.until or date.max)), regimes[-1])


def _item_json(pack: Pack, item: Item, regime: PublicityRegime, limits: list[Clock], day: date) -> dict[str, Any]:
    return {
        "pack": pack.name,
        "version": pack.version,
        "day": day,
        "item": {
            "id": item.id,
            "title": item.title,
            "title_en": item.title_en,
            "version": item.version,
            "category": item.category,
            "disclosure": item.disclosure,
            "adverse": item.adverse,
            "subject_kinds": item.subject_kinds,
            "natural_key": item.natural_key,
            "basis": [_reference_json(basis) for basis in item.basis],
            "fields": [_field_json(field) for field in item.fields],
            "generations": [{"id": entry.id, "title": entry.title} for entry in item.generations],
        },
        "publicity": {
            "id": item.publicity,
            "regime": regime.title,
            "from": regime.since,
            "until": regime.until,
            "cases": [_case_json(case) for case in regime.cases],
            "caps": [{"id": cap.id, "title": cap.title, "months": cap.months} for cap in _caps(pack, item, day)],
        },
        "clocks": [
            {"id": limit.id, "title": limit.title, "limit": limit.limit, "unit": limit.unit} for limit in limits
        ],
    }


def _field_json(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": field.label,
        "type": field.type,
        "max_length": field.max_length,
        "required": field.required,
        "required_when": [
            {"field": entry.field, "values": entry.values, "level": entry.level} for entry in field.required_when
        ],
        "code_list": field.code_list or None,
        "role": field.role,
        "published": field.published,
    }


def _case_json(case: PublicityCase) -> dict[str, Any]:
    return {
        "id": case.id,
        "title": case.title,
        "when": case.when.sentence(),
        "published": case.published,
        "min_months": case.minimum,
        "max_months": case.maximum,
        "reference": _reference_json(case.reference),
    }


def _reference_json(reference: Reference) -> dict[str, str]:
    return {
        "title": reference.title,
        "article": reference.article,
        "confidence": reference.confidence,
        "note": reference.note,
    }


def _fields_table(item: Item) -> Table:
    table = _table("#", "字段", "名称", "类型", "长度", "必填", "代码表", "公示", title="字段")
    for number, field in enumerate(item.fields, start=1):
        conditions = [f"{entry.field}={'/'.join(entry.values)}" for entry in field.required_when]
        needed = "是" if field.required else "；".join(conditions)[:40]
        length = str(field.max_length or "")
        shown = "是" if field.published else "否"
        table.add_row(str(number), field.name, field.label, field.type, length, needed, field.code_list, shown)
    return table


def _terms_table(pack: Pack, item: Item, regime: PublicityRegime, day: date) -> Table:
    title = f"{day} 施行的公示期规则：{regime.title}（{regime.since or '最早'} 至 {regime.until or '不限'}）"
    table = _table("规则", "情形", "条件", "结果", "依据", title=title)
    for case in regime.cases:
        table.add_row(case.id, case.title, case.when.sentence(), case.outcome(), _source(case.reference))
    for cap in _caps(pack, item, day):
        table.add_row(cap.id, cap.title, "负面信息", f"行为终止之日起 {cap.months} 个月", _source(cap.reference))
    return table


def _clocks_table(limits: list[Clock]) -> Table:
    table = _table("时限", "名称", "期限", "起算", "依据", title="时限")
    for limit in limits:
        unit = "个工作日" if limit.unit == "working-day" else "日"
        table.add_row(limit.id, limit.title, f"{limit.limit} {unit}", limit.anchor, _source(limit.reference))
    return table


def _table(first: str, *others: str, title: str) -> Table:
    """A table whose first column is never broken (ids are copied from it) and whose others lose nothing."""
    return Table(Column(first, no_wrap=True), *(Column(name, overflow="fold") for name in others), title=title)


def _caps(pack: Pack, item: Item, day: date) -> list[PublicityCap]:
    if not (item.adverse or pack.publicity[item.publicity].capped):
        return []
    return [cap for cap in pack.caps if (cap.since or date.min) <= day <= (cap.until or date.max)]


def _source(reference: Reference) -> str:
    return f"{reference.cited}（可信度 {reference.confidence}）"


def _heading(pack: Pack) -> str:
    return f"{pack.title} {pack.name} {pack.version}（{' → '.join(pack.chain)}）"


def _print_report(report: checks.Report) -> None:
    console = Console(soft_wrap=True)
    for problem in report.problems:
        console.print(f"[red]✗[/red] {problem.where} {problem.what}", highlight=False)
    console.print(
        f"{_heading(report.pack)}：规则 {report.rules} 条，测试 {report.tests} 个，"
        f"来源尚未核实（L）{report.uncertain} 处，问题 {len(report.problems)} 个。",
        highlight=False,
    )


def _print_json(what: dict[str, Any]) -> None:
    typer.echo(json.dumps(what, ensure_ascii=False, indent=2, default=str))
