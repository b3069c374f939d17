"""What tests of the API share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests import held
from tests.held import AT

from gongxin.identity import keys
from gongxin.identity.models import Department


@pytest.fixture(autouse=True)
def files_dir(settings: Any, tmp_path: Path) -> Path:
    """Where originals are kept."""
    settings.FILES_DIR = tmp_path / "files"
    return tmp_path / "files"


@pytest.fixture
def department() -> Department:
    """The department behind the key."""
    return held.department()


@pytest.fixture
def keyed(department: Department) -> dict[str, str]:
    """The headers of a request with the department's key."""
    key = keys.issue(department=department, label="审批系统", acting_user="operator", at=AT)
    return {"Authorization": f"Bearer {key.secret}"}
