"""A node full of canaries: made-up words that stand where something confidential would, and a finder for them.

NOBODY: what no exit, log, dump or file may hold. RESTRICTED: what somebody may see, but not the public and not another
department. PUBLIC: what everybody sees: the control that the finder finds.
"""

from __future__ import annotations

import html
import io
import re
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import openpyxl
from django.test import Client
from stdnum.cn import ric
from tests import held
from tests.intake.hand_ins import hand_in
from tests.made_up import nameless, penalty, person
from tests.web.signing_world import SECRET, code_at

from gongxin import clock
from gongxin.correspondence import following, gathering, mailboxes, mailing
from gongxin.correspondence.models import Kind
from gongxin.enquiries.models import Look
from gongxin.identity import accounts, factors, keys, representations
from gongxin.identity import sessions as own_sessions
from gongxin.identity.models import Department, Role, User
from gongxin.intake.models import Submission
from gongxin.persons import authorising, holding, objecting, opening
from gongxin.records.models import Record
from gongxin.rights import cases, evidence
from gongxin.rights.cases import Given
from gongxin.rights.models import Case, Evidence, Paper
from gongxin.subjects.models import Organisation

AT = held.AT
# No division has this code and nobody was born on that day; the check digit is right.
_BODY = "000000" + "19040229" + "042"
RESIDENT = _BODY + ric.calc_check_digit(_BODY + "0")
PASSWORD = "Qzkestrel-pass-7301"
WRONG_PASSWORD = "Qzwaxwing-pass-7302"
WRONG_KEY = "gx_" + "Qzplover" * 5 + "Qzp"
SEARCHED = "Qzlapwing"
PUBLIC = "Qzgoldcrest"
MATTER = "Qzdunnock"
NOBODY = {
    "resident number": RESIDENT,
    "passport of the representative": "EQ7301442",
    "free text of a person's row": "Qzfieldfare",
    "name of a person": "Qzshrike",
    "decision on a person": "Qzbittern",
    "reasons of an objection": "Qzgrebe",
    "text of a correction": "Qzsmew",
    "reasons of a decision": "Qzdotterel",
    "password": PASSWORD,
    "wrong password": WRONG_PASSWORD,
    "wrong API key": WRONG_KEY,
    "secret of the authenticator": SECRET,
    "e-mail address": "qzbunting@example.cn",
}
RESTRICTED = {
    "authorised": "Qzbrambling",
    "shared": "Qzcrossbill",
    "ended": "Qzredpoll",
    "never public": "Qzsiskin",
    "not yet public": "Qztwite",
    "closed": "Qzhawfinch",
    "unpublished field": "Qznuthatch",
    "operator of a sole trader": "Qzwheatear",
    "rejected row": "Qzwhinchat",
    "matter": MATTER,
    "reasons of a case": "Qzpipit",
    "evidence of a case": "Qzserin",
}


@dataclass(frozen=True)
class World:
    """mine hands in, theirs is another department. secrets: NOBODY and what was made on the way."""

    mine: Department
    theirs: Department
    company: Organisation
    records: list[Record]
    submission: Submission
    users: dict[str, User]
    key: str
    poor_key: str
    secrets: dict[str, str]

    def client(self, name: str) -> Client:
        """A browser of one of `users`, signed in just now."""
        client = Client(raise_request_exception=False)
        client.force_login(self.users[name])
        session = client.session
        session[own_sessions.CONFIRMED] = int(clock.now().timestamp())
        session.save()
        self.secrets[f"session of {name}"] = session.session_key
        return client

    def ids(self) -> dict[str, list[str]]:
        """What to put into addresses, by the name of the part."""
        looks = [str(pk) for pk in Look.objects.values_list("pk", flat=True)[:1]]
        return {
            "case_id": [str(pk) for pk in Case.objects.values_list("pk", flat=True)],
            "evidence_id": [str(pk) for pk in Evidence.objects.values_list("pk", flat=True)],
            "organisation_id": [str(self.company.pk)],
            "record_id": [str(one.pk) for one in self.records],
            "submission_id": [str(self.submission.pk)],
            "look_id": looks,
            "check_id": looks,
            "item_id": ["penalty"],
            "rule_id": ["penalty-publicity"],
            "code": ["E401"],
            "form": ["csv", "xlsx"],
            "ref": [self.company.uscc],
            "year": ["2026"],
        }


