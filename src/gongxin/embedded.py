"""Where the database is: DATABASE_URL, or the embedded PostgreSQL under the node's own folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict


def django_database(url: str | None, var_dir: Path) -> dict[str, Any]:
    """Django's settings for the database; reads, never starts anything."""
    if url is None:
        marker = var_dir / "pg" / "url"
        url = marker.read_text().strip() if marker.exists() else "postgresql:///gongxin"
    parts: dict[str, Any] = dict(conninfo_to_dict(url))
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
