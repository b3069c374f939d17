"""`gongxin demo`: a whole node with a made-up city, in the foreground, on this machine only."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from types import FrameType
from typing import Annotated

import typer
from django.conf import settings
from django.db import connections

from gongxin import clock
from gongxin.cli import serving
from gongxin.cli.children import Child, Children
from gongxin.cli.database import migrate_tables, start_embedded
from gongxin.cli.packs import apply_current
from gongxin.cli.speaking import said_plainly
from gongxin.errors import Conflict, Unavailable
from gongxin.ledger import keys as ledger_keys
from gongxin.sample import city

app = typer.Typer(invoke_without_command=True, help="Run a demonstration node: a made-up city on 127.0.0.1.")

_HOST = "127.0.0.1"
_READY_SECONDS = 60
# What the demonstration's ledger calls itself: a name that nobody can have.
_LOG = "demo.invalid/ledger"


@app.callback()
@said_plainly
def demo(
    port: Annotated[int, typer.Option(envvar="PORT", min=1, max=65535, help="Port on 127.0.0.1.")] = 8000,
) -> None:
    """Prepare what is missing, then serve until Ctrl-C."""
    began = time.monotonic()
    with _only_one(port), _ended_by_signals():
        _refuse_taken(port)
        with _database():
            _run(port, began)


def _run(port: int, began: float) -> None:
    _prepare()
    with Children(_children(port)) as children:
        _wait_until_served(port, children)
        _welcome(port, time.monotonic() - began)
        children.watch()


@contextmanager
def _only_one(port: int) -> Iterator[None]:
    """One demonstration a folder: two would stop the database under each other."""
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.VAR_DIR / "demo.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Conflict(
                "demo-running",
                f"演示节点已在运行：{lock.read().strip()}。",
                remedy="请先停止它；要另开一个，请设置 GONGXIN_VAR 和 PORT。"
                "It runs already; stop it, or set GONGXIN_VAR and PORT for another.",
            ) from None
        lock.truncate(0)
        lock.write(f"http://{_HOST}:{port}/ (pid {os.getpid()})\n")
        lock.flush()
        yield


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Ctrl-C, kill and a closed terminal end the block in the same orderly way; further ones cannot break it off."""

    def end(_signum: int, _frame: FrameType | None) -> None:
        for ending in _ENDINGS:
            signal.signal(ending, signal.SIG_IGN)
        raise KeyboardInterrupt

    for ending in _ENDINGS:
        signal.signal(ending, end)
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("已停止。Stopped.")


_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def _database() -> Iterator[None]:
    """The database of this node; an embedded server that was started here is stopped here, whatever happens."""
    typer.echo("正在准备数据库 Preparing the database …")
    server = start_embedded()
    try:
        yield
    finally:
        connections.close_all()
        if server and server.fresh:
            server.stop()
        elif server:
            typer.echo(
                "数据库此前已在运行，保持运行；停止：gongxin database stop。The database ran before and still does."
            )


def _prepare() -> None:
    migrate_tables()
    apply_current()
    if not ledger_keys.exists():
        ledger_keys.make(_LOG)
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    city.prepare(settings.VAR_DIR, at=clock.now(), echo=typer.echo)
    connections.close_all()


def _children(port: int) -> list[Child]:
    serve = serving.command(_HOST, port, workers=2, threads=2)
    work = [sys.executable, "-m", "gongxin", "intake", "work"]
    return [Child("web", serve), Child("worker", work, comes_back=True)]


def _refuse_taken(port: int) -> None:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((_HOST, port))
        except OSError as error:
            raise Conflict(
                "port-taken",
                f"{_HOST}:{port} 无法使用（{error.strerror}）。",
                remedy=f"请换一个端口：PORT={port + 1} make demo。Choose another port.",
            ) from error


def _wait_until_served(port: int, children: Children) -> None:
    """Until the home page answers: a real round trip. Raises Unavailable if it fails or does not come."""
    give_up = time.monotonic() + _READY_SECONDS
    while time.monotonic() < give_up:
        children.check()
        status = _home_page(port)
        if status == HTTPStatus.OK:
            return
        if status is not None:
            break
        time.sleep(0.1)
    raise Unavailable(
        "web-not-up", "网站未能启动。", remedy="请查看上面的输出后重试。See the lines above and try again."
    )


def _home_page(port: int) -> int | None:
    """The status of the home page; None while nobody listens. Asked directly, whatever proxy the environment names."""
    connection = HTTPConnection(_HOST, port, timeout=20)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def _welcome(port: int, seconds: float) -> None:
    lines = [
        "",
        f"公信已就绪 Gongxin is ready ({seconds:.1f} s):  http://{_HOST}:{port}/",
        f"  报送 Desk:  http://{_HOST}:{port}/desk/    API:  http://{_HOST}:{port}/api/v1/openapi.json",
        f"  账号 Accounts (密码 password: {city.PASSWORD}):",
        *(f"    {account.username:<10} {account.full_name}（{account.role.label}）" for account in city.ACCOUNTS),
        "按 Ctrl-C 停止 Ctrl-C stops everything.",
    ]
    typer.echo("\n".join(lines))
    sys.stdout.flush()