def build() -> World:
    """Plant everything, by the verbs that a node would be used by."""
    mine = Department.objects.create(
        code="market", name="虚构市场监督管理局", items=["penalty", "licence"], purposes=["licence-review"]
    )
    theirs = Department.objects.create(
        code="tax", name="虚构税务局", items=["tax-arrears"], purposes=["licence-review"]
    )
    company = held.organisation("泽川云岭贸易有限公司", uscc=held.code(899))
    users = _users(mine, theirs)
    records = _records(company, mine)
    _case(company, records[0])
    factors.add_app(users["owner"], secret=SECRET, code=code_at(AT), at=AT)
    rich = keys.issue(department=mine, label="审批系统", acting_user="operator", at=AT).secret
    poor = keys.issue(department=theirs, label="报税系统", purposes=[], acting_user="operator", at=AT).secret
    return World(
        mine=mine,
        theirs=theirs,
        company=company,
        records=records,
        submission=_submission(mine),
        users=users,
        key=rich,
        poor_key=poor,
        secrets=NOBODY | {"API key": rich, "poorer API key": poor},
    )


def _users(mine: Department, theirs: Department) -> dict[str, User]:
    roles = {
        "owner": (Role.DATA_OFFICER, mine),
        "other officer": (Role.DATA_OFFICER, theirs),
        "case officer": (Role.CASE_OFFICER, theirs),
        "office": (Role.CREDIT_OFFICE, mine),
        "auditor": (Role.AUDITOR, theirs),
        "system": (Role.SYSTEM_ADMIN, theirs),
        "security": (Role.SECURITY_ADMIN, theirs),
        "representative": (Role.REPRESENTATIVE, None),
    }
    made = {
        name: accounts.create(
            name.replace(" ", "-"), password=PASSWORD, full_name="账号", department=department, role=role, at=AT
        )
        for name, (role, department) in roles.items()
    }
    another = held.organisation("泽川另一家商贸有限公司", uscc=held.code(898))
    representations.bind(made["representative"], another.uscc, ground="授权书", acting_user=None, at=AT)
    return made


def _records(company: Organisation, mine: Department) -> list[Record]:
    """One of each standing; the record of a sole trader is public, its operator is not."""
    day = held.DAY
    standings: dict[str, dict[str, Any]] = {
        "authorised": {"disclosure": "authorised"},
        "shared": {"disclosure": "shared"},
        "ended": {"publicity_until": day - timedelta(days=1)},
        "never public": {"publicity_from": None, "publicity_until": None},
        "not yet public": {"publicity_from": day + timedelta(days=1)},
        "closed": {"state": "closed"},
    }
    made = [
        _record(company, mine, RESTRICTED[name], f"泽市监罚〔2026〕{number}号", **given)
        for number, (name, given) in enumerate(standings.items(), 9100)
    ]
    operator = RESTRICTED["operator of a sole trader"]
    shop = held.organisation(
        "泽川南门面馆", uscc=held.code(897, "92"), kind="sole_trader", legal_representative=operator
    )
    made.append(held.record(shop, provider=mine, fields={"CF_XDR_MC": shop.name, "CF_FRDB": operator}))
    made.append(_record(company, mine, PUBLIC, "泽市监罚〔2026〕9000号"))
    return made


