"""`gongxin intake`: hand in a file, see what came of it, fetch the rejected rows and templates, work on jobs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from gongxin import clock
from gongxin.cli.speaking import said_plainly
from gongxin.errors import InvalidInput
from gongxin.identity import departments
from gongxin.intake import jobs, returns, selectors, submissions, templates
from gongxin.intake.models import UNFINISHED, Channel, Submission, SubmissionState
from gongxin.ledger import watching
from gongxin.policy import packs
from gongxin.secrecy import starting
from gongxin.walls import standing

app = typer.Typer(no_args_is_help=True, help="Hand in files (报送) and see what came of them.")

# Exit codes: 0 processed, or handed to the worker as asked · 1 not taken in (error) · 3 alarm: refused as a whole, or
# zero rows · 4 taken in but not processed, for a reason of ours; a worker tries again.
ALARM, LEFT = 3, 4

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
@said_plainly
def submit(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX, XLS, JSON Lines or Parquet.")],
    *,
    item: Annotated[str, typer.Option(help="Catalogue item; see `gongxin packs show`.")],
    provider: Annotated[str, typer.Option(help="Department code; see `gongxin providers`.")],
    as_json: AsJson = False,
    wait: Annotated[bool, typer.Option("--wait/--job", help="Process here and now, or leave it to a worker.")] = True,
    corrects: Annotated[str, typer.Option(help="Submission whose rejected rows this file corrects.")] = "",
) -> None:
    """Hand in FILE as the department PROVIDER for the catalogue item ITEM."""
    department = departments.by_code(provider)
    corrected = selectors.one(corrects, provider=department) if corrects else None
    if not file.is_file():
        raise InvalidInput("file-missing", f"找不到文件：{file}。", remedy="请核对路径后重试。")
    with file.open("rb") as stream, _progress_bar(shown=wait and not as_json) as progress:
        submission = submissions.submit(
            stream,
            filename=file.name,
            item=item,
            provider=department,
            channel=Channel.CLI,
            acting_user=None,
            at=clock.now(),
            corrects=corrected,
            mode="now" if wait else "job",
            progress=progress,
        )
    _answer(submission, as_json=as_json)
    if wait and submission.state in UNFINISHED:
        Console(stderr=True).print(
            "未能立即处理，没有任何数据入库；文件已保存，后台任务会再次处理，请稍后查看批次状态。"
        )
        raise typer.Exit(LEFT)


@app.command()
@said_plainly
def status(
    submission_id: Annotated[str, typer.Argument(metavar="ID", help="Submission.")], as_json: AsJson = False
) -> None:
    """Where a submission stands and what came of it."""
    submission = selectors.one(submission_id)
    if submission.state in UNFINISHED:
        _show(selectors.snapshot(submission), as_json=as_json)
    else:
        _answer(submission, as_json=as_json)


@app.command()
@said_plainly
def retry(submission_id: Annotated[str, typer.Argument(metavar="ID", help="Submission refused with E118.")]) -> None:
    """Have an interrupted submission (E118) processed again; what interrupted it so far no longer counts."""
    submissions.retry(selectors.one(submission_id), acting_user=None, at=clock.now())
    typer.echo("已重新排队，等待后台任务处理。Waiting for a worker again.")


@app.command()
@said_plainly
def rejected(
    submission_id: Annotated[str, typer.Argument(metavar="ID", help="Submission.")],
    out: Annotated[Path, typer.Option(help="File to write: .xlsx or .csv.")],
    whole: Annotated[
        bool, typer.Option("--whole", help="All rows of the original, not only the rejected ones.")
    ] = False,
) -> None:
    """Write the rejected rows with the reasons: correct them and hand the file in again."""
    submission = selectors.one(submission_id)
    makers: dict[tuple[str, bool], Callable[[Submission], Iterator[bytes]]] = {
        (".xlsx", False): returns.rejected_workbook,
        (".csv", False): returns.rejected_csv,
        (".xlsx", True): partial(returns.whole_workbook, day=clock.today()),
        (".csv", True): partial(returns.whole_csv, day=clock.today()),
    }
    maker = makers.get((out.suffix.lower(), whole))
    if maker is None:
        raise InvalidInput("suffix-unknown", f"不支持的扩展名：{out.suffix}。", remedy="请使用 .xlsx 或 .csv。")
    with out.open("wb") as target:
        target.writelines(maker(submission))
    Console().print(f"{out}  {out.stat().st_size:,} bytes")


@app.command()
@said_plainly
def template(
    item: Annotated[str, typer.Argument(help="Catalogue item.")],
    out: Annotated[Path, typer.Option(help="File to write (.xlsx).")],
) -> None:
    """Write the upload template of ITEM."""
    out.write_bytes(templates.workbook(packs.current().item(item)))
    Console().print(f"{out}  {out.stat().st_size:,} bytes")


@app.command()
@said_plainly
def work(
    once: Annotated[bool, typer.Option("--once", help="Stop when no job is left.")] = False,
) -> None:
    """Work on jobs until stopped, and keep the ledger signed meanwhile."""
    starting.judge()
    standing.tell()
    if not once:
        watching.start()
    jobs.run_worker(wait=not once)


@contextmanager
def _progress_bar(*, shown: bool) -> Iterator[jobs.Progress | None]:
    """A bar on a terminal; nothing where the output is read by a program."""
    console = Console(stderr=True)
    if not (shown and console.is_terminal):
        yield None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("接收", total=None)

        def report(stage: str, done: int, total: int | None) -> None:
            bar.update(task, description=stage, completed=done, total=total)

        yield report


def _answer(submission: Submission, *, as_json: bool) -> None:
    """Say what came of it; exit code 3 raises the alarm for a refused file and for zero rows."""
    summary = selectors.summary(submission)
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False, indent=2))
    else:
        _print_summary(submission, summary)
    finished = submission.state not in UNFINISHED
    if finished and (submission.state == SubmissionState.REFUSED or submission.rows_in == 0):
        raise typer.Exit(ALARM)


def _print_summary(submission: Submission, summary: dict[str, Any]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"批次 {summary['submission']}：{SubmissionState(submission.state).label}")
    if fault := summary["fault"]:
        console.print(f"{fault['code']} {fault['title']}：{fault['detail']}{fault['remedy']}", markup=False)
        return
    console.print(
        f"报送 {submission.rows_in:,} 行 = 新增 {submission.accepted:,} + 更新 {submission.revised:,}"
        f" + 未变化 {submission.unchanged:,} + 退回 {submission.rejected:,} + 已接收 {submission.received:,}"
    )
    if groups := selectors.finding_groups(submission):
        table = Table("代码", "问题", "行数", "例", Column("下一步", overflow="fold"))
        for group in groups:
            example = group.examples[0]
            table.add_row(
                group.fault.code, group.fault.title, f"{group.rows:,}", f"第 {example.row_number} 行", example.remedy
            )
        Console(highlight=False).print(table)
    if submission.rejected:
        console.print(f"下载问题数据：gongxin intake rejected {submission.pk} --out 问题数据.xlsx", markup=False)


def _show(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    share = f"（{facts['percent']}%）" if facts["percent"] is not None else ""
    Console().print(f"{facts['state_text']}：{facts['stage'] or '等待处理'} {facts['rows_done']:,} 行{share}")
