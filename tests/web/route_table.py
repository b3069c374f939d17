"""The table of routes: every address of the node, and what each actor is answered there (`routes.yaml`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from ruamel.yaml import YAML
from tests.web.route_world import ACTORS, GROUPS, Everybody, Question

from gongxin.api.urls import service

SOURCE: Final = Path(__file__).with_name("routes.yaml")
_KEYS: Final = {"at", "post", "why", "elsewhere"}


@dataclass(frozen=True)
class Row:
    """A route. at: what its address names. posts: asked by POST (with `body`), else by GET. expected: by actor.

    elsewhere: the test that asks it, where it cannot be asked inside a transaction.
    """

    name: str
    at: tuple[Any, ...]
    posts: bool
    body: Any
    expected: Mapping[str, int]
    elsewhere: str = ""

    @property
    def owner(self) -> int:
        """What the data officer is answered to whom the objects belong."""
        return self.expected["data_officer"]

    def path(self, everybody: Everybody) -> str:
        """The address."""
        found = [everybody.named(entry) for entry in self.at]
        if not self.name.startswith("/"):
            return reverse(self.name, args=found)
        parts = iter(found)
        return re.sub(r"\{\w+\}", lambda _: str(next(parts)), self.name.split()[0])

    def question(self, everybody: Everybody) -> Question:
        """The request."""
        return Question("post" if self.posts else "get", self.path(everybody), everybody.named(self.body))


def rows() -> dict[str, Row]:
    """Every row of the table, by route."""
    document = YAML(typ="safe").load(SOURCE)
    return {row.name: row for section in document.values() for row in _rows(section)}


def _rows(section: dict[str, Any]) -> Iterator[Row]:
    for name, entry in section["routes"].items():
        unknown = {*entry, *section["default"]} - _KEYS - set(ACTORS) - set(GROUPS)
        assert not unknown, f"routes.yaml: {name}: not known: {unknown}"
        expected: dict[str, int] = {}
        for answers in (section["default"], entry):
            # The wider group first, whatever their order, so that the narrower one counts.
            for group in sorted(set(answers) - _KEYS, key=lambda one: -len(GROUPS.get(one, [one]))):
                expected |= dict.fromkeys(GROUPS.get(group, [group]), answers[group])
        assert set(expected) == set(ACTORS), f"routes.yaml: {name}: says nothing about {set(ACTORS) - set(expected)}"
        elsewhere = entry.get("elsewhere", "")
        yield Row(name, tuple(entry.get("at", ())), "post" in entry, entry.get("post") or None, expected, elsewhere)


def routes() -> dict[str, str]:
    """Every address of the node by the name of its route, those of the API by method and path."""
    found = dict(_walk(get_resolver(), "", ""))
    for path, methods in service.get_openapi_schema()["paths"].items():
        for method in methods:
            found[path if method == "get" else f"{path} {method}"] = path
    return found


def _walk(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, path, f"{entry.namespace}:" if entry.namespace else namespace)
        elif isinstance(entry, URLPattern) and not namespace.startswith("api:"):
            # What has no name goes by its path, spelled as the OpenAPI document does.
            yield (namespace + entry.name if entry.name else "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", path)), path


def missing(name: str, path: str) -> str:
    """What to add for a route without a row."""
    arguments = re.findall(r"<[^>]+>|\{\w+\}", path)
    at = f"at: [{', '.join(arguments)}], " if arguments else ""
    return (
        f"No row in tests/web/routes.yaml for {name} ({path}). Add one under its namespace: every actor is answered as "
        f"the section's `default` says, so name only who gets something else, e.g.\n"
        f"    {name}: {{{at}data_officer: 200, other_officer: 404, credit_office: 200}}\n"
        f"`at` takes objects of tests/web/route_world.py; `post: {{}}` where it is asked by POST."
    )
