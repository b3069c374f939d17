"""A node with data, a key of its own and a folder of its own."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings
from tests.intake.hand_ins import AT, department, hand_in, nameless, penalty

from gongxin.identity import keys as api_keys
from gongxin.ledger import checkpoints, keys
from gongxin.secrecy import keyring, sources


@pytest.fixture
def node(transactional_db: None, settings: Settings, tmp_path: Path) -> Path:
    """The node's folder; four records, one rejected row, an original file, a signed log."""
    del transactional_db
    var = tmp_path / "var"
    settings.VAR_DIR, settings.FILES_DIR, settings.KEYS_FILE = var, var / "files", var / "keys" / "ring.json"
    keys.make("credit.example.cn/ledger")
    sources.FileSource(settings.KEYS_FILE).save(keyring.new("intl", at=AT))
    (var / "secret-key").write_text("not a real secret")
    hand_in([*(penalty(serial) for serial in range(1, 5)), nameless(5)])
    log_something()
    checkpoints.sign(at=AT)
    connection.close()
    return var


def log_something(label: str = "first", *, at: datetime = AT) -> None:
    """A change that leaves a leaf."""
    api_keys.issue(department=department(), label=label, acting_user="officer", at=at)
