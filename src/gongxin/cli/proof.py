"""`gongxin proof`: the daily proof that nothing is seen outside its term."""

from __future__ import annotations

import getpass
import json
from datetime import datetime
from typing import Annotated, Any

import typer
from django.conf import settings

from gongxin import clock
from gongxin.cli.speaking import said_plainly
from gongxin.ends import proving, reasons, selectors
from gongxin.ends.models import ProofRun
from gongxin.ends.proving import Plan

app = typer.Typer(no_args_is_help=True, help="The daily proof: nothing is shown for too long.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The civil day to prove (default: today).")]
# Records that are named on the screen; all are on the desk.
_NAMED = 20


@app.callback()
def about() -> None:
    """The daily proof: nothing is shown for too long."""


@app.command()
@said_plainly
def run(day: Day = None, as_json: AsJson = False) -> None:
    """Prove every exit now. Exit code 1 where something overstays or an exit could not be asked."""
    plan = Plan(settings.PROOF_DAYS, settings.PROOF_SAMPLE)
    proved = day.date() if day else clock.today()
    done = proving.run(day=proved, by=f"command line ({getpass.getuser()})", plan=plan, at=clock.now())
    _say(done, as_json=as_json)
    if done.overstaying or done.faults:
        raise typer.Exit(1)


@app.command()
@said_plainly
def show(as_json: AsJson = False) -> None:
    """The last run. Exit code 1 where something overstayed, an exit could not be asked, or the proof is late."""
    standing = selectors.standing(at=clock.now())
    late = standing.seconds > settings.ALARM_PROOF_SECONDS
    if standing.last is None:
        typer.echo(json.dumps(None) if as_json else "还没有做过核验。请运行 gongxin proof run。")
    else:
        _say(standing.last, as_json=as_json)
    if late or (standing.last and (standing.last.overstaying or standing.last.faults)):
        raise typer.Exit(1)


def _say(done: ProofRun, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_facts(done), ensure_ascii=False))
        return
    typer.echo(
        f"核验日 {done.day}：公示记录 {done.swept:,} 条逐条重算，应当不可见的记录 {done.suspects:,} 条逐个出口查找，"
        f"用时 {done.seconds or 0:,.1f} 秒。"
    )
    for entry in done.exits:
        state = entry["fault"] or f"超期 {entry['overstaying']:,}"
        typer.echo(f"  {entry['title']}：核对 {entry['checked']:,}，{state}")
    typer.echo("没有发现超期公示。" if not done.overstaying else f"发现超期公示 {done.overstaying:,} 条：")
    for found in selectors.found_in(done)[:_NAMED]:
        typer.echo(f"  {found.record_id} {found.exit} {reasons.SAID[found.reason]} {found.until or ''}")


def _facts(done: ProofRun) -> dict[str, Any]:
    return {
        "run": str(done.pk),
        "day": done.day.isoformat(),
        "seconds": done.seconds,
        "swept": done.swept,
        "suspects": done.suspects,
        "overstaying": done.overstaying,
        "faults": done.faults,
        "exits": done.exits,
        "records": [
            {"exit": found.exit, "record": str(found.record_id), "reason": found.reason}
            for found in selectors.found_in(done)
        ],
        "leaf": done.leaf,
    }
