"""The exits of the public site, for the daily proof (gongxin.ends): asked over the whole WSGI stack."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from django.urls import reverse

from gongxin.ends import exits
from gongxin.ends.asking import get
from gongxin.ends.exits import Exit, Store, Suspect
from gongxin.policy import packs
from gongxin.records.listing import Place

_ID: Final = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LINK: Final = re.compile(rb"/records/(" + _ID.pattern + rb")")
_SHEET: Final = "xl/worksheets/sheet1.xml"
# Ids of a file that are judged at once.
_STRETCH: Final = 10_000


def register() -> None:
    """Name the exits. Addresses of the public site that show no record are listed in tests/ends/test_exits.py."""
    exits.register(Exit("page", "信用记录页面", _pages))
    exits.register(Exit("organisation", "信用主体页面", _organisations))
    exits.register(Exit("search", "搜索", _searches))
    exits.register(Exit("list", "公示列表", _lists))
    exits.register(Exit("list-csv", "公示列表下载（CSV）", _files_csv))
    exits.register(Exit("list-xlsx", "公示列表下载（XLSX）", _files_xlsx))
    exits.register(Store("home", "首页", _home))
    exits.register(Store("file-csv", "公示数据文件（CSV，逐项全部）", _whole_files))


def _pages(suspects: Sequence[Suspect], day: date) -> Iterator[UUID]:
    """Those whose permanent address still shows them."""
    for suspect in suspects:
        status, _ = get(reverse("public:record", args=[suspect.id]))
        if status == 200:
            yield suspect.id


def _organisations(suspects: Sequence[Suspect], day: date) -> set[UUID]:
    addresses = {reverse("public:organisation", args=[suspect.organisation]) for suspect in suspects}
    return _among(suspects, (get(address)[1] for address in addresses), _LINK)


def _searches(suspects: Sequence[Suspect], day: date) -> set[UUID]:
    numbers = {suspect.document_no for suspect in suspects if suspect.document_no}
    return _among(suspects, (get(reverse("public:search"), q=number)[1] for number in numbers), _LINK)


def _lists(suspects: Sequence[Suspect], day: date) -> set[UUID]:
    """The page of the list that begins where the record would stand."""
    bodies = (
        get(reverse("public:disclosure", args=[suspect.item]), after=_just_before(suspect))[1] for suspect in suspects
    )
    return _among(suspects, bodies, _LINK)


def _just_before(suspect: Suspect) -> Place:
    """The place in the list, newest first, after which the record comes next."""
    return Place(suspect.decided_on, UUID(int=suspect.id.int + 1))


def _files_csv(suspects: Sequence[Suspect], day: date) -> set[UUID]:
    return _among(suspects, _of_days(suspects, "public:disclosure-csv"), _ID)


def _files_xlsx(suspects: Sequence[Suspect], day: date) -> set[UUID]:
    return _among(suspects, (_sheet(file) for file in _of_days(suspects, "public:disclosure-xlsx") if file), _ID)


def _of_days(suspects: Sequence[Suspect], name: str) -> Iterator[bytes]:
    """The files of the suspects' items, each narrowed to the day of a decision; of items with a public list."""
    for item, decided in sorted({(suspect.item, suspect.decided_on) for suspect in suspects}):
        status, body = get(reverse(name, args=[item]), since=decided, until=decided)
        yield body if status == 200 else b""


def _sheet(file: bytes) -> bytes:
    """The cells of a workbook as they stand in it."""
    with zipfile.ZipFile(io.BytesIO(file)) as book:
        return b"".join(book.read(name) for name in (_SHEET, "xl/sharedStrings.xml") if name in book.namelist())


def _among(suspects: Sequence[Suspect], bodies: Iterable[bytes], pattern: re.Pattern[bytes]) -> set[UUID]:
    """Those of the suspects that one of the bodies names."""
    wanted = {str(suspect.id).encode(): suspect.id for suspect in suspects}
    named = (found[0] if not found.groups() else found[1] for body in bodies for found in pattern.finditer(body))
    return {wanted[name] for name in named if name in wanted}


def _home(day: date) -> Iterator[list[UUID]]:
    """What the home page shows as publicised last."""
    yield [UUID(found[1].decode()) for found in _LINK.finditer(get(reverse("public:home"))[1])]


def _whole_files(day: date) -> Iterator[list[UUID]]:
    """Everything in the files of all public items, as far as a file goes."""
    for item in packs.current().items.values():
        if item.disclosure == "public":
            _, body = get(reverse("public:disclosure-csv", args=[item.id]), expected=(200,))
            ids = [UUID(found[0].decode()) for found in _ID.finditer(body)]
            yield from (ids[first : first + _STRETCH] for first in range(0, len(ids), _STRETCH))
