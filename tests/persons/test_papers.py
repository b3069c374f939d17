"""Evidence of an objection: sealed under the person's key, opened by the person and by who decides, nobody else."""

from __future__ import annotations

import pytest
from django.db import connection
from tests.persons.people import AT, account, handed_in, row, staff, unit

from gongxin.errors import InvalidInput, NotFound, NotPermitted
from gongxin.identity.models import User
from gongxin.identity.roles import Role
from gongxin.ledger import selectors as log
from gongxin.persons import objecting, opening, papers, selectors
from gongxin.persons.models import Objection
from gongxin.persons.seen import NewPaper, ObjectionSeen

pytestmark = pytest.mark.django_db
PDF = NewPaper("许可证.pdf", b"%PDF-1.7 a made-up certificate")


@pytest.fixture
def someone() -> User:
    handed_in(row(1))
    return account(1)


def filed(user: User, *files: NewPaper) -> ObjectionSeen:
    [record] = opening.open_own(acting_user=user, at=AT).records
    return objecting.object_to(record.id, reasons="写错了", files=files, acting_user=user, at=AT)


def test_the_person_and_the_deciding_officer_open_it(someone: User) -> None:
    objection = filed(someone, PDF)
    [paper] = objection.papers
    assert (paper.filename, paper.media_type, paper.size) == ("许可证.pdf", "application/pdf", len(PDF.content))
    assert selectors.objections(someone)[0].papers == (paper,)
    assert papers.of_person(someone, objection.id, paper.id).content == PDF.content
    officer, before = staff("case-a", Role.CASE_OFFICER, unit()), len(selectors.openings(someone))
    leaves = log.size()
    assert objecting.open_paper(objection.id, paper.id, acting_user=officer, at=AT).content == PDF.content
    seen = selectors.openings(someone)
    assert (len(seen) - before, seen[0].who, seen[0].allowed) == (1, "case-a", True)
    assert (log.size() - leaves, seen[0].leaf) == (1, leaves)


def test_nobody_else_does_and_the_person_sees_who_tried(someone: User) -> None:
    objection = filed(someone, PDF)
    paper = objection.papers[0].id
    handed_in(row(2, 2))
    with pytest.raises(NotFound):
        papers.of_person(account(2), objection.id, paper)
    with pytest.raises(NotPermitted):
        objecting.open_paper(objection.id, paper, acting_user=staff("tax", Role.CASE_OFFICER, unit("tax")), at=AT)
    seen = selectors.openings(someone)[0]
    assert (seen.who, seen.allowed) == ("tax", False)


def test_nothing_of_it_is_readable_in_the_database(someone: User) -> None:
    filed(someone, PDF)
    with connection.cursor() as cursor:
        cursor.execute("SELECT head, body FROM persons_paper")
        [stored] = cursor.fetchall()
    assert all(text.startswith("ps1.") for text in stored)


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([PDF] * (papers.MOST_FILES + 1), "paper-too-many"),
        ([NewPaper("空.pdf", b"")], "paper-size"),
        ([NewPaper("大.pdf", b"%PDF-" + b"0" * papers.MOST_BYTES)], "paper-size"),
        ([NewPaper("程序.pdf", b"MZ")], "paper-kind"),
        ([NewPaper("图.exe", PDF.content)], "paper-kind"),
    ],
    ids=["too many", "empty", "too large", "not a PDF", "another ending"],
)
def test_what_is_not_accepted_files_nothing(someone: User, files: list[NewPaper], code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        filed(someone, *files)
    assert refused.value.code == code
    assert not Objection.objects.exists()
