"""`gongxin access`: the rules of access as a page, substitutes and representatives. Each act is a ledger leaf."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from gongxin import clock
from gongxin.cli.speaking import said_plainly
from gongxin.errors import NotFound
from gongxin.identity import access_page, accounts, representations, substitutions
from gongxin.subjects import selectors
from gongxin.subjects.identifiers import folded_code

app = typer.Typer(no_args_is_help=True, help="Rules of access; substitutes and representatives.")


@app.callback()
def group() -> None:
    """Rules of access; substitutes and representatives."""


@app.command()
def rules() -> None:
    """The table of access as docs/access.md shows it."""
    typer.echo(access_page.page(), nl=False)


@app.command()
@said_plainly
def substitute(
    absent: Annotated[str, typer.Argument(help="Account that is absent.")],
    by: Annotated[str, typer.Option("--by", help="Account that stands in.")],
    since: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")],
    until: Annotated[datetime, typer.Option("--until", formats=["%Y-%m-%d"], help="Last day.")],
) -> None:
    """Let one account stand in for another, in its role and department."""
    made = substitutions.appoint(
        accounts.by_name(absent),
        accounts.by_name(by),
        starts_on=since.date(),
        ends_on=until.date(),
        acting_user=None,
        at=clock.now(),
    )
    typer.echo(f"{made.pk} 已指定代理人。Appointed.")


@app.command("end-substitute")
@said_plainly
def end_substitute(substitution: Annotated[UUID, typer.Argument(help="Id of the substitution.")]) -> None:
    """End a substitution before its last day."""
    substitutions.end(substitution, acting_user=None, at=clock.now())
    typer.echo(f"{substitution} 代理已结束。Ended.")


@app.command()
@said_plainly
def represent(
    name: Annotated[str, typer.Argument(help="Account of the representative.")],
    uscc: Annotated[str, typer.Option("--uscc", help="Credit code of the organisation.")],
    ground: Annotated[str, typer.Option("--ground", help="Papers it rests on, by name and number.")],
) -> None:
    """Let a representative's account act for an organisation of the register."""
    code = folded_code(uscc)
    found = selectors.by_code(code)
    if found is None or found.uscc != code:
        raise NotFound("organisation-unknown", "名册中没有这个统一社会信用代码。", remedy="请核对代码。")
    made = representations.bind(accounts.by_name(name), code, ground=ground, acting_user=None, at=clock.now())
    typer.echo(f"{made.pk} 已绑定{found.name}。Bound.")


@app.command("end-representation")
@said_plainly
def end_representation(representation: Annotated[UUID, typer.Argument(help="Id of the binding.")]) -> None:
    """Unbind a representative's account from an organisation."""
    representations.end(representation, acting_user=None, at=clock.now())
    typer.echo(f"{representation} 绑定已解除。Ended.")
