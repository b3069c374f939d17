"""The person's own place, and the desk's pages about personal files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests import held
from tests.rights.world import PDF, browser, pdf, user
from tests.web import person_world
from tests.web.person_world import CANARIES, LICENCE, NAME, PENALTY, PURPOSE, REASONS, File

from gongxin import clock
from gongxin.identity.models import Department, Role, User
from gongxin.ledger import selectors as ledger
from gongxin.persons import selectors, terms
from gongxin.traffic.classes import DEFAULTS, class_of
from gongxin.web.person import copies, showing

# A Monday.
AT = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """file: of the person; officer decides for the unit that reported it, stranger for another one."""

    file: File
    unit: Department
    officer: User
    stranger: User


@pytest.fixture
def world(db: None) -> Iterator[World]:
    yield from built()


def built() -> Iterator[World]:
    """Everybody, on that day."""
    with clock.at(AT):
        unit, other = held.department(), held.department()
        file = person_world.build(user("somebody", Role.PERSON), unit)
        officer, stranger = user("officer", Role.CASE_OFFICER, unit), user("stranger", Role.CASE_OFFICER, other)
        yield World(file, unit, officer, stranger)


def text(response: Any) -> str:
    return str(response.content.decode())


def test_the_own_file_shows_every_record_with_unit_basis_and_dates(world: World) -> None:
    client = browser(world.file.user)
    page = text(client.get(reverse("person:home")))
    for said in (LICENCE, PENALTY, "异议", world.unit.name, "2026-03-02", "现有 1 项有效的授权"):
        assert said in page
    page = text(client.get(reverse("person:record", args=[world.file.licence.id])))
    for said in (NAME, LICENCE, "有效期至", "收录依据", "济信用办〔2020〕12号", "第 1 版", "提出异议"):
        assert said in page


def test_an_objection_is_written_checked_filed_and_followed(world: World) -> None:
    client, address = browser(world.file.user), reverse("person:objection", args=[world.file.licence.id])
    empty = client.post(address, {"text_1": "准予执业三年"})
    assert empty.status_code == 422
    assert 'id="error-summary" autofocus' in text(empty)
    assert 'href="#id_reasons"' in text(empty)
    assert "请选择要更正的字段" in text(empty)
    given = {"reasons": "内容写错了", "field_1": "XK_NR", "text_1": "准予执业三年"}
    check = text(client.post(address, given))
    assert "核对并提交" in check
    assert "许可内容：准予执业三年" in check
    assert "内容写错了" in text(client.post(address, given | {"change": "1"}))
    assert len(selectors.objections(world.file.user)) == 1
    refused = client.post(address, given | {"confirm": "1", "file_1": SimpleUploadedFile("证明.exe", b"MZ")})
    assert (refused.status_code, "格式不在接受范围内" in text(refused)) == (422, True)
    assert 'id="error-summary" autofocus' in text(refused)
    filed = client.post(address, given | {"confirm": "1", "file_1": pdf("许可证.pdf")})
    seen = selectors.objections(world.file.user)[0]
    assert filed["Location"] == reverse("person:case", args=[seen.id])
    followed = text(client.get(filed["Location"]))
    for said in (
        showing.number(seen),
        "2026年6月4日",
        "还剩 3 个工作日",
        "济信用办〔2020〕12号",
        "准予执业三年",
        "许可证.pdf",
    ):
        assert said in followed
    paper = client.get(reverse("person:paper", args=[seen.id, seen.papers[0].id]))
    assert paper.content == PDF
    assert "sandbox" in paper["Content-Security-Policy"]
    assert client.get(reverse("person:paper", args=[world.file.objection.id, seen.papers[0].id])).status_code == 404
    again = client.post(address, given | {"confirm": "1"})
    assert again.status_code == 409
    assert "已有异议在核查" in text(again)


def test_the_unit_decides_without_seeing_more_than_the_record(world: World) -> None:
    client, person = browser(world.officer), browser(world.file.user)
    work = client.get(reverse("person-desk:objections"))
    assert showing.number(world.file.objection) in text(work)
    assert "2026年6月4日" in text(work)
    assert not canaries(work)
    address = reverse("person-desk:objection", args=[world.file.objection.id])
    page = text(client.get(address))
    assert REASONS in page
    assert PENALTY in page
    assert LICENCE not in page
    assert "officer" in text(person.get(reverse("person:openings")))
    assisted = client.post(reverse("person-desk:assistance", args=[world.file.objection.id]))
    assert assisted["Location"] == address
    assert "2026年6月10日" in text(client.get(address))
    assert client.post(address, {"outcome": "corrected", "reasons": "属实"}).status_code == 422
    given = {"outcome": "corrected", "reasons": "金额属实有误", "field_1": "CF_NR_FK", "text_1": "0.01"}
    assert client.post(address, given)["Location"] == reverse("person-desk:objections")
    followed = text(person.get(reverse("person:case", args=[world.file.objection.id])))
    for said in ("异议成立，已更正", "金额属实有误", "行政复议"):
        assert said in followed
    record = text(person.get(reverse("person:record", args=[world.file.penalty.id])))
    for said in ("0.01", "第 2 版", "更正前的内容", "0.02"):
        assert said in record
    assert client.get(address).status_code == 403, "it is over"


def test_a_code_is_issued_used_and_taken_back(world: World) -> None:
    client, desk = browser(world.file.user), browser(world.officer)
    address = reverse("person:authorise")
    assert client.post(address, {}).status_code == 422
    given = {"items": ["licence"], "purpose": PURPOSE, "until": "2026-07-31"}
    late = client.post(address, given | {"until": "2027-07-31"})
    assert (late.status_code, "2026-08-30" in text(late)) == (422, True)
    second = text(client.post(address, given))
    assert world.unit.name in second
    assert client.post(address, given | {"unit": ""}).status_code == 422
    issued = client.post(address, given | {"unit": str(world.unit.pk)})
    code = issued.context["issued"].code
    assert code in text(issued)
    assert "no-store" in issued["Cache-Control"]
    assert code not in text(client.get(reverse("person:authorisations")))
    opened = desk.post(reverse("person-desk:authorised"), {"code": code.lower(), "purpose": PURPOSE})
    assert "no-store" in opened["Cache-Control"]
    assert LICENCE in text(opened)
    assert PENALTY not in text(opened)
    assert "查阅 1 条" in text(client.get(reverse("person:home")))
    held_id = selectors.authorisations(world.file.user, day=clock.today())[0].id
    revoke = reverse("person:revoke", args=[held_id])
    assert "收回授权" in text(client.get(revoke))
    assert client.post(revoke).status_code == 302
    refused = desk.post(reverse("person-desk:authorised"), {"code": code, "purpose": PURPOSE})
    assert refused.status_code == 403
    assert not canaries(refused)
    assert "未获准" in text(client.get(reverse("person:openings")))


def test_a_stranger_learns_nothing_and_the_person_sees_that_he_tried(world: World) -> None:
    Department.objects.update(purposes=[PURPOSE])
    desk, address = browser(world.stranger), reverse("person-desk:authorised")
    for code in (world.file.issued.code, "ABCDE-FGHJK-MNPQR-STVWX-YZ012-3"):
        answer = desk.post(address, {"code": code, "purpose": PURPOSE})
        assert (answer.status_code, canaries(answer)) == (403, [])
        assert "没有本人的有效授权" in text(answer) or "不是给本单位的" in text(answer)
    refused = desk.get(reverse("person-desk:objection", args=[world.file.objection.id]))
    assert refused.status_code == 403
    assert not canaries(refused)
    mine = text(browser(world.file.user).get(reverse("person:openings")))
    assert mine.count("badge-bad") == 2
    assert world.stranger.username in mine


# Route → what it names, what is posted, and how many openings a request is: of the person's pages, then of the unit's.
OPENINGS: dict[str, tuple[str, dict[str, str] | None, int]] = {
    "person:home": ("", None, 1),
    "person:record": ("licence", None, 1),
    "person:objection": ("licence", None, 1),
    "person:case": ("objection", None, 1),
    "person:copy": ("", {"form": "json"}, 1),
    "person:objections": ("", None, 0),
    "person:openings": ("", None, 0),
    "person:authorisations": ("", None, 0),
    "person:authorise": ("", None, 0),
    "person:revoke": ("authorisation", None, 0),
    "person-desk:objections": ("", None, 0),
    "person-desk:objection": ("objection", None, 1),
    "person-desk:paper": ("paper", None, 1),
    "person:paper": ("paper", None, 0),
    "person-desk:authorised": ("", {"code": "<code>", "purpose": PURPOSE}, 1),
}


def test_every_page_that_opens_the_file_is_on_the_persons_record_with_its_leaf(world: World) -> None:
    file = world.file
    named = {
        "": [],
        "licence": [file.licence.id],
        "objection": [file.objection.id],
        "paper": [file.objection.id, file.objection.papers[0].id],
        "authorisation": [file.issued.authorisation.id],
    }
    for name, (about, given, expected) in OPENINGS.items():
        client = browser(file.user if name.startswith("person:") else world.officer)
        address = reverse(name, args=named[about])
        before, leaves = len(selectors.openings(file.user)), ledger.size()
        post = given and {key: file.issued.code if text == "<code>" else text for key, text in given.items()}
        answer = client.get(address) if post is None else client.post(address, post)
        assert answer.status_code == 200, name
        made = selectors.openings(file.user)
        assert (len(made) - before, ledger.size() - leaves) == (expected, expected), name
        if expected:
            assert made[0].leaf == ledger.size() - 1, name


def test_copies_hold_everything_and_are_not_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client, address = browser(world.file.user), reverse("person:copy")
    assert "带电子签名的 PDF" in text(client.get(address))
    monkeypatch.setattr(copies, "signed_pdf", lambda given, **_: repr(given).encode())
    for form in ("pdf", "json"):
        answer = client.post(address, {"form": form})
        assert "no-store" in answer["Cache-Control"]
        assert f".{form}" in answer["Content-Disposition"]
        for said in (NAME, LICENCE, PENALTY, REASONS):
            assert said in text(answer)
        assert world.file.issued.code not in text(answer)
    given = json.loads(answer.content)
    assert given["format"] == copies.FORMAT
    assert {record["item"] for record in given["file"]["records"]} == {"licence", "penalty"}
    assert {entry["kind"] for entry in given["openings"]} >= {"own", "download"}


def test_nobody_but_the_person_finds_anything(world: World) -> None:
    """Another person, one who is not verified, a visitor: the same addresses."""
    other, unverified = user("other-person", Role.PERSON), user("unverified", Role.PERSON)
    person_world.verify(other, "OTHER0002")
    given = world.file
    addresses = [
        reverse("person:record", args=[given.licence.id]),
        reverse("person:objection", args=[given.licence.id]),
        reverse("person:case", args=[given.objection.id]),
        reverse("person:revoke", args=[given.issued.authorisation.id]),
    ]
    for address in addresses:
        for method in ("get", "post"):
            answer = getattr(browser(other), method)(address)
            assert (answer.status_code in {404, 405}, canaries(answer)) == (True, []), address
            refused = getattr(browser(unverified), method)(address)
            assert (refused.status_code in {403, 405}, canaries(refused)) == (True, []), address
            assert not canaries(getattr(Client(), method)(address))
    empty = text(browser(other).get(reverse("person:home")))
    assert "档案里没有记录" in empty
    told = text(browser(unverified).get(reverse("person:home")))
    assert "下一步" in told
    assert "信用办窗口" in told


def test_the_file_is_explained_to_whoever_is_not_signed_in(settings: Any) -> None:
    client, home = Client(), reverse("person:home")
    settings.DEMO = False
    assert client.get(home)["Location"] == reverse("person:start") + "?next=%2Fperson%2F"
    assert "到信用办窗口" in text(client.get(reverse("person:start")))
    settings.OIDC_ISSUER = "https://identity.example"
    started = text(client.get(reverse("person:start") + "?next=https://elsewhere.example/"))
    assert f'{reverse("desk:identity-service")}?next=/person/"' in started


def test_codes_are_tried_as_slowly_as_passwords() -> None:
    class_ = class_of("POST", reverse("person-desk:authorised"))
    assert class_ == "authorisation-code"
    assert DEFAULTS[class_][0] == DEFAULTS["sign-in"][0]
    assert class_of("POST", reverse("person:copy")) == "report"


def canaries(response: Any) -> list[str]:
    """What an answer tells of the person."""
    return [said for said in CANARIES if said in text(response)]


def test_an_address_is_given_confirmed_and_removed(world: World, settings: Any) -> None:
    settings.MAIL = True
    client, address = browser(world.file.user), reverse("person:mail")
    page = text(client.get(address))
    assert "邮件不写内容" in page
    refused = client.post(address, {"address": "nonsense"})
    assert (refused.status_code, "不是电子邮箱地址" in text(refused)) == (422, True)
    assert client.post(address, {"address": "somebody@example.cn"})["Location"] == address
    page = text(client.get(address))
    assert ("s…@example.cn" in page, "等待确认" in page, "somebody@" in page) == (True, True, False)
    wrong = client.post(reverse("person:mail-confirm"), {"code": "nothing"})
    assert (wrong.status_code, 'href="#id_code"' in text(wrong)) == (422, True)
    [sent] = mail.outbox
    code = re.search(r"\d{8}", str(sent.body))
    assert code
    assert client.post(reverse("person:mail-confirm"), {"code": code[0]})["Location"] == address
    browser(world.officer).post(reverse("person-desk:authorised"), {"code": world.file.issued.code, "purpose": PURPOSE})
    page = text(client.get(address))
    assert ("已确认" in page, "待发送" in page) == (True, True)
    # Staff see a number, and not that one.
    office = browser(user("mail-office", Role.CREDIT_OFFICE, world.unit))
    page = text(office.get(reverse("desk:undelivered")))
    assert ("少于 10 封" in page, "example.cn" in page) == (True, False)
    assert client.post(reverse("person:mail-drop"))["Location"] == address
    assert "s…@example.cn" not in text(client.get(address))


def test_the_end_of_the_file_says_what_stays_and_until_when(world: World) -> None:
    client, address = browser(world.file.user), reverse("person:end")
    page = text(client.get(address))
    for said in (
        "异议办结以前不销毁",
        '保存至 <time datetime="2032-03-01">',
        '保存至 <time datetime="2031-02-03">',
        "依据待核实",
        "立即收回",
    ):
        assert said in page
    assert client.post(address).status_code == 422
    assert client.post(address, {"understood": "on"})["Location"] == reverse("person:home")
    page = text(client.get(reverse("person:home")))
    assert ("已销毁 0 条，其余 2 条" in page, "档案正在终结" in page) == (True, True)
    assert client.post(reverse("person:stay"))["Location"] == reverse("person:home")
    assert "档案正在终结" not in text(client.get(reverse("person:home")))
    with clock.at(datetime(2032, 6, 1, 2, tzinfo=UTC)):
        goes = text(browser(world.file.user).get(address))
        assert '保存期限已于 <time datetime="2032-03-01">' in goes


def test_a_record_is_erased_by_two_officials_of_the_unit(world: World) -> None:
    first, second = browser(world.officer), browser(user("second", Role.CASE_OFFICER, world.unit))
    address = reverse("person-desk:objection", args=[world.file.objection.id])
    erasure = reverse("person-desk:erasure", args=[world.file.objection.id])
    assert first.post(address, {"outcome": "erased", "reasons": "不是本人"}).status_code == 302
    assert "须由本单位另一名工作人员复核" in text(first.get(address))
    assert first.post(erasure, {"reasons": "同意", "decision": "agree"}).status_code == 403
    assert "同意删除" in text(second.get(address))
    assert second.post(erasure, {"decision": "agree"}).status_code == 422
    assert second.post(erasure, {"reasons": "同意", "decision": "agree"}).status_code == 302
    person = browser(world.file.user)
    page = text(person.get(reverse("person:case", args=[world.file.objection.id])))
    assert "异议成立，记录已删除" in page
    assert PENALTY not in page
    assert person.get(reverse("person:record", args=[world.file.penalty.id])).status_code == 404


def test_officials_see_neither_whose_nor_what_is_destroyed(world: World) -> None:
    later = datetime(2032, 6, 1, 2, tzinfo=UTC)
    office, second = (
        user("office", Role.CREDIT_OFFICE, world.unit),
        user("other-office", Role.CREDIT_OFFICE, world.unit),
    )
    with clock.at(later):
        terms.derive(later.date())
        for rule in ("retention-person-entry", "retention-person-penalty"):
            assert rule in text(browser(office).get(reverse("desk:retention")))
        address = reverse("desk:retention-rule", args=["retention-person-entry"])
        page = browser(office).get(address)
        assert "今天可以销毁的：少于 10 项" in text(page)
        made = browser(office).post(address, {"reason": "期满"})["Location"]
        held = browser(second).get(made)
        for shown in (page, held, browser(second).get(reverse("desk:retention"))):
            assert not canaries(shown)
            assert str(world.file.licence.id) not in text(shown)
        assert "少于 10 项" in text(held)
        decide = f"{made}/decide"
        assert browser(second).post(decide, {"reason": "同意", "decision": "confirm"}).status_code == 302
        assert LICENCE not in text(browser(world.file.user).get(reverse("person:home")))
        assert PENALTY in text(browser(world.file.user).get(reverse("person:home")))
