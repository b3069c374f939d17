"""Messages of an account: what is new about its organisations, and the notices of their cases, as one list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import CharField, Q, QuerySet, Value

from gongxin.clock import CIVIL_TIME
from gongxin.correspondence.models import NOTICE, Enclosed, Kind, Message
from gongxin.errors import NotFound
from gongxin.identity import selectors as accounts
from gongxin.identity.models import User
from gongxin.policy import packs
from gongxin.rights.models import Notice

_CHUNK: Final = 500
_EFFECTS: Final = {
    "correct": ("记录已经更正", "a record was corrected"),
    "revoke": ("记录已经撤销", "a record was revoked"),
    "repair": ("记录已经修复", "a record was repaired"),
    "restore": ("记录已经恢复", "a record was restored"),
    "remove": ("已经移出名单", "a record was removed from its list"),
    "shield": ("有关记录已经暂时屏蔽", "records were shielded for a time"),
    "settle": ("有关记录已经修复", "records were repaired"),
    "unshield": ("有关记录已经恢复", "records were restored"),
    "enter": ("已经记入信用记录", "it was entered into the record"),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; empty values do not narrow. Days are civil days in China, both included."""

    kind: str = ""
    unread: bool = False
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One message or notice as lists show it. mailed_at: when the e-mail that speaks of it was sent.

    case: of which case it tells, None for others.
    """

    id: UUID
    kind: str
    organisation: str
    zh: str
    en: str
    at: datetime
    read_at: datetime | None
    mailed_at: datetime | None
    case: UUID | None

    @property
    def words(self) -> str:
        """The kind in words."""
        return "办件通知" if self.kind == NOTICE else str(Kind(self.kind).label)


def listed(user: User, filters: Filters) -> QuerySet[Any, Any]:
    """Ids, kinds and instants of what the account was told, newest first: one statement over both tables."""
    news = _narrowed(Message.objects.filter(user=user), filters)
    if filters.kind and filters.kind != NOTICE:
        news = news.filter(kind=filters.kind)
    notices = _narrowed(_notices(user), filters).annotate(kind=Value(NOTICE, CharField()))
    if filters.kind == NOTICE:
        news = news.none()
    if filters.kind and filters.kind != NOTICE:
        notices = notices.none()
    columns = ("pk", "kind", "at")
    return (
        news.order_by()
        .values_list(*columns)
        .union(notices.order_by().values_list(*columns), all=True)
        .order_by("-at", "-pk")
    )


def entries(user: User, rows: Iterable[tuple[UUID, str, datetime]]) -> list[Entry]:
    """Rows of `listed` with all that pages show: three queries, whatever their number."""
    rows = list(rows)
    news = Message.objects.select_related("organisation").filter(user=user)
    by_message = news.in_bulk([key for key, kind, _ in rows if kind != NOTICE])
    notices = _notices(user).select_related("case__organisation")
    by_notice = notices.in_bulk([key for key, kind, _ in rows if kind == NOTICE])
    sent = Enclosed.objects.filter(delivery__user=user, delivery__sent_at__isnull=False)
    sent = sent.filter(Q(message__in=by_message) | Q(notice__in=by_notice))
    mailed: dict[Any, Any] = {
        message or notice: when for message, notice, when in sent.values_list("message", "notice", "delivery__sent_at")
    }
    return [
        _of_notice(by_notice[key], mailed) if kind == NOTICE else _of_message(by_message[key], mailed)
        for key, kind, _ in rows
        if key in by_notice or key in by_message
    ]


HEADER: Final = ("时间", "种类", "信用主体", "内容", "办件编号", "阅读时间", "邮件发送时间")


def lines(user: User, found: QuerySet[Any, Any]) -> Iterator[list[str]]:
    """The list as texts under `HEADER`, read in chunks."""
    rows = found.iterator(chunk_size=_CHUNK)
    while chunk := list(islice(rows, _CHUNK)):
        for entry in entries(user, chunk):
            when = [_when(instant) for instant in (entry.at, entry.read_at, entry.mailed_at)]
            yield [when[0], entry.words, entry.organisation, entry.zh, str(entry.case or ""), when[1], when[2]]


def unread(user: User) -> int:
    """How many the account has not read."""
    return Message.objects.filter(user=user, read_at=None).count() + _notices(user).filter(read_at=None).count()


@transaction.atomic
def opened(message_id: UUID, user: User, at: datetime) -> tuple[Entry, Notice | None]:
    """One message, read from `at` on; the notice where it is one. Raises NotFound, also for those of others."""
    held = Message.objects.filter(user=user, pk=message_id)
    notices = _notices(user).filter(pk=message_id)
    if not held.filter(read_at=None).update(read_at=at):
        Notice.objects.filter(pk__in=notices.values("pk"), read_at=None).update(read_at=at)
    notice = notices.select_related("case__organisation", "case__department").first()
    message = held.first()
    if notice is None and message is None:
        raise NotFound("message-unknown", "没有这条消息。", remedy="请从消息列表重新打开。")
    kind = message.kind if message else NOTICE
    (entry,) = entries(user, [(message_id, kind, at)])
    return entry, notice


def read_all(user: User, at: datetime) -> None:
    """Mark everything told so far as read."""
    Message.objects.filter(user=user, read_at=None).update(read_at=at)
    Notice.objects.filter(pk__in=_notices(user).values("pk"), read_at=None).update(read_at=at)


def sentence(message: Message) -> tuple[str, str]:
    """What a message says, Chinese and English."""
    facts = message.facts
    count = facts.get("count", 1)
    if message.kind == Kind.RECORDS:
        return f"新增{_item(facts)}记录 {count} 条。", f"{count} new records ({_item(facts, english=True)})."
    if message.kind == Kind.LOOKS:
        who = facts.get("department")
        return (
            f"{who or '被授权的单位'}查询本单位信息 {count} 次。",
            f"{who or 'Somebody with an authorisation'} looked {count} times.",
        )
    if message.kind == Kind.REPORTS:
        number = facts.get("number", "")
        return f"出具了公共信用信息报告 {number}。", f"A credit report was issued, {number}."
    if "ended" in facts:
        return f"{facts['ended']} 条记录公示期届满，已停止公示。", f"{facts['ended']} records are not public any more."
    if "case" in facts:
        zh, en = _EFFECTS.get(facts.get("effect", ""), _step(facts))
        return f"办件{facts['number']}：{zh}。", f"Case {facts['number']}: {en}."
    return f"{_item(facts)}记录变更 {count} 条。", f"{count} records changed ({_item(facts, english=True)})."


def _step(facts: dict[str, Any]) -> tuple[str, str]:
    """A step of a case by its title, as far as today's pack still knows it."""
    procedure = packs.current().procedures.get(facts.get("procedure", ""))
    row = procedure.transition(facts.get("action", "")) if procedure else None
    return (row.title, row.title_en) if row else ("有新的进展", "has moved on")