def _case(company: Organisation, record: Record) -> None:
    """The organisation objects with a piece of evidence, and is told of it by e-mail."""
    agent = accounts.create(
        "own-agent", password=PASSWORD, full_name="账号", department=None, role=Role.REPRESENTATIVE, at=AT
    )
    representations.bind(agent, company.uscc or "", ground="授权书", acting_user=None, at=AT)
    # The first gathering begins where the log ends.
    gathering.gather(at=AT)
    box = mailboxes.give(NOBODY["e-mail address"], acting_user=agent, at=AT)
    mailboxes.confirm(mailboxes.confirmation(box), at=AT)
    mailing.confirm(box)
    following.follow(company.uscc or "", [kind.value for kind in Kind], acting_user=agent, at=AT)
    kept = evidence.keep(io.BytesIO(b"%PDF-1.7 made up"), filename=f"{RESTRICTED['evidence of a case']}.pdf")
    given = Given(reasons=RESTRICTED["reasons of a case"], files=[(Paper.OTHER, kept)])
    cases.open_case("objection", "file", record.pk, given=given, acting_user=agent, at=AT)
    gathering.gather(at=AT)
    mailing.send_due(at=AT + timedelta(hours=2))


def _record(about: Organisation, provider: Department, word: str, number: str, **given: Any) -> Record:
    unpublished = dict.fromkeys(
        ("CF_FR_ZJLX", "CF_FR_ZJHM", "CF_XDR_ZJLX", "CF_XDR_ZJHM"), RESTRICTED["unpublished field"]
    )
    fields = {"CF_XDR_MC": about.name, "CF_WSH": number, "CF_WFXW": word, "CF_SY": f"经查{word}（虚构）", "CF_NR": word}
    title = {"title": f"违法行为{word}", "document_no": number}
    return held.record(about, provider=provider, fields=fields | unpublished, **(title | given))


def _submission(mine: Department) -> Submission:
    texts = {"CF_SY": f"负责人（{RESIDENT}）到场", "BZ": f"证件{RESIDENT[:6]} {RESIDENT[6:14]} {RESIDENT[14:]}"}
    passport = {"CF_FR_ZJLX": "护照号", "CF_FR_ZJHM": NOBODY["passport of the representative"]}
    rows = [
        penalty(1, CF_WSH="泽市监罚〔2026〕9201号", CF_FR_ZJLX="身份证", CF_FR_ZJHM=RESIDENT, **texts),
        penalty(2, CF_WSH="泽市监罚〔2026〕9202号", **passport),
        nameless(3, CF_WFXW=RESTRICTED["rejected row"], BZ=RESIDENT, **passport),
        own_row(4, CF_XDR_ZJHM=RESIDENT[:17] + "?"),
        own_row(5),
        own_row(6, CF_XDR_LB=""),
    ]
    columns = {name: "" for row in rows for name in row}
    submission = hand_in([columns | row for row in rows], provider=mine, filename=f"处罚{RESIDENT}.csv", at=AT)
    counts = (submission.accepted, submission.rejected, submission.received)
    assert counts == (2, 3, 1), submission.rejections_by_code
    _own_file(mine)
    return submission


def own_row(serial: int, **changes: str) -> dict[str, str]:
    """A row of a natural person, full of canaries."""
    said = NOBODY["free text of a person's row"]
    usual = {"CF_XDR_MC": NOBODY["name of a person"], "CF_XDR_ZJLX": "身份证", "CF_XDR_ZJHM": RESIDENT, "CF_FRDB": ""}
    return person(serial) | usual | {"CF_SY": said, "CF_NR": said, "CF_WSH": NOBODY["decision on a person"]} | changes


