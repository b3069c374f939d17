"""With the application's own filter removed, nobody sees, changes or adds rows that are not theirs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, models, transaction
from tests import held
from tests.walls.conftest import Behind
from tests.walls.two_sides import MODELS, Side

from gongxin import clock
from gongxin.enquiries import reports
from gongxin.enquiries.looks import Ground, Looker
from gongxin.enquiries.models import Channel
from gongxin.intake.models import Submission
from gongxin.records.models import Record
from gongxin.secrecy.fields import BlindIndexField, EncryptedTextField
from gongxin.walls import acting
from gongxin.walls.acting import NOBODY, Asker
from gongxin.walls.table import Wall, load

pytestmark = pytest.mark.django_db

WALLED = {name: wall for name, wall in load().items() if not (wall.everybody or wall.nobody)}
SEALED = (EncryptedTextField, BlindIndexField)
# By what somebody of a department sees a row, and by what the representative of an organisation does.
OF_STAFF, OF_REPRESENTATIVES = {"department", "name", "account"}, {"organisation", "organisations", "code"}


@pytest.fixture(scope="module")
def walled() -> dict[str, Wall]:
    assert len(WALLED) > 15
    return WALLED


def _is_by(wall: Wall, ways: set[str]) -> bool:
    """Whether a row is somebody's in one of these ways, itself or through another."""
    direct = any(way in ways for way, _column in wall.ways)
    return direct or any(_is_by(WALLED[through.table], ways) for through in wall.through)


def _everything(table: str) -> set[object]:
    """Every row there is: no filter at all."""
    return set(MODELS[table]._base_manager.values_list("pk", flat=True))


def test_a_department_sees_nothing_of_another(behind: Behind, walled: dict[str, Wall]) -> None:
    mine, theirs = Side(), Side()
    own = {table for table, wall in walled.items() if _is_by(wall, OF_STAFF)}
    assert len(own) > 10
    with behind(mine.staff()):
        seen = {table: _everything(table) for table in walled}
    assert {table for table in walled if theirs.rows[table].pk in seen[table]} == set()
    assert {table for table in own if mine.rows[table].pk not in seen[table]} == set()


def test_an_organisation_sees_nothing_of_another(behind: Behind, walled: dict[str, Wall]) -> None:
    mine, theirs = Side(), Side()
    own = {table for table, wall in walled.items() if _is_by(wall, OF_REPRESENTATIVES)}
    assert len(own) > 7
    with behind(mine.representative()):
        seen = {table: _everything(table) for table in walled}
    assert {table for table in walled if theirs.rows[table].pk in seen[table]} == set()
    assert {table for table in own if mine.rows[table].pk not in seen[table]} == set()


def test_nobody_sees_anything_that_is_somebodys(behind: Behind, walled: dict[str, Wall]) -> None:
    Side()
    with behind(NOBODY):
        assert {table: _everything(table) for table in walled} == {table: set() for table in walled}


def test_the_node_and_who_has_to_see_all_of_it(behind: Behind, walled: dict[str, Wall]) -> None:
    one, other = Side(), Side()
    for role in ("node", "credit_office", "auditor", "security_admin"):
        sees = {table for table, wall in walled.items() if role == "node" or role in wall.roles}
        assert sees
        with behind(Asker(roles=frozenset({role}))):
            seen = {table: _everything(table) for table in sees}
        wanted = {table: {one.rows[table].pk, other.rows[table].pk} for table in sees}
        assert {table for table in sees if not wanted[table] <= seen[table]} == set()


def test_rows_of_others_cannot_be_changed_or_deleted(behind: Behind, walled: dict[str, Wall]) -> None:
    mine, theirs = Side(), Side()
    changeable = [table for table, wall in walled.items() if wall.app in ("change", "write")]
    assert len(changeable) > 8
    with behind(mine.staff()):
        for table in changeable:
            rows = MODELS[table]._base_manager.filter(pk=theirs.rows[table].pk)
            fields = (field for field in MODELS[table]._meta.concrete_fields if not isinstance(field, SEALED))
            field = next(field for field in fields if not field.primary_key)
            assert rows.update(**{field.attname: getattr(theirs.rows[table], field.attname)}) == 0, table
            if walled[table].app == "write":
                # mypy: not in the stubs; it deletes without asking for what hangs on the rows.
                assert rows._raw_delete(rows.db) == 0, table  # type: ignore[attr-defined]
        assert Submission.objects.update(filename="changed.csv") == 1
    assert Submission.objects.get(pk=theirs.rows["intake_submission"].pk).filename != "changed.csv"


