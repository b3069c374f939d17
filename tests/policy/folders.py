"""A copy of the packs that a test may change."""

from __future__ import annotations

import shutil
from pathlib import Path

from gongxin.policy.packs import policies_folder


def copied(to: Path) -> Path:
    """The packs of the repository copied under `to`; returns the folder of the copy."""
    return Path(shutil.copytree(policies_folder(), to / "policies"))
