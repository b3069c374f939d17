"""`gongxin sample`: made-up files for trying out, for tests and for benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gongxin import clock
from gongxin.policy import packs
from gongxin.sample import files, organisations
from gongxin.sample.departments import BY_CODE

app = typer.Typer(no_args_is_help=True, help="Made-up files about organisations that do not exist.")

_ORGANISATIONS_PER_ROW = 0.2


@app.callback()
def sample() -> None:
    """Made-up files about organisations that do not exist."""


@app.command()
def generate(
    folder: Annotated[Path, typer.Argument(help="Where to write; made if absent.")],
    *,
    rows: Annotated[int, typer.Option(min=1, help="Rows of each file.")] = 1000,
    seed: Annotated[int, typer.Option(help="Same seed, same files.")] = 1,
    item: Annotated[list[str] | None, typer.Option(help="Catalogue items; default: penalty and licence.")] = None,
    provider: Annotated[str, typer.Option(help="Code of the made-up department.")] = "market",
    suffix: Annotated[str, typer.Option(help="csv, xlsx, parquet or jsonl.")] = "csv",
    broken: Annotated[float, typer.Option(min=0, max=1, help="Share of rows with a mistake.")] = 0.02,
    duplicates: Annotated[float, typer.Option(min=0, max=0.5, help="Share of rows repeated.")] = 0.03,
) -> None:
    """Write register.csv and one file for each item into FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    pack = packs.current()
    register = organisations.register(max(50, int(rows * _ORGANISATIONS_PER_ROW)), seed)
    written = [files.write(register, folder / "register.csv")]
    order = files.Order(rows=rows, seed=seed, until=clock.today(), broken=broken, duplicates=duplicates)
    for wanted in item or ["penalty", "licence"]:
        whole = files.frame(pack.item(wanted), pack, order, register, BY_CODE[provider])
        written.append(files.write(whole, folder / f"{wanted}.{suffix}"))
    console = Console()
    for path in written:
        console.print(f"{path}  {path.stat().st_size:,} bytes")
