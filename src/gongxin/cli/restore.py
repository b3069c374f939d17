"""`gongxin restore`: a node back from its backup."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gongxin import clock
from gongxin.cli.database import start_embedded
from gongxin.cli.speaking import said_plainly
from gongxin.cli.watching import progress_bar
from gongxin.endurance import restore as restoring

app = typer.Typer(
    help="Make this node what it was when it was backed up.",
    # Options may stand behind DIR too: there are no commands below this one.
    context_settings={"allow_interspersed_args": True},
)


@app.callback(invoke_without_command=True)
@said_plainly
def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A backup.")],
    replace: Annotated[bool, typer.Option("--replace", help="Give up everything this node holds now.")] = False,
    keys: Annotated[Path | None, typer.Option(help="Folder with the carried keys (backup --with-keys).")] = None,
) -> None:
    """Check DIR, then put its database and files in place. Stop web and workers first."""
    server = start_embedded()
    try:
        with progress_bar() as progress:
            done = restoring.restore(
                folder,
                at=clock.now(),
                acting_user=f"cli:{getpass.getuser()}",
                replace=replace,
                keys_from=keys,
                progress=progress,
            )
    finally:
        if server and server.fresh:
            server.stop()
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"已恢复到 {done.manifest.made_at} 的状态：原始文件 {done.files:,} 个。")
    console.print(f"日志 {done.manifest.ledger.size:,} 条，根与备份相同；纪元升为 {done.epoch}，读者会据此重新同步。")
    if not keys:
        console.print("没有带入密钥：请把节点的密钥放回 GONGXIN_VAR 后再启动（--keys）。")
