"""What has ended is read in the archive and nowhere else: every route × every way to end × every role.

The routes are those of routes.yaml, which fails for a route without a row: one that is new is asked here too.
Everything a record says is a canary; nobody at the desk may meet one outside the archive.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zipfile import ZipFile

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from tests.intake.hand_ins import csv_of, hand_in, penalty
from tests.rights import world as worlds
from tests.rights.world import World, at, browser, proof
from tests.web import route_table

from gongxin import clock
from gongxin.ends import archive, ending, exits
from gongxin.enquiries import report_signature
from gongxin.enquiries.models import Kind, Look, Outcome, Report
from gongxin.identity import keys
from gongxin.identity.models import Role
from gongxin.ledger import selectors as log
from gongxin.policy import packs
from gongxin.records import archiving, selectors
from gongxin.records.models import Record, State
from gongxin.rights import repair_notice
from gongxin.rights.models import Case

DAY = date(2026, 7, 20)
GROUND = {"reason": "审计检查", "matter": "审计通知书〔2026〕5号"}
# Every state that is not in force, and the one way to end that is no state.
WAYS = (*(state.value for state in State if state != State.ACTIVE), "ended")
STAFF = ("data_officer", "case_officer", "credit_office", "auditor")
# A case tells its own steps while there is a remedy: notices and reasons may name the document.
OWN_WORDS = {"cases:case"}
# The credit office decides whether a shielding ends.
DECIDES = {("desk:record", "credit_office", "shielded"), ("cases:repair-notice", "credit_office", "shielded")}


@dataclass(frozen=True)
class Ended:
    """One record that has ended, and the closed case about it."""

    record: Record
    case: Case
    canary: str
    number: str


@dataclass(frozen=True)
class Town:
    """Records of one organisation at every end, who asks for them, and one that is still public."""

    world: World
    ended: dict[str, Ended]
    clients: dict[str, Client]

    def objects(self, way: str) -> dict[str, Any]:
        """What addresses name, of that end."""
        one = self.ended[way]
        return {
            "<record>": one.record.pk,
            "<case>": one.case.pk,
            "<evidence>": one.case.evidence.get().pk,
            "<organisation>": self.world.company.pk,
            "<uscc>": self.world.company.uscc,
            "<submission>": one.record.submission_id,
        }


@pytest.fixture(autouse=True)
def _node(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.FILES_DIR = tmp_path / "files"
    # A PDF is set from what the page shows, and its letters are not to be read in its bytes.
    monkeypatch.setattr(repair_notice, "pdf", lambda notice, *, at: notice.text.encode())
    cache.clear()
    with clock.at(at(DAY)):
        yield


@pytest.fixture
def town(db: None) -> Town:
    world = worlds.build()
    ended = {way: _ended(world, way, place) for place, way in enumerate(WAYS)}
    users = {
        "data_officer": world.reporter,
        "case_officer": world.maker,
        "credit_office": world.office,
        "auditor": worlds.user("auditor", Role.AUDITOR, world.office.department),
    }
    return Town(world, ended, {name: browser(user) for name, user in users.items()})


def _ended(world: World, way: str, place: int) -> Ended:
    """A penalty that was objected to in vain and has come to this end since."""
    canary, number = f"CANARY{way}", f"泽市监罚〔2026〕9{place}号"
    record = worlds.penalty(world.company, world.market, title=canary, document_no=number)
    # Every field that is shown to anybody at all.
    fields = packs.current().item(record.item).fields
    record.payload = [
        canary if field.type == "text" else text for field, text in zip(fields, record.payload, strict=True)
    ]
    record.save(update_fields=["payload"])
    case = World(**{**vars(world), "record": record}).object(on=DAY, files=[proof()])
    world.take(case, "reject", by=world.maker, on=DAY)
    change = {"publicity_until": DAY - timedelta(days=1)} if way == "ended" else {"state": way}
    Record.objects.filter(pk=record.pk).update(**change)
    return Ended(worlds.fresh(record), Case.objects.get(pk=case.pk), canary, number)


def asked() -> dict[str, tuple[route_table.Row, bool]]:
    """The pages of the desk that are read: by route, its row and whether its address names a record or a case."""
    return {
        name: (row, bool({"<record>", "<case>", "<evidence>"} & set(row.at)))
        for name, row in route_table.rows().items()
        if name.startswith(("desk:", "cases:")) and not row.posts
    }


def text(answer: Any) -> str:
    """What was answered, workbooks and archives unpacked."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if not body.startswith(b"PK"):
        return body.decode("utf-8", "replace")
    with ZipFile(io.BytesIO(body)) as book:
        return "".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())


