"""`gongxin backup`: the node in a folder, and whether such a folder is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from gongxin import clock
from gongxin.cli.speaking import said_plainly
from gongxin.cli.watching import progress_bar
from gongxin.endurance import backup, verification
from gongxin.endurance.manifest import Manifest
from gongxin.endurance.room import mebibytes


class _MakesByDefault(TyperGroup):
    """`gongxin backup DIR` is `gongxin backup make DIR`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["make", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_MakesByDefault, no_args_is_help=True, help="Back this node up: gongxin backup DIR · gongxin backup verify DIR."
)


@app.command()
@said_plainly
def make(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder, on another disk if possible.")],
    with_keys: Annotated[bool, typer.Option("--with-keys", help="Copy the keys too; asks where to.")] = False,
    keys_to: Annotated[
        Path | None, typer.Option(help="New folder for the keys, outside of DIR (with --with-keys: not asked).")
    ] = None,
) -> None:
    """Write database, original files and manifest into DIR. Keys are not part of it."""
    if with_keys and keys_to is None:
        keys_to = Path(typer.prompt("密钥放在哪个新文件夹（不能在备份之内）Folder for the keys"))
    with progress_bar() as progress:
        made = backup.make(folder, at=clock.now(), keys_to=keys_to, progress=progress)
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"备份完成：{made.folder}")
    _tell(console, made.manifest)
    console.print(f"清单 SHA-256（请另处记下）：{made.seal}")
    if keys_to:
        console.print(f"密钥文件 {made.keys} 个已复制到 {keys_to}，请与备份分开保管。")
    else:
        console.print("备份不含密钥。没有密钥就不能继续签署日志、读取加密字段，请另行保管（--with-keys）。")


@app.command()
@said_plainly
def verify(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A backup.")]) -> None:
    """Check a backup against its manifest; nothing is changed."""
    with progress_bar() as progress:
        manifest = verification.verify(folder, progress=progress)
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"备份完整：{folder}")
    _tell(console, manifest)


def _tell(console: Console, manifest: Manifest) -> None:
    total = sum(part.size for part in manifest.parts)
    console.print(
        f"  时间 {manifest.made_at}　Gongxin {manifest.gongxin}　PostgreSQL {manifest.postgres}"
        f"　政策包 {manifest.pack} {manifest.pack_version}"
    )
    console.print(f"  文件 {len(manifest.parts):,} 个，{mebibytes(total)}")
    console.print(f"  日志 {manifest.ledger.size:,} 条，根 {manifest.ledger.root or '（空）'}")
