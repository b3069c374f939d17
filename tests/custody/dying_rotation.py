"""A rotation for tests that stops within its fourth page and waits to be killed: `python dying_rotation.py MARKER`."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import django

django.setup()

from gongxin.custody import keeping, resealing  # noqa: E402  (Django must be set up first)
from gongxin.secrecy.keyring import Purpose  # noqa: E402  (Django must be set up first)

remade, calls = resealing._remade, []


def fourth(*arguments):
    calls.append(1)
    if len(calls) == 4:
        Path(sys.argv[1]).write_text("in the fourth page")
        time.sleep(300)
    return remade(*arguments)


resealing._remade, resealing.PAGE = fourth, 100
keeping.rotate(acting_user="operator", at=datetime(2026, 4, 11, tzinfo=UTC), purposes=[Purpose.DATA])
