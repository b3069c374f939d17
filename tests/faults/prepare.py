"""Fill a node for the fault tests: a department that hands in and asks, its API key. Prints them as JSON."""

from __future__ import annotations

import json
import sys

import django

django.setup()

from gongxin import clock  # noqa: E402  (Django must be set up first)
from gongxin.identity import departments, keys  # noqa: E402  (Django must be set up first)
from gongxin.policy import packs  # noqa: E402  (Django must be set up first)

purpose = next(iter(packs.current().purposes))
department = departments.register(
    code="market", name="虚构市场监督管理局", items=["penalty"], purposes=[purpose], at=clock.now()
)
issued = keys.issue(department=department, label="fault tests", acting_user="faults", at=clock.now())
sys.stdout.write(json.dumps({"key": issued.secret, "purpose": purpose}) + "\n")
