"""The `gongxin` command: one module a noun, registered here. No rules live here; every command calls a verb."""

from __future__ import annotations

import importlib
import os

import django
import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help="公信 Gongxin: public credit information about organisations.")

# Each module has an `app: typer.Typer`; it is mounted under its own name.
_NOUNS = ("database", "demo", "packs", "register", "providers", "intake", "sample", "keys")


def _mount() -> None:
    for noun in _NOUNS:
        module = importlib.import_module(f"gongxin.cli.{noun}")
        app.add_typer(module.app, name=noun)


def main() -> None:
    """Entry point of the `gongxin` command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gongxin.settings")
    django.setup()
    _mount()
    app()
