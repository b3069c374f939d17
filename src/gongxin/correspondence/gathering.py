"""Finding what is new since the last time: from the ledger, whose leaves have no gaps and stand in the order of their
commits, so that nothing is missed however a process dies and nothing is told twice.

No writer does anything for it: intake, cases and checks do not know that somebody follows. A stretch of leaves is one
transaction of a handful of statements, whatever the number of records, organisations and accounts.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from gongxin.clock import CIVIL_TIME
from gongxin.correspondence.models import Delivery, Enclosed, Kind, Mailbox, Message, Position, State
from gongxin.ledger import selectors as ledger

# Leaves in one transaction.
STRETCH: Final = 2_000
# Engineering: news wait this long for more of them after the last e-mail; notices do not wait.
PAUSE: Final = timedelta(hours=1)

# `{followed}` in the statements below: who follows what, as far as the account still acts for the organisation.
_FOLLOWED: Final = """
  SELECT f.user_id, f.kinds, f.since, o.id AS organisation_id
  FROM correspondence_following f
  JOIN identity_user u ON u.id = f.user_id AND u.is_active
  JOIN identity_representation p ON p.user_id = f.user_id AND p.uscc = f.uscc AND p.ended_at IS NULL
  JOIN subjects_organisation o ON o.uscc = f.uscc"""
_RECORDS: Final = """
WITH followed AS ({followed}),
done AS (
  SELECT * FROM unnest(%s::uuid[], %s::bigint[], %s::timestamptz[], %s::text[]) AS d(submission, leaf, at, item)),
found AS (
  SELECT f.user_id, f.organisation_id, CASE WHEN r.revision = 1 THEN 'records' ELSE 'changes' END AS kind, d.leaf, d.at,
         d.item, f.kinds
  FROM followed f JOIN records_record r ON r.organisation_id = f.organisation_id
  JOIN done d ON d.submission = r.submission_id AND d.at >= f.since)
SELECT user_id, organisation_id, kind, 'leaf ' || leaf, min(at),
       jsonb_build_object('count', count(*), 'item', min(item))
FROM found WHERE kinds ? kind GROUP BY user_id, organisation_id, kind, leaf"""
_CASES: Final = """
WITH followed AS ({followed})
SELECT f.user_id, f.organisation_id, s.kind, 'leaf ' || s.leaf, s.at, s.facts
FROM followed f JOIN unnest(%s::uuid[], %s::text[], %s::bigint[], %s::timestamptz[], %s::jsonb[])
     AS s(organisation_id, kind, leaf, at, facts) ON s.organisation_id = f.organisation_id AND s.at >= f.since
