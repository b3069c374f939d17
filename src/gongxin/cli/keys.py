"""`gongxin keys`: API keys of departments; beside them the node's own keys (`node_keys`)."""

from __future__ import annotations

import getpass
from datetime import datetime, time, timedelta
from typing import Annotated
from uuid import UUID

import typer
from django.conf import settings
from rich.console import Console
from rich.table import Table

from gongxin import clock
from gongxin.cli import node_keys
from gongxin.cli.speaking import said_plainly
from gongxin.identity import departments, keys
from gongxin.secrecy.keyring import Purpose

app = typer.Typer(no_args_is_help=True, help="API keys of departments; keys of this node.")


@app.callback()
def group() -> None:
    """API keys of departments; keys of this node."""


def _operator() -> str:
    return f"command line ({getpass.getuser()})"


@app.command()
@said_plainly
def issue(
    department: Annotated[str, typer.Option(help="Code of the department (gongxin providers).")],
    label: Annotated[str, typer.Option(help="What will use the key.")],
    operation: Annotated[
        list[str] | None, typer.Option(help="submit, check or read; several times for several. Default: all.")
    ] = None,
    purpose: Annotated[
        list[str] | None, typer.Option(help="A purpose of the department; several times for several. Default: all.")
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Last day it is valid. Default: GONGXIN_KEY_DAYS from now."),
    ] = None,
) -> None:
    """Make a key and show it, once."""
    expires_at = datetime.combine(until.date(), time.max, clock.CIVIL_TIME) if until else None
    made = keys.issue(
        department=departments.by_code(department),
        label=label,
        operations=operation or tuple(keys.OPERATIONS),
        purposes=purpose,
        expires_at=expires_at,
        acting_user=_operator(),
        at=clock.now(),
    )
    _show(made)


@app.command("list")
@said_plainly
def list_keys() -> None:
    """All keys ever issued, by their first characters."""
    table = Table("id", "prefix", "department", "label", "for", "purposes", "issued", "expires", "last used", "state")
    at = clock.now()
    for key in keys.listing().prefetch_related("replaced_by"):
        table.add_row(
            str(key.pk),
            key.prefix + "…",
            key.department.code,
            key.label,
            " ".join(key.operations),
            " ".join(key.purposes),
            *(f"{moment.astimezone(clock.CIVIL_TIME):%Y-%m-%d %H:%M}" if moment else "" for moment in
              (key.created_at, key.expires_at)),
            str(key.last_used_on or ""),
            keys.state(key, at=at),
        )  # fmt: skip
    Console(width=220).print(table)


@app.command()
@said_plainly
def rotate(
    key: Annotated[UUID | None, typer.Argument(help="Id of an API key (gongxin keys list).")] = None,
    overlap: Annotated[
        int | None, typer.Option(min=0, help="Hours the old API key stays valid. Default: GONGXIN_KEY_OVERLAP_HOURS.")
    ] = None,
    purpose: Annotated[list[Purpose] | None, typer.Option(help="Of the node's keys only this; again for more.")] = None,
) -> None:
    """With KEY: make a new API key in its place and show it, once; the old one is void after the overlap.

    Without KEY: put new keys of this node in force and bring all values under them; a rotation that was broken off is
    finished.
    """
    if key is None:
        node_keys.rotate(purpose)
        return
    hours = settings.KEY_OVERLAP_HOURS if overlap is None else overlap
    made = keys.rotate(key, overlap=timedelta(hours=hours), acting_user=_operator(), at=clock.now())
    _show(made)
    old = keys.one(key)
    if old.expires_at:
        until = old.expires_at.astimezone(clock.CIVIL_TIME)
        Console(stderr=True).print(f"旧密钥 {old.prefix}… 有效至 {until:%Y-%m-%d %H:%M}。")


@app.command()
@said_plainly
def revoke(key: Annotated[UUID, typer.Argument(help="Id of the key (gongxin keys list).")]) -> None:
    """Make a key void at once."""
    keys.revoke(key, acting_user=_operator(), at=clock.now())
    typer.echo(f"{key} 已吊销")


def _show(made: keys.IssuedKey) -> None:
    typer.echo(made.secret)
    console = Console(stderr=True)
    console.print(f"{made.key.pk}  {made.key.department.name}  {made.key.label}")
    if made.key.expires_at:
        console.print(f"有效至 {made.key.expires_at.astimezone(clock.CIVIL_TIME):%Y-%m-%d %H:%M}。")
    console.print("密钥只显示这一次，请立即妥善保存。")


node_keys.add_to(app)