def _own_file(mine: Department) -> None:
    """The person's other way in, and everything a person does with the file."""
    book = openpyxl.Workbook()
    for cells in (own_row(7).keys(), own_row(7).values()):
        book.active.append(list(cells))  # type: ignore[union-attr]  # a new workbook has a sheet
    content = io.BytesIO()
    book.save(content)
    assert hand_in(content.getvalue(), provider=mine, filename="处罚.xlsx", at=AT).received == 1
    user = accounts.create("own-file", password=PASSWORD, full_name="账号", department=None, role=Role.PERSON, at=AT)
    holding.keep(user, holding.indexes("身份证", RESIDENT), at=AT)
    mine.purposes = [*mine.purposes, "authorised-query"]
    mine.save()
    [record] = opening.open_own(acting_user=user, at=AT).records
    issued = authorising.issue_authorisation(
        ["penalty"], purpose="authorised-query", unit=mine.pk, until=AT.date(), acting_user=user, at=AT
    )
    office = accounts.create(
        "window", password=PASSWORD, full_name="账号", department=mine, role=Role.CASE_OFFICER, at=AT
    )
    assert opening.open_by_code(issued.code, purpose="authorised-query", acting_user=office, at=AT).records
    wanted = {"CF_NR": NOBODY["text of a correction"]}
    said = {"reasons": NOBODY["reasons of an objection"], "wanted": wanted}
    filed = objecting.object_to(record.id, **said, acting_user=user, at=AT)
    objecting.decide_objection(
        filed.id, outcome="corrected", reasons=NOBODY["reasons of a decision"], acting_user=office, at=AT
    )
    said["wanted"] = {"CF_NR": "又"}
    objecting.object_to(record.id, **said, acting_user=user, at=AT)


def use(world: World) -> list[str]:
    """Search, check and sign in, rightly and wrongly; the addresses and bodies are full of canaries. What was
    answered, but for what repeats the question to whoever asked it.
    """
    browser = Client(raise_request_exception=False)
    for query in (SEARCHED, RESIDENT):
        browser.get("/search", {"q": query})
        browser.get("/api/v1/organisations", {"q": query})
    said = []
    for name, password in (("owner", WRONG_PASSWORD), ("nobody-" + SEARCHED, WRONG_PASSWORD), ("owner", PASSWORD)):
        answer = browser.post("/desk/sign-in", {"username": name, "password": password})
        said.append(words(answer).replace(SEARCHED, ""))
    world.secrets["session after sign-in"] = browser.cookies["sessionid"].value
    given = {"item": "penalty", "rows": [own_row(8)]}
    headers = {"Authorization": f"Bearer {world.key}"}
    answer = browser.post("/api/v1/submissions", given, "application/json", headers=headers)
    assert answer.json()["received"] == 1
    said.append(words(answer))
    for code in (world.company.uscc, RESIDENT):
        body = {"code_or_name": code, "purpose": "licence-review", "matter": f"{MATTER} {RESIDENT}"}
        for key in (world.key, WRONG_KEY):
            headers = {"Authorization": f"Bearer {key}"}
            answer = browser.post("/api/v1/checks", body, "application/json", headers=headers)
            said.append(words(answer).replace(MATTER, ""))
    return said


def words(answer: Any) -> str:
    """Everything an answer says: headers, body, workbooks unpacked, PDFs read where pdftotext is here."""
    raw = b"".join(answer.streaming_content) if answer.streaming else answer.content
    said = [str(dict(answer.items())), raw.decode("utf-8", "replace")]
    if raw.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(raw)) as book:
            said += [book.read(name).decode("utf-8", "replace") for name in book.namelist()]
    if raw.startswith(b"%PDF") and (reader := shutil.which("pdftotext")):
        # What somebody handed in as evidence is none that can be read: its bytes are looked through above.
        said.append(subprocess.run([reader, "-", "-"], input=raw, capture_output=True, check=False).stdout.decode())
    text = "\n".join(said)
    return f"{text}\n{html.unescape(text)}"


def found(text: str, canaries: dict[str, str]) -> set[str]:
    """The names of the canaries in a text; numbers also where blanks or hyphens stand between their parts."""
    close = re.sub(r"[\s-]", "", text)
    return {name for name, word in canaries.items() if word in text or (word[:6].isdigit() and word in close)}
