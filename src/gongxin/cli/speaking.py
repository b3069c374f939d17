"""How commands speak: an error is one line with the next step (or JSON), never a traceback."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import typer
from django.db import OperationalError, ProgrammingError
from psycopg.errors import UndefinedColumn, UndefinedTable
from rich.console import Console
from rich.text import Text

from gongxin.errors import GongxinError, full_disk

P = ParamSpec("P")
R = TypeVar("R")


def said_plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Answer errors of ours, and an absent database, in words.

    Exit code 1. With `--json` (argument `as_json`) as JSON.
    """

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except GongxinError as error:
            said = {"code": error.code, "title": error.title, "remedy": error.remedy, "facts": error.facts}
        except ProgrammingError as error:
            if not isinstance(error.__cause__, UndefinedTable | UndefinedColumn):
                raise
            said = {
                "code": "database-not-migrated",
                "title": "数据库里还没有本版本的数据表。",
                "remedy": "请先运行 gongxin database migrate。",
                "facts": {},
            }
        except (OSError, OperationalError) as error:
            said = _of_system(error)
        _say(said, as_json=bool(kwargs.get("as_json")))
        raise typer.Exit(1)

    return wrapped


def _of_system(error: OSError | OperationalError) -> dict[str, Any]:
    """What a full disk, an unusable file and an absent database are to the user; raises whatever else it is."""
    if full := full_disk(error):
        return {"code": full.code, "title": full.title, "remedy": full.remedy, "facts": full.facts}
    if isinstance(error, OperationalError):
        detail = str(error).strip().splitlines()[0] if str(error).strip() else "connection failed"
        code, title = "database-unavailable", f"连接不上数据库（{detail}）。"
        remedy = "请先运行 make demo，或者检查 DATABASE_URL。"
    elif error.filename is not None:
        code, title = "file-unusable", f"无法使用 {error.filename}（{error.strerror}）。"
        remedy = "请核对路径、属主和权限后重试（GONGXIN_VAR 默认为 var/）。"
    else:
        raise error
    return {"code": code, "title": title, "remedy": remedy, "facts": {}}


def _say(said: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"error": said}, ensure_ascii=False, indent=2, default=str))
    else:
        message = Text.assemble((said["code"], "bold red"), " ", said["title"], said["remedy"])
        Console(stderr=True, soft_wrap=True).print(message, highlight=False)
