"""A copy of the own file for the person: a signed PDF, or JSON. Made when it is asked for, and not kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Final
from uuid import UUID

from gongxin.clock import CIVIL_TIME
from gongxin.enquiries import report_keys, report_signature
from gongxin.enquiries.report_pages import PLATFORM, heading, line, pairs
from gongxin.persons.seen import AuthorisationSeen, Copy, ObjectionSeen, OpeningSeen, RecordSeen
from gongxin.typesetting import Document
from gongxin.web.person import showing

TITLE: Final = "本人信用档案"
# What the verification page knows a copy by.
SUBJECT: Final = "自然人信用记录副本"
FORMAT: Final = "gongxin-personal-file/1"
_SEAL: Final = (150, 34, 47)
_RULE: Final = (205, 200, 192)
# The person's own looks: in the JSON, not on paper.
_OWN: Final = frozenset({"own", "download"})
Lines = Sequence[tuple[str, str]]


def signed_pdf(given: Copy, *, origin: str, at: datetime) -> bytes:
    """The copy with the node's signature. origin: scheme and host of this node.

    Raises Unavailable where the node has no key for reports.
    """
    keys = report_keys.files(at=at)
    return report_signature.signed(_pdf(given, origin=origin, issuer=report_keys.issuer(keys), at=at), keys)


def json_text(given: Copy) -> str:
    """The copy for programs: all values by name, days and instants as ISO 8601."""
    content = {"format": FORMAT, **asdict(given)}
    return json.dumps(content, ensure_ascii=False, indent=2, default=_plain)


def filename(form: str, *, at: datetime) -> str:
    """The name of the file: it names nobody."""
    return f"{TITLE}-{at.astimezone(CIVIL_TIME):%Y%m%d-%H%M}.{form}"


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value))


def _pdf(given: Copy, *, origin: str, issuer: str, at: datetime) -> bytes:
    document = Document(TITLE, made_at=at, footer=f"{PLATFORM}　{TITLE}")
    document.set_subject(SUBJECT)
    document.set_draw_color(*_RULE)
    document.add_page()
    _head(document, (("账号", given.file.account), ("制作单位", issuer), ("制作时间", _instant(at) + "（北京时间）")))
    _section(document, "信用记录", [(_title(record), _record(record)) for record in given.file.records])
    _section(document, "异议", [(seen.record_title, _objection(seen)) for seen in given.objections])
    _section(document, "授权", [(seen.unit_name, _authorisation(seen)) for seen in given.authorisations])
    looks = [seen for seen in given.openings if seen.kind not in _OWN]
    _section(document, "谁查阅过", [(_instant(seen.at), _opening(seen)) for seen in looks])
    heading(document, "说明")
    for sentence in _notes(origin):
        line(document, sentence, size=9, grey=True)
        document.ln(0.8)
    return bytes(document.output())


def _head(document: Document, said: Lines) -> None:
    top = document.get_y()
    document.set_fill_color(*_SEAL)
    document.rect(document.l_margin, top, 26, 1.6, style="F")
    document.set_y(top + 6)
    line(document, TITLE, size=25, bold=True)
    document.ln(2)
    for label, text in said:
        line(document, f"{label}：{text}", size=9.5, grey=True)
    document.ln(2)


def _section(document: Document, title: str, entries: Sequence[tuple[str, Lines]]) -> None:
    heading(document, title, f"共 {len(entries)} 条" if entries else "")
    if not entries:
        line(document, "没有", size=9.5, grey=True)
    for number, (name, lines) in enumerate(entries, start=1):
        pairs(document, lines, title=f"第 {number} 条　{name}")


def _title(record: RecordSeen) -> str:
    return f"{record.item_title}　{record.document_no}".rstrip()


def _record(record: RecordSeen) -> Lines:
    basis = "；".join(f"《{entry.title}》{entry.article}" for entry in showing.basis(record))
    marks = [("状态", "异议正在核查，核查期间不得据此采取措施")] if record.contested else []
    marks += [("状态", "异议成立，已撤下，不再使用")] if record.withdrawn else []
    fields = [(field.label, showing.said(field, record.item)) for field in record.fields]
    recorded = [("收录时间", _instant(record.versions[0].recorded_at))] if record.versions else []
    return [*marks, *fields, ("数据来源", record.unit_name), ("收录依据", basis), *recorded, *_kept(record)]


def _kept(record: RecordSeen) -> Lines:
    kept = record.kept
    if kept is None:
        return []
    last = f"保存至 {_day(kept.until)}" if kept.until else "长期有效，失效以前一直保存"
    return [("保存期限", f"{last}；{kept.outcome}（{kept.reference.title}{kept.reference.article}）")]


def _objection(seen: ObjectionSeen) -> Lines:
    decided = [("处理结果", seen.state_title), ("理由", seen.decision_reasons)] if seen.decided_at else []
    brought = [("证明材料", "、".join(paper.filename for paper in seen.papers))] if seen.papers else []
    due = [("办理期限", _day(seen.due))] if not seen.decided_at else [("办结时间", _instant(seen.decided_at))]
    return [
        ("提出时间", _instant(seen.filed_at)),
        ("核查单位", seen.unit_name),
        ("内容", seen.reasons),
        *brought,
        *due,
        *decided,
    ]


def _authorisation(seen: AuthorisationSeen) -> Lines:
    ended = f"已收回（{_instant(seen.revoked_at)}）" if seen.revoked_at else f"至 {_day(seen.until)}（含）"
    return [("内容", "、".join(seen.item_titles)), ("用途", seen.purpose_title), ("期限", ended)]


def _opening(seen: OpeningSeen) -> Lines:
    result = f"查阅 {seen.records} 条记录" if seen.allowed else f"未获准：{seen.reason}"
    return [("查阅人", f"{seen.who}　{seen.unit_name}".rstrip()), ("用途", seen.purpose_title), ("结果", result)]


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _instant(at: datetime) -> str:
    civil = at.astimezone(CIVIL_TIME)
    return f"{_day(civil.date())} {civil:%H:%M}"


def _notes(origin: str) -> Sequence[str]:
    return (
        "本副本应本人申请制作，列出制作时平台保存的本人信用记录的全部内容。平台不留存副本。",
        "档案只收录国家机关就本人的许可、处罚、申请作出的决定，加密保存，不公示、不评价；除本人和本人授权的单位以外，"
        "任何人不能查阅。",
        "记录由提供单位对其真实性负责；标明异议正在核查的，核查期间不得据此采取措施。",
        f"核验办法：在 {origin}/verify/ 上传本文件（文件只用于核验，不保存），或者在 PDF 阅读器中查看电子签名，"
        f"根证书见 {origin}/verify/certificate。任何改动都会使签名失效；打印件不能核验。",
        "是否向他人出示由本人决定；需要他人在线查阅的，建议签发有期限的授权查询码，可以随时收回。",
    )
