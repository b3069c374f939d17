"""Pages in Chromium without a server: Django's test client answers the browser, inside the test's own transaction."""

from __future__ import annotations

from contextvars import copy_context
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Page, Route

# A host that the browser trusts without a certificate.
ORIGIN = "http://localhost"
# Styles and scripts are asked for with every page, and the same for every test.
_STATIC: dict[str, dict[str, Any]] = {}
_FOLLOWED = {301, 302, 303}


def connect(page: Page, client: Client) -> list[str]:
    """Answer `page` from `client`. The list that comes back fills with console errors and requests to other hosts."""
    odd: list[str] = []
    # Playwright calls back in a greenlet with a context of its own: there the connection and the clock would be others.
    context = copy_context()

    def answer(route: Route) -> None:
        asked = urlsplit(route.request.url)
        if f"{asked.scheme}://{asked.netloc}" != ORIGIN:
            odd.append(f"asked for {route.request.url}")
            route.abort()
            return
        if asked.path in _STATIC:
            route.fulfill(**_STATIC[asked.path])
            return
        response = context.run(
            client.generic,
            route.request.method,
            asked.path + (f"?{asked.query}" if asked.query else ""),
            route.request.post_data or "",
            content_type=route.request.headers.get("content-type", "application/octet-stream"),
        )
        # Chromium would follow a redirect past this route; it gets the page at its end instead.
        while response.status_code in _FOLLOWED:
            response = context.run(client.get, response["Location"])
        content = context.run(b"".join, response.streaming_content) if response.streaming else response.content
        cookies = {"Set-Cookie": "\n".join(morsel.OutputString() for morsel in response.cookies.values())}
        headers = dict(response.headers) | (cookies if response.cookies else {})
        answered: dict[str, Any] = {"status": response.status_code, "headers": headers, "body": content}
        if asked.path.startswith("/static/"):
            _STATIC[asked.path] = answered
        route.fulfill(**answered)

    page.route("**/*", answer)
    page.on("console", lambda said: odd.append(said.text) if said.type in {"error", "warning"} else None)
    return odd


def violations(page: Page) -> list[str]:
    """What axe finds: rule, impact, and the elements."""
    # The script is half a megabyte: once a page is enough. Of the answer only what is wrong travels.
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found: list[dict[str, Any]] = page.evaluate("axe.run().then(results => results.violations)")
    return [
        f"{rule['id']} ({rule['impact']}): {', '.join(str(node['target']) for node in rule['nodes'])}" for rule in found
    ]


def complaints(page: Page, address: str, *, status: int = 200) -> list[str]:
    """What is wrong with the page at `address` on a phone: its status, what axe finds in light and dark, its width."""
    page.set_viewport_size({"width": 320, "height": 640})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    answer = page.goto(address)
    found = [] if answer is not None and answer.status == status else [f"answered {answer and answer.status}"]
    found += violations(page)
    found += [f"{wide} px too wide"] if (wide := sideways(page)) else []
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {one}" for one in violations(page)]
    return found + ([f"dark: {wide} px too wide"] if (wide := sideways(page)) else [])


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width
