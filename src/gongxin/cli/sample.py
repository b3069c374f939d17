"""`gongxin sample`: made-up files for trying out, for tests and for benchmarks."""

from __future__ import annotations

import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gongxin import clock
from gongxin.cli.speaking import said_plainly
from gongxin.errors import InvalidInput, NotFound
from gongxin.policy import packs
from gongxin.sample import files, organisations
from gongxin.sample.departments import BY_CODE

app = typer.Typer(no_args_is_help=True, help="Made-up files about organisations that do not exist.")

_ORGANISATIONS_PER_ROW = 0.2


class Format(StrEnum):
    """What a made-up file can be written as."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    JSONL = "jsonl"


@app.callback()
def sample() -> None:
    """Made-up files about organisations that do not exist."""


@app.command()
@said_plainly
def generate(
    folder: Annotated[Path, typer.Argument(help="Where to write; made if absent.")],
    *,
    rows: Annotated[int, typer.Option(min=1, help="Rows of each file.")] = 1000,
    seed: Annotated[int, typer.Option(help="Same seed, same files.")] = 1,
    item: Annotated[list[str] | None, typer.Option(help="Catalogue items; default: penalty and licence.")] = None,
    provider: Annotated[str, typer.Option(help="Code of the made-up department.")] = "market",
    suffix: Annotated[Format, typer.Option(help="Form of the files; the register is always CSV.")] = Format.CSV,
    organisations_count: Annotated[
        int | None, typer.Option("--organisations", min=50, help="Organisations of the register; default: rows ÷ 5.")
    ] = None,
    broken: Annotated[float, typer.Option(min=0, max=1, help="Share of rows with a mistake.")] = 0.02,
    duplicates: Annotated[float, typer.Option(min=0, max=0.5, help="Share of rows repeated.")] = 0.03,
) -> None:
    """Write register.csv and one file for each item into FOLDER."""
    pack = packs.current()
    items = [pack.item(wanted) for wanted in item or ["penalty", "licence"]]
    if provider not in BY_CODE:
        raise NotFound(
            "department-unknown",
            f"虚构城市没有代码为“{provider}”的部门。",
            remedy=f"请使用：{'、'.join(sorted(BY_CODE))}。Choose one of these.",
        )
    _make(folder)
    register = organisations.register(organisations_count or max(50, int(rows * _ORGANISATIONS_PER_ROW)), seed)
    written = [files.write(register, folder / "register.csv")]
    order = files.Order(rows=rows, seed=seed, until=clock.today(), broken=broken, duplicates=duplicates)
    for wanted in items:
        whole = files.frame(wanted, pack, order, register, BY_CODE[provider])
        written.append(files.write(whole, folder / f"{wanted.id}.{suffix}"))
    console = Console()
    for path in written:
        console.print(f"{path}  {path.stat().st_size:,} bytes", soft_wrap=True)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Told before the files are made up, not after.
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise InvalidInput(
            "folder-unusable",
            f"无法写入目录 {folder}（{error.strerror}）。",
            remedy="请换一个可以写入的目录。Choose a folder that can be written to.",
        ) from error