def test_rows_cannot_be_added_for_others(behind: Behind) -> None:
    mine, theirs = Side(), Side()
    row: models.Model = theirs.rows["intake_submission"]
    with behind(mine.staff()):
        row.pk, row._state.adding = None, True
        row.pk = mine.department.pk
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            row.save(force_insert=True)


def test_what_is_public_today_and_nothing_else_is_everybodys(behind: Behind) -> None:
    side, today = Side(), clock.today()
    day = timedelta(days=1)

    def record(**given: object) -> Record:
        values = {"publicity_from": today, "publicity_until": today, "disclosure": "public", "state": "active"} | given
        return held.record(side.organisation, provider=side.department, **values)

    shown = [record(), record(publicity_until=None)]
    hidden = [
        record(publicity_until=today - day, publicity_from=today - day),
        record(publicity_from=today + day, publicity_until=None),
        record(publicity_from=None, publicity_until=None),
        *(record(state=state) for state in ("closed", "repaired", "revoked", "removed", "shielded")),
        *(record(disclosure=disclosure) for disclosure in ("authorised", "shared")),
    ]
    with behind(Side().staff()):
        seen = _everything("records_record")
        assert seen >= {entry.pk for entry in shown}
        assert not seen & {entry.pk for entry in hidden}
        assert Record.objects.filter(pk=shown[0].pk).update(title="changed") == 0


def test_a_check_opens_its_classes_until_its_transaction_ends(behind: Behind) -> None:
    mine, theirs = Side(), Side()
    shared = theirs.rows["records_record"].pk
    ended = held.record(theirs.organisation, provider=theirs.department, disclosure="shared", state="closed").pk
    with behind(mine.staff()):
        # A savepoint stands for the transaction: what is told in it goes with it.
        with transaction.atomic():
            acting.opening({"authorised"})
            assert shared not in _everything("records_record")
            acting.opening({"shared"})
            assert shared in _everything("records_record")
            assert ended not in _everything("records_record")
            transaction.set_rollback(True)
        assert shared not in _everything("records_record")


def test_a_report_holds_what_its_purpose_opens(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, theirs = Side(), Side()
    seen: list[set[object]] = []

    class Enough(Exception):
        pass

    def content(_about: object, records: models.QuerySet[Record], **_more: object) -> None:
        seen.append(set(records.values_list("pk", flat=True)))
        raise Enough

    monkeypatch.setattr("gongxin.enquiries.report_keys.files", lambda **_: None)
    monkeypatch.setattr("gongxin.enquiries.report_content.content", content)
    looker = Looker("key", "key", Channel.API, mine.department.pk)
    asked = reports.Asked(looker, Ground("self-query"), ("public", "shared"))
    with behind(mine.staff()), pytest.raises(Enough):
        reports.issue_full(theirs.organisation, asked, origin="", at=clock.now())
    assert seen == [{theirs.rows["records_record"].pk}]


def test_states_before_a_correction_are_the_provider_s_also_of_public_records(behind: Behind) -> None:
    mine, theirs = Side(), Side()
    Record.objects.filter(pk=theirs.rows["records_record"].pk).update(disclosure="public", publicity_until=None)
    revision = theirs.rows["records_revision"].pk
    with behind(mine.staff()):
        assert theirs.rows["records_record"].pk in _everything("records_record")
        assert revision not in _everything("records_revision")
    with behind(theirs.staff()):
        assert revision in _everything("records_revision")


def test_a_key_is_found_by_who_shows_it_only(behind: Behind) -> None:
    mine, theirs = Side(), Side()
    with behind(Asker(digest=theirs.digest)):
        assert _everything("identity_apikey") == {theirs.rows["identity_apikey"].pk}
    with behind(Asker(digest="0" * 64)):
        assert _everything("identity_apikey") == set()
    assert mine.digest != theirs.digest
