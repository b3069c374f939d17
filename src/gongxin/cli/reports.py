"""`gongxin reports`: the key that signs credit reports."""

from __future__ import annotations

from typing import Annotated

import typer

from gongxin import clock
from gongxin.cli.speaking import said_plainly
from gongxin.enquiries import report_keys

app = typer.Typer(no_args_is_help=True, help="Credit reports: the signing key and its certificate.")


@app.callback()
def reports() -> None:
    """Credit reports."""


@app.command()
@said_plainly
def init(issuer: Annotated[str, typer.Argument(help="Name of the issuing body, as reports carry it.")]) -> None:
    """Make the node's signing key, its certificate and the root certificate that readers trust."""
    found = report_keys.init(issuer, at=clock.now())
    typer.echo(f"签发单位：{report_keys.issuer(found)}\n签名证书：{found.certificate}\n根证书：{found.root}")
    typer.echo("请公布根证书，并把签名密钥的副本保存在安全的地方。")
