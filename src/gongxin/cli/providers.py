"""`gongxin providers`: the departments that may hand in, with their codes and items."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from gongxin.cli.speaking import said_plainly
from gongxin.identity import departments

app = typer.Typer(invoke_without_command=True, help="Departments (信息提供单位), their codes and catalogue items.")


@app.callback()
@said_plainly
def providers(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    inactive: Annotated[bool, typer.Option("--inactive", help="Show departments out of use too.")] = False,
) -> None:
    """List the departments."""
    found = departments.listing(inactive=inactive)
    if as_json:
        rows = [
            {"code": entry.code, "name": entry.name, "uscc": entry.uscc, "items": entry.items, "active": entry.active}
            for entry in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    # Codes are copied from here: they are never broken.
    table = Table(Column("代码", no_wrap=True), Column("名称", overflow="fold"), Column("目录项", overflow="fold"))
    for entry in found:
        name = entry.name + ("" if entry.active else "（停用）")
        table.add_row(entry.code, f"{name} {entry.uscc}", " ".join(entry.items))
    Console().print(table)
