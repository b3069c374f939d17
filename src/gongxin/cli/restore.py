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
from gongxin.persons.gone import Again

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
    console.print(_said(done.again))
    if not keys:
        console.print("没有带入密钥：请把节点的密钥放回 GONGXIN_VAR 后再启动（--keys）。")


def _said(again: Again) -> str:
    """What became of what had been destroyed since the backup."""
    if not again.known:
        return (
            "没有找到销毁登记（GONGXIN_VAR/destroyed）：备份以后销毁的个人档案内容、删除的电子邮箱会随备份回来。"
            "请找到它，放回原处后重新恢复；确实没有的，到期的会再次列入可以销毁，本人也可以再次申请终结档案。"
        )
    told = again.entries or again.files or again.mailboxes
    rest = "备份以后执行的其他销毁清单，须按“保存期限和销毁”重新提出。"
    return ("备份以后销毁的个人档案内容已经再次销毁。" if told else "备份以后没有销毁过个人档案内容。") + rest
