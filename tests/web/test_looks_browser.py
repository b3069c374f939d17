"""The pages of looks and reports in Chromium: axe in light and dark, no sideways scroll at 320 px."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse
from tests import held
from tests.web import desk_world, in_browser
from tests.web.desk_world import PASSWORD

from gongxin import clock
from gongxin.enquiries import reports
from gongxin.enquiries.models import Look
from gongxin.identity import accounts, representations
from gongxin.identity.models import Department, Role
from gongxin.records.models import Record

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.django_db, pytest.mark.browser]


@pytest.fixture(autouse=True)
def _node(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.VAR_DIR = tmp_path / "var"
    settings.DEMO = True
    with clock.at(held.AT):
        yield


def test_pages_are_accessible(page: Page) -> None:
    world = desk_world.build()
    Department.objects.filter(pk=world.mine.pk).update(purposes=["licence-review"])
    about = held.organisation()
    shown = held.record(about)
    given: dict[str, Any] = {"password": PASSWORD, "full_name": "某账号", "at": held.AT}
    auditor = accounts.create("auditor", department=world.theirs, role=Role.AUDITOR, **given)
    officer = accounts.create("case", department=world.mine, role=Role.CASE_OFFICER, **given)
    representative = accounts.create("rep", department=None, role=Role.REPRESENTATIVE, **given)
    representations.bind(representative, str(about.uscc), ground="授权书", acting_user=None, at=held.AT)
    question = {"code": str(about.uscc), "purpose": "licence-review", "matter": "许可〔2026〕7号"}
    world.client(officer).post(reverse("desk:report"), question)
    world.client(world.other).get(reverse("desk:record", args=[world.record.pk]))
    valid = reports.issue_public(about, origin="https://credit.example", at=held.AT).report.number
    Record.objects.filter(pk=shown.pk).update(revision=2)
    look = Look.objects.filter(outcome="refused").get()
    asked = [
        (Client(), reverse("public:verify-number", args=[valid])),
        (world.client(auditor), reverse("desk:looks")),
        (world.client(auditor), reverse("desk:looks") + "?organisation=nobody"),
        (world.client(auditor), reverse("desk:look", args=[look.pk])),
        (world.client(officer), reverse("desk:report")),
        (world.client(representative), reverse("mine:looks")),
    ]
    for client, path in asked:
        page.unroute_all()
        odd = in_browser.connect(page, client)
        assert (in_browser.complaints(page, in_browser.ORIGIN + path), odd) == ([], []), path
