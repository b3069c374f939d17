"""How public pages are served: read-only, checked again with the server at every visit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http.response import HttpResponseBase
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

View = Callable[..., HttpResponseBase]


def public_page(view: View) -> View:
    """A page for everybody: GET and HEAD only, an ETag, and `no-cache`, so that no copy outlives a publicity term.

    A browser or proxy may keep the page but has to ask each time whether it still holds (304 where it does).
    """
    served: Any = require_safe(cache_control(private=True, no_cache=True)(conditional_page(view)))
    # Django's decorators are typed for views of any kind and give Any back.
    return served  # type: ignore[no-any-return]
