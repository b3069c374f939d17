"""`gongxin retention`: terms of keeping, and what is due under them."""

from __future__ import annotations

import getpass
import json
from typing import Annotated

import typer

from gongxin import clock
from gongxin.cli.speaking import said_plainly
from gongxin.ends import due
from gongxin.persons import ending, terms
from gongxin.policy import packs

app = typer.Typer(no_args_is_help=True, help="Terms of keeping, and what is due under them.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def about() -> None:
    """Terms of keeping, and what is due under them."""


@app.command()
@said_plainly
def show(as_json: AsJson = False) -> None:
    """Every rule, and how much may be destroyed under it today. Fewer than ten entries of personal files: null."""
    day = clock.today()
    counted = {rule.id: due.told(rule.what, count) for rule, count in due.waiting(day)}
    rules = [rule for rule in packs.current().retention.values() if rule.in_force(day)]
    if as_json:
        facts = [
            {"rule": rule.id, "what": rule.what, "then": rule.then}
            | ({"due": counted[rule.id]} if rule.id in counted else {})
            for rule in rules
        ]
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    for rule in rules:
        number = counted.get(rule.id, 0)
        said = f"；今天可以销毁：{'少于 10' if number is None else f'{number:,}'} 项" if rule.id in counted else ""
        typer.echo(f"{rule.title}：{rule.outcome()}{said}")


@app.command()
@said_plainly
def work() -> None:
    """What the worker does every hour: go on with personal files whose persons asked for their end."""
    at, day = clock.now(), clock.today()
    terms.derive(day)
    ending.go_on(day, actor=f"command line ({getpass.getuser()})", at=at)
    typer.echo("个人档案中已经到期、本人申请终结的内容已经销毁；件数不列出。")
