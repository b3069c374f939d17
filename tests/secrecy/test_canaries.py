"""Nothing confidential leaves: canaries planted in every place, every exit driven by everybody who may not see them."""

from __future__ import annotations

import itertools
import json
import logging
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path
from tests.secrecy import canary_world
from tests.secrecy.canary_world import AT, PUBLIC, RESIDENT, RESTRICTED, SEARCHED, World, found, words

from gongxin import clock
from gongxin.embedded.programs import client as program
from gongxin.endurance.programs import server_major
from gongxin.enquiries import report_keys
from gongxin.ledger import checkpoints, exporting, keys
from gongxin.traffic import logs
from gongxin.urls import urlpatterns as own_urls

_UUID = "01900000-0000-7000-8000-000000000000"
# Who drives the desk though the canaries are none of theirs; the auditor reads the log of looks, matters included.
STRANGERS = ("other officer", "auditor", "security", "representative")

# Pages that show the pack or the reader's own account: the owner drives them, with the same eyes.
OF_NOBODY = ("/desk/catalogue/", "/desk/entry/", "/desk/sign-in", "/desk/account/")


@pytest.fixture(autouse=True)
def _node(settings: Any, tmp_path: Path) -> Iterator[None]:
    """A node of its own, on a day of its own."""
    settings.VAR_DIR = tmp_path / "var"
    settings.FILES_DIR = tmp_path / "var" / "files"
    settings.MAIL = True
    settings.SECOND_FACTOR_ROLES = frozenset()
    report_keys.init("泽川市信用中心", at=AT)
    keys.make("credit.example/ledger")
    with clock.at(AT):
        yield


def routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, here)
        else:
            yield here


def addresses(world: World) -> list[str]:
    """Every route of the node, its parts filled with everything that could be looked at."""
    ids, filled = world.ids(), []
    for route in sorted(set(routes(get_resolver().url_patterns))):
        parts = re.findall(r"<(?:(\w+):)?(\w+)>", route)
        fallback = {"uuid": [_UUID], "uuidstr": [_UUID], "int": ["1"]}
        # Standings differ for the public; who is let in at the desk is let in to all of them.
        most = 2 if route.startswith(("desk/", "mine/")) else None
        choices = [(ids.get(name) or fallback.get(kind, ["penalty"]))[:most] for kind, name in parts]
        form = re.sub(r"<[^>]*>", "{}", route)
        filled += ["/" + form.format(*chosen) for chosen in itertools.product(*choices)]
    assert len(filled) > 90
    return filled


def leaks(client: Client, at: str, canaries: dict[str, str], **headers: Any) -> set[str]:
    answer = client.get(at, **headers)
    assert answer.status_code != 500, at
    return found(words(answer), canaries)


