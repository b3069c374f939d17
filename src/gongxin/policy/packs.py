"""The pack of this node, and any pack by name."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Final

from gongxin.policy import loader
from gongxin.policy.pack import Pack

__all__ = ["DEFAULT_PACK", "Pack", "current", "load", "policies_folder"]

DEFAULT_PACK: Final = "cn-shandong-jinan"
_BESIDE_THE_SOURCE: Final = Path(__file__).resolve().parents[3] / "policies"


def policies_folder() -> Path:
    """The folder of the packs: GONGXIN_POLICIES, else ``policies/`` beside the source."""
    return _resolved(os.environ.get("GONGXIN_POLICIES") or str(_BESIDE_THE_SOURCE))


@lru_cache(maxsize=4)
def _resolved(folder: str) -> Path:
    """Asked at every request: following links each time costs a tenth of a look-up."""
    return Path(folder).resolve()


def current() -> Pack:
    """The node's pack: GONGXIN_PACK (default cn-shandong-jinan) in `policies_folder()`; loaded once a process."""
    return load(os.environ.get("GONGXIN_PACK") or DEFAULT_PACK, policies_folder())


@lru_cache(maxsize=16)
def load(name: str, folder: Path) -> Pack:
    """The pack `name` of `folder` with its parents. Cached: `load.cache_clear()` after a change of files.

    Raises PackError: file, line, what was found, what is allowed, how to fix it.
    """
    return loader.load(name, folder)
