"""What tests of every package share. The database comes from the plugin gongxin.testing (see pyproject.toml)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from django.conf import settings
from django.db import connection, connections
from pytest_django import DjangoDbBlocker
from tests import as_app

from gongxin.policy import packs
from gongxin.policy.pack import Pack
from gongxin.walls import raising

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

# Property tests are about results, not about how busy the machine is.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")

SHARED = Path(__file__).resolve().parents[2] / "shared"
_CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium() -> str | None:
    """The system's Chromium or Chrome."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    return None


def pytest_configure() -> None:
    # whitenoise looks for the folder when the first client is made.
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    settings.PASSWORD_HASHERS = ["tests.hashing.QuickHasher"]
    # Tests open sessions by force; those of the second factor name the roles that need one.
    settings.SECOND_FACTOR_ROLES = frozenset()
    # Tests send more requests than people do; those of the limits set their own.
    settings.RATE_LIMITS = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip by name what this machine cannot run; begin with what takes longest, so that no worker ends on it alone."""
    items.sort(key=lambda item: not (item.get_closest_marker("long") or item.get_closest_marker("browser")))
    no_shared = pytest.mark.skip(reason="../shared is not here")
    no_browser = pytest.mark.skip(reason="Chromium is not installed")
    for item in items:
        if item.get_closest_marker("shared") and not SHARED.is_dir():
            item.add_marker(no_shared)
        if item.get_closest_marker("browser") and chromium() is None:
            item.add_marker(no_browser)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database behind its walls; each worker's has roles of its own."""
    with django_db_blocker.unblock():
        settings.DATABASE_ROLES = connection.settings_dict["NAME"]
        raising.raise_walls()
        if as_app.WANTED:
            as_app.begin()
    yield
    if as_app.WANTED:
        as_app.end()


@pytest.fixture(scope="session")
def pack() -> Pack:
    """The policy pack of the node under test."""
    return packs.current()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder ../shared; tests that ask for it carry the marker `shared`."""
    return SHARED


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium a test module: its event loop would be in the way of the other modules' tests."""
    # Optional tool: what does not need it is collected without it.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's sync API runs an event loop in this thread, which Django takes for asynchronous code; it is not.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        launched = playwright.chromium.launch(executable_path=chromium(), args=_CHROMIUM_ARGUMENTS)
        yield launched
        launched.close()
        # Under a running event loop Django keeps connections apart from those of plain code; nobody else closes them.
        connections.close_all()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile for every test, in Chinese."""
    opened = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai")
    opened.set_default_timeout(15_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An open tab; use it with pytest-django's `live_server`."""
    return context.new_page()
