"""Issuing credit reports (公共信用信息报告): free of charge, signed, on record in the ledger.

The public version is for everybody and leaves no trace of who asked; the full version is a look like any other.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import Q

from gongxin import ledger
from gongxin.clock import CIVIL_TIME
from gongxin.enquiries import looks, report_content, report_keys, report_pages, report_signature
from gongxin.enquiries.looks import Ground, Looker, Seen
from gongxin.enquiries.models import Kind, LookLeaf, Outcome, Report, Version
from gongxin.enquiries.report_content import Content
from gongxin.policy import packs
from gongxin.policy.model import DisclosureClass
from gongxin.records.models import Disclosure, Record
from gongxin.records.selectors import disclosable, published_on
from gongxin.subjects.models import Organisation
from gongxin.walls import acting

ISSUED: Final = "report.issued"
# Crockford's base 32: no letter looks like a digit. 16 of them are 80 random bits: a number cannot be guessed.
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DRAWN: Final = 16
# Where nobody is named, for the actor that every leaf commits to.
_PUBLIC: Final = "visitor"


@dataclass(frozen=True, slots=True)
class Issued:
    """A report as it is handed over. The file is not kept."""

    report: Report
    file: bytes

    @property
    def filename(self) -> str:
        """The name of the file."""
        return f"公共信用信息报告-{self.report.number}.pdf"


@dataclass(frozen=True, slots=True)
class Asked:
    """For whom and why a full report is made. classes: disclosure classes it may hold (identity.decisions.opened).

    lent: of the records for authorised use, only those of these items; None: all, to the organisation itself.
    """

    looker: Looker
    ground: Ground
    classes: tuple[DisclosureClass, ...]
    lent: frozenset[str] | None = frozenset()


def issue_public(about: Organisation, *, origin: str, at: datetime) -> Issued:
    """The report of what is public today. origin: scheme and host of the verification page."""
    day = at.astimezone(CIVIL_TIME).date()
    return _issued(about, published_on(day), version=Version.PUBLIC, asked=None, origin=origin, at=at)


def issue_full(about: Organisation, asked: Asked, *, origin: str, at: datetime) -> Issued:
    """The report of everything that may be shown for the purpose; logged as a look with the leaf of the report."""
    day = at.astimezone(CIVIL_TIME).date()
    return _issued(about, _open(asked, day), version=Version.FULL, asked=asked, origin=origin, at=at)


def _open(asked: Asked, day: date) -> Iterable[Record]:
    pack = packs.current()
    purpose = pack.purposes.get(asked.ground.purpose) or pack.purpose("self-query")
    found = disclosable(replace(purpose, disclosures=asked.classes), day)
    if asked.lent is None:
        return found
    return found.exclude(~Q(item__in=asked.lent), disclosure=Disclosure.AUTHORISED)


def _issued(
    about: Organisation, records: Iterable[Record], *, version: Version, asked: Asked | None, origin: str, at: datetime
) -> Issued:
    keys = report_keys.files(at=at)
    day = at.astimezone(CIVIL_TIME).date()
    # A queryset: its organisation is the one at hand.
    held = records.filter(organisation=about).select_related("organisation", "provider")  # type: ignore[attr-defined]
    with transaction.atomic():
        acting.opening(set(asked.classes) - {Disclosure.PUBLIC} if asked else ())
        content = report_content.content(about, held, version=version, day=day)
    number = _number(day)
    imprint = report_pages.Imprint(
        number=number,
        issuer=report_keys.issuer(keys),
        issued_at=at,
        address=f"{origin}/verify/{number}",
        purpose=_purpose(asked),
    )
    file = report_signature.signed(report_pages.pdf(content, imprint), keys)
    return Issued(_kept(about, content, number, file, asked=asked, at=at), file)


@transaction.atomic
def _kept(
    about: Organisation, content: Content, number: str, file: bytes, *, asked: Asked | None, at: datetime
) -> Report:
    """Put the report, and for a full one the look, on record with one leaf."""
    sha256 = hashlib.sha256(file).hexdigest()
    look, roots = None, []
    if asked is not None:
        look, entry = looks.write(Kind.REPORT, _seen(content, number), looker=asked.looker, ground=asked.ground, at=at)
        roots = [looks.root([entry])]
    fields = {
        "version": str(content.version),
        "number": hashlib.sha256(number.encode()).hexdigest(),
        "file": sha256,
        "looks": roots,
    }
    leaf = ledger.append(ISSUED, fields=fields, actor=asked.looker.name if asked else _PUBLIC, at=at)
    if look is not None:
        LookLeaf.objects.create(subject=look, seq=leaf, event=ISSUED)
    return Report.objects.create(
        number=number,
        organisation_id=about.pk,
        version=content.version,
        issued_at=at,
        sha256=sha256,
        shown=content.shown(),
        basics=report_content.basics_hash(about),
        pack_version=packs.current().version,
        leaf=leaf,
    )


def _seen(content: Content, number: str) -> Seen:
    disclosed = tuple((entry.record, entry.revision) for section in content.sections for entry in section.entries)
    outcome = Outcome.FOUND if disclosed else Outcome.NO_RECORDS
    return Seen(f"{content.name}，{number}", content.organisation, disclosed=disclosed, outcome=outcome)


def _purpose(asked: Asked | None) -> str:
    """Purpose and matter as the report names them."""
    if asked is None:
        return ""
    pack = packs.current()
    found = pack.purposes.get(asked.ground.purpose) or pack.duties.get(asked.ground.purpose)
    title = found.title if found else asked.ground.purpose
    return f"{title}（{asked.ground.matter}）" if asked.ground.matter else title


def _number(day: date) -> str:
    return f"GX{day:%Y%m%d}-" + "".join(secrets.choice(_LETTERS) for _ in range(_DRAWN))
