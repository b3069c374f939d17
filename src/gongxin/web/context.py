"""What every page knows: the node, the rules it stands on, and how this browser likes its pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language

from gongxin.policy import packs
from gongxin.web import preferences


def site(request: HttpRequest) -> dict[str, Any]:
    """Context processor of base.html. No query: pages that fail because of the database still get their frame."""
    pack = packs.current()
    return {
        "node_title": pack.title,
        "data_version": pack.version,
        "preferences": preferences.of(request),
        "english": (get_language() or "").startswith("en"),
        "here": request.get_full_path() if request.method == "GET" else request.path,
    }
