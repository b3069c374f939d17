"""`gongxin alarms`: what an operator has to be told now; for cron and monitoring."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from gongxin import clock
from gongxin.cli.speaking import said_plainly
from gongxin.endurance import alarms

app = typer.Typer(help="Standing alarms: log backlog, waiting jobs, room on the disk.")

# As `gongxin intake` has it: done, but somebody has to look.
ALARM = 3


@app.callback(invoke_without_command=True)
@said_plainly
def standing(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Print the alarms; exit code 3 if there are any."""
    found = alarms.standing(at=clock.now())
    if as_json:
        typer.echo(json.dumps([asdict(alarm) for alarm in found], ensure_ascii=False, indent=2))
    else:
        console = Console(soft_wrap=True, highlight=False)
        for alarm in found:
            console.print(f"{alarm.code}　{alarm.title}{alarm.remedy}", markup=False)
        if not found:
            console.print("没有告警。No alarms.")
    if found:
        raise typer.Exit(ALARM)
