"""A department with two case officers, the credit office, an organisation with its representative and a penalty. All
fictional.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests import held

from gongxin.clock import CIVIL_TIME
from gongxin.identity import representations
from gongxin.identity.models import Department, Role, User
from gongxin.policy import packs
from gongxin.records.models import Record
from gongxin.rights import cases, evidence
from gongxin.rights.cases import Given
from gongxin.rights.models import Case, Channel, Paper
from gongxin.subjects.models import Organisation

PDF = b"%PDF-1.7\n% made up for a test\n"
# A Monday; three working days later is the 4th, seven the 10th.
MONDAY = date(2026, 6, 1)


def at(day: date, hour: int = 10) -> datetime:
    """An instant of a civil day in China."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=CIVIL_TIME).astimezone(UTC)


def browser(user: User) -> Client:
    """Signed in as `user`."""
    client = Client()
    client.force_login(user)
    return client


def pdf(name: str = "证明.pdf") -> SimpleUploadedFile:
    """A small file that is accepted."""
    return SimpleUploadedFile(name, PDF, content_type="application/pdf")


@dataclass(frozen=True)
class World:
    """maker, checker: case officers of the provider; reporter: its data officer; stranger: officer of another one;
    office, second: two of the credit office.
    """

    market: Department
    other: Department
    maker: User
    checker: User
    reporter: User
    stranger: User
    office: User
    second: User
    agent: User
    company: Organisation
    record: Record

    def about(self, procedure: str, action: str, *, by: User, on: date = MONDAY, **given: Any) -> Case:
        """Open a case about the organisation, with reasons where none are given."""
        given = {"reasons": "依法办理"} | given
        return cases.open_about(procedure, action, self.company.pk, given=Given(**given), acting_user=by, at=at(on))

    def reorganising(self, *, on: date = MONDAY, ruling: date | None = None) -> Case:
        """The representative asks for shielding, with the ruling of the court."""
        given = {"occurred_on": ruling or on, "committed": True, "files": [proof(Paper.OTHER)]}
        return self.about("bankruptcy", "apply", by=self.agent, on=on, **given)

    def shielded(self, *, on: date = MONDAY, ruling: date | None = None) -> Case:
        """The plan runs and the records are out of sight."""
        case = self.reorganising(on=on, ruling=ruling)
        self.take(case, "propose-shield", by=self.office, on=on)
        return self.take(case, "shield", by=self.second, on=on)

    def found_untrue(self, *, on: date = MONDAY) -> Case:
        """A commitment of the organisation is found untrue, after it was heard."""
        case = self.about("untrue-commitment", "propose", by=self.maker, on=on, files=[proof(Paper.OTHER)])
        self.take(case, "respond", by=self.agent, on=on)
        return self.take(case, "establish", by=self.checker, on=on)

    def file(self, procedure: str, action: str, *, by: User, on: date = MONDAY, **given: Any) -> Case:
        """Open a case about the record."""
        channel = Channel.ACCOUNT if by.role == Role.REPRESENTATIVE else Channel.PAPER
        return cases.open_case(
            procedure, action, self.record.pk, given=Given(**given), channel=channel, acting_user=by, at=at(on)
        )

    def object(self, *, on: date = MONDAY, **given: Any) -> Case:
        """The representative objects."""
        return self.file("objection", "file", by=self.agent, on=on, **({"reasons": "罚款金额有误"} | given))

    def apply(self, *, on: date) -> Case:
        """The representative applies for repair with proof and commitment."""
        return self.file("repair", "apply", by=self.agent, on=on, files=[proof()], committed=True)

    def take(self, case: Case, action: str, *, by: User, on: date = MONDAY, **given: Any) -> Case:
        """Take a step, with reasons where none are given."""
        given = {"reasons": "经核查属实"} | given
        return cases.advance(case.pk, action, given=Given(**given), acting_user=by, at=at(on))

    def repaired(self, *, on: date) -> Case:
        """The record is repaired, all steps on one day."""
        case = self.apply(on=on)
        for action, by in (("accept", self.maker), ("propose-grant", self.maker), ("grant", self.checker)):
            self.take(case, action, by=by, on=on)
        return Case.objects.get(pk=case.pk)


