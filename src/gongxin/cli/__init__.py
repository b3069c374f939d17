"""The `gongxin` command: one module a noun, registered here. No rules live here; every command calls a verb."""

from __future__ import annotations

import importlib
import os
import sys

import django
import typer

from gongxin.errors import GongxinError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="公信 Gongxin: public credit information about organisations.",
)

# Each module has an `app: typer.Typer`; it is mounted under its own name.
_NOUNS = ("database", "demo", "packs", "register", "providers", "intake", "sample", "keys")


def _mount(wanted: str | None) -> None:
    """The noun that is asked for, which makes its command quick; all of them for the overview."""
    for noun in [wanted] if wanted in _NOUNS else _NOUNS:
        module = importlib.import_module(f"gongxin.cli.{noun}")
        app.add_typer(module.app, name=noun)


def main() -> None:
    """Entry point of the `gongxin` command. What goes wrong before a command runs is said in words too."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gongxin.settings")
    noun = sys.argv[1] if len(sys.argv) > 1 else None
    if noun == "demo":
        os.environ["GONGXIN_DEMO"] = "1"
    try:
        django.setup()
        _mount(noun)
    except GongxinError as error:
        sys.stderr.write(f"{error.code} {error.title}{error.remedy}\n")
        sys.exit(1)
    app()
