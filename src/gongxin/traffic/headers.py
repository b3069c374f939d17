"""The headers that every answer carries, whatever made it: page, file, problem, static file, error.

Pages bring their own content policy (with a nonce, from django-csp); what is no page gets the one that allows nothing.
What says nothing about caching is not cached.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
PERMISSIONS: Final = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), "
    "midi=(), payment=(), usb=(), publickey-credentials-get=(self), publickey-credentials-create=(self)"
)
# Set unless the answer has its own.
DEFAULTS: Final = {
    "Content-Security-Policy": NOTHING,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS,
    "Cache-Control": "no-store",
}
# Two years; browsers keep to HTTPS for this host and the hosts below it.
HSTS: Final = "max-age=63072000; includeSubDomains"

_READY: Final = {name.lower(): (name, value) for name, value in DEFAULTS.items()}
_BEHIND_TLS: Final = _READY | {"strict-transport-security": ("Strict-Transport-Security", HSTS)}


class Headers:
    """Middleware, right behind `Tracing`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response(request)
        # Django checks each header as it is set, which took ten microseconds an answer for these, whose
        # text is above; `_store` is where it keeps them (name in lower case → name, value).
        headers: Any = answer.headers
        headers._store = (_BEHIND_TLS if settings.TLS else _READY) | headers._store
        return answer
