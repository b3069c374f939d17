"""`gongxin keys`: API keys of departments."""

from __future__ import annotations

import getpass
from datetime import datetime, time
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from gongxin import clock
from gongxin.cli.speaking import said_plainly
from gongxin.identity import departments, keys

app = typer.Typer(no_args_is_help=True, help="API keys of departments.")


@app.callback()
def group() -> None:
    """API keys of departments."""


def _operator() -> str:
    return f"command line ({getpass.getuser()})"


@app.command()
@said_plainly
def issue(
    department: Annotated[str, typer.Option(help="Code of the department (gongxin providers).")],
    label: Annotated[str, typer.Option(help="What will use the key.")],
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day it is valid.")] = None,
) -> None:
    """Make a key and show it, once."""
    expires_at = None
    if until is not None:
        expires_at = datetime.combine(until.date(), time.max, clock.CIVIL_TIME)
    made = keys.issue(
        department=departments.by_code(department),
        label=label,
        expires_at=expires_at,
        acting_user=_operator(),
        at=clock.now(),
    )
    typer.echo(made.secret)
    Console(stderr=True).print(f"{made.key.pk}  {made.key.department.name}  {made.key.label}")
    Console(stderr=True).print("密钥只显示这一次，请立即妥善保存。")


@app.command("list")
@said_plainly
def list_keys() -> None:
    """All keys ever issued, by their first characters."""
    table = Table("id", "prefix", "department", "label", "issued", "expires", "revoked")
    for key in keys.listing():
        times = (key.created_at, key.expires_at, key.revoked_at)
        table.add_row(
            str(key.pk),
            key.prefix + "…",
            key.department.code,
            key.label,
            *(f"{moment.astimezone(clock.CIVIL_TIME):%Y-%m-%d %H:%M}" if moment else "" for moment in times),
        )
    Console(width=160).print(table)


@app.command()
@said_plainly
def revoke(key: Annotated[UUID, typer.Argument(help="Id of the key (gongxin keys list).")]) -> None:
    """Make a key void at once."""
    keys.revoke(key, acting_user=_operator(), at=clock.now())
    typer.echo(f"{key} 已吊销")
