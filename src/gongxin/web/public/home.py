"""The home page: search, what is public today in numbers, what was publicised last."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.core.cache import cache
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from gongxin import clock
from gongxin.policy import packs
from gongxin.policy.model import Item
from gongxin.records.selectors import published_on
from gongxin.subjects.models import Organisation
from gongxin.web.public.catalogue import KINDS
from gongxin.web.public.serving import public_page

_LATEST: Final = 8
# Counting a large table takes long; the day is in the key, so that no count outlives a publicity term.
_COUNTS_KEPT_SECONDS: Final = 60


@public_page
def page(request: HttpRequest) -> HttpResponse:
    """Search box, counts by item and kind, the ten disclosures, the latest records."""
    pack, day = packs.current(), clock.today()
    counts, kinds = published_counts(day), _kind_counts()
    latest = published_on(day).select_related("organisation", "provider").order_by("-recorded_at", "-id")[:_LATEST]
    context = {
        "counts": [
            (item, counts.get(item.id, 0))
            for item in pack.items.values()
            if not item.ten_disclosures and counts.get(item.id)
        ],
        "disclosures": [(item, counts.get(item.id, 0)) for item in ten_disclosures()],
        "records_total": sum(counts.values()),
        "kinds": [(label, kinds.get(kind, 0)) for kind, label in KINDS.items()],
        "organisations_total": sum(kinds.values()),
        "latest": [(record, pack.items[record.item]) for record in latest if record.item in pack.items],
        "day": day,
    }
    return render(request, "public/home.html", context)


def ten_disclosures() -> list[Item]:
    """The items of the ten disclosures in the order of the pack, licences and penalties first."""
    items = [item for item in packs.current().items.values() if item.ten_disclosures and item.disclosure == "public"]
    first = {"licence": 0, "penalty": 1}
    return sorted(items, key=lambda item: first.get(item.id, len(first)))


def published_counts(day: date) -> dict[str, int]:
    """How many records of each item are public on `day`; at most a minute old."""
    return cache.get_or_set(f"published-counts-{day}", lambda: _count(day), _COUNTS_KEPT_SECONDS) or {}


def _count(day: date) -> dict[str, int]:
    return dict(published_on(day).order_by().values_list("item").annotate(Count("pk")))


def _kind_counts() -> dict[str, int]:
    def count() -> dict[str, int]:
        return dict(Organisation.objects.order_by().values_list("kind").annotate(Count("pk")))

    return cache.get_or_set("organisation-counts", count, _COUNTS_KEPT_SECONDS) or {}
