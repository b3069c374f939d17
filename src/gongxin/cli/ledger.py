"""`gongxin ledger`: the tamper-evident log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from gongxin import clock
from gongxin.cli.speaking import said_plainly
from gongxin.errors import InvalidInput
from gongxin.ledger import checkpoints, contents, epochs, events, exporting, keys, proofs, watching

# Who acts where no account does.
_OPERATOR: Final = "the command line"
app = typer.Typer(no_args_is_help=True, help="The tamper-evident log: keys, checkpoints, proofs, exports.")


@app.command("keys")
@said_plainly
def make_keys(origin: Annotated[str, typer.Argument(help="Name of the log, e.g. credit.example.cn/ledger.")]) -> None:
    """Make the signing key of this node, once, and show the public key."""
    typer.echo(str(keys.make(origin)))
    Console(stderr=True).print("请公布以上公钥，并把 GONGXIN_VAR 下 ledger/signing-key 的副本保存在安全的地方。")


@app.command()
@said_plainly
def checkpoint() -> None:
    """Sign the log as it stands and show the checkpoint. Keep a copy elsewhere: it proves what was there."""
    typer.echo(checkpoints.sign(at=clock.now()).note, nl=False)


@app.command()
@said_plainly
def watch() -> None:
    """Make checkpoints by the clock until stopped, for a node whose web server and workers do not."""
    watching.Watch().run()


@app.command()
@said_plainly
def prove(
    leaf: Annotated[int | None, typer.Option(min=0, help="Number of the leaf, from 0: proof that it is there.")] = None,
    since: Annotated[int | None, typer.Option(min=1, help="Earlier size: proof that the log only grew.")] = None,
) -> None:
    """Show a proof against the newest checkpoint."""
    if leaf is not None and since is None:
        typer.echo(proofs.inclusion(leaf), nl=False)
    elif since is not None and leaf is None:
        typer.echo(proofs.consistency(since), nl=False)
    else:
        raise InvalidInput("ledger-prove", "要证明什么？", remedy="请给出 --leaf 编号 或 --since 条数，二者之一。")


@app.command()
@said_plainly
def export(target: Annotated[Path, typer.Argument(help="A new folder.")]) -> None:
    """Write the log up to the newest checkpoint to files (tools/verify_ledger.py checks them)."""
    typer.echo(f"{exporting.export(target)} 条已导出到 {target}")


@app.command()
@said_plainly
def verify() -> None:
    """Check the whole log in the database against its hashes and everything that was signed."""
    found = checkpoints.verify()
    typer.echo(f"{found.size} 条，全部相符，根 {found.root.hex()}")


@app.command("raise-epoch")
@said_plainly
def raise_epoch(
    reason: Annotated[str, typer.Option(help="Why the log was put back, for the record.")],
    known: Annotated[list[Path] | None, typer.Option(help="A checkpoint of this log kept elsewhere.")] = None,
) -> None:
    """After a restore: state what was lost and go on in a new epoch, so that readers read again."""
    notes = [path.read_text(encoding="utf-8") for path in known or []]
    raised = epochs.raise_epoch(reason=reason, actor=_OPERATOR, at=clock.now(), known=notes)
    typer.echo(f"第 {raised.epoch} 纪元，{raised.size} 条")


@app.command()
@said_plainly
def destroy(
    leaf: Annotated[int, typer.Option(min=0, help="Number of the leaf, from 0.")],
    reason: Annotated[str, typer.Option(help="Why, and on what basis, for the record.")],
    field: Annotated[list[str] | None, typer.Option(help="Only the contents of this field; else of all.")] = None,
) -> None:
    """Destroy what the commitments in a leaf stand for. The leaf and every proof stay."""
    number = contents.destroy(leaf, names=field or (), reason=reason, actor=_OPERATOR, at=clock.now())
    typer.echo(f"第 {leaf} 条的内容已销毁，记录为第 {number} 条")


@app.command("events")
@said_plainly
def list_events() -> None:
    """The catalogue of events as docs/ledger-events.md shows it."""
    typer.echo(events.page(), nl=False)