def address(row: route_table.Row, objects: dict[str, Any]) -> str | None:
    """The row's address about these objects; None where it names one that has nothing to do with records."""
    found = [objects.get(entry, entry) for entry in row.at]
    return None if any(str(entry).startswith("<") for entry in found) else reverse(row.name, args=found)


def _askers(name: str, way: str, *, about_one: bool) -> tuple[str, ...]:
    """Lists are everybody's or the department's. By one record all that stands in a role's way is the state, which is
    not another for a data officer than for a case officer; an auditor is refused all pages of records alike.
    """
    if not about_one:
        return ("case_officer", "credit_office") if name.startswith("cases:") else ("credit_office",)
    return STAFF if way == WAYS[0] else STAFF[1:3]


def test_every_way_to_end_is_known_to_the_table_of_access(town: Town) -> None:
    states = {way: archiving.access_state(one.record, DAY) for way, one in town.ended.items()}
    assert states == {
        "closed": "closed", "repaired": "repaired", "revoked": "closed", "removed": "repaired", "shielded": "shielded",
        "ended": "closed",
    }  # fmt: skip
    assert not Record.objects.filter(archiving.at_hand(DAY), pk__in=[one.record.pk for one in town.ended.values()])
    assert archiving.is_at_hand(town.world.record, DAY)


def test_nobody_at_the_desk_meets_what_has_ended_outside_the_archive(town: Town) -> None:
    """Not on a page, not in a list, a file, a notice or a case; nor is it found by its number or its party."""
    met, questions = [], 0
    for name, (row, about_one) in asked().items():
        for way in WAYS if about_one else WAYS[:1]:
            path = address(row, town.objects(way))
            if path is None:
                continue
            for role in _askers(name, way, about_one=about_one):
                if (name, role, way) in DECIDES:
                    continue
                said, questions = text(town.clients[role].get(path)), questions + 1
                of = town.ended.values()
                if any(one.canary in said or (name not in OWN_WORDS and one.number in said) for one in of):
                    met.append((name, role, way))
    assert questions > 150
    assert met == []


def test_lists_do_not_find_it_by_number_or_party(town: Town) -> None:
    for role in STAFF[:3]:
        for one in town.ended.values():
            for path in (f"{reverse('desk:records')}?item=penalty", f"{reverse('cases:cases')}?standing="):
                said = text(town.clients[role].get(f"{path}&q={one.number}")).split('id="list"')[1]
                assert str(one.record.pk) not in said
                assert one.case.number not in said


def test_the_whole_file_of_a_hand_in_keeps_it_back(town: Town) -> None:
    rows = [{"CF_WSH": "泽市监罚〔2026〕88号"}, {"CF_WSH": "泽市监罚〔2026〕89号"}]
    company = town.world.company
    given = {"CF_XDR_MC": company.name, "CF_XDR_SHXYM": company.uscc or ""}
    done = hand_in(csv_of([penalty(1, **given, **row) for row in rows]), provider=town.world.market, at=at(DAY))
    assert done.accepted == 2
    Record.objects.filter(document_no="泽市监罚〔2026〕88号").update(state=State.REPAIRED)
    for role in STAFF[:3]:
        said = text(town.clients[role].get(reverse("desk:whole", args=[done.pk, "csv"])))
        assert "泽市监罚〔2026〕88号" not in said
        assert "泽市监罚〔2026〕89号" in said


