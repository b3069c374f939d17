"""Reading what an organisation has lent to somebody who is no department: another organisation, or whoever holds a
code. Every reading is a look that names the authorisation, refused ones too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from gongxin.clock import CIVIL_TIME
from gongxin.enquiries import looks
from gongxin.enquiries.looks import Ground, Looker, Seen
from gongxin.enquiries.models import Kind, Outcome
from gongxin.errors import Conflict
from gongxin.identity import consents
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import Actor, Refused, Resource, decide
from gongxin.identity.models import Consent
from gongxin.policy import packs
from gongxin.records.models import Disclosure, Record
from gongxin.records.selectors import disclosable, with_mark
from gongxin.subjects import selectors
from gongxin.subjects.models import Organisation
from gongxin.walls import acting


@dataclass(frozen=True, slots=True)
class Told:
    """What was read: whose records, under which authorisation; each record knows whether it is `contested`."""

    consent: Consent
    organisation: Organisation
    records: list[Record]


def read(consent: Consent, actor: Actor, *, looker: Looker, matter: str, at: datetime) -> Told:
    """The records of the lent items, logged as one look. The caller has judged that the actor is the borrower.

    matter: the business it is for. Raises decisions.Refused where the authorisation is not in force on the day; the
    refused look is on record then. Conflict where the organisation is not in the register any more.
    """
    day = at.astimezone(CIVIL_TIME).date()
    live = consents.standing(consent, day) == "live"
    at_what = Resource(disclosure=Disclosure.AUTHORISED, consent=live)
    decision = decide(actor, Action.BORROWED_READ, at_what, day=day)
    ground = Ground(consent.purpose, matter, decision.rule, consent.number)
    about = selectors.by_code(consent.uscc)
    if about is None:
        raise Conflict("consent-organisation", "授权的信用主体已不在册。", remedy="请与授权单位联系。")
    seen = Seen(f"授权 {consent.number}", about.pk)
    if not decision.allowed:
        looks.taken(Kind.RECORDS, seen.refused(f"access-{decision.rule}"), looker=looker, ground=ground, at=at)
        raise Refused(decision)
    return _read(consent, about, seen, looker=looker, ground=ground, at=at)


@transaction.atomic
def _read(consent: Consent, about: Organisation, seen: Seen, *, looker: Looker, ground: Ground, at: datetime) -> Told:
    acting.opening((Disclosure.AUTHORISED,))
    found = list(lent_records(consent, about, at.astimezone(CIVIL_TIME).date()))
    told = replace(
        seen,
        disclosed=tuple((entry.pk, entry.revision) for entry in found),
        outcome=Outcome.FOUND if found else Outcome.NO_RECORDS,
    )
    looks.take(Kind.RECORDS, told, looker=looker, ground=ground, at=at)
    return Told(consent, about, found)


def lent_records(consent: Consent, about: Organisation, day: date) -> QuerySet[Record]:
    """The organisation's records for authorised use of the lent items, newest first."""
    purpose = packs.current().purpose(consent.purpose)
    found = disclosable(replace(purpose, disclosures=("authorised",)), day)
    found = found.filter(organisation=about, item__in=consent.items).select_related("organisation", "provider")
    return with_mark(found).order_by("-decided_on", "-pk")
