"""`gongxin accounts`: making accounts, and what administrators do for them. Each act is a ledger leaf.

What takes two administrators at the desk the operator does alone only until a node has both, or in an emergency, with a
reason (gongxin.identity.warrants).
"""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gongxin import clock
from gongxin.cli.speaking import said_plainly
from gongxin.identity import accounts, bindings, departments, factors, lockout, passwords, suspension, warrants
from gongxin.identity.models import Department, User
from gongxin.identity.roles import Role

app = typer.Typer(no_args_is_help=True, help="Accounts: make, disable, unlock, reset, bind.")

Account = Annotated[str, typer.Argument(help="Name of the account.")]
DepartmentCode = Annotated[str, typer.Option("--department", help="Code of the department (gongxin providers).")]
Emergency = Annotated[
    str, typer.Option("--emergency", help="Why it cannot wait for the two administrators. Goes into the log.")
]
RoleName = Annotated[str, typer.Option("--role", help=f"One of: {', '.join(Role.values)}.")]


@app.callback()
def group() -> None:
    """Accounts: make, disable, unlock, reset, bind."""


@app.command()
@said_plainly
def create(
    name: Account,
    full_name: Annotated[str, typer.Option("--full-name", help="The person's name, shown on pages.")],
    role: RoleName = Role.DATA_OFFICER.value,
    department: DepartmentCode = "",
    emergency: Emergency = "",
) -> None:
    """Make an account and show the one-time code by which its owner sets the password."""
    at, by = clock.now(), warrants.of_operator(emergency=emergency)
    made = accounts.create_unopened(
        name, full_name=full_name, department=_department(department), role=role, by=by, at=at
    )
    _show(passwords.code_now(made, at=at))


@app.command("list")
@said_plainly
def list_accounts() -> None:
    """All accounts: role, department, whether in use, second factors, last sign-in."""
    table = Table("account", "name", "role", "department", "in use", "factors", "last sign-in")
    kinds = factors.kinds()
    for user in User.objects.select_related("department").order_by("username"):
        seen = f"{user.last_login.astimezone(clock.CIVIL_TIME):%Y-%m-%d %H:%M}" if user.last_login else ""
        code = user.department.code if user.department else ""
        in_use, held = "" if user.is_active else "no", " ".join(kinds.get(user.pk, []))
        table.add_row(user.username, user.get_full_name(), user.role, code, in_use, held, seen)
    Console(width=160).print(table)


@app.command()
@said_plainly
def role(name: Account, role: RoleName, department: DepartmentCode = "", emergency: Emergency = "") -> None:
    """Give an account another role, and the department it has from now on."""
    by = warrants.of_operator(emergency=emergency)
    accounts.change_role(accounts.by_name(name), role=role, department=_department(department), by=by, at=clock.now())
    typer.echo(f"{name}：角色已变更。Role changed.")


@app.command()
@said_plainly
def disable(name: Account) -> None:
    """Close an account; its sessions end at once."""
    suspension.disable(accounts.by_name(name), acting_user=None, at=clock.now())
    typer.echo(f"{name} 已停用。Disabled.")


@app.command()
@said_plainly
def enable(name: Account, emergency: Emergency = "") -> None:
    """Bring a closed account back."""
    by = warrants.of_operator(emergency=emergency)
    suspension.lift(accounts.by_name(name), by=by, at=clock.now())
    typer.echo(f"{name} 已恢复。Enabled.")


@app.command()
@said_plainly
def unlock(name: Account) -> None:
    """Let an account sign in again after too many failures."""
    lockout.unlock(accounts.by_name(name), acting_user=None, at=clock.now())
    typer.echo(f"{name} 已解除暂停登录。Unlocked.")


@app.command("reset-password")
@said_plainly
def reset_password(name: Account, emergency: Emergency = "") -> None:
    """Void the password, end the sessions, and show a one-time code for a new password."""
    at, by = clock.now(), warrants.of_operator(emergency=emergency)
    _show(passwords.code_now(passwords.reset(accounts.by_name(name), by=by, at=at), at=at))


@app.command("remove-factors")
@said_plainly
def remove_factors(name: Account, emergency: Emergency = "") -> None:
    """Take all second factors off an account whose owner lost them."""
    by = warrants.of_operator(emergency=emergency)
    factors.remove_all(accounts.by_name(name), by=by, at=clock.now())
    typer.echo(f"{name} 的双重验证已全部移除。Second factors removed.")


@app.command()
@said_plainly
def bind(
    name: Account, subject: Annotated[str, typer.Option("--subject", help="Stable id at the identity service (sub).")]
) -> None:
    """Let this subject of the government identity service sign in as the account."""
    bindings.bind(accounts.by_name(name), subject=subject, acting_user=None, at=clock.now())
    typer.echo(f"{name} 已绑定统一身份认证。Bound.")


@app.command()
@said_plainly
def unbind(name: Account) -> None:
    """Undo the binding to the government identity service."""
    bindings.unbind(accounts.by_name(name), acting_user=None, at=clock.now())
    typer.echo(f"{name} 已解除绑定。Unbound.")


def _department(code: str) -> Department | None:
    return departments.by_code(code) if code else None


def _show(issued: passwords.ResetCode) -> None:
    typer.echo(issued.code)
    until = issued.until.astimezone(clock.CIVIL_TIME)
    Console(stderr=True).print(
        f"一次性代码，{until:%Y-%m-%d %H:%M}前有效，只显示这一次。请本人在登录页“设置新密码”处使用。",
        "One-time code; its owner sets a password with it on the sign-in page.",
        sep="\n",
    )
