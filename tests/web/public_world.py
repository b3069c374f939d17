"""A few organisations with records in every standing: what tests of the public pages need. All fictional."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import uuid4

from tests import held

from gongxin.identity.models import Department
from gongxin.policy import packs
from gongxin.records.models import Record, Revision
from gongxin.subjects.models import FormerName, Organisation
from gongxin.subjects.names import name_key

DAY = held.DAY
# What a page may never show: an earlier value of a corrected field, and a sole trader's operator and address.
CORRECTED = "更正以前的违法事实原文"
OPERATOR = "申某某"
HOME = "泽川市南门街 1 号三单元"


@dataclass(frozen=True)
class City:
    """market: provider of everything. company: has records of all items. shop: a sole trader. stray: in no register.

    The records are named after their standing on DAY.
    """

    market: Department
    company: Organisation
    shop: Organisation
    stray: Organisation
    public: Record
    ended: Record
    never: Record
    early: Record
    closed: Record
    restricted: Record
    of_shop: Record


def build(*, market: Department | None = None) -> City:
    """One of each. market: the provider, where there is one already."""
    market = market or held.department(code="market", name="虚构市场监督管理局")
    company = _company()
    shop = held.organisation(
        "泽川南门面馆", uscc=held.code(900, "92"), kind="sole_trader", legal_representative=OPERATOR, address=HOME
    )
    public = _penalty(company, market, document_no="泽市监罚〔2026〕1号")
    _corrected(public)
    _others(company, market)
    return City(
        market=market,
        company=company,
        shop=shop,
        stray=held.organisation("泽川未登记物流有限公司", uscc=held.code(901), origin="provider"),
        public=public,
        ended=_penalty(company, market, publicity_until=DAY - timedelta(days=1)),
        never=_penalty(
            company,
            market,
            publicity_from=None,
            publicity_until=None,
            publicity_rule="penalty-2026-minor",
            fields={"CF_WFXW": "未按规定公示有关信息", "CF_CFLB": "警告", "CF_ZT": "1"},
        ),
        early=_penalty(company, market, publicity_from=DAY + timedelta(days=1)),
        closed=_penalty(company, market, state="closed"),
        restricted=_penalty(company, market, disclosure="authorised"),
        of_shop=_penalty(shop, market, document_no="泽市监罚〔2026〕2号"),
    )


def _company() -> Organisation:
    company = held.organisation(
        "泽川云岭贸易有限公司",
        uscc=held.code(899),
        district="临湖区",
        legal_representative="钟某",
        established_on=date(2015, 5, 4),
        flags=["uscc-organisation-code"],
    )
    FormerName.objects.create(
        organisation=company, name="泽川旧岭商店", name_key=name_key("泽川旧岭商店"), until=date(2019, 1, 1)
    )
    company.identifiers.create(scheme="registration-no", value="000000000000011")
    return company


def _penalty(about: Organisation, provider: Department, **given: object) -> Record:
    fields = {
        "CF_XDR_MC": about.name,
        "CF_FRDB": about.legal_representative,
        "CF_WSH": given.get("document_no", ""),
        "CF_WFXW": "未按规定公示有关信息",
        "CF_SY": "经查，当事人未按规定公示有关信息（虚构）",
        "CF_CFLB": "警告;罚款",
        "CF_NR_FK": "0.2",
        "CF_JDRQ": "2026-04-01",
        "CF_YXQ": "2099-12-31",
        "CF_ZT": "1",
        "BZ": "",
    }
    values = {"publicity_rule": "penalty-2026-ordinary", "procedure": "ordinary", "fields": fields} | given
    return held.record(about, provider=provider, **values)


def _others(company: Organisation, provider: Department) -> None:
    """A public record of every other public item."""
    for item in packs.current().items.values():
        if item.disclosure == "public" and item.id not in {"penalty", "register-basics"}:
            held.record(company, item=item.id, provider=provider, title=item.title, publicity_until=None)


def _corrected(record: Record) -> None:
    """The record as it is, after a correction of the facts."""
    names = [field.name for field in packs.current().item(record.item).fields]
    before = list(record.payload)
    before[names.index("CF_SY")] = CORRECTED
    Revision.objects.create(
        record=record,
        number=1,
        item_version=record.item_version,
        payload=before,
        content_hash=uuid4(),
        submission_id=record.submission_id,
        recorded_at=held.AT - timedelta(days=3),
        replaced_at=held.AT,
        reason="resubmitted",
    )
    Record.objects.filter(pk=record.pk).update(revision=2)
    record.refresh_from_db()


def at() -> datetime:
    """The instant of the tests."""
    return held.AT
