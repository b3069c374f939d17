"""`gongxin database`: the embedded PostgreSQL, and the tables in whichever database is used."""

from __future__ import annotations

import os

import typer
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection

from gongxin import clock, embedded
from gongxin.cli import node_keys
from gongxin.cli.packs import apply_current
from gongxin.cli.speaking import said_plainly
from gongxin.embedded.programs import OLDEST_MAJOR
from gongxin.embedded.server import answers
from gongxin.errors import Conflict, Unavailable
from gongxin.policy import packs
from gongxin.records import republishing
from gongxin.walls import raising, roles, standing

_ALARM = 3

app = typer.Typer(no_args_is_help=True, help="Embedded PostgreSQL: start, stop, status, url; migrate any database.")


def start_embedded() -> embedded.Server | None:
    """Start the embedded server and point Django at it; None where DATABASE_URL names another server."""
    if os.environ.get("DATABASE_URL"):
        return None
    server = embedded.start(settings.VAR_DIR, echo=typer.echo)
    # Settings were read before the first start gave the server its address; no connection has been opened yet.
    settings.DATABASES["default"].update(embedded.django_database(server.url, settings.VAR_DIR))
    return server


def migrate_tables() -> None:
    """Bring the tables, and the wall before them, up to date. Raises Unavailable for a server that is too old."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        (major,) = cursor.fetchone()
    if major < OLDEST_MAJOR:
        raise Unavailable(
            "database-too-old",
            f"DATABASE_URL 指向的 PostgreSQL 版本为 {major}，需要 {OLDEST_MAJOR} 或更新版本。",
            remedy="请升级该数据库，或去掉 DATABASE_URL 改用内置数据库。Upgrade it, or unset DATABASE_URL.",
        )
    call_command("migrate", verbosity=0, interactive=False)
    raising.raise_walls()


@app.command()
@said_plainly
def start() -> None:
    """Start the embedded server (made at the first start)."""
    _refuse_external()
    server = start_embedded()
    if server:
        typer.echo("已启动 started" if server.fresh else "已在运行 already running")


@app.command()
@said_plainly
def stop() -> None:
    """Stop the embedded server."""
    _refuse_external()
    server = embedded.find(settings.VAR_DIR)
    stopped = server is not None and server.stop()
    typer.echo("已停止 stopped" if stopped else "未在运行 not running")


@app.command()
@said_plainly
def status() -> None:
    """Ask the database a question; exit code 1 if nobody answers."""
    address = _address()
    if address and answers(address):
        typer.echo("运行正常 answering")
        _tell_of_pack()
        return
    typer.echo("没有应答 not answering")
    raise typer.Exit(1)


@app.command()
@said_plainly
def url() -> None:
    """Print the address of the database, for DATABASE_URL or psql. It contains the password."""
    address = _address()
    if not address:
        raise Conflict("database-not-made", "内置数据库尚未建立。", remedy="请先运行 gongxin database start。")
    typer.echo(address)


@app.command()
@said_plainly
def migrate() -> None:
    """Create the tables or bring them up to date; a node that has no keys yet gets its own."""
    migrate_tables()
    typer.echo("数据表已是最新 up to date")
    for fault in standing.faults():
        typer.echo(f"{fault.code} {fault.title}{fault.remedy}", err=True)
    node_keys.make_first()
    apply_current()


@app.command()
@said_plainly
def walls() -> None:
    """Whether the second wall stands: roles, grants and row-level security. Exit code 3 if not."""
    names = roles.names()
    typer.echo(f"角色 roles：{names.app}、{names.loader}、{names.auditor}")
    found = standing.faults()
    for fault in found:
        typer.echo(f"{fault.code} {fault.title}{fault.remedy}")
    if found:
        raise typer.Exit(_ALARM)
    typer.echo("第二道隔离已生效 the second wall is up")


@app.command()
@said_plainly
def auditor() -> None:
    """Give the auditor's own login to the database a new password, and show it once."""
    raising.raise_walls()
    typer.echo(roles.let_audit(actor="the command line", at=clock.now()))
    typer.echo("只能读取日志、查询留痕和报告登记；密码只显示这一次。Reads the log only; shown once.", err=True)


def _tell_of_pack() -> None:
    """Say so where held records were derived by another pack than the node's."""
    try:
        applied = republishing.is_applied(packs.current())
    except DatabaseError:
        # No tables yet, or settings read before the embedded server had an address.
        return
    if not applied:
        typer.echo(
            "在库记录的公示期尚未按当前政策包核对，请运行 gongxin packs apply。"
            "Held records await the current pack: run gongxin packs apply."
        )


def _address() -> str | None:
    given = os.environ.get("DATABASE_URL")
    server = None if given else embedded.find(settings.VAR_DIR)
    return server.url if server else given


def _refuse_external() -> None:
    if os.environ.get("DATABASE_URL"):
        raise Conflict(
            "database-external",
            "已设置 DATABASE_URL，使用的不是内置数据库。",
            remedy="请去掉 DATABASE_URL 后重试。Unset DATABASE_URL to use the embedded one.",
        )
