"""Every route that serves what is not public leaves one entry and one leaf a request, refused requests too.

One row a route of the desk, of the organisations' pages and of the API: a route without a row fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from tests import held
from tests.ledger.test_every_change import unwritable
from tests.web.desk_world import PASSWORD, World

from gongxin import clock
from gongxin.api.urls import service
from gongxin.enquiries import evidence
from gongxin.enquiries.models import Look, LookLeaf
from gongxin.identity import accounts, keys, representations
from gongxin.identity.models import Department, Role, User
from gongxin.ledger import selectors
from gongxin.records.models import Record
from gongxin.subjects.models import Organisation

pytestmark = [pytest.mark.django_db, pytest.mark.long]

# look: whoever asks, shown or refused, is logged. others: a department's own work; everybody else is logged.
# none: serves nothing that is not public, or only what is the account's own.
Rule = Literal["look", "others", "none"]


@dataclass(frozen=True)
class Row:
    """What a route is, and how it is asked. arguments: names of what the world holds."""

    rule: Rule
    arguments: tuple[str, ...] = ()
    post: dict[str, str] | None = None


ABOUT = {"code": "<code>", "purpose": "licence-review", "matter": "许可〔2026〕7号"}
PAGES: dict[str, Row] = {
    "desk:records": Row("look"),
    "desk:record": Row("look", ("<record>",)),
    "desk:looks": Row("look"),
    "desk:archive": Row("look"),
    "desk:archived": Row("look", ("<record>",)),
    "desk:archived-case": Row("look", ("<nothing>",)),
    "desk:archived-evidence": Row("look", ("<nothing>", "<nothing>")),
    "desk:looks-file": Row("look", ("csv",)),
    "cases:cases": Row("look"),
    "cases:cases-file": Row("look", ("csv",)),
    "cases:case": Row("look", ("<nothing>",)),
    "cases:evidence": Row("look", ("<nothing>",)),
    "cases:choose": Row("look", ("<record>",)),
    "cases:subject": Row("look", ("<nothing>",)),
    "cases:repair-notice": Row("look", ("<record>",)),
    "cases:repair-notice-pdf": Row("look", ("<record>",)),
    "cases:repair-notices": Row("look", ("<submission>",)),
    "mine:home": Row("look"),
    "mine:records-file": Row("look", ("csv",)),
    "mine:cases": Row("look"),
    "mine:cases-file": Row("look", ("csv",)),
    "mine:record": Row("look", ("<own>",)),
    "mine:case": Row("look", ("<nothing>",)),
    "mine:evidence": Row("look", ("<nothing>",)),
    "mine:commitments": Row("look"),
    "mine:messages": Row("look"),
    "mine:messages-file": Row("look", ("csv",)),
    "mine:message": Row("look", ("<nothing>",)),
    "mine:message-pdf": Row("look", ("<nothing>",)),
    "mine:borrowed": Row("look", ("<nothing>",)),
    "desk:look": Row("look", ("<look>",)),
    "desk:look-proof": Row("look", ("<look>",)),
    "desk:report": Row("look", post=ABOUT),
    "desk:submission": Row("others", ("<submission>",)),
    "desk:progress": Row("others", ("<submission>",)),
    "desk:findings": Row("look", ("<submission>",)),
    "desk:rejected": Row("look", ("<submission>", "csv")),
    "desk:whole": Row("look", ("<submission>", "csv")),
    "desk:receipt": Row("others", ("<submission>",)),
    "desk:receipt-pdf": Row("others", ("<submission>",)),
    "desk:rows": Row("look", ("<submission>",)),
    "desk:retry": Row("others", ("<submission>",), post={}),
    "desk:accounts": Row("look"),
    "desk:proposals": Row("look"),
    "desk:proposals-file": Row("look", ("csv",)),
    "desk:proposal": Row("look", ("<nothing>",)),
    "desk:accounts-file": Row("look", ("csv",)),
    "desk:account-of": Row("look", ("<account>",)),
    "desk:account-history": Row("look", ("<account>",)),
    "desk:account-history-file": Row("look", ("<account>", "csv")),
    "desk:permissions-of": Row("look", ("<account>",)),
    "desk:permissions-of-file": Row("look", ("<account>", "csv")),
    "mine:looks": Row("look"),
    "mine:report": Row("look", post={}),
}
# Forms that change something: whoever opens one sees what it is about, so that opening it is a look. What they change
# has a leaf of its own, and goes elsewhere afterwards.
FORMS: dict[str, Row] = {
    "cases:file": Row("look", ("<record>", "repair", "apply")),
    "cases:file-about": Row("look", ("<organisation>", "reminder", "remind")),
    "cases:step": Row("look", ("<nothing>", "accept"), post={}),
    "cases:training": Row("look"),
    "cases:training-file": Row("look", ("csv",)),
    "cases:course": Row("look", ("<nothing>",)),
    "cases:course-file": Row("look", ("<nothing>", "csv")),
    "cases:register": Row("look", ("<nothing>", "<nothing>")),
    "cases:withdraw": Row("look", ("<nothing>", "<nothing>"), post={}),
    "cases:certificate": Row("look", ("<nothing>",)),
    "cases:attended": Row("look", ("<nothing>", "<nothing>"), post={}),
    "desk:account-care": Row("look", ("<account>", "suspend")),
    "desk:account-role": Row("look", ("<account>",)),
    "desk:account-ask": Row("look", ("<account>", "password")),
    "desk:proposal-decide": Row("look", ("<nothing>",), post={}),
    "desk:proposal-withdraw": Row("look", ("<nothing>",), post={}),
    "desk:proposal-code": Row("look", ("<nothing>",), post={}),
    "desk:substitute": Row("look", ("<account>",)),
    "desk:representation": Row("look", ("<account>",)),
    "desk:substitution-end": Row("look", ("<nothing>",)),
    "desk:representation-end": Row("look", ("<nothing>",)),
    "desk:undelivered": Row("look"),
    "desk:undelivered-file": Row("look", ("csv",)),
    "mine:objection": Row("look", ("<own>",)),
    "mine:repair": Row("look", ("<own>",)),
    "mine:duties": Row("look", ("<own>",)),
    "mine:commitment": Row("look", ("<own>",)),
    "mine:training-proof": Row("look", ("<own>",)),
    "mine:check": Row("look", ("<own>",)),
    "mine:file": Row("look", ("<own>", "list-exit")),
    "mine:file-about": Row("look", ("<organisation>", "bankruptcy")),
    "mine:step": Row("look", ("<nothing>", "withdraw"), post={}),
    "mine:training": Row("look"),
    "mine:training-file": Row("look", ("csv",)),
    "mine:certificate": Row("look", ("<nothing>",)),
    "mine:register": Row("look", ("<nothing>",), post={}),
    "mine:made": Row("look", ("<nothing>",)),
    "mine:made-pdf": Row("look", ("<nothing>",)),
    "mine:lending": Row("look"),
    "mine:lent": Row("look", ("<nothing>",)),
}
PAGES |= FORMS
# What they show is counts and states of hand-ins, the account's own, forms, or the catalogue.
SHOW_NOTHING_HELD = {
    "desk:home", "desk:sign-in", "desk:second-factor", "desk:new-password", "desk:identity-service",
    "desk:identity-service-return", "desk:sign-out", "desk:account", "desk:confirm", "desk:password", "desk:factors",
    "desk:factor-app", "desk:factor-key", "desk:factor-codes", "desk:factor-remove", "desk:sessions",
    "desk:sessions-end", "desk:session-end", "desk:upload", "desk:submissions", "desk:submissions-file",
    "desk:entry-items", "desk:entry", "desk:catalogue", "desk:item", "desk:template", "desk:departments",
    "desk:departments-file", "desk:departments-kept", "desk:departments-kept-file",
    "desk:proof", "desk:proof-file", "desk:proof-run", "desk:proof-run-file",
    "desk:retention", "desk:retention-file", "desk:retention-list", "desk:retention-list-file",
    "desk:keys", "desk:key-new", "desk:key-rotate", "desk:key-revoke", "desk:permissions",
    "desk:permissions-file",
    "mine:commit", "mine:lend", "mine:mail-confirm", "mine:mail-stop", "cases:subjects", "cases:mail",
}  # fmt: skip
# Natural persons have a log of their own, which only the person reads: test_person_pages.py asks each of these.
PERSONAL = {
    "person:start", "person:home", "person:record", "person:objection", "person:objections", "person:case",
    "person:openings", "person:authorisations", "person:authorise", "person:revoke", "person:copy",
    "person-desk:authorised", "person-desk:objections", "person-desk:objection", "person-desk:assistance",
    "person:paper", "person-desk:paper", "person:mail", "person:mail-confirm", "person:mail-drop", "person:end",
    "person:stay", "person-desk:erasure",
}  # fmt: skip
# They change something and show nothing that is held: each change has its own leaf.
CHANGE = {
    "desk:account-new", "desk:department-new", "desk:department", "desk:department-use",
    "desk:retention-rule", "desk:retention-decide", "mine:withdraw", "mine:take-back",
    "mine:messages-read", "mine:following", "mine:mail", "mine:mail-drop", "desk:undelivered-again",
    "cases:draft-remove", "cases:draft-delete", "cases:mail-drop", "mine:draft-remove", "mine:draft-delete",
}  # fmt: skip
# Method and path as the OpenAPI document names them; the public ones take no key.
API: dict[str, Row] = {
    "post /api/v1/checks": Row("look"),
    "post /api/v1/checks/batch": Row("look"),
    "get /api/v1/checks/{check_id}": Row("look"),
    "post /api/v1/reports": Row("look"),
    "get /api/v1/submissions/{submission_id}": Row("others"),
    "get /api/v1/submissions/{submission_id}/rejections": Row("look"),
    "get /api/v1/submissions/{submission_id}/rejections.{form}": Row("look"),
}
HANDS_IN = {"post /api/v1/submissions"}


@pytest.fixture(autouse=True)
def _node(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.VAR_DIR = tmp_path / "var"
    # It makes its own key for reports.
    settings.DEMO = True
    with clock.at(held.AT):
        yield


@pytest.fixture
def about() -> Organisation:
    found = held.organisation()
    held.record(found, disclosure="shared")
    return found


@pytest.fixture
def users(world: World, about: Organisation) -> dict[str, User]:
    """Everybody who may come to these pages, and some who may not."""
    Department.objects.filter(pk=world.mine.pk).update(purposes=["licence-review"])
    given: dict[str, Any] = {"password": PASSWORD, "full_name": "某账号", "at": held.AT}
    representative = accounts.create("rep", department=None, role=Role.REPRESENTATIVE, **given)
    representations.bind(representative, str(about.uscc), ground="授权书", acting_user=None, at=held.AT)
    return {
        "owner": world.officer,
        "other": world.other,
        "office": world.office,
        "case": accounts.create("case", department=world.mine, role=Role.CASE_OFFICER, **given),
        "auditor": accounts.create("auditor", department=world.theirs, role=Role.AUDITOR, **given),
        "representative": representative,
    }


def test_every_route_has_a_row() -> None:
    namespaces = {
        name: found
        for name, (_, found) in get_resolver().namespace_dict.items()
        if name in {"desk", "mine", "cases", "person", "person-desk"}
    }
    named = {f"{name}:{entry.name}" for name, found in namespaces.items() for entry in found.url_patterns}
    assert named == PAGES.keys() | SHOW_NOTHING_HELD | CHANGE | PERSONAL
    keyed = {
        f"{method} {path}"
        for path, methods in service.get_openapi_schema()["paths"].items()
        for method, operation in methods.items()
        if operation.get("security")
    }
    assert keyed == API.keys() | HANDS_IN


def counted(ask: Callable[[], HttpResponseBase]) -> tuple[HttpResponseBase, int, int]:
    """The answer, how many entries and how many leaves it left."""
    looks, leaves = Look.objects.count(), selectors.size()
    answer = ask()
    if answer.streaming:
        b"".join(answer.streaming_content)
    return answer, Look.objects.count() - looks, selectors.size() - leaves


# Ten pages share a world; what was done at one is taken back before the next.
_TEN = [sorted(PAGES)[begin : begin + 10] for begin in range(0, len(PAGES), 10)]


@pytest.mark.parametrize("names", _TEN, ids=lambda names: names[0])
def test_a_page_leaves_one_entry_and_one_leaf(
    world: World, users: dict[str, User], about: Organisation, names: list[str]
) -> None:
    world.client(users["auditor"]).get(reverse("desk:looks"))
    for name in names:
        with transaction.atomic():
            _judge_page(name, world, users, about)
            transaction.set_rollback(True)


def _judge_page(name: str, world: World, users: dict[str, User], about: Organisation) -> None:
    row = PAGES[name]
    places = {
        "<record>": str(world.record.pk),
        "<submission>": str(world.submission.pk),
        "<look>": str(Look.objects.values_list("pk", flat=True)[0]),
        "<code>": str(about.uscc),
        "<account>": str(world.officer.pk),
        "<organisation>": str(about.pk),
        "<own>": str(Record.objects.filter(organisation=about).values_list("pk", flat=True)[0]),
        "<nothing>": "0193f0a2-c0de-7000-8000-00000000abcd",
    }
    path = reverse(name, args=[places.get(entry, entry) for entry in row.arguments])
    post = None if row.post is None else {key: places.get(text, text) for key, text in row.post.items()}
    # Of forms: one who may, one who sees everything, one of the other site.
    some = {"case", "office", "representative"} if name in FORMS else users.keys()
    for actor, user in ((one, users[one]) for one in sorted(some)):
        answer, looks, leaves = counted(_asking(world.client(user), path, post))
        sent_elsewhere = 300 <= answer.status_code < 400
        own = row.rule == "others" and actor in {"owner", "case"}
        if row.rule == "others" and actor == "case" and answer.status_code >= 400:
            own = looks == 0
        expected = (0, 0) if sent_elsewhere or own else (1, 1)
        assert (looks, leaves) == expected, (name, actor, answer.status_code)
        if looks:
            # A form that comes back with its faults was shown.
            refused = answer.status_code >= 400 and answer.status_code != 422
            _judge(Look.objects.order_by("pk").last(), user.username, refused=refused)
    anonymous, looks, leaves = counted(_asking(Client(), path, row.post))
    assert (anonymous.status_code, looks, leaves) == (302, 0, 0), name


def _asking(client: Client, path: str, post: dict[str, str] | None) -> Callable[[], HttpResponseBase]:
    return lambda: client.get(path) if post is None else client.post(path, post)


def _judge(look: Look | None, name: str, *, refused: bool) -> None:
    assert look is not None
    assert look.asked_by == name
    assert (look.outcome == "refused") is refused
    assert bool(look.reason) is refused
    assert look.rule or look.reason.endswith("-unknown")
    assert look.purpose
    assert look.basis
    assert look.asked_for
    if refused:
        assert look.disclosed == []
    assert evidence.of(look).holds
    piece = LookLeaf.objects.filter(subject__lte=look.pk, last__gte=look.pk)
    assert (piece if look.batch_id else LookLeaf.objects.filter(subject=look.pk)).exists()


@pytest.mark.parametrize("operation", sorted(API))
@pytest.mark.parametrize("granted", [True, False])
def test_an_operation_of_the_api_leaves_its_entries_and_one_leaf(
    world: World, about: Organisation, operation: str, granted: bool
) -> None:
    Department.objects.filter(pk=world.mine.pk).update(purposes=["licence-review"] if granted else [])
    department = world.mine if granted else world.theirs
    department.refresh_from_db()
    secret = keys.issue(department=department, label="审批", acting_user="operator", at=held.AT).secret
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    requests: dict[str, tuple[str, Any, str]] = {
        "post /api/v1/checks": (
            "/api/v1/checks",
            {"code_or_name": about.uscc, "purpose": "licence-review", "matter": "甲"},
            "application/json",
        ),
        "post /api/v1/checks/batch": (
            "/api/v1/checks/batch?purpose=licence-review&matter=m",
            f'"{about.uscc}"\n"{held.code(77)}"\n',
            "application/x-ndjson",
        ),
        "post /api/v1/reports": ("/api/v1/reports", ABOUT | {"code": about.uscc}, "application/json"),
    }
    one = f"/api/v1/submissions/{world.submission.pk}"
    paths = {
        "get /api/v1/checks/{check_id}": f"/api/v1/checks/{_check(world, about)}",
        "get /api/v1/submissions/{submission_id}": one,
        "get /api/v1/submissions/{submission_id}/rejections": f"{one}/rejections",
        "get /api/v1/submissions/{submission_id}/rejections.{form}": f"{one}/rejections.csv",
    }
    if operation in paths:
        answer, looks, leaves = counted(lambda: client.get(paths[operation]))
    else:
        path, body, kind = requests[operation]
        answer, looks, leaves = counted(lambda: client.post(path, body, content_type=kind))
    assert (answer.status_code < 300) is granted, answer
    own = API[operation].rule == "others" and granted
    entries = 2 if operation.endswith("batch") and granted else 1
    assert (looks, leaves) == ((0, 0) if own else (entries, 1))
    if looks:
        look = Look.objects.order_by("pk").last()
        assert look is not None
        _judge(look, look.asked_by, refused=not granted)
        assert look.role == "key"


def _check(world: World, about: Organisation) -> str:
    """A check of the department `mine`."""
    mine = Department.objects.get(pk=world.mine.pk)
    mine.purposes = ["licence-review"]
    secret = keys.issue(department=mine, label="前", acting_user="operator", at=held.AT).secret
    found = Look.objects.create(
        department=mine, asked_by=secret[:10], asked_at=held.AT, asked_for=about.uscc, purpose="licence-review",
        outcome="found", pack_version="v", data_version="1:1:",
    )  # fmt: skip
    return str(found.pk)


def test_whoever_is_not_let_in_is_on_record_at_every_page(
    world: World, users: dict[str, User], about: Organisation
) -> None:
    """Also where the page itself is no look: forms, lists of keys and departments, what is to be destroyed."""
    refused = 0
    for name in sorted((SHOW_NOTHING_HELD | CHANGE) - {"desk:identity-service", "desk:identity-service-return"}):
        try:
            path = reverse(name)
        except NoReverseMatch:
            continue
        for actor in ("owner", "representative"):
            answer, looks, leaves = counted(_asking(world.client(users[actor]), path, None))
            if answer.status_code != 403:
                continue
            refused += 1
            assert (looks, leaves) == (1, 1), (name, actor)
            look = Look.objects.latest("pk")
            assert (look.asked_by, look.outcome, look.asked_for) == (users[actor].username, "refused", path), name
            assert look.rule, name
    assert refused > 20


def test_nothing_is_shown_where_the_log_cannot_be_written(
    world: World, users: dict[str, User], about: Organisation
) -> None:
    """Pages, files, forms and refusals alike: 503 in words, and none of what was asked for."""
    own = Record.objects.get(organisation=about)
    asked = [
        ("office", reverse("desk:records"), world.record.document_no),
        ("office", reverse("desk:record", args=[world.record.pk]), world.record.document_no),
        ("other", reverse("desk:record", args=[world.record.pk]), world.record.document_no),
        ("case", reverse("cases:file", args=[world.record.pk, "revocation", "report-revoked"]), world.record.title),
        ("owner", reverse("desk:whole", args=[world.submission.pk, "csv"]), "CF_WSH"),
        ("representative", reverse("mine:record", args=[own.pk]), own.document_no),
        ("representative", reverse("mine:objection", args=[own.pk]), own.document_no),
        ("auditor", reverse("desk:looks"), world.mine.name),
    ]
    with unwritable():
        for name, path, secret in asked:
            answer = world.client(users[name]).get(path)
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            assert (answer.status_code, "操作日志" in content.decode()) == (503, True), path
            assert secret not in content.decode(), path
            assert answer["Cache-Control"] == "no-store, private"
    assert not Look.objects.exists()


def test_reading_what_is_public_is_not_logged(about: Organisation) -> None:
    for path in ("/", f"/organisations/{about.pk}", "/disclosures/", f"/api/v1/organisations/{about.uscc}", "/verify/"):
        answer, looks, leaves = counted(_asking(Client(), path, None))
        assert (answer.status_code, looks, leaves) == (200, 0, 0)


def test_a_key_that_is_over_is_refused_on_record(world: World, about: Organisation) -> None:
    """Revoked, expired, of a closed department; what never was a key is nobody's and leaves nothing."""
    given: dict[str, Any] = {"department": world.mine, "acting_user": "operator"}
    revoked = keys.issue(label="甲", at=held.AT, **given)
    keys.revoke(revoked.key.pk, acting_user="operator", at=held.AT)
    expired = keys.issue(label="乙", expires_at=held.AT - timedelta(1), at=held.AT - timedelta(9), **given)
    closed = keys.issue(label="丙", department=world.theirs, acting_user="operator", at=held.AT)
    Department.objects.filter(pk=world.theirs.pk).update(active=False)
    body = {"code_or_name": about.uscc, "purpose": "licence-review", "matter": "甲"}
    for secret, reason in (
        (revoked.secret, "key-revoked"), (expired.secret, "key-expired"), (closed.secret, "department-inactive"),
        ("gx_" + "a" * 43, ""), ("nonsense", ""),
    ):  # fmt: skip
        headers = {"Authorization": f"Bearer {secret}"}
        answer, looks, leaves = counted(
            lambda headers=headers: Client().post(
                "/api/v1/checks", body, content_type="application/json", headers=headers
            )
        )
        assert (answer.status_code, looks, leaves) == (401, bool(reason), bool(reason)), reason
        if reason:
            found = Look.objects.order_by("pk").last()
            assert (found.outcome, found.reason, found.asked_for) == ("refused", reason, "/api/v1/checks")
            assert evidence.of(found).holds


def test_a_key_that_may_not_check_is_refused_on_record(world: World, about: Organisation) -> None:
    secret = keys.issue(
        department=world.mine, label="只读", operations=[keys.READ], acting_user="operator", at=held.AT
    ).secret
    body = {"code_or_name": about.uscc, "purpose": "licence-review", "matter": "甲"}
    headers = {"Authorization": f"Bearer {secret}"}
    for path in ("/api/v1/checks", "/api/v1/reports"):
        answer, looks, leaves = counted(
            lambda path=path: Client().post(path, body, content_type="application/json", headers=headers)
        )
        assert (answer.status_code, looks, leaves) == (403, 1, 1)
        assert Look.objects.order_by("pk").last().outcome == "refused"