def proof(paper: Paper = Paper.DUTIES) -> tuple[Paper, evidence.Kept]:
    """A kept file."""
    return paper, evidence.keep(io.BytesIO(PDF), filename="缴款凭证.pdf")


def user(name: str, role: Role, department: Department | None = None) -> User:
    """An account; its password does not matter."""
    return User.objects.create(username=name, role=role, department=department, first_name=f"账号{name}")


def build() -> World:
    """One of each. The penalty is ordinary under the rules of 2026: open for repair from 2026-07-01."""
    market = held.department(code="market", name="虚构市场监督管理局")
    other = held.department(code="housing", name="虚构住房和城乡建设局")
    company = held.organisation("泽川云岭贸易有限公司", uscc=held.code(8801))
    credit = held.department(code="credit", name="虚构信用中心")
    agent = user("agent", Role.REPRESENTATIVE)
    representations.bind(
        agent, company.uscc or "", ground="委托书一号", acting_user=None, at=at(MONDAY - timedelta(30))
    )
    return World(
        market=market,
        other=other,
        maker=user("maker", Role.CASE_OFFICER, market),
        checker=user("checker", Role.CASE_OFFICER, market),
        reporter=user("reporter", Role.DATA_OFFICER, market),
        stranger=user("stranger", Role.CASE_OFFICER, other),
        office=user("office", Role.CREDIT_OFFICE, credit),
        second=user("second", Role.CREDIT_OFFICE, credit),
        agent=agent,
        company=company,
        record=penalty(company, market),
    )


def penalty(company: Organisation, market: Department, **given: Any) -> Record:
    """A public ordinary penalty of 2026-04-01, as a load would have derived it."""
    fields = {
        "CF_XDR_MC": company.name,
        "CF_XDR_LB": "法人及非法人组织",
        "CF_XDR_SHXYM": company.uscc,
        "CF_FRDB": "钟某",
        "CF_WSH": "泽市监罚〔2026〕77号",
        "CF_WFXW": "未按规定公示有关信息",
        "CF_SY": "经查，当事人未按规定公示有关信息（虚构）",
        "CF_YJ": "《泽川市示例条例》第三条",
        "CF_CFLB": "罚款",
        "CF_NR": "罚款 2000 元",
        "CF_NR_FK": "0.2",
        "CF_JDRQ": "2026-04-01",
        "CF_YXQ": "2099-12-31",
        "CF_SXCD": "一般",
        "CF_ZT": "1",
    }
    values: dict[str, Any] = {
        "document_no": "泽市监罚〔2026〕77号",
        "title": "未按规定公示有关信息",
        "severity": "ordinary",
        "publicity_until": date(2027, 4, 1),
        "publicity_rule": "penalty-2026-ordinary",
        "fields": fields,
        "provider": market,
    }
    return held.record(company, **(values | given))


def listing(company: Organisation, market: Department, item: str = "abnormal-operations", **given: Any) -> Record:
    """An entry of a list since 2026-04-01, as a load would have derived it."""
    fields = {
        "XDR_MC": company.name,
        "XDR_LB": "法人及非法人组织",
        "XDR_SHXYM": company.uscc,
        "LR_YY": "未按规定期限公示年度报告",
        "LR_RQ": "2026-04-01",
        "LR_JG": market.name,
        "MD_MC": "虚构的严重失信名单",
        "RD_WH": "泽市监列〔2026〕1号",
        "RD_RQ": "2026-04-01",
        "ZT": "1",
    }
    names = {field.name for field in packs.current().item(item).fields}
    values: dict[str, Any] = {
        "item": item,
        "title": "列入名单",
        "publicity_until": None,
        "publicity_rule": "list-until-exit",
        "fields": {name: text for name, text in fields.items() if name in names},
        "provider": market,
    }
    return held.record(company, **(values | given))


def fresh(record: Record | UUID) -> Record:
    """The record as it stands in the database."""
    return Record.objects.get(pk=record.pk if isinstance(record, Record) else record)
