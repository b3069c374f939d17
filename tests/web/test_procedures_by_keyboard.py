"""Every procedure of the pack from its list to filed and to decided, by keyboard alone in a browser without scripts, on
a phone: the organisation's side and the officers'. Each form is first sent empty and says so on top, with the focus.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from tests.rights import world as worlds
from tests.rights.world import World, at, listing, pdf
from tests.rights.world import browser as signed_in
from tests.web import in_browser

from gongxin import clock
from gongxin.identity.models import User
from gongxin.policy import packs
from gongxin.records.models import Record
from gongxin.rights import training
from gongxin.rights.models import Case, Course, Draft, Registration

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
JULY = date(2026, 7, 1)
SUMMARY = "#error-summary:focus"
CASE = "ol.timeline"
DONE = ".alert-success"


@pytest.fixture
def world(db: None) -> Iterator[World]:
    """The world of rights on a day on which its penalty may be repaired."""
    with clock.at(at(JULY)):
        yield worlds.build()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A phone without scripts."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    yield context.new_page()
    context.close()


class Walk:
    """Somebody with a keyboard."""

    def __init__(self, page: Page, who: User, start: str, *arguments: Any) -> None:
        self.page, self.client = page, signed_in(who)
        in_browser.connect(page, self.client)
        page.goto(in_browser.ORIGIN + reverse(start, args=arguments))

    def press(self, words: str, there: str) -> Walk:
        """Tab to the link that says these words, press Enter, and wait for what the next page has."""
        return self._leave(f"element.matches('a') && element.innerText.includes('{words}')", there)

    def send(self, words: str, there: str) -> Walk:
        """Tab to the button that says these words, press Enter, and wait for what the next page has."""
        return self._leave(f"element.matches('button') && element.innerText.startsWith('{words}')", there)

    def unfold(self, words: str) -> Walk:
        """Open the form of a step."""
        self._tab(f"element.matches('summary') && element.innerText.includes('{words}')")
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector(f"details[open]:has(summary:has-text('{words}'))")
        return self

    def refused(self, words: str) -> Walk:
        """Send a form with something missing: the summary has the focus, and its link leads to the field."""
        self.send(words, SUMMARY)
        self.page.keyboard.press("Tab")
        self.page.keyboard.press("Enter")
        field = self.page.evaluate("document.activeElement.getAttribute('href') || ''")
        self.page.wait_for_selector(f"{field or 'main'}:focus" if field else "main")
        return self

    def write(self, name: str, text: str) -> Walk:
        """Type into the field of that name."""
        self._tab(f"element.name === '{name}'", already=True)
        self.page.keyboard.type(text)
        return self

    def tick(self, name: str) -> Walk:
        """Tick the box of that name."""
        self._tab(f"element.name === '{name}'")
        self.page.keyboard.press("Space")
        return self

    def choose(self, name: str, words: str) -> Walk:
        """Go down the options of the field of that name to the one that says these words."""
        self._tab(f"element.name === '{name}'", already=True)
        chosen = "document.activeElement.selectedOptions[0].innerText"
        for _ in range(60):
            if words in self.page.evaluate(chosen):
                return self
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no option says {words}")

    def attach(self, action: str, where: str, *arguments: Any) -> Walk:
        """Put a file with the draft of the form. The keyboard opens the system's dialogue for files; what that hands
        over does not pass this test's route.
        """
        sent = {"save": "1", f"{action}-file_1": pdf()}
        assert self.client.post(reverse(where, args=arguments), sent).status_code == 302
        self.page.reload()
        return self

    def printed(self) -> Walk:
        """On paper there is the case and neither navigation nor forms."""
        self.page.emulate_media(media="print")
        for hidden in (".site-nav", ".step-form", ".preferences"):
            assert not self.page.locator(hidden).first.is_visible(), hidden
        assert self.page.locator(CASE).is_visible()
        self.page.emulate_media(media="screen")
        return self

    def _leave(self, holds: str, there: str) -> Walk:
        """The next page fits the phone."""
        self._tab(holds)
        # The page that is left may have it too.
        self.page.evaluate("document.documentElement.dataset.left = ''")
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector(f"html:not([data-left]) {there}")
        # Its styles come after it.
        self.page.wait_for_load_state()
        assert in_browser.sideways(self.page) == 0, (holds, self.page.url)
        return self

    def _tab(self, holds: str, *, already: bool = False) -> None:
        """Press Tab until the focus is on what the expression says."""
        is_there = f"(element => {holds})(document.activeElement)"
        if already and self.page.evaluate(is_there):
            return
        if self.page.evaluate("document.activeElement === document.body"):
            # Past the navigation, by the first link of the page.
            self.page.keyboard.press("Tab")
            self.page.keyboard.press("Enter")
        # So many times at least; where a field takes Tab more than once, more often.
        least = self.page.evaluate(_STOPS % holds)
        for number in range(1, 120):
            self.page.keyboard.press("Tab")
            if number >= least and self.page.evaluate(is_there):
                return
        raise AssertionError(f"Tab does not reach {holds} on {self.page.url}")


# How many places that take the focus stand between the focus and the one that is wanted.
_STOPS = """(() => {
  const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')];
  const after = document.activeElement.compareDocumentPosition.bind(document.activeElement);
  const next = all.filter(one => one.checkVisibility() && after(one) & Node.DOCUMENT_POSITION_FOLLOWING);
  return next.findIndex(element => %s) + 1;
})()"""


def _at_desk(page: Page, who: User, case: Case) -> Walk:
    """From the list of cases to the case."""
    return Walk(page, who, "cases:cases").press(case.number, CASE)


def _about(page: Page, who: User, world: World, opening: str) -> Walk:
    """From the list of cases over the organisation to the form that opens a case about it."""
    walk = Walk(page, who, "cases:cases").press("就信用主体提出办件", "#q").write("q", "云岭").send("查找", ".tiles")
    return walk.press(world.company.name, ".tiles").press(opening, "form.sheet")


def _latest(procedure: str) -> Case:
    return Case.objects.filter(procedure=procedure).latest("opened_at")


def _ended(procedure: str, state: str) -> None:
    assert _latest(procedure).state == state


def test_objection_correction_and_repair_and_its_undoing(world: World, page: Page) -> None:
    home = Walk(page, world.agent, "mine:home").press(world.record.title, "dl.facts")
    home.press("提出异议", "#id_file-reasons").refused("提交异议").write("file-reasons", "罚款金额有误")
    home.send("提交异议", CASE).printed()
    desk = _at_desk(page, world.maker, _latest("objection")).unfold("异议成立，更正记录")
    desk.refused("确认：异议成立，更正记录").choose("uphold-correct-field_1", "罚款金额")
    desk.write("uphold-correct-text_1", "0.1").write("uphold-correct-reasons", "属实")
    desk.send("确认：异议成立，更正记录", DONE).printed()
    _ended("objection", "corrected")

    tasks = Walk(page, world.agent, "mine:home").press(world.record.title, "dl.facts").press("申请信用修复", ".tasks")
    tasks.press("履行义务的证明", "#id_file").refused("保存")
    tasks.client.post(reverse("mine:duties", args=[world.record.pk]), {"file": pdf()})
    tasks.press("回到事项列表", "#task-duties.badge-good").press("信用承诺书", "#id_committed").tick("committed")
    tasks.send("保存", "#task-commitment.badge-good").press("核对并提交", "dl.facts").send("提交申请", CASE).printed()
    desk = _at_desk(page, world.maker, _latest("repair")).unfold("受理").send("确认：受理", CASE)
    desk.unfold("拟准予修复").refused("确认：拟准予修复").write("propose-grant-reasons", "材料齐全")
    desk.send("确认：拟准予修复", CASE)
    desk = _at_desk(page, world.checker, _latest("repair")).unfold("准予修复").write("grant-reasons", "同意")
    desk.send("确认：准予修复", DONE).printed()
    _ended("repair", "granted")

    undo = Walk(page, world.maker, "cases:choose", world.record.pk).press("拟撤销修复", "form.sheet")
    undo.refused("提交").attach("propose", "cases:file", world.record.pk, "repair-undo", "propose")
    undo.write("propose-reasons", "材料虚假").send("提交", CASE)
    party = Walk(page, world.agent, "mine:home").press(_latest("repair-undo").number, CASE)
    party.refused("确认：陈述申辩").write("respond-reasons", "材料真实").send("确认：陈述申辩", CASE).printed()
    desk = _at_desk(page, world.checker, _latest("repair-undo")).unfold("维持修复")
    desk.write("keep-reasons", "材料属实").send("确认：维持修复", DONE)
    _ended("repair-undo", "kept")


def test_list_exit_revocation_and_an_objection_on_paper(world: World, page: Page) -> None:
    entry = listing(world.company, world.market)
    form = Walk(page, world.agent, "mine:record", entry.pk).press("申请移出名单", "form.sheet").refused("提交")
    form.attach("apply", "mine:file", entry.pk, "list-exit").choose("apply-ground", "列入的情形")
    form.write("apply-reasons", "已补报年报").tick("apply-committed").send("提交", CASE).printed()
    desk = _at_desk(page, world.maker, _latest("list-exit")).unfold("受理").send("确认：受理", CASE)
    desk.unfold("拟移出").write("propose-remove-reasons", "属实").send("确认：拟移出", CASE)
    desk = _at_desk(page, world.checker, _latest("list-exit")).unfold("移出名单")
    desk.refused("确认：移出名单").write("remove-reasons", "同意").send("确认：移出名单", DONE).printed()
    _ended("list-exit", "removed")

    paper = Walk(page, world.office, "cases:choose", world.record.pk).press("提出异议", "form.sheet").refused("提交")
    paper.write("paper", "收文〔2026〕9号").write("file-reasons", "书面异议").send("保存草稿", ".draft")
    again = Walk(page, world.office, "desk:home").press("提出异议", "form.sheet").send("提交", CASE).printed()
    assert again.page.locator("text=收文〔2026〕9号").first.is_visible()
    assert not Draft.objects.filter(user=world.office).exists()
    desk = _at_desk(page, world.maker, _latest("objection")).unfold("异议不成立")
    desk.write("reject-reasons", "金额无误").send("确认：异议不成立", DONE)
    _ended("objection", "rejected")

    world.market.items = ["penalty"]
    world.market.save()
    report = Walk(page, world.reporter, "desk:records")
    report.press(world.company.name, "dl.facts").press("异议、修复、撤销等办件", ".tiles").press(
        "报告文书被撤销", "form.sheet"
    ).refused("提交")
    report.write("report-revoked-reasons", "复议决定撤销").write("report-revoked-occurred_on", "06302026")
    report.send("提交", CASE).printed()
    _ended("revocation", "revoked")


def test_reminder_interview_and_untrue_commitment(world: World, page: Page) -> None:
    _about(page, world.maker, world, "发出信用提醒").refused("提交").write("remind-reasons", "请补报").send(
        "提交", CASE
    )
    party = Walk(page, world.agent, "mine:home").press(_latest("reminder").number, CASE)
    party.refused("确认：回应提醒").write("answer-reasons", "已补报").send("确认：回应提醒", CASE).printed()
    desk = _at_desk(page, world.maker, _latest("reminder")).unfold("确认整改到位")
    desk.refused("确认：确认整改到位").write("confirm-reasons", "属实").send("确认：确认整改到位", DONE)
    _ended("reminder", "settled")

    desk = _about(page, world.maker, world, "警示约谈").refused("提交").write("call-warning-reasons", "七月十日到场")
    desk.send("提交", CASE).unfold("登记约谈情况").write("hold-reasons", "到场").send("确认：登记约谈情况", CASE)
    desk.refused("确认：整理记录").write("write-up-reasons", "已要求限期整改").send("保存草稿", ".draft")
    desk.send("确认：整理记录", CASE)
    desk = _at_desk(page, world.checker, _latest("interview")).unfold("复核无误")
    desk.write("enter-reasons", "无秘密").send("确认：复核无误", DONE).printed()
    _ended("interview", "recorded")
    assert Record.objects.get(item="interview").organisation == world.company

    desk = _about(page, world.maker, world, "拟认定承诺不实").refused("提交")
    desk.attach("propose", "cases:file-about", world.company.pk, "untrue-commitment", "propose")
    desk.write("propose-reasons", "承诺没有履行").send("提交", CASE)
    party = Walk(page, world.agent, "mine:home").press(_latest("untrue-commitment").number, CASE)
    party.write("respond-reasons", "已经履行").send("确认：陈述申辩", CASE)
    desk = _at_desk(page, world.checker, _latest("untrue-commitment")).unfold("不认定")
    desk.write("dismiss-reasons", "已经履行").send("确认：不认定", DONE).printed()
    _ended("untrue-commitment", "dismissed")


def test_reorganisation_and_training(world: World, page: Page) -> None:
    form = Walk(page, world.agent, "mine:home").press("破产重整信用修复", "form.sheet").refused("提交")
    form.attach("apply", "mine:file-about", world.company.pk, "bankruptcy")
    form.write("apply-reasons", "裁定批准").write("apply-occurred_on", "06302026").tick("apply-committed").send(
        "提交", CASE
    )
    desk = _at_desk(page, world.office, _latest("bankruptcy")).unfold("裁定核验无误")
    desk.write("propose-shield-reasons", "属实").send("确认：裁定核验无误", CASE)
    desk = _at_desk(page, world.second, _latest("bankruptcy")).unfold("暂时屏蔽").refused("确认：暂时屏蔽")
    desk.write("shield-reasons", "同意").send("确认：暂时屏蔽", CASE).printed()
    _ended("bankruptcy", "shielded")

    offer = Walk(page, world.office, "cases:cases").press("信用修复培训", "#id_title").refused("开设")
    offer.write("title", "信用修复培训").send("开设", "#id_place").refused("安排")
    assert offer.page.locator("#id_place").is_visible()
    course = Course.objects.get()
    when = at(date(2026, 7, 10))
    training.schedule(course.pk, when, "市民中心", hours=3, seats=5, acting_user=world.office, at=at(JULY))
    desk = Walk(page, world.office, "cases:training").press("信用修复培训", "#id_place")
    desk.press("登记书面报名", "#id_paper").refused("报名").write("paper", "收文〔2026〕10号")
    desk.write("organisation", str(world.company.uscc)).send("保存草稿", ".draft").send("报名", "table")
    entry = Registration.objects.get()
    assert (entry.paper, entry.people, Draft.objects.count()) == ("收文〔2026〕10号", 1, 0)
    desk.send("取消报名", ".alert-info")
    party = Walk(page, world.agent, "mine:training").press("报名", "#id_people").write("people", "0").refused("报名")
    party.page.locator("#id_people").fill("2")
    party.send("报名", ".alert-success")
    assert Registration.objects.filter(withdrawn_at=None).get().people == 2


def test_every_procedure_of_the_pack_is_walked() -> None:
    """A new procedure needs a walk above."""
    walked = {
        "objection", "repair", "repair-undo", "list-exit", "revocation", "reminder", "interview", "untrue-commitment",
        "bankruptcy",
    }  # fmt: skip
    assert set(packs.current().procedures) == walked
