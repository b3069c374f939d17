"""The `gongxin` command: one module a noun, registered here. No rules live here; every command calls a verb."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import NoReturn

import django
import typer

from gongxin.errors import GongxinError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="公信 Gongxin: public credit information about organisations.",
)

# Each module has an `app: typer.Typer`; it is mounted under its own name.
_NOUNS = (
    *("database", "demo", "packs", "register", "providers", "intake", "sample", "keys", "ledger", "accounts", "access"),
    *("backup", "restore", "alarms", "witness", "reports", "cases", "proof", "retention"),
)


def _mount(wanted: str | None) -> None:
    """The noun that is asked for, which makes its command quick; all of them for the overview."""
    for noun in [wanted] if wanted in _NOUNS else _NOUNS:
        module = importlib.import_module(f"gongxin.cli.{noun}")
        app.add_typer(module.app, name=noun)


def main() -> None:
    """Entry point of the `gongxin` command. Whatever goes wrong is said in words; exit code 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gongxin.settings")
    noun = sys.argv[1] if len(sys.argv) > 1 else None
    if noun == "demo":
        os.environ["GONGXIN_DEMO"] = "1"
    elif _is_demonstration():
        os.environ.setdefault("GONGXIN_DEMO", "1")
    if sys.argv[2:3] in (["work"], ["watch"]):
        # Before anything reads the settings: what runs on and on is no owner of the tables.
        os.environ.setdefault("GONGXIN_DATABASE_ROLE", "worker")
    else:
        # A command speaks for itself; those that run on and on write lines.
        os.environ.setdefault("GONGXIN_LOG_LEVEL", "WARNING")
    try:
        django.setup()
        _mount(noun)
        app()
    except GongxinError as error:
        _end(f"{error.code} {error.title}{error.remedy}")
    except PermissionError as error:
        _end(f"没有权限：{error.filename}。请检查属主和权限（GONGXIN_VAR 默认为 var/）。Permission denied.")
    except Exception as error:
        _end(f"程序出错：{error}\n详情已写入 {_noted()}，请附上它报告问题。An error of the program; please report it.")


def _is_demonstration() -> bool:
    """Whether the folder of this node is that of a demonstration: its commands work in another terminal as they are."""
    folder = os.environ.get("GONGXIN_VAR") or Path(__file__).resolve().parents[3] / "var"
    return Path(folder, "demo.lock").exists()


def _noted() -> Path:
    """Keep the traceback of the exception at hand in a file of its own, out of the user's sight."""
    descriptor, name = tempfile.mkstemp(prefix="gongxin-error-", suffix=".txt")
    with os.fdopen(descriptor, "w") as file:
        traceback.print_exc(file=file)
    return Path(name)


def _end(message: str) -> NoReturn:
    sys.stderr.write(message + "\n")
    sys.exit(1)
