"""`python -m benchmarks [--only intake,search] [--rows N]`: run the parts, print a table, write var/bench.json.

Each part runs in a process of its own, one after the other, so that none pays for another's memory.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import node

PARTS = ("intake", "validation", "search", "lookup", "secrecy", "ledger", "enquiries")
RESULT = node.VAR / "bench.json"
# What each figure has to reach (the aims); the others are shown beside them for the reader.
AIMS = {
    "intake_vs_copy": "≤ 1.5",
    "resubmit_vs_copy": "≤ 0.5",
    "intake_peak_mib": "≤ 1536",
    "cost_per_row_growth": "≈ 1",
    "search_p99_ms": "≤ 50",
    "search_recall_top10": "≥ 0.98",
    "ledger_proof_verify_ms": "≤ 5",
    "who_looked_s": "≤ 1",
    "ledger_full_verify_s": "≤ 10",
    "ledger_offline_verify_s": "≤ 10",
}


def main() -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, comma separated: {', '.join(PARTS)}")
    parser.add_argument("--rows", type=int, help="rows of intake, validation and search, for a quick look")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part:
        return _run_part(asked.part, asked.rows, asked.to)
    wanted = asked.only.split(",")
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return _run_all(wanted, asked.rows)


def _run_part(part: str, rows: int | None, to: Path) -> int:
    node.prepare()
    module = importlib.import_module(f"benchmarks.{part}")
    sized = {"rows": rows} if rows and part != "lookup" else {}
    to.write_text(json.dumps(module.run(**sized)))
    return 0


def _run_all(wanted: list[str], rows: int | None) -> int:
    console = Console()
    failed = []
    try:
        for part in wanted:
            console.print(f"[bold]{part}[/bold] …")
            figures = _in_own_process(part, rows)
            if figures is None:
                failed.append(part)
                continue
            _keep(figures)
            console.print(_table(part, figures))
    finally:
        if "DATABASE_URL" not in os.environ:
            node.stop()
    console.print(f"{RESULT}")
    return 1 if failed else 0


def _in_own_process(part: str, rows: int | None) -> dict[str, float] | None:
    with tempfile.TemporaryDirectory() as folder:
        to = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "benchmarks", "--part", part, "--to", str(to)]
        command += ["--rows", str(rows)] if rows else []
        done = subprocess.run(command, check=False)
        return json.loads(to.read_text()) if done.returncode == 0 else None


def _keep(figures: dict[str, float]) -> None:
    """Merge into the file, so that parts can be run on different days."""
    held = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(held | figures, indent=2, sort_keys=True) + "\n")


def _table(part: str, figures: dict[str, float]) -> Table:
    table = Table(title=part, title_justify="left")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("aim")
    for name, value in figures.items():
        table.add_row(name, f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}", AIMS.get(name, ""))
    return table


if __name__ == "__main__":
    sys.exit(main())
