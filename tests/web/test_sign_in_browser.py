"""Second factors in Chromium: an app without any script, a security key by Chromium's own virtual authenticator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from tests.web import in_browser, signing_world
from tests.web.signing_world import PASSWORD, Account

from gongxin import clock
from gongxin.identity import factors

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.django_db, pytest.mark.browser]


@pytest.fixture
def account() -> Account:
    return signing_world.build()


def _client() -> Client:
    """Keys are bound to the host; the browser's is that of in_browser.ORIGIN."""
    return Client(SERVER_NAME="localhost")


def _sign_in(page: Page) -> None:
    page.goto(in_browser.ORIGIN + "/desk/sign-in")
    page.get_by_label("账号").fill("officer")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()


def _sign_out(page: Page) -> None:
    page.get_by_role("button", name="退出").first.click()


def _faults(page: Page) -> list[Any]:
    """In light and dark, on a telephone and on paper."""
    page.set_viewport_size({"width": 390, "height": 800})
    found: list[Any] = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += in_browser.violations(page)
    if in_browser.sideways(page):
        found.append("scrolls sideways")
    return found


def _code(secret: str) -> str:
    step = int(clock.now().timestamp()) // 30
    return signing_world.format_hotp_value(signing_world.hotp_value(secret, step + 1))


def test_app_without_a_script(account: Account, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    in_browser.connect(page, _client())
    _sign_in(page)
    page.goto(in_browser.ORIGIN + "/desk/account/factors/app")
    picture = page.get_by_role("img", name="供验证器应用扫描的二维码")
    assert picture.evaluate("image => image.naturalWidth") > 100
    secret = page.locator("form .code").inner_text().replace(" ", "")
    now = int(clock.now().timestamp()) // 30
    page.get_by_label("验证码").fill(signing_world.format_hotp_value(signing_world.hotp_value(secret, now)))
    page.get_by_role("button", name="完成设置").click()
    codes = page.locator(".recovery-codes li").all_inner_texts()
    assert len(codes) == 10
    _sign_out(page)
    _sign_in(page)
    assert page.get_by_role("heading", name="双重验证").is_visible()
    page.get_by_label("验证码").fill(_code(secret))
    page.get_by_role("button", name="验证并登录").click()
    page.get_by_role("heading", name="待办").wait_for()
    context.close()


def test_pages_between_are_accessible(account: Account, page: Page) -> None:
    odd = in_browser.connect(page, _client())
    _sign_in(page)
    page.goto(in_browser.ORIGIN + "/desk/account/factors/app")
    secret = page.locator("form .code").inner_text().replace(" ", "")
    page.get_by_label("验证码").fill("000000")
    page.get_by_role("button", name="完成设置").click()
    assert page.get_by_text("验证码不正确").is_visible()
    assert _faults(page) == []
    page.get_by_label("验证码").fill(_code(secret))
    page.get_by_role("button", name="完成设置").click()
    assert page.locator(".recovery-codes li").count() == 10
    assert _faults(page) == []
    page.get_by_role("link", name="已保存，继续").click()
    assert page.get_by_text("还有10个恢复码没有使用").is_visible()
    assert _faults(page) == []
    page.set_viewport_size({"width": 1000, "height": 800})
    _sign_out(page)
    _sign_in(page)
    assert _faults(page) == []
    assert [said for said in odd if "422" not in said] == []


def test_security_key(account: Account, page: Page) -> None:
    odd = in_browser.connect(page, _client())
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    device = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True, "isUserVerified": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": device | {"automaticPresenceSimulation": True}})
    _sign_in(page)
    page.goto(in_browser.ORIGIN + "/desk/account/factors/key")
    page.get_by_label("名称").fill("办公室的密钥")
    page.get_by_role("button", name="开始设置").click()
    page.locator(".recovery-codes").wait_for()
    assert [one.name for one in factors.listing(account.user)] == ["办公室的密钥"]
    _sign_out(page)
    _sign_in(page)
    assert _faults(page) == []
    page.get_by_role("button", name="使用安全密钥").click()
    page.get_by_role("heading", name="待办").wait_for()
    assert account.events()[-1][1]["factor"] == "webauthn"
    assert odd == []