@pytest.mark.django_db
@pytest.mark.long
def test_no_page_and_no_answer_shows_a_canary(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    caplog.handler.setFormatter(logs.formatter("text"))
    caplog.set_level(logging.INFO)
    world = canary_world.build()
    everything = world.secrets | RESTRICTED
    asked = "\n".join(canary_world.use(world))
    assert found(asked, world.secrets) == set()
    where = addresses(world)
    where += [f"/search?q={record.document_no}" for record in world.records[:6]]
    where += [f"/disclosures/penalty?q={record.document_no}" for record in world.records[:6]]
    told: dict[str, set[str]] = {}
    for at in (one for one in where if not one.startswith("/desk/catalogue/")):
        told[f"anonymous {at}"] = leaks(Client(raise_request_exception=False), at, everything)
    for at in (one for one in where if one.startswith("/api/")):
        headers = {"headers": {"Authorization": f"Bearer {world.poor_key}"}}
        told[f"another department's key {at}"] = leaks(Client(raise_request_exception=False), at, everything, **headers)
    for name in STRANGERS:
        client = world.client(name)
        theirs = {key: word for key, word in everything.items() if (name, key) != ("auditor", "matter")}
        for at in (one for one in where if one.startswith(("/desk/", "/mine/")) and not one.startswith(OF_NOBODY)):
            told[f"{name} {at}"] = leaks(client, at, theirs)
            client = client if "_auth_user_id" in client.session else world.client(name)
    owner = world.client("owner")
    for at in (one for one in where if one.startswith(("/desk/", "/mine/"))):
        told[f"owner {at}"] = leaks(owner, at, world.secrets)
        owner = owner if "_auth_user_id" in owner.session else world.client("owner")
    assert {place: names for place, names in told.items() if names} == {}
    _logs_say_nothing(world, caplog, capfd)
    _files_hold_nothing(world, tmp_path)
    _export_says_nothing(world, tmp_path / "export")
    _mails_say_nothing(world)


def _logs_say_nothing(world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    printed = capfd.readouterr()
    said = caplog.text + printed.out + printed.err
    assert '"route":"search"' in said or "route=search" in said, "no line of a request: the log was not caught"
    assert found(said, world.secrets | RESTRICTED | {"searched": SEARCHED}) == set()


def _files_hold_nothing(world: World, folder: Path) -> None:
    files = [one for one in folder.rglob("*") if one.is_file()]
    assert files
    assert found("\n".join(str(one.relative_to(folder)) for one in files), world.secrets | RESTRICTED) == set()
    for one in files:
        for encoding in ("utf-8", "gb18030", "utf-16-le"):
            assert found(one.read_bytes().decode(encoding, "ignore"), world.secrets) == set(), one


def _mails_say_nothing(world: World) -> None:
    """Whom they are sent to stands in them; what they speak of does not."""
    sent = [f"{one.subject}\n{one.body}\n{one.extra_headers}" for one in mail.outbox]
    assert len(sent) == 2
    about = {"organisation": world.company.name, "its code": world.company.uscc or ""}
    assert found("\n".join(sent), world.secrets | RESTRICTED | about | {"public": PUBLIC}) == set()


def _export_says_nothing(world: World, folder: Path) -> None:
    checkpoints.sign(at=AT)
    exporting.export(folder)
    said = (folder / "leaves.jsonl").read_text()
    assert '"event":"look.taken"' in said
    people = {f"account {name}": user.username for name, user in world.users.items() if "-" in user.username}
    assert found(said, world.secrets | RESTRICTED | people | {"searched": SEARCHED}) == set()


@pytest.mark.django_db
def test_the_finder_finds_what_everybody_may_see() -> None:
    """The control: the same world, the same eyes, what is public and what the owner may see."""
    world = canary_world.build()
    canary_world.use(world)
    everyone, public = Client(), {"public": PUBLIC}
    record = world.records[-1]
    for at in (
        f"/records/{record.pk}",
        f"/organisations/{world.company.pk}",
        "/disclosures/penalty",
        "/disclosures/penalty.csv",
        "/disclosures/penalty.xlsx",
        f"/api/v1/records/{record.pk}",
        f"/api/v1/organisations/{world.company.pk}/records",
    ):
        assert leaks(everyone, at, public) == {"public"}, at
    owner, shared = world.client("owner"), world.records[1]
    assert leaks(owner, f"/desk/records/{shared.pk}", RESTRICTED) >= {"shared"}
    assert "rejected row" in leaks(owner, f"/desk/submissions/{world.submission.pk}/rejected.csv", RESTRICTED)
    body = {"code_or_name": world.company.uscc, "purpose": "licence-review", "matter": canary_world.MATTER}
    headers = {"Authorization": f"Bearer {world.key}"}
    answer = everyone.post("/api/v1/checks", body, "application/json", headers=headers)
    assert found(words(answer), RESTRICTED) == {"shared", "matter"}


def boom(request: Any, kind: str) -> None:
    """A page with a fault whose message is full of what it worked on."""
    if kind == "database":
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::date", [f"{RESIDENT} {SEARCHED}"])
    raise RuntimeError(f"cannot work on {RESIDENT}, password={canary_world.PASSWORD}, {canary_world.WRONG_KEY}")


urlpatterns = [*own_urls, path("boom/<str:kind>", boom)]
handler500 = "gongxin.web.errors.server_error"


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["database", "program"])
@pytest.mark.parametrize("form", ["json", "text"])
def test_an_error_tells_neither_its_page_nor_its_log(
    settings: Any, caplog: pytest.LogCaptureFixture, kind: str, form: str
) -> None:
    settings.ROOT_URLCONF = __name__
    caplog.handler.setFormatter(logs.formatter(form))
    answer = Client(raise_request_exception=False).get(f"/boom/{kind}")
    assert answer.status_code == 500
    canaries = canary_world.NOBODY | {"searched": SEARCHED}
    assert found(words(answer), canaries) == set()
    # The node itself says what broke and where; the request's id is on the page and in the line.
    (line,) = [record for record in caplog.records if record.name == "gongxin.web.errors"]
    assert line.exc_info
    assert answer["X-Request-Id"] in line.getMessage()
    assert "test_canaries.py" in caplog.text
    assert ("RuntimeError" if kind == "program" else "SQLSTATE") in caplog.text
    assert found(caplog.text, canaries) == set()


def dump() -> str:
    """pg_dump of the database of the test, as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        name = cursor.fetchone()[0]
    told = connection.settings_dict
    target = psycopg.conninfo.make_conninfo("", host=told["HOST"], port=told["PORT"], user=told["USER"], dbname=name)
    command = [program("pg_dump", at_least=server_major()), "--data-only", "--inserts", f"--dbname={target}"]
    done = subprocess.run(command, capture_output=True, env={"PGPASSWORD": told["PASSWORD"]}, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


@pytest.mark.django_db(transaction=True)
def test_a_dump_of_the_database_holds_no_secret() -> None:
    world = canary_world.build()
    canary_world.use(world)
    for name in world.users:
        world.client(name)
    said = dump()
    # The controls: the dump is whole, and what may be in it is found in it.
    assert found(said, {"public": PUBLIC, **RESTRICTED}) == {"public", *RESTRICTED}
    assert found(said, world.secrets | {"searched": SEARCHED}) == set()


@pytest.mark.django_db(transaction=True)
def test_in_a_dump_the_ledger_names_nobody() -> None:
    """Accounts stand in the table of accounts; the log's own tables do not name them."""
    world = canary_world.build()
    canary_world.use(world)
    lines = [line for line in dump().splitlines() if "INSERT INTO public.ledger_" in line]
    assert len([line for line in lines if "ledger_opening" in line]) > 10
    people = {name: user.username for name, user in world.users.items() if "-" in user.username}
    decoded = "\n".join(lines + [_hexadecimal(line) for line in lines])
    assert found(decoded, people | RESTRICTED) == set()
    assert '"event":"account.created"' in decoded


def _hexadecimal(line: str) -> str:
    return " ".join(bytes.fromhex(part).decode("utf-8", "replace") for part in re.findall(r"\\x([0-9a-f]+)", line))


def test_canaries_are_words_that_occur_nowhere_else() -> None:
    """So that none is found by chance, and none hides another."""
    every = [*canary_world.NOBODY.values(), *RESTRICTED.values(), PUBLIC, SEARCHED]
    assert len({word.lower() for word in every}) == len(every)
    assert not [one for one, other in itertools.permutations(every, 2) if one in other]
    assert json.dumps(every).isascii()
