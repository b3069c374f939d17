"""How pages look in one browser: palette, type size and language, kept in cookies so that no script is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

THEMES: Final = ("auto", "light", "dark")
TYPE_SIZES: Final = ("normal", "large")
_KEPT_FOR: Final = 365 * 24 * 3600
# Cookie of each preference with the values it may have.
_COOKIES: Final = {"theme": ("gx_theme", THEMES), "type": ("gx_type", TYPE_SIZES)}


@dataclass(frozen=True, slots=True)
class Preferences:
    """theme: auto (as the system says), light or dark; type_size: normal or large."""

    theme: str
    type_size: str


def of(request: HttpRequest) -> Preferences:
    """The preferences a request carries; what is missing or unknown is the default."""
    return Preferences(*(_value(request, name) for name in _COOKIES))


def _value(request: HttpRequest, name: str) -> str:
    cookie, allowed = _COOKIES[name]
    given = request.COOKIES.get(cookie, "")
    return given if given in allowed else allowed[0]


# Changes nothing but the look of this browser: a forged request does no harm, and public pages need no token cookie.
@csrf_exempt
@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Keep the preferences named in the form (`theme`, `type`, `lang`), go back to `next`. Ignores unknown values."""
    response = HttpResponseRedirect(_back(request))
    for name, (cookie, allowed) in _COOKIES.items():
        if request.POST.get(name) in allowed:
            response.set_cookie(cookie, request.POST[name], max_age=_KEPT_FOR, httponly=True, samesite="Lax")
    language = request.POST.get("lang", "")
    if language in dict(settings.LANGUAGES):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=_KEPT_FOR, samesite="Lax")
    return response


def _back(request: HttpRequest) -> str:
    """The page the form was on, if it is one of ours."""
    target = request.POST.get("next", "/")
    return target if url_has_allowed_host_and_scheme(target, allowed_hosts=None) else "/"


class LanguageByChoice:
    """Middleware: Chinese, unless this browser chose another language. What the browser says it prefers does not count:
    a page looks the same to everybody who opens its address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ["Cookie"])
        return response
