"""`gongxin cases`: what the nightly job does, on demand."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from gongxin import clock
from gongxin.cli.speaking import said_plainly
from gongxin.rights import deadlines

app = typer.Typer(no_args_is_help=True, help="Cases: objections, repairs, revocations and their clocks.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def about() -> None:
    """Cases: objections, repairs, revocations and their clocks."""


@app.command()
@said_plainly
def escalate(as_json: AsJson = False) -> None:
    """Tell of every clock that is about to run out or has; once each, so it may run as often as you like."""
    done = deadlines.escalate(at=clock.now())
    day = clock.today()
    late = deadlines.late(day).count()
    if as_json:
        typer.echo(json.dumps({"warned": done.warned, "overdue": done.overdue, "late": late}))
        return
    typer.echo(f"新提醒 {done.warned} 件，新超期 {done.overdue} 件；现有超期未办结 {late} 件。")
