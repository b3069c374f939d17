"""The exits of enquiries: credit checks and reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, time
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from gongxin.clock import CIVIL_TIME
from gongxin.ends import exits
from gongxin.ends.exits import Exit, Suspect
from gongxin.enquiries import asked, report_content
from gongxin.enquiries.answering import Asking, answers
from gongxin.enquiries.asked import Asked
from gongxin.enquiries.looks import Ground, Looker
from gongxin.enquiries.models import Channel, Version
from gongxin.policy import packs
from gongxin.records.selectors import published_on
from gongxin.subjects.models import Organisation


def register() -> None:
    """Name the exits."""
    exits.register(Exit("check", "信用核查（各查询用途）", _checks))
    exits.register(Exit("report", "信用报告", _reports))


def _checks(suspects: Sequence[Suspect], day: date) -> set[UUID]:
    """What the statement of credit checks answers about their organisations, for every purpose of the pack.

    The statement writes its entries in the log of looks; nobody has looked, so they are taken back.
    """
    codes = _organisations(suspects).exclude(uscc=None).values_list("uscc", flat=True)
    questions = asked.prepared([Asked(str(code), "每日核验", row) for row, code in enumerate(codes, start=1)])
    at = datetime.combine(day, time(12), CIVIL_TIME)
    shown: set[UUID] = set()
    for purpose in packs.current().purposes.values() if questions.height else ():
        asking = Asking(Looker("proof", "", Channel.BATCH), Ground(purpose.code), purpose, at, fields=False)
        with transaction.atomic():
            for answer in answers(questions, asking):
                shown |= {UUID(entry["id"]) for entry in json.loads(answer.text)["records"]}
            transaction.set_rollback(True)
    return shown & {suspect.id for suspect in suspects}


def _reports(suspects: Sequence[Suspect], day: date) -> set[UUID]:
    """What the public report on each of their organisations would list."""
    wanted = {suspect.id for suspect in suspects}
    shown: set[UUID] = set()
    for about in _organisations(suspects):
        records = published_on(day).filter(organisation=about).select_related("organisation", "provider")
        content = report_content.content(about, records, version=Version.PUBLIC, day=day)
        shown |= {UUID(str(record)) for record, _revision in content.shown()}
    return shown & wanted


def _organisations(suspects: Sequence[Suspect]) -> QuerySet[Organisation]:
    return Organisation.objects.filter(pk__in={suspect.organisation for suspect in suspects}).order_by("pk")