def test_that_it_has_ended_is_told_to_whom_it_concerns(town: Town) -> None:
    """Item, day, ground and until when it is kept; to the provider and the credit office; a refused look each."""
    for way, role in product(WAYS, STAFF[:3]):
        shielded, path = way == "shielded", reverse("desk:record", args=[town.ended[way].record.pk])
        if (role, shielded) == ("credit_office", True):
            continue
        answer = town.clients[role].get(path)
        said = text(answer)
        assert answer.status_code == 403
        assert packs.current().item("penalty").title in said
        assert ("暂时屏蔽" if shielded else "2036年7月20日") in said
        assert ("调阅档案" in said) is (role == "credit_office")
        look = Look.objects.latest("asked_at", "id")
        assert (look.kind, look.outcome, look.disclosed) == (Kind.RECORD, Outcome.REFUSED, [])
        assert look.rule == ("shielded-for-deciders" if shielded else "archived")
    stranger = browser(town.world.stranger).get(path)
    assert (stranger.status_code, "归档" in text(stranger)) == (404, False)


def test_what_is_shielded_is_read_by_who_decides_on_it_and_is_no_archive(town: Town) -> None:
    one = town.ended["shielded"]
    office = town.clients["credit_office"]
    assert one.canary in text(office.get(reverse("desk:record", args=[one.record.pk])))
    path = f"{reverse('desk:archived', args=[one.record.pk])}?{urlencode(GROUND)}"
    assert office.get(path).status_code == 404
    found = text(office.get(f"{reverse('desk:archive')}?{urlencode({'item': 'penalty', **GROUND})}"))
    assert str(one.record.pk) not in found


def test_the_archive_asks_for_the_reason_and_each_opening_is_a_look_with_one_leaf(town: Town) -> None:
    one = town.ended["repaired"]
    case = reverse("desk:archived-case", args=[one.case.pk])
    piece = reverse("desk:archived-evidence", args=[one.case.pk, one.case.evidence.get().pk])
    for client in (town.clients["credit_office"], town.clients["auditor"]):
        for path in (reverse("desk:archived", args=[one.record.pk]), case, piece):
            answer = client.get(path)
            assert answer.status_code == 403
            assert "查阅事由" in text(answer)
            assert one.canary not in text(answer)
            before = log.size()
            said = text(client.get(f"{path}?{urlencode(GROUND)}"))
            assert one.number in said or said.startswith("%PDF")
            assert log.size() == before + 1
            look = Look.objects.latest("asked_at", "id")
            assert (look.kind, look.purpose, look.matter) == (Kind.ARCHIVE, "audit", "审计检查：审计通知书〔2026〕5号")
            assert look.outcome in (Outcome.FOUND, Outcome.SHOWN)
    assert town.clients["case_officer"].get(f"{case}?{urlencode(GROUND)}").status_code == 403


def test_a_case_stays_with_who_handled_it_until_the_remedy_is_over(town: Town) -> None:
    """The last day of the clock it is read, the day after it is archive: no page, no list, no evidence."""
    one, maker = town.ended["repaired"], town.world.maker
    last = archive.remedy_until(one.case)
    assert last == DAY + timedelta(days=packs.current().clock(archive.REMEDY).limit)
    case, evidence = reverse("cases:case", args=[one.case.pk]), one.case.evidence.get().pk
    with clock.at(at(last)):
        client = browser(maker)
        said = text(client.get(case))
        assert "经核查属实" in said
        assert one.canary not in said
        assert one.case.number in text(client.get(reverse("cases:cases")))
    with clock.at(at(last + timedelta(days=1))):
        client = browser(maker)
        answer = client.get(case)
        assert answer.status_code == 403
        assert "经核查属实" not in text(answer)
        assert one.case.number in text(answer)
        assert Look.objects.latest("asked_at", "id").rule == "case-archived"
        assert client.get(reverse("cases:evidence", args=[evidence])).status_code == 403
        assert one.case.number not in text(client.get(reverse("cases:cases")))
        told = text(client.get(reverse("cases:cases") + "?standing=archived")).split('id="list"')[1]
        assert one.case.number in told
        assert town.world.company.name not in told
        rows = text(client.get(reverse("cases:cases-file", args=["csv"]) + "?standing=archived"))
        assert one.case.number in rows
        assert town.world.company.name not in rows
        assert "经核查属实" in text(browser(town.world.agent).get(reverse("mine:case", args=[one.case.pk])))


