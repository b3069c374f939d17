"""The desk's pages: what they say, how many queries they take, that they keep to the content policy."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.intake.hand_ins import AT, hand_in, nameless, penalty
from tests.web.desk_world import World
from tests.web.test_desk_access import TABLE, address, body

from gongxin import clock
from gongxin.intake.models import Submission, SubmissionState
from gongxin.policy import packs
from gongxin.web.desk import overview, todo

_PAGES = sorted(name for name, row in TABLE.items() if row.owner == 200)


def test_queries_do_not_grow_with_the_data(world: World) -> None:
    client = world.client(world.officer)

    def queries(name: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            body(client.get(address(world, name)))
        return len(captured)

    for name in _PAGES:
        # The first call may note something in the session.
        queries(name)
    few = {name: queries(name) for name in _PAGES}
    for number in range(4):
        hand_in([penalty(200 + 3 * number), nameless(201 + 3 * number)], provider=world.mine, filename=f"{number}.csv")
    assert {name: queries(name) for name in _PAGES} == few
    # A list of records, or of what was wrong with rows, is a look: entry, leaf and their transaction are five of them.
    assert max(few.values()) <= 17


def test_pages_hold_nothing_inline(world: World) -> None:
    client, looked_at = world.client(world.officer), 0
    for name in _PAGES:
        response = client.get(address(world, name))
        if response["Content-Type"].startswith("text/html"):
            looked_at += 1
            page = response.content.decode()
            assert " style=" not in page, name
            assert "<style" not in page, name
            assert re.findall(r"<script(?![^>]*\bsrc=)", page) == [], name
            assert re.findall(r"\son\w+=", page) == [], name
            assert "unsafe" not in response["Content-Security-Policy"], name
            assert page.count("<h1") == 1, name
    assert looked_at > 10


def test_to_do_names_what_waits(world: World) -> None:
    with clock.at(AT + timedelta(hours=1)):
        page = world.client(world.officer).get("/desk/").content.decode()
        nothing = world.client(world.other).get("/desk/").content.decode()
    assert "2 行待改正" in page
    assert world.submission.filename in page
    assert "没有需要处理的事项" in nothing


def test_refused_file_waits_until_a_later_one_is_taken(world: World) -> None:
    hand_in(b"a,b\r\n1,2\r\n", provider=world.mine, filename="bad.csv", at=AT)
    later = AT + timedelta(hours=2)
    assert [entry.filename for entry in todo.of(world.mine, packs.current(), at=later).refused] == ["bad.csv"]
    hand_in([penalty(300)], provider=world.mine, at=AT + timedelta(hours=1))
    assert todo.of(world.mine, packs.current(), at=later).refused == []


def test_reporting_clock_counts_working_days(world: World) -> None:
    pack = packs.current()
    limit = pack.clocks[todo.REPORT_CLOCK].limit
    day = AT.date()
    in_time = pack.calendar.add(day, limit).day
    before = {entry.item.id: entry for entry in todo.item_clocks(world.mine, pack, day=in_time)}
    after = {entry.item.id: entry for entry in todo.item_clocks(world.mine, pack, day=in_time + timedelta(days=14))}
    assert (before["penalty"].since, before["penalty"].over) == (limit, False)
    assert after["penalty"].over
    assert before["licence"].last_day is None
    due = before["penalty"].decided_by
    assert pack.calendar.add(due, limit).day == in_time
    assert pack.calendar.add(due + timedelta(days=1), limit).day > in_time


def test_running_submission_shows_honest_progress(world: World) -> None:
    Submission.objects.filter(pk=world.submission.pk).update(
        state=SubmissionState.PROCESSING, stage="正在核验", rows_done=250, rows_total=1000
    )
    client = world.client(world.officer)
    page = client.get(reverse("desk:submission", args=[world.submission.pk])).content.decode()
    assert 'hx-trigger="every 2s"' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert 'value="25"' in page
    at = reverse("desk:progress", args=[world.submission.pk])
    part = client.get(at, headers={"HX-Request": "true"})
    assert "250 / 1,000 行" in part.content.decode()
    assert "HX-Refresh" not in part
    Submission.objects.filter(pk=world.submission.pk).update(state=SubmissionState.COMPLETED)
    assert client.get(at, headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_list_and_file_hold_the_same_rows(world: World) -> None:
    hand_in([penalty(301)], provider=world.theirs, filename="theirs.csv")
    client = world.client(world.office)
    for filters, expected in (({}, 2), ({"state": "open"}, 1), ({"provider": "tax"}, 1), ({"since": "2026-04-11"}, 0)):
        page = client.get("/desk/submissions/", filters)
        content = b"".join(client.get("/desk/submissions.csv", filters).streaming_content).decode("utf-8-sig")
        assert page.context["page"].paginator.count == expected
        assert len(list(csv.reader(io.StringIO(content)))) == expected + 1


@pytest.mark.parametrize("filters", [{"since": "never"}, {"item": "no-such"}, {"page": "-3"}, {"page": "x" * 400}])
def test_nonsense_in_the_address_is_no_fault_of_ours(world: World, filters: dict[str, str]) -> None:
    client = world.client(world.officer)
    for at in ("/desk/submissions/", "/desk/records/", reverse("desk:findings", args=[world.submission.pk])):
        assert client.get(at, filters).status_code == 200


def test_own_records_are_found_and_explained(world: World) -> None:
    client = world.client(world.officer)
    number = world.record.document_no
    with clock.at(AT):
        listed = client.get("/desk/records/", {"item": "penalty", "q": number}).content.decode()
        assert number in listed
        page = client.get(reverse("desk:record", args=[world.record.pk])).content.decode()
    assert "公示" in page
    assert "依据：" in page
    theirs = world.client(world.other).get("/desk/records/", {"item": "penalty", "q": number}).content.decode()
    assert reverse("desk:record", args=[world.record.pk]) not in theirs


def test_overview_counts_rows_and_timeliness(world: World) -> None:
    hand_in([penalty(302, CF_JDRQ="2026/01/05")], provider=world.theirs)
    rows = {row.department.code: row for row in overview.of_all(at=AT + timedelta(days=1), days=30)}
    mine, theirs = rows["market"], rows["tax"]
    assert (mine.rows_in, mine.taken, mine.rejected, mine.open_rows) == (4, 1, 3, 2)
    assert mine.rejected_share == 75.0
    assert (theirs.taken, theirs.late, theirs.timely_share) == (1, 1, 0.0)
    assert rows["credit"].timely_share is None
