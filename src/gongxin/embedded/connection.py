"""Where the database is: DATABASE_URL, or what the embedded server noted. Reads, never starts anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from gongxin.embedded.place import app_url_file, url_file
from gongxin.errors import Unavailable

# As what a process signs in: commands as the owner, who migrates; web and worker as the application.
OWNER, APP, WORKER = "owner", "app", "worker"


def django_database(url: str | None, var_dir: Path, *, role: str = OWNER, app_url: str = "") -> dict[str, Any]:
    """Django's settings for the database at `url`, else for the embedded one under `var_dir`.

    Before the first start there is no address yet: the answer then names a place that refuses connections. role: `app`
    and `worker` sign in by `app_url`, else as the last migration noted; where neither says how, as the owner does
    (gongxin.walls tells of it). A worker is the node itself: it sees what is everybody's.
    """
    parts: dict[str, Any] = dict(conninfo_to_dict(url or _noted(var_dir)))
    if role != OWNER:
        parts = dict(conninfo_to_dict(app_url)) if app_url else _as_app(parts, var_dir)
    if role == WORKER:
        parts["options"] = f"{parts.get('options', '')} -c gongxin.roles={{node}}".strip()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", "gongxin"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "OPTIONS": parts,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _as_app(owner: dict[str, Any], var_dir: Path) -> dict[str, Any]:
    """The application's address, if it was noted for this very database; else the owner's."""
    note = app_url_file(var_dir)
    if not note.exists():
        return owner
    noted = conninfo_to_dict(note.read_text().strip())
    here = all(str(noted.get(name, "")) == str(owner.get(name, "")) for name in ("host", "port", "dbname"))
    return {**owner, "user": noted["user"], "password": noted["password"]} if here else owner


def _noted(var_dir: Path) -> str:
    note = url_file(var_dir)
    if not note.exists():
        return f"postgresql:///gongxin?host={var_dir / 'pg'}"
    try:
        return note.read_text().strip()
    except PermissionError:
        raise Unavailable(
            "database-folder-foreign",
            f"{note} 属于另一个账户。",
            remedy="请用建立它的账户运行，或移走 var/pg，或设置 DATABASE_URL。"
            "Run as the user who made it, move var/pg away, or set DATABASE_URL.",
        ) from None