def _of_message(message: Message, mailed: dict[UUID, datetime]) -> Entry:
    zh, en = sentence(message)
    case = message.facts.get("case")
    return Entry(
        message.pk, message.kind, message.organisation.name, zh, en, message.at, message.read_at,
        mailed.get(message.pk), UUID(case) if case else None,
    )  # fmt: skip


def _of_notice(notice: Notice, mailed: dict[UUID, datetime]) -> Entry:
    return Entry(
        notice.pk, NOTICE, notice.case.organisation.name, notice.zh, notice.en, notice.at, notice.read_at,
        mailed.get(notice.pk), notice.case_id,
    )  # fmt: skip


def _notices(user: User) -> QuerySet[Notice]:
    return Notice.objects.filter(addressee="organisation", case__organisation__uscc__in=accounts.codes(user))


def _narrowed(found: QuerySet[Any], filters: Filters) -> QuerySet[Any]:
    if filters.unread:
        found = found.filter(read_at=None)
    if filters.since:
        found = found.filter(at__gte=datetime.combine(filters.since, time.min, CIVIL_TIME))
    if filters.until:
        found = found.filter(at__lt=datetime.combine(filters.until + timedelta(days=1), time.min, CIVIL_TIME))
    return found


def _item(facts: dict[str, Any], *, english: bool = False) -> str:
    item = packs.current().items.get(facts.get("item", ""))
    if item is None:
        return str(facts.get("item", ""))
    return item.title_en if english else item.title


def _when(instant: datetime | None) -> str:
    return f"{instant.astimezone(CIVIL_TIME):%Y-%m-%d %H:%M}" if instant else ""
