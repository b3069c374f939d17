"""The pages of the daily proof, the archive and destruction in Chromium: axe in light and dark, nothing sideways."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from tests.ends.city import DAY, PLAN, build
from tests.rights.world import at, browser
from tests.web import in_browser

from gongxin import clock
from gongxin.ends import destroying, proving
from gongxin.records.models import Record

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.django_db, pytest.mark.browser]


def test_pages_are_accessible(page: Page, settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"
    city = build()
    later = date(2036, 12, 1)
    Record.objects.filter(pk=city.ended.pk).update(publicity_until=date(2036, 12, 8))
    found = proving.run(day=DAY, by="test", plan=PLAN, at=at(DAY))
    Record.objects.filter(pk=city.ended.pk).update(publicity_until=date(2026, 11, 20))
    made = destroying.propose("retention-record", reason="期满", acting_user=city.office, at=at(later))
    ground = urlencode({"item": "penalty", "reason": "审计检查", "matter": "审计通知书〔2026〕5号"})
    # What the desk tells of it outside the archive, and the reason that is asked for.
    told = [
        reverse("desk:archived", args=[city.repaired.pk]),
        reverse("desk:record", args=[city.repaired.pk]),
        reverse("cases:case", args=[city.repaired.cases.get().pk]),
    ]
    asked = [
        *told,
        reverse("desk:proof"),
        reverse("desk:proof-run", args=[found.pk]),
        f"{reverse('desk:archive')}?item=penalty",
        f"{reverse('desk:archive')}?{ground}",
        f"{reverse('desk:archived', args=[city.repaired.pk])}?{ground}",
        f"{reverse('desk:archived-case', args=[city.repaired.cases.get().pk])}?{ground}",
        reverse("desk:retention"),
        reverse("desk:retention-rule", args=["retention-rejected-row"]),
        reverse("desk:retention-list", args=[made.pk]),
    ]
    with clock.at(at(later)):
        # The browser is answered at the hour at which it was connected.
        in_browser.connect(page, browser(city.second))
        for path in asked:
            refused = 403 if path in told else 200
            assert in_browser.complaints(page, in_browser.ORIGIN + path, status=refused) == [], path
