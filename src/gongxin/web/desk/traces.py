"""What the desk tells of records and cases that are archived: that they are, since when and by what, and no more.

Their content is in the archive (`web.desk.archive`), opened with a reason by those who may.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from gongxin import clock
from gongxin.ends import archive, ending
from gongxin.ends.ending import Ending
from gongxin.enquiries.looks import Seen
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Refused, Resource
from gongxin.records import archiving
from gongxin.records.models import Record
from gongxin.rights.models import Case
from gongxin.web import looking
from gongxin.web.desk.pages import ask

# Why the archive is opened (duties.yaml).
AUDIT: Final = "audit"


def resource(held: Record) -> Resource:
    """The record as the table of access sees it today."""
    state = archiving.access_state(held, clock.today())
    return Resource(department=held.provider_id, disclosure=held.disclosure, state=state)


def of_record(held: Record | None) -> Ending | None:
    """How the record ended; None for one that staff may work with, or where there is none."""
    return ending.of_record(held, day=clock.today()) if held is not None else None


def of_records(ids: list[UUID]) -> dict[UUID, Ending]:
    """The same of many, without those that staff may work with."""
    return ending.of(ids, day=clock.today())


def seen(held: Record) -> Seen:
    """What a page of cases about the record shows of it, for the log: of what has ended nothing that it says."""
    found = looking.of_record(held)
    return found if archiving.is_at_hand(held, clock.today()) else replace(found, disclosed=())


def told(request: HttpRequest, held: Record, refusal: Refused) -> HttpResponse:
    """In place of a record that may not be read: that it is archived (or shielded), and where to go.

    A refused look like any other. Raises the refusal where not even that may be told.
    """
    asked = resource(held)
    found = of_record(held)
    if found is None or not ask(request, Action.ARCHIVE_TRACE, asked).allowed:
        raise refusal
    looking.refused(request, refusal)
    context = {"error": refusal, "ending": found, "record_id": held.pk, **_ways(request, archived=not found.shielded)}
    context["files"] = ask(request, Action.CASE_FILE, asked).allowed
    return render(request, "desk/archived_trace.html", context, status=refusal.status)


def case_told(request: HttpRequest, held: Case, refusal: Refused) -> HttpResponse:
    """In place of a case that is archived with its record: number, procedure and day, and where to go."""
    asked = Resource(department=held.department_id)
    if refusal.decision.rule != "case-archived" or not ask(request, Action.ARCHIVE_TRACE, asked).allowed:
        raise refusal
    looking.refused(request, refusal)
    context = {"error": refusal, "case": held, "until": archive.remedy_until(held), **_ways(request, archived=True)}
    return render(request, "desk/archived_case_trace.html", context, status=refusal.status)


def _ways(request: HttpRequest, *, archived: bool) -> dict[str, Any]:
    """Whether this account may open the archive."""
    return {"opens": archived and ask(request, Action.ARCHIVE_READ, purpose=AUDIT).allowed}
