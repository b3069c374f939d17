"""Lending access: what is told under an authorisation, to whom, until when; every use is a look that names it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from tests import held
from tests.held import AT, DAY

from gongxin.enquiries import borrowed, checks, evidence, selectors
from gongxin.enquiries.asked import Asked
from gongxin.enquiries.looks import Looker
from gongxin.enquiries.models import Channel, Look, Outcome
from gongxin.errors import Conflict, InvalidInput, NotFound
from gongxin.identity import actors, consents, representations
from gongxin.identity.consents import Borrower, Lent
from gongxin.identity.decisions import Refused
from gongxin.identity.models import Consent, Department, Role, User
from gongxin.records.models import Record
from gongxin.subjects.models import Organisation

pytestmark = pytest.mark.django_db
PURPOSE = "authorised-query"
HOLDER = Looker("holder", "visitor", Channel.CODE)


@pytest.fixture
def about() -> Organisation:
    return held.organisation()


@pytest.fixture
def agent(about: Organisation) -> User:
    user = User.objects.create(username="agent", role=Role.REPRESENTATIVE)
    representations.bind(user, about.uscc or "", ground="委托书", acting_user=None, at=AT)
    return user


@pytest.fixture
def bank() -> Department:
    return held.department(purposes=[PURPOSE, "financing", "licence-review"])


@pytest.fixture
def restricted(about: Organisation) -> Record:
    return held.record(about, disclosure="authorised", title="凭授权查询的记录")


def lend(about: Organisation, agent: User, to: Borrower, **given: Any) -> Lent:
    values = {"items": ["penalty"], "purpose": PURPOSE, "ends_on": DAY + timedelta(5), "at": AT} | given
    return consents.lend(about.uscc or "", to, acting_user=agent, **values)


def asked(bank: Department, about: Organisation, *, purpose: str = PURPOSE, days: int = 0) -> dict[str, Any]:
    given: dict[str, Any] = {"asked_by": "key", "matter": "贷〔2026〕1号", "at": AT + timedelta(days)}
    return checks.check(department=bank, code_or_name=about.uscc or "", purpose=purpose, **given).data


def look() -> Look:
    return Look.objects.order_by("-pk")[0]


def test_a_check_tells_what_is_lent_until_it_ends(
    about: Organisation, agent: User, bank: Department, restricted: Record
) -> None:
    assert asked(bank, about)["records"] == []
    lent = lend(about, agent, Borrower(bank)).consent
    answer = asked(bank, about)
    assert [entry["id"] for entry in answer["records"]] == [str(restricted.pk)]
    said = {"number": lent.number, "items": ["penalty"], "until": "2026-04-15", "live": True}
    assert answer["authorisations"] == [said]
    assert (look().consent, look().rule) == (lent.number, "check-with-consent")
    assert evidence.of(look()).holds
    assert asked(bank, about, days=5)["records"]
    # The day after its last, and after it was taken back: nothing, and the look still names it.
    assert asked(bank, about, days=6)["records"] == []
    assert (look().consent, look().rule) == (lent.number, "check-for-purpose")
    consents.take_back(lent.pk, acting_user=agent, at=AT)
    ended = asked(bank, about)
    assert (ended["records"], ended["authorisations"][0]["live"]) == ([], False)
    assert look().consent == lent.number
    with pytest.raises(Conflict):
        consents.take_back(lent.pk, acting_user=agent, at=AT)


def test_it_covers_its_item_its_purpose_and_its_borrower_only(
    about: Organisation, agent: User, bank: Department, restricted: Record
) -> None:
    held.record(about, item="honour", disclosure="authorised")
    lend(about, agent, Borrower(bank))
    lend(held.organisation(), _agent_of_all(agent), Borrower(bank), items=["honour"])
    assert [entry["id"] for entry in asked(bank, about)["records"]] == [str(restricted.pk)]
    assert asked(bank, about, purpose="financing")["records"] == []
    assert asked(bank, about, purpose="licence-review")["authorisations"] == []
    assert asked(held.department(purposes=[PURPOSE]), about)["records"] == []
    assert asked(held.department(purposes=[]), about)["outcome"] == "refused"


def _agent_of_all(agent: User) -> User:
    """The same account, bound to the organisation made last too."""
    newest = Organisation.objects.order_by("-pk")[0]
    representations.bind(agent, newest.uscc or "", ground="委托书", acting_user=None, at=AT)
    return agent


def test_a_batch_honours_it_too(about: Organisation, agent: User, bank: Department, restricted: Record) -> None:
    lent = lend(about, agent, Borrower(bank)).consent
    other = held.organisation()
    held.record(other, disclosure="authorised")
    questions = [Asked(entry.uscc or "", "批量", row) for row, entry in enumerate((about, other), 1)]
    pieces = checks.check_many(questions, department=bank, asked_by="key", purpose=PURPOSE, at=AT)
    parts = [piece.text for piece in pieces]
    lines = [json.loads(line) for line in b"".join(parts).splitlines()]
    assert [len(line["records"]) for line in lines] == [1, 0]
    assert list(Look.objects.order_by("pk").values_list("consent", flat=True)) == [lent.number, ""]
    assert restricted.pk.hex in b"".join(parts).decode().replace("-", "")


def test_what_is_lent_is_read_as_one_look_that_names_it(about: Organisation, agent: User, restricted: Record) -> None:
    held.record(about, disclosure="public")
    held.record(about, disclosure="shared")
    held.record(about, disclosure="authorised", state="repaired")
    lent = lend(about, agent, Borrower())
    assert lent.code
    assert lent.code not in str(Consent.objects.values().get())
    found = consents.of_code(lent.code.lower().replace("-", " "))
    told = borrowed.read(found, actors.VISITOR_ACTOR, looker=HOLDER, matter="合作", at=AT)
    assert told.records == [restricted]
    assert (look().consent, look().channel, look().outcome) == (lent.consent.number, "code", Outcome.FOUND)
    assert look().disclosed == [[str(restricted.pk), 1]]
    assert selectors.who_looked(about.pk).looks[0].consent == lent.consent.number
    late = AT + timedelta(6)
    with pytest.raises(Refused) as refused:
        borrowed.read(found, actors.VISITOR_ACTOR, looker=HOLDER, matter="合作", at=late)
    assert refused.value.code == "access-borrowed-not-live"
    assert (look().consent, look().outcome, look().disclosed) == (lent.consent.number, Outcome.REFUSED, [])
    with pytest.raises(NotFound):
        consents.of_code("AAAA-BBBB")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"items": []}, "consent-items"),
        ({"items": ["no-such"]}, "consent-items"),
        ({"purpose": "self-query"}, "consent-purpose"),
        ({"purpose": "licence-review"}, "consent-purpose"),
        ({"ends_on": date(2026, 4, 9)}, "consent-end"),
        ({"ends_on": date(2027, 4, 11)}, "consent-end"),
    ],
)
def test_what_cannot_be_lent_is_refused(about: Organisation, agent: User, given: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        lend(about, agent, Borrower(), **given)
    assert refused.value.code == code
    assert not Consent.objects.exists()


def test_only_its_representative_lends_and_takes_back(about: Organisation, agent: User, bank: Department) -> None:
    stranger = User.objects.create(username="stranger", role=Role.REPRESENTATIVE)
    with pytest.raises(Refused):
        lend(about, stranger, Borrower(bank))
    lent = lend(about, agent, Borrower(bank), ends_on=date(2027, 4, 10)).consent
    with pytest.raises(Refused):
        consents.take_back(lent.pk, acting_user=stranger, at=AT)
    for wrong in (Borrower(uscc=about.uscc or ""), Borrower(uscc="张三"), Borrower(held.department(active=False))):
        with pytest.raises(InvalidInput):
            lend(about, agent, wrong)
    # Neither owner nor borrower can be anything but an organisation or a department.
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.filter(pk=lent.pk).update(uscc="11010119900101001")
    related = {field.related_model for field in Consent._meta.get_fields() if field.is_relation}
    assert related == {Department}
