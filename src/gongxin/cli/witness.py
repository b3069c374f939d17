"""`gongxin witness`: this node as a witness of other logs, and the witnesses of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gongxin import clock
from gongxin.cli.speaking import said_plainly
from gongxin.errors import GongxinError
from gongxin.ledger import keys, peers, submitting, witnessing

app = typer.Typer(no_args_is_help=True, help="Witness other logs; have this node's log witnessed.")


@app.command("keys")
@said_plainly
def make_keys(
    name: Annotated[str, typer.Argument(help="Name of this witness, e.g. credit.example.cn/witness.")],
) -> None:
    """Make the key this node co-signs with, once, and show the public half: logs enter it with `witness add`."""
    typer.echo(str(keys.make_witness(name)))


@app.command("know")
@said_plainly
def know(key: Annotated[str, typer.Argument(help="Public key of the log.")]) -> None:
    """Be a witness of a log from now on."""
    typer.echo(f"已登记日志 {peers.add_log(key).name}")


@app.command("readmit")
@said_plainly
def readmit(
    note: Annotated[Path, typer.Argument(help="The log's newest checkpoint, of the epoch after its restore.")],
    reason: Annotated[str, typer.Option(help="What the operator of the log says was lost, and why.")],
) -> None:
    """Go on witnessing a log that was put back from a backup and has stated it."""
    found = witnessing.readmit(
        note.read_text(encoding="utf-8"), reason=reason, actor="the command line", at=clock.now()
    )
    typer.echo(f"已重新接纳 {found.origin}：第 {found.epoch} 纪元，{found.size} 条")


@app.command("add")
@said_plainly
def add(
    key: Annotated[str, typer.Argument(help="Public key of the witness.")],
    address: Annotated[str, typer.Argument(help="Its address, e.g. https://credit.example.cn/witness.")],
) -> None:
    """Have this node's log co-signed by a witness from now on."""
    typer.echo(f"已登记见证人 {peers.add_witness(key, address).verifier.name}")


@app.command("submit")
@said_plainly
def submit() -> None:
    """Bring the newest checkpoint before all witnesses now, and show how far each is."""
    failed = False
    for witness in peers.witnesses():
        try:
            submitting.submit(witness, at=clock.now())
        except GongxinError as error:
            failed = True
            Console(stderr=True, soft_wrap=True).print(f"{error.code} {error.title}{error.remedy}", highlight=False)
    for standing in submitting.standings():
        typer.echo(f"{standing.witness.verifier.name}  {standing.size} 条  {standing.at or '尚未见证'}")
    if failed:
        raise typer.Exit(1)
