"""`gongxin register`: take a register of organisations in."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from gongxin import clock
from gongxin.cli.speaking import said_plainly
from gongxin.subjects import register as registers

app = typer.Typer(no_args_is_help=True, help="Registers of organisations (登记库).")

# Exit codes: 0 taken in · 1 not readable as a register · 3 alarm: the file had no rows.
ALARM = 3
_REJECTIONS_SHOWN = 20


@app.callback()
def register() -> None:
    """Registers of organisations (登记库)."""


@app.command("import")
@said_plainly
def import_register(
    file: Annotated[Path, typer.Argument(help="CSV (also .gz), XLSX or Parquet.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Take the organisations in FILE in; the same file again changes nothing."""
    with _bar(shown=not as_json) as progress:
        report = registers.import_file(file, acting=f"cli:{getpass.getuser()}", at=clock.now(), progress=progress)
    if as_json:
        typer.echo(json.dumps(_plain(report), ensure_ascii=False))
    else:
        _show(report)
    if not report.rows_in:
        raise typer.Exit(ALARM)


def _plain(report: registers.RegisterReport) -> dict[str, object]:
    return {
        "rows_in": report.rows_in,
        "accepted": report.accepted,
        "unchanged": report.unchanged,
        "flagged": report.flagged,
        "rejected": report.rejected,
        "flags": report.flags_by_code,
    }


def _show(report: registers.RegisterReport) -> None:
    console = Console()
    table = Table(title="登记库导入", show_header=False)
    named = {
        "读入行数": report.rows_in,
        "新增或更新": report.accepted,
        "没有变化": report.unchanged,
        "其中带标记": report.flagged,
        "拒收": report.rejected,
    }
    for title, count in named.items():
        table.add_row(title, f"{count:,}")
    for code, count in report.flags_by_code.items():
        table.add_row(f"  {code}", f"{count:,}")
    console.print(table)
    for rejection in report.rejections[:_REJECTIONS_SHOWN]:
        console.print(f"第 {rejection.row} 行拒收：{rejection.code}")
    if not report.rows_in:
        console.print("[bold red]警报：文件里没有数据行。[/]")


@contextmanager
def _bar(*, shown: bool) -> Iterator[registers.Progress | None]:
    """A progress bar on the terminal's error channel, so that standard output holds the answer only."""
    if not shown:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("导入登记库")
        yield lambda done, total: bar.update(task, completed=done, total=total)
