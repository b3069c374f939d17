"""Whether the second wall is up: what the server has, against what the table of walls says."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from psycopg import Cursor

from gongxin.walls import raising, roles
from gongxin.walls.table import load

_log = logging.getLogger(__name__)

_TABLES: Final = """
SELECT c.relname, c.relrowsecurity, pg_has_role(current_user, c.relowner, 'USAGE')
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
"""
_MARK: Final = "SELECT obj_description(to_regprocedure('gongxin_told(text)'), 'pg_proc')"
_ME: Final = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it should be: a stable code, a sentence, the next step."""

    code: str
    title: str
    remedy: str


def faults() -> list[Fault]:
    """What is wrong with the wall; empty: it is up."""
    connection.ensure_connection()
    with Cursor(connection.connection) as cursor:
        names = roles.names()
        present = roles.found(cursor, names)
        tables = {name: (secured, owned) for name, secured, owned in cursor.execute(_TABLES).fetchall()}
        ((mark,),) = cursor.execute(_MARK).fetchall()
        ((passes,),) = cursor.execute(_ME).fetchall()
    copies = names.loader in present and present[names.loader].passes_policies
    found = [_missing(name) for name in (names.app, names.loader, names.auditor) if name not in present]
    found += _of_tables(tables, copies=copies)
    if not found and mark != raising.fingerprint(names, copies=copies):
        found.append(_OLD)
    if settings.DATABASE_ROLE != "owner" and (passes or any(owned for _secured, owned in tables.values())):
        found.append(_OWNER)
    return found


def tell() -> None:
    """A line of the log for each fault, as a process starts. A database that does not answer is told of elsewhere."""
    try:
        found = faults()
    except (DatabaseError, InterfaceError, psycopg.Error):
        return
    finally:
        connection.close()
    for fault in found:
        _log.warning("the second wall of the database is down: %s (gongxin database walls)", fault.code)


def _of_tables(tables: dict[str, tuple[bool, bool]], *, copies: bool) -> list[Fault]:
    walls = load()
    unknown = sorted(set(tables) - set(walls))
    found = [_fault("walls-unknown-table", f"数据表 {name} 没有列入数据隔离表。", _MIGRATE) for name in unknown]
    bare = [name for name, wall in walls.items() if not wall.everybody and name in tables and not tables[name][0]]
    if bare and not copies and all(walls[name].copied for name in bare):
        return [*found, _COPIED]
    return found + [_fault("walls-bare-table", f"数据表 {name} 没有启用行级安全。", _MIGRATE) for name in bare]


def _missing(name: str) -> Fault:
    return _fault(
        "walls-role-missing",
        f"数据库中没有角色 {name}，且当前账户不能建立角色。",
        "请由数据库管理员按 docs/operations.md“Second wall”建立角色，再运行 gongxin database migrate。",
    )


def _fault(code: str, title: str, remedy: str) -> Fault:
    return Fault(code, title, remedy)


_MIGRATE: Final = "请运行 gongxin database migrate。"
_OLD: Final = _fault("walls-outdated", "数据库的授权和隔离策略不是当前版本的。", _MIGRATE)
_COPIED: Final = _fault(
    "walls-loader-bound",
    "装载角色没有 BYPASSRLS，信用记录和问题数据的表没有启用行级安全。",
    "请由数据库管理员授予装载角色 BYPASSRLS，再运行 gongxin database migrate。",
)
_OWNER: Final = _fault(
    "walls-process-owner",
    "网站或后台任务以数据库属主身份运行，数据库的第二道隔离没有生效。",
    "请运行 gongxin database migrate，或者设置 GONGXIN_DATABASE_APP_URL，然后重新启动。",
)
