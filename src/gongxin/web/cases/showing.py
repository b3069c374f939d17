"""What a case page shows, at the desk and for the organisation: facts, record, timeline, diagram, evidence."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpRequest
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

from gongxin import clock
from gongxin.policy import packs
from gongxin.policy.casework import Procedure
from gongxin.records import explaining
from gongxin.rights import evidence, selectors
from gongxin.rights.models import Case, Evidence, Paper
from gongxin.web import diagrams


def context(case: Case) -> dict[str, Any]:
    """Everything about a case but the steps that may be taken."""
    day, pack = clock.today(), packs.current()
    where = selectors.where(case, day=day)
    record = case.record
    item = pack.items.get(record.item) if record else None
    return {
        "case": case,
        "record": record,
        "taken": case.taken.select_related("record"),
        "ground": where.procedure.ground(case.ground),
        "item": item,
        "where": where,
        "standing": explaining.standing(record, day) if record else "",
        "asked_for": corrections(case),
        "timeline": selectors.timeline(case),
        "evidence": case.evidence.all(),
        "papers": dict(Paper.choices),
        "notices": case.notices.all(),
        **drawn(where.procedure, current=case.state),
    }


def drawn(procedure: Procedure, *, current: str = "") -> dict[str, Any]:
    """The procedure as drawing and table."""
    english = (get_language() or "").startswith("en")
    # Built by us from the pack, every text escaped (web.diagrams).
    drawing = mark_safe(diagrams.svg(procedure, current=current, english=english))  # noqa: S308
    return {
        "procedure": procedure,
        "drawing": drawing,
        "procedure_rows": diagrams.rows(procedure),
        "clocks": packs.current().clocks,
    }


def corrections(case: Case) -> list[tuple[str, str]]:
    """Label and text of what the first step asks to be put right."""
    first = case.steps.order_by("number").first()
    item = packs.current().items.get(case.record.item) if case.record else None
    labels = {field.name: field.label for field in item.fields} if item else {}
    asked = first.correction if first else {}
    return [(labels.get(name, name), text) for name, text in asked.items()]


def file(request: HttpRequest, held: Evidence) -> FileResponse:
    """A piece of evidence as a download: never shown inside our own pages' origin as a document of its own."""
    response = FileResponse(
        evidence.path(held).open("rb"), content_type=held.media_type, as_attachment=True, filename=held.filename
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response
