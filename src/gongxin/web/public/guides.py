"""Plain guides: how to object, how to have a record repaired, what this platform is. Numbers come from the pack."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from gongxin import clock
from gongxin.policy import packs
from gongxin.policy.model import Clock
from gongxin.policy.regimes import PublicityCase
from gongxin.web.cases import showing
from gongxin.web.public.serving import public_page


@public_page
def objection(request: HttpRequest) -> HttpResponse:
    """How to object, with the time limits of the pack."""
    context = {"clocks": _clocks("objection", "correction"), "procedures": _drawn("objection", "revocation")}
    return render(request, "public/guide_objection.html", context)


@public_page
def repair(request: HttpRequest) -> HttpResponse:
    """How repair works, with the publicity terms in force today."""
    context = {
        "clocks": _clocks("repair", "list-exit", "bankruptcy", "commitment"),
        "cases": _penalty_cases(),
        "repair_rules": [(rules, rules.on(clock.today())) for rules in packs.current().repair.values()],
        "procedures": _drawn("repair", "list-exit", "bankruptcy", "untrue-commitment", "repair-undo"),
    }
    return render(request, "public/guide_repair.html", context)


@public_page
def about(request: HttpRequest) -> HttpResponse:
    """What the platform is, what it refuses to do, where the source is."""
    return render(request, "public/about.html", {"prohibited": packs.current().prohibited})


def _drawn(*names: str) -> list[dict[str, Any]]:
    """The procedures as drawing and table, those of them that the pack has."""
    held = packs.current().procedures
    return [showing.drawn(held[name]) for name in names if name in held]


def _clocks(*beginnings: str) -> list[Clock]:
    """The time limits whose id begins with one of these words."""
    return [entry for entry in packs.current().clocks.values() if entry.id.startswith(beginnings)]


def _penalty_cases() -> tuple[PublicityCase, ...]:
    """The cases of the publicity terms of penalties that are in force today."""
    pack, today = packs.current(), clock.today()
    penalty = pack.items.get("penalty")
    regimes = pack.publicity[penalty.publicity].regimes if penalty else ()
    in_force = [
        regime
        for regime in regimes
        if (regime.since is None or regime.since <= today) and (regime.until is None or today <= regime.until)
    ]
    return in_force[0].cases if in_force else ()
