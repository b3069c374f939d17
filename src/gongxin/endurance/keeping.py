"""The keys of a node: what a backup never holds, and how they are carried apart from it."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from gongxin.endurance import manifest
from gongxin.errors import Conflict, InvalidInput
from gongxin.persons import gone


def _places() -> dict[str, Path]:
    """Names under which keys are carried, and where this node has them: the secret of sessions, the signing key of
    the log with the signer's memory, the keys of fields; and the list of what was destroyed.
    """
    var, ring = Path(settings.VAR_DIR), Path(settings.KEYS_FILE)
    places = {"secret-key": var / "secret-key", "ledger": var / "ledger", "keys": var / "keys"}
    # What a restore may not bring back: it belongs to no backup either.
    places[gone.FILE] = var / gone.FILE
    return places if ring.is_relative_to(var / "keys") else places | {f"keys/{ring.name}": ring}


def judge_place(folder: Path, backup: Path) -> None:
    """Keys lie apart from the data they open. Raises InvalidInput for a place inside the backup, Conflict for one
    that is taken.
    """
    if folder.resolve().is_relative_to(backup.resolve()):
        raise InvalidInput(
            "keys-beside-data",
            "密钥不能和备份放在同一个文件夹里。",
            remedy="请另选一处，例如另一块加密的移动存储。",
        )
    if folder.exists() and any(folder.iterdir()):
        raise Conflict("keys-folder-taken", f"“{folder}”不是空文件夹，不会覆盖。", remedy="请换一个新的文件夹。")


def carry_out(folder: Path) -> int:
    """Copy the node's keys into the new private folder; how many files."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return sum(_copied(place, folder / name) for name, place in _places().items())


def carry_in(folder: Path) -> int:
    """Put carried keys in their place; how many files. What the node has already stays.

    Raises Conflict if the node has another signing key.
    """
    own, carried = Path(settings.VAR_DIR) / "ledger" / "signing-key", folder / "ledger" / "signing-key"
    if own.exists() and carried.exists() and own.read_bytes() != carried.read_bytes():
        raise Conflict(
            "keys-differ",
            f"本节点已有另一把签名密钥：{own}。",
            remedy="请核对这些密钥是否属于被恢复的节点；确需替换的，先移走现有密钥。",
        )
    places = _places()
    # The longest name first: the ring may have a place of its own.
    return sum(_copied(folder / name, places[name]) for name in sorted(places, key=len, reverse=True))


def _copied(source: Path, target: Path) -> int:
    """Copy a file, or all files below a folder; how many were not there before."""
    found = [source] if source.is_file() else sorted(path for path in source.rglob("*") if path.is_file())
    count = 0
    for path in found:
        place = target / path.relative_to(source) if source.is_dir() else target
        if not place.exists() and not path.is_symlink():
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            manifest.copy(path, place)
            manifest.flush_folder(place.parent)
            count += 1
    return count
