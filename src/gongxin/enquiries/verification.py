"""Verifying a report: by its number, against the ledger, and by the file itself."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from gongxin.clock import CIVIL_TIME
from gongxin.enquiries import report_content, report_keys, report_signature
from gongxin.enquiries.models import Report, Version
from gongxin.enquiries.report_signature import Signature
from gongxin.enquiries.reports import ISSUED
from gongxin.errors import NotFound
from gongxin.ledger import proofs, selectors
from gongxin.records.models import Disclosure, Record, State
from gongxin.subjects.models import Organisation
from gongxin.walls import acting

_SHAPE: Final = re.compile(r"GX[0-9]{8}-[0-9A-HJKMNP-TV-Z]{16}")


class Standing(StrEnum):
    """What a report is worth today."""

    VALID = "valid"
    CHANGED = "changed"


class Change(StrEnum):
    """In which way something that a report shows is no longer so; nothing is said of what it is now."""

    REVISED = "revised"
    ENDED = "ended"
    CLOSED = "closed"
    BASICS = "basics"


@dataclass(frozen=True, slots=True)
class Verified:
    """A report as it stands. changes: how many of the records shown changed in each way.

    holds: the ledger's leaf is the one of this report.
    """

    report: Report
    organisation: Organisation
    standing: Standing
    changes: dict[Change, int]
    holds: bool


def by_number(number: str, *, at: datetime) -> Verified:
    """The report with this number, judged on the day of `at`. Raises NotFound."""
    # Whoever has a report's number may know whether it still holds: the node looks, and tells no more than that.
    with acting.as_node():
        return _verified(Report.objects.filter(number=normal(number)).first(), at)


def _verified(found: Report | None, at: datetime) -> Verified:
    if found is None:
        raise NotFound(
            "report-unknown",
            "没有查到这个编号的报告。",
            remedy="请核对编号；文件上印有这个编号的，不是本平台签发的。",
        )
    about = Organisation.objects.get(pk=found.organisation_id)
    changes = dict(sorted(_changes(found, about, at.astimezone(CIVIL_TIME).date()).items()))
    standing = Standing.CHANGED if changes else Standing.VALID
    return Verified(found, about, standing, changes, _on_record(found))


def normal(number: str) -> str:
    """A number as people type it, in its own form; empty if it is none."""
    folded = "".join(number.split()).upper().replace("－", "-").replace("—", "-")
    return folded if _SHAPE.fullmatch(folded) else ""


def by_file(file: bytes) -> Report | None:
    """The report that is this file, byte for byte; None where we never issued such a file."""
    with acting.as_node():
        return Report.objects.filter(sha256=hashlib.sha256(file).hexdigest()).first()


def is_untouched(file: bytes, report: Report) -> bool:
    """Whether the file is the report as issued: its SHA-256 is the one on record."""
    return hashlib.sha256(file).hexdigest() == report.sha256


def signature(file: bytes, *, at: datetime) -> Signature:
    """What the signature in the file says by itself; for explaining a file that was changed or never issued."""
    return report_signature.checked(file, report_keys.files(at=at), at=at)


def proof(number: str) -> str:
    """The inclusion proof of the report's leaf (C2SP tlog-proof). Raises NotFound, also before the next checkpoint."""
    with acting.as_node():
        found = Report.objects.filter(number=normal(number)).first()
    if found is None:
        raise NotFound("report-unknown", "没有查到这个编号的报告。", remedy="请核对编号。")
    return proofs.inclusion(found.leaf)


def _on_record(report: Report) -> bool:
    """Whether number, file and version are what the leaf says."""
    leaf = json.loads(selectors.body(report.leaf))
    said = {name: leaf["fields"].get(name) for name in ("number", "file", "version")}
    number = hashlib.sha256(report.number.encode()).hexdigest()
    return bool(
        leaf["event"] == ISSUED and said == {"number": number, "file": report.sha256, "version": report.version}
    )


def _changes(report: Report, about: Organisation, day: date) -> Counter[Change]:
    """Each record shown that is not what it was, counted by the first way that applies."""
    held = Record.objects.in_bulk([key for key, _ in report.shown])
    by_id = {str(key): record for key, record in held.items()}
    found = (_change(by_id.get(key), revision, report, day) for key, revision in report.shown)
    counted = Counter(change for change in found if change is not None)
    if report_content.basics_hash(about) != report.basics:
        counted[Change.BASICS] = 1
    return counted


def _change(record: Record | None, revision: int, report: Report, day: date) -> Change | None:
    if record is None or record.state != State.ACTIVE:
        return Change.CLOSED
    if record.publicity_until is not None and record.publicity_until < day:
        return Change.ENDED
    if report.version == Version.PUBLIC and (record.disclosure != Disclosure.PUBLIC or record.publicity_from is None):
        return Change.ENDED
    return Change.REVISED if record.revision != revision else None
