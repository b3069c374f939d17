"""Where a request comes from."""

from __future__ import annotations

from ipaddress import ip_address

from django.http import HttpRequest

from gongxin.traffic import tracing


def address(request: HttpRequest) -> str | None:
    """The client's address (AXES_CLIENT_IP_CALLABLE), which `traffic` settles behind a proxy; None if there is none."""
    known = tracing.address(request)
    try:
        return str(ip_address(known))
    except ValueError:
        return None


def browser(request: HttpRequest) -> str:
    """What the browser says of itself."""
    return request.headers.get("User-Agent", "")
