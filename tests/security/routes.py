"""Every address of the node, found by walking the resolver, with sample values for its parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

_SAMPLES = {"uuid": "0193f0a2-c0de-7000-8000-00000000abcd", "int": "1", "table": "csv", "path": "nothing"}
_NAMED = {
    "item_id": "penalty",
    "code": "E204",
    "form": "csv",
    "year": "2026",
    "rule_id": "penalty-2026-ordinary",
    "deed": "suspend",
}


@dataclass(frozen=True)
class Route:
    """template: as it stands in urls.py; path: with samples filled in; namespace: public, desk, api, …"""

    template: str
    path: str
    namespace: str

    @property
    def private(self) -> bool:
        """Whether it is meant for one account."""
        return self.namespace in {"desk", "cases", "mine", "person", "person-desk"}


def _sample(found: re.Match[str]) -> str:
    converter, _, name = found[1].rpartition(":")
    kind = next((kind for kind in _SAMPLES if converter.startswith(kind)), "")
    return _NAMED.get(name) or _SAMPLES.get(kind, "penalty")


def _walk(patterns: list[URLPattern | URLResolver], before: str, namespace: str) -> Iterator[Route]:
    for entry in patterns:
        template = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, template, namespace or entry.namespace or "")
        else:
            path = "/" + re.sub(r"<([^>]+)>", _sample, template).replace("^", "").replace("$", "").replace("\\", "")
            yield Route(template, path, namespace or template.split("/")[0])


def every_route() -> list[Route]:
    """All of them, by address."""
    return sorted(_walk(get_resolver().url_patterns, "", ""), key=lambda route: (route.path, route.template))