def test_a_key_meets_none_of_it(town: Town) -> None:
    issued = keys.issue(department=town.world.market, label="审批系统", acting_user="operator", at=at(DAY))
    client = Client(headers={"Authorization": f"Bearer {issued.secret}"})
    asked = {"purpose": "licence-review", "matter": "许可〔2026〕7号", "code_or_name": town.world.company.uscc}
    answers = [client.post("/api/v1/checks", asked, content_type="application/json")]
    answers.append(client.get(f"/api/v1/checks/{answers[0].json()['check']}"))
    answers += [client.get(f"/api/v1/records/{one.record.pk}") for one in town.ended.values()]
    answers.append(client.get(f"/api/v1/organisations/{town.world.company.pk}/records"))
    assert answers[0].status_code == 200
    said = "".join(map(text, answers))
    assert not any(one.canary in said or one.number in said for one in town.ended.values())


def test_how_they_ended_is_found_out_in_three_queries(town: Town, django_assert_max_num_queries: Any) -> None:
    ids = [one.record.pk for one in town.ended.values()] + [town.world.record.pk]
    with django_assert_max_num_queries(3):
        found = ending.of(ids, day=DAY)
    assert set(found) == {one.record.pk for one in town.ended.values()}
    assert found[town.ended["ended"].record.pk].title == "公示期届满"


def test_the_proof_looks_at_the_desk_too() -> None:
    inside = {place.name for place in exits.registered() if getattr(place, "inside", False)}
    assert inside == {"desk-list", "desk-record", "case-list"}


def test_usable_and_public_know_nothing_of_it(town: Town) -> None:
    everything = Record.objects.all()
    kept = {town.world.record.pk}
    assert set(selectors.published_on(DAY).values_list("pk", flat=True)) == kept
    assert set(selectors.usable(everything, day=DAY).values_list("pk", flat=True)) == kept
    for purpose in packs.current().purposes.values():
        assert set(selectors.disclosable(purpose, DAY).values_list("pk", flat=True)) <= kept


def test_the_organisation_sees_it_with_ground_term_and_readers(town: Town) -> None:
    """List, page and file agree about every record; the page says who read it since it ended, and why."""
    agent, one = browser(town.world.agent), town.ended["repaired"]
    path = f"{reverse('desk:archived', args=[one.record.pk])}?{urlencode(GROUND)}"
    assert town.clients["auditor"].get(path).status_code == 200
    # What does not say what it says is no reading.
    assert (
        town.clients["case_officer"].get(reverse("cases:choose", args=[town.ended["revoked"].record.pk])).status_code
        == 200
    )
    home = text(agent.get(reverse("mine:home")))
    rows = {
        row["记录编号"]: row
        for row in csv.DictReader(
            io.StringIO(text(agent.get(reverse("mine:records-file", args=["csv"]))).removeprefix("\ufeff"))
        )
    }
    assert rows.keys() == {str(town.world.record.pk), *(str(one.record.pk) for one in town.ended.values())}
    assert rows[str(town.world.record.pk)]["归档"] == ""
    assert [home.count(f'badge-plain">{label}</span>') for label in ("已归档", "暂时屏蔽")] == [len(WAYS) - 1, 1]
    for way, entry in town.ended.items():
        row, page = rows[str(entry.record.pk)], text(agent.get(reverse("mine:record", args=[entry.record.pk])))
        label = "暂时屏蔽" if way == "shielded" else "已归档"
        assert row["归档"] == label
        assert f"<h2>{label}</h2>" in page
        assert entry.canary in page
        assert row["归档事由"] in page
        assert row["归档日期"] in home
        assert row["归档事由"] in home
        assert row["保存至"] == ("" if way == "shielded" else "2036-07-20")
        assert ("2036年7月20日" in page) is (way != "shielded")
        assert ("审计通知书〔2026〕5号" in page) is (way == "repaired")
        assert ("没有人查阅过" in page) is (way != "repaired")


def test_its_report_holds_nothing_that_has_ended(town: Town, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.VAR_DIR, settings.DEMO = settings.FILES_DIR, True
    monkeypatch.setattr(report_signature, "signed", lambda file, keys: file)
    answer = browser(town.world.agent).post(reverse("mine:report"), {"code": town.world.company.uscc})
    assert answer.status_code == 200
    assert [key for key, _revision in Report.objects.get().shown] == [str(town.world.record.pk)]
