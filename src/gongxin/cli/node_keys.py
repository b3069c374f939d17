"""`gongxin keys init|rotate|status`: the node's own keys (what it seals, indexes and signs with)."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from typing import Final

import typer
from django.conf import settings
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from gongxin import clock
from gongxin.cli.speaking import said_plainly
from gongxin.custody import keeping
from gongxin.custody.places import Place
from gongxin.secrecy import sources
from gongxin.secrecy.keyring import Purpose

PANEL: Final = "Keys of this node"


@said_plainly
def init() -> None:
    """Make the node's keys, once."""
    ring = keeping.init(acting_user=_operator(), at=clock.now())
    for key in ring.keys:
        typer.echo(f"{key.id}  {key.purpose}  {key.suite}  {key.state}")
    _ask_to_keep()


def make_first() -> None:
    """Make the node's keys where it has none. A demonstration has those of demonstrations."""
    if settings.DEMO or sources.source().load() is not None:
        return
    keeping.init(acting_user=_operator(), at=clock.now())
    typer.echo(f"已生成本节点的密钥 keys made: {settings.KEYS_FILE}")
    _ask_to_keep()


def _ask_to_keep() -> None:
    Console(stderr=True).print("请把密钥文件（GONGXIN_KEYS）备份到数据库备份以外的安全地方：没有它，加密内容无法读取。")


def rotate(purposes: Sequence[Purpose] | None) -> None:
    """Put new keys in force and bring all values under them (`gongxin keys rotate` without an API key)."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[Place, TaskID] = {}

        def show(place: Place, done: int, total: int) -> None:
            if place not in tasks:
                tasks[place] = bar.add_task(str(place), total=total)
            bar.update(tasks[place], completed=done, total=total)

        done = keeping.rotate(
            acting_user=_operator(), at=clock.now(), purposes=purposes or tuple(Purpose), progress=show
        )
    for one in done:
        replaced = "、".join(one.replaced) or "—"
        typer.echo(f"{one.purpose}  现用 {one.key}  停用 {replaced}  {one.values} 个值")
        if one.resumed:
            typer.echo("  已完成上次中断的更换；如需再换一把新密钥，请再运行一次。")
    Console(stderr=True).print("请重新备份密钥文件；旧备份中的内容仍需旧密钥才能打开，请勿删除旧的密钥备份。")


@said_plainly
def status() -> None:
    """Every key of the node, and how many values it made."""
    table = Table("key", "purpose", "suite", "state", "made", "retired", "values")
    for one in keeping.status():
        if one.key is None:
            table.add_row(one.id or "（未加密）", "", "", "" if not one.id else "missing", "", "", str(one.values))
        else:
            key = one.key
            facts = (key.purpose, key.suite, key.state, key.made_at, key.retired_at)
            table.add_row(one.id, *map(str, facts), str(one.values))
    Console(width=120).print(table)


def add_to(app: typer.Typer) -> None:
    """Mount `init` and `status` beside the commands of the API keys; `rotate` serves both."""
    for command in (init, status):
        app.command(rich_help_panel=PANEL)(command)


def _operator() -> str:
    return f"command line ({getpass.getuser()})"