WHERE f.kinds ? s.kind"""
# A look has the instant of its leaf, by which an index finds it: all looks of one instant are one request, or pieces of
# one batch, which are told once, when the first of them is on record. Those of the own representatives are no news.
_LOOKS: Final = """
WITH followed AS ({followed}),
looks AS (
  SELECT l.asked_at AS at, 'look ' || to_char(l.asked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') AS source,
         l.department_id, unnest(array_remove(l.organisation_id || l.others, NULL)) AS organisation_id
  FROM (SELECT DISTINCT at FROM unnest(%s::timestamptz[]) AS t(at)) t JOIN enquiries_look l ON l.asked_at = t.at
  WHERE l.department_id IS NOT NULL OR l.consent <> '')
SELECT f.user_id, f.organisation_id, 'looks', l.source, l.at,
       jsonb_build_object('count', count(*), 'department', min(d.name))
FROM followed f JOIN looks l ON l.organisation_id = f.organisation_id AND l.at >= f.since
LEFT JOIN identity_department d ON d.id = l.department_id
WHERE f.kinds ? 'looks' AND NOT EXISTS (
    SELECT FROM correspondence_message m WHERE m.user_id = f.user_id AND m.organisation_id = f.organisation_id
       AND m.kind = 'looks' AND m.source = l.source)
GROUP BY f.user_id, f.organisation_id, l.source, l.at"""
_REPORTS: Final = """
WITH followed AS ({followed})
SELECT f.user_id, f.organisation_id, 'reports', 'leaf ' || r.leaf, r.issued_at, jsonb_build_object('number', r.number)
FROM followed f JOIN enquiries_report r ON r.organisation_id = f.organisation_id AND r.issued_at >= f.since
WHERE f.kinds ? 'reports' AND r.leaf = ANY (%s::bigint[])"""
_ENDED: Final = """
WITH followed AS ({followed})
SELECT f.user_id, f.organisation_id, 'changes', 'day ' || r.publicity_until, %s::timestamptz,
       jsonb_build_object('ended', count(*))
FROM followed f JOIN records_record r ON r.organisation_id = f.organisation_id
WHERE f.kinds ? 'changes' AND r.state = 'active' AND r.disclosure = 'public' AND f.since < %s::timestamptz
  AND r.publicity_until >= %s AND r.publicity_until < %s
GROUP BY f.user_id, f.organisation_id, r.publicity_until"""
# Steps of which the organisation gets a notice: that tells them.
_TOLD: Final = """
SELECT DISTINCT n.case_id, n.step FROM unnest(%s::uuid[], %s::int[]) AS s(case_id, step)
JOIN rights_notice n ON n.case_id = s.case_id AND n.step = s.step AND n.addressee = 'organisation'"""
# Notices of steps, for every account that acts for the organisation.
_NOTICES: Final = """
SELECT n.id, p.user_id
FROM unnest(%s::uuid[], %s::int[]) AS s(case_id, step)
JOIN rights_notice n ON n.case_id = s.case_id AND n.step = s.step AND n.addressee = 'organisation'
JOIN rights_case c ON c.id = n.case_id JOIN subjects_organisation o ON o.id = c.organisation_id
JOIN identity_representation p ON p.uscc = o.uscc AND p.ended_at IS NULL
JOIN identity_user u ON u.id = p.user_id AND u.is_active"""

# Notices of clocks that are about to run out or have, for the officers who are to act and those who follow it up.
_ESCALATED: Final = """
SELECT DISTINCT n.id, u.id
FROM unnest(%s::uuid[], %s::int[]) AS s(case_id, step)
JOIN rights_notice n ON n.case_id = s.case_id AND n.step = s.step
JOIN rights_case c ON c.id = n.case_id
JOIN identity_user u ON u.is_active AND (
    n.addressee = 'department' AND u.role = 'case_officer' AND u.department_id = c.department_id
    OR n.addressee = 'credit_office' AND u.role = 'credit_office')"""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What came of it."""

    leaves: int = 0
    messages: int = 0
    notices: int = 0


@dataclass(slots=True)
class _Leaves:
    """A stretch of the log, sorted by what it means for somebody who follows. Each row: the columns of a statement."""

    submissions: list[tuple[Any, ...]] = field(default_factory=list)
    cases: list[tuple[Any, ...]] = field(default_factory=list)
    steps: list[tuple[Any, ...]] = field(default_factory=list)
    escalated: list[tuple[Any, ...]] = field(default_factory=list)
    looks: list[tuple[Any, ...]] = field(default_factory=list)
    reports: list[tuple[Any, ...]] = field(default_factory=list)


def gather(*, at: datetime) -> Gathered:
    """Read the log to its end and make messages and e-mails of what is followed.

    The first run begins at the end of the log. Somebody else at it: nothing is done.
    """
    total = Gathered()
    while True:
        found = _stretch(at)
        total = Gathered(total.leaves + found.leaves, total.messages + found.messages, total.notices + found.notices)
        if found.leaves < STRETCH:
            return total


@transaction.atomic
def _stretch(at: datetime) -> Gathered:
    today = at.astimezone(CIVIL_TIME).date()
    position = Position.objects.select_for_update(skip_locked=True).first()
    if position is None:
        if not Position.objects.exists():
            Position.objects.get_or_create(pk=1, defaults={"leaf": ledger.size(), "day": today})
        return Gathered()
    end = min(ledger.size(), position.leaf + STRETCH)
    leaves = _sorted(position.leaf, ledger.bodies(position.leaf, end))
    if leaves.steps:
        told = {(str(case), step) for case, step in _rows(_TOLD, leaves.steps, 2)}
        both = zip(leaves.cases, leaves.steps, strict=True)
        leaves.cases = [row for row, step in both if row[1] != Kind.CASES or step not in told]
    messages = list(_news(leaves, since=position.day, today=today))
    notices = _notices(leaves)
    Message.objects.bulk_create(messages, batch_size=STRETCH)
    _enclose(messages, notices, at)
    done = end - position.leaf
    position.leaf, position.day = end, max(position.day, today)
    position.save()
    return Gathered(done, len(messages), len(notices))


def _sorted(begin: int, bodies: Iterable[bytes]) -> _Leaves:
    found = _Leaves()
    for seq, body in enumerate(bodies, begin):
        leaf = json.loads(body)
        event, at, fields = leaf["event"], leaf["at"], leaf["fields"]
        if event == "submission.completed" and fields["accepted"] + fields["revised"]:
            found.submissions.append((fields["submission"], seq, at, fields["item"]))
        elif event == "case.advanced":
            found.cases.append(_case(seq, at, fields))
            found.steps.append((fields["case"], fields["step"]))
        elif event == "case.escalated":
            found.escalated.append((fields["case"], fields["step"]))
        elif event == "look.taken":
            found.looks.append((at,))
        elif event == "report.issued":
            found.reports.append((seq,))
            found.looks += [(at,)] if fields["looks"] else []
    return found


def _case(seq: int, at: str, fields: dict[str, Any]) -> tuple[Any, ...]:
    """A step of a case: news about a record where it had an effect on one."""
    kind = Kind.CASES if fields["effect"] in ("", "none") else Kind.CHANGES
    facts = {name: fields[name] for name in ("case", "number", "procedure", "action", "effect")}
    return fields["organisation"], kind.value, seq, at, json.dumps(facts)


def _notices(leaves: _Leaves) -> list[tuple[Any, ...]]:
    """Notice and account, of every step that tells somebody of something by e-mail."""
    told = leaves.steps + leaves.escalated
    notices = _rows(_NOTICES, told, 2) if told else []
    return notices + (_rows(_ESCALATED, leaves.escalated, 2) if leaves.escalated else [])


def _news(leaves: _Leaves, *, since: date, today: date) -> Iterator[Message]:
    for statement, rows, columns in (
        (_RECORDS, leaves.submissions, 4),
        (_CASES, leaves.cases, 5),
        (_LOOKS, leaves.looks, 1),
        (_REPORTS, leaves.reports, 1),
    ):
        if rows:
            yield from _messages(_rows(statement, rows, columns))
    if since < today:
        midnight = datetime.combine(today, datetime.min.time(), CIVIL_TIME)
        yield from _messages(_fetched(_ENDED, [midnight, midnight, since, today]))


def _messages(rows: Iterable[tuple[Any, ...]]) -> Iterator[Message]:
    for user, organisation, kind, source, at, facts in rows:
        held = json.loads(facts) if isinstance(facts, str) else facts
        yield Message(user_id=user, organisation_id=organisation, kind=kind, source=source, at=at, facts=held)


def _rows(statement: str, rows: Sequence[tuple[Any, ...]], columns: int) -> list[tuple[Any, ...]]:
    """What a statement finds for rows that go in as columns."""
    return _fetched(statement, [[row[place] for row in rows] for place in range(columns)])


def _fetched(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement.format(followed=_FOLLOWED), parameters)
        return list(cursor.fetchall())


def _enclose(messages: Sequence[Message], notices: Sequence[tuple[Any, int]], at: datetime) -> None:
    """Put what is new into the waiting e-mail of each account with a confirmed address; make one where none waits."""
    if not settings.MAIL or not (messages or notices):
        return
    told: dict[int, list[Enclosed]] = defaultdict(list)
    for message in messages:
        told[message.user_id].append(Enclosed(message=message))
    at_once = set()
    for notice, user in notices:
        told[user].append(Enclosed(notice_id=notice))
        at_once.add(user)
    reached = Mailbox.objects.filter(user__in=told, confirmed_at__isnull=False)
    users = set(reached.values_list("user", flat=True))
    waiting = _waiting(users, at_once & users, at)
    for user in users:
        for entry in told[user]:
            entry.delivery = waiting[user]
    Enclosed.objects.bulk_create([entry for user in users for entry in told[user]], batch_size=STRETCH)


def _waiting(users: set[int], at_once: set[int], at: datetime) -> dict[int, Delivery]:
    """The waiting e-mail of each account; one with a notice is due now."""
    held = Delivery.objects.select_for_update().filter(user__in=users, state=State.WAITING)
    found = {entry.user_id: entry for entry in held}
    last = _last_sent(users - found.keys(), at)
    made = [
        Delivery(user_id=user, made_at=at, due_at=at if user in at_once or user not in last else last[user] + PAUSE)
        for user in users - found.keys()
    ]
    Delivery.objects.bulk_create(made, batch_size=STRETCH)
    Delivery.objects.filter(user__in=at_once & found.keys(), state=State.WAITING, attempts=0).update(due_at=at)
    return found | {entry.user_id: entry for entry in made}


def _last_sent(users: set[int], at: datetime) -> dict[int, datetime]:
    """When the last e-mail went to each account, where that was less than PAUSE ago."""
    sent = Delivery.objects.filter(user__in=users, sent_at__gt=at - PAUSE).values("user").annotate(last=Max("sent_at"))
    return dict(sent.values_list("user", "last"))
