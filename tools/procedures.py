"""docs/procedures.md and its drawings, built from the procedures of the node's pack.

    python tools/procedures.py

A test holds that what is committed is current.
"""

from __future__ import annotations

from pathlib import Path

from gongxin.policy import packs
from gongxin.policy.casework import ROLE_WORDS_EN, Procedure
from gongxin.policy.pack import Pack
from gongxin.web import diagrams

DOCS = Path(__file__).resolve().parents[1] / "docs"
_HEAD = """# Procedures

Built by `tools/procedures.py` from `policies/*/procedures/*.yaml`. The numbers in the drawings are those of the
tables. Clocks marked L are placeholders: their source could not be read. How it works: docs/adr/0016-procedures.md
"""
_COLUMNS = ("", "step", "by", "from", "to", "clock of the new state", "effect", "ground")
_TABLE = f"| {' | '.join(_COLUMNS)} |\n{'|---' * len(_COLUMNS)}|\n"


def files() -> dict[Path, str]:
    """Every file of the page with its content."""
    pack = packs.current()
    found = {DOCS / "procedures.md": page(pack)}
    for procedure in pack.procedures.values():
        found[DOCS / "images" / f"procedure-{procedure.id}.svg"] = diagrams.svg(procedure, english=True) + "\n"
    return found


def page(pack: Pack) -> str:
    """The text of docs/procedures.md."""
    return _HEAD + "".join(_section(pack, procedure) for procedure in pack.procedures.values())


def _section(pack: Pack, procedure: Procedure) -> str:
    rows = "".join(_row(pack, row) for row in diagrams.rows(procedure))
    return (
        f"\n## {procedure.title_en} ({procedure.title})\n\n"
        f"![{procedure.title_en}: states and steps](images/procedure-{procedure.id}.svg)\n\n"
        f"{_TABLE}{rows}"
    )


def _row(pack: Pack, row: diagrams.Row) -> str:
    step = row.transition
    who = ", ".join(ROLE_WORDS_EN[role] for role in step.roles) + (" (another one)" if step.not_by else "")
    since = ", ".join(state.title_en for state in row.since) or "—"
    limit = pack.clocks[row.to.clock.clock] if row.to.clock else None
    clock = f"{limit.limit} working days ({limit.reference.confidence})" if limit else "—"
    ground = f"{step.reference.title}{step.reference.article} ({step.reference.confidence})"
    effect = "" if step.effect == "none" else step.effect
    return f"| {row.number} | {step.title_en} | {who} | {since} | {row.to.title_en} | {clock} | {effect} | {ground} |\n"


def main() -> None:
    """Write the files."""
    for path, content in files().items():
        path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
