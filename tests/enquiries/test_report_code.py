"""The code on a report, read back out of the file: it leads to the report's verification, which tells a correction."""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import segno
from django.test import Client
from tests.rights import world as worlds
from tests.rights.world import MONDAY, World, at

from gongxin import clock
from gongxin.enquiries import report_keys, reports
from gongxin.ledger import checkpoints, keys

ORIGIN = "https://credit.example.cn"


@pytest.fixture
def world(db: None, settings: Any, tmp_path: Path) -> Iterator[World]:
    settings.VAR_DIR = tmp_path / "var"
    report_keys.init("泽川市信用中心", at=at(MONDAY))
    keys.make("credit.example.cn/ledger")
    with clock.at(at(MONDAY)):
        yield worlds.build()


def drawn(file: bytes) -> list[tuple[float, float, float]]:
    """The filled rectangles of the height that most have, as x, y and width in points: the runs of the code."""
    found: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for part in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", file, re.DOTALL):
        try:
            # Data that happens to end with CR has lost that byte of its checksum to the line end above.
            text = zlib.decompressobj().decompress(part).decode("latin-1")
        except zlib.error:
            continue
        for x, y, width, height in re.findall(r"([\d.]+) ([\d.]+) ([\d.]+) (-?[\d.]+) re\s+f\b", text):
            found[height].append((float(x), float(y), float(width)))
    return max(found.values(), key=len)


def runs(address: str) -> list[tuple[int, int, int]]:
    """Row, first column and width of each dark run of the code that says an address."""
    matrix = segno.make(address, error="m", micro=False).matrix
    return [
        (row, found.start(), found.end() - found.start())
        for row, modules in enumerate(matrix)
        for found in re.finditer("1+", "".join(map(str, modules)))
    ]


def read(file: bytes) -> list[tuple[int, int, int]]:
    """The runs of the code as it is drawn: rectangles in multiples of one module."""
    rectangles = drawn(file)
    size = min(width for _, _, width in rectangles)
    left, top = min(x for x, _, _ in rectangles), max(y for _, y, _ in rectangles)
    return sorted(
        (round((top - y) / size), round((x - left) / size), round(width / size)) for x, y, width in rectangles
    )


def test_the_code_leads_to_the_verification_and_a_correction_shows_there(world: World, client: Client) -> None:
    issued = reports.issue_public(world.company, origin=ORIGIN, at=at(MONDAY))
    address = f"{ORIGIN}/verify/{issued.report.number}"
    expected = runs(address)
    assert read(issued.file) == expected
    assert read(issued.file) != runs(f"{ORIGIN}/verify/{issued.report.number[::-1]}")
    checkpoints.sign(at=at(MONDAY))
    page = urlsplit(address).path
    before = client.get(page).content.decode()
    assert "报告列出的信息到今天没有变化" in before
    assert client.get(f"{page}/proof").content.startswith(b"c2sp.org/tlog-proof@v1")
    case = world.object()
    world.take(case, "uphold-correct", by=world.maker, correction={"CF_NR": "罚款三千元"})
    after = client.get(page).content.decode()
    assert "已变更" in after.partition('id="standing"')[2][:80]
    assert "条信息已经更正或者更新" in after
