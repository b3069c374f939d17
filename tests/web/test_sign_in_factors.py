"""Second factors: apps, security keys, recovery codes; who must have one; what is kept of them."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.test import Client
from tests.web import signing_world
from tests.web.security_key import SecurityKey
from tests.web.signing_world import AT, PASSWORD, SECRET, Account, code_at, sign_in

from gongxin import clock
from gongxin.errors import Conflict, NotPermitted
from gongxin.identity import factors, passwords, proposals, suspension
from gongxin.identity.models import ProposalKind
from gongxin.identity.roles import Role
from gongxin.identity.warrants import of_operator

pytestmark = pytest.mark.django_db
FACTOR = "/desk/sign-in/second-factor"
APP, KEY = "/desk/account/factors/app", "/desk/account/factors/key"
ORIGIN = "https://testserver"


@pytest.fixture
def account() -> Account:
    return signing_world.build()


class Browser(Client):
    """A browser with a security key."""

    def __init__(self) -> None:
        super().__init__()
        self.key = SecurityKey()

    def key_answer(self, page: str, *, origin: str = ORIGIN) -> str:
        """What security-key.js sends for the options in the page."""
        found = re.search(r'data-key-options="([^"]+)" data-key-action="(\w+)"', page)
        assert found is not None
        options = json.loads(unescape(found[1]))["publicKey"]
        return self.key.create(options, origin) if found[2] == "create" else self.key.get(options, origin)

    def register(self) -> Any:
        """Sign in and set the key up."""
        assert sign_in(self).status_code == 302
        page = self.get(KEY).content.decode()
        return self.post(KEY, {"name": "办公室的密钥", "credential": self.key_answer(page)})


class TestApp:
    def test_set_up_shows_codes_once_and_ends_other_sessions(self, account: Account) -> None:
        with clock.at(AT):
            here, there = Client(), Client()
            sign_in(here)
            sign_in(there)
            page = here.get(APP).content.decode()
            assert 'src="data:image/svg+xml' in page
            secret = re.search(r'<span class="code">([A-Z2-7 ]+)</span>', page)[1].replace(" ", "")
            assert here.post(APP, {"code": "000000"}).context["refused"].code == "code-wrong"
            assert secret[:4] in here.get(APP).content.decode(), "the same secret until it is set up"
            done = here.post(APP, {"code": _code(secret)})
            codes = re.findall(r'<li class="code">(\d{4} \d{4})</li>', done.content.decode())
            assert len(codes) == 10
            assert done["Cache-Control"] == "no-store, private"
            assert there.get("/desk/").status_code == 302
            assert here.get("/desk/").status_code == 200
            assert here.post(APP, {"code": _code(secret)}).status_code == 422
        assert account.codes()[2:] == ["factor.added", "session.ended"]

    def test_needs_the_code_and_takes_it_once(self, account: Account) -> None:
        account.with_app(at=AT - timedelta(minutes=5))
        with clock.at(AT):
            client = Client()
            assert sign_in(client, next="/desk/catalogue/")["Location"] == FACTOR
            assert client.get("/desk/").status_code == 302, "not signed in yet"
            assert client.get(FACTOR).status_code == 200
            assert client.post(FACTOR, {"code": "000000"}).context["refused"].title == "验证码不正确。"
            code = code_at(AT)
            assert client.post(FACTOR, {"code": f"{code[:3]} {code[3:]}"})["Location"] == "/desk/catalogue/"
            assert client.get("/desk/").status_code == 200
            again = Client()
            sign_in(again)
            assert again.post(FACTOR, {"code": code}).status_code == 422, "a code works once"
            assert again.post(FACTOR, {"code": code_at(AT, steps=1)}).status_code == 302
        first = next(fields for code, fields in account.events() if code == "signin.succeeded")
        assert first["factor"] == "totp"

    @pytest.mark.parametrize(("steps", "passes"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
    def test_clocks_may_differ_by_one_step(self, account: Account, steps: int, *, passes: bool) -> None:
        account.with_app(at=AT - timedelta(minutes=5))
        assert bool(factors.check_code(account.user, code_at(AT, steps=steps), at=AT)) is passes

    def test_failures_lock_out(self, account: Account) -> None:
        account.with_app(at=AT - timedelta(minutes=5))
        with clock.at(AT):
            client = Client()
            sign_in(client)
            for _attempt in range(5):
                client.post(FACTOR, {"code": "000000"})
            assert client.post(FACTOR, {"code": code_at(AT)}).status_code == 422
            assert sign_in(Client()).status_code == 422
        assert account.codes().count("account.locked") == 1
        assert [fields["reason"] for code, fields in account.events() if code == "signin.refused"][-2:] == [
            "factor-locked",
            "locked",
        ]

    def test_half_a_sign_in_does_not_wait_for_ever(self, account: Account, settings: Any) -> None:
        account.with_app()
        client = Client()
        sign_in(client)
        settings.ACCOUNT_LOGIN_TIMEOUT = -1
        assert client.post(FACTOR, {"code": code_at(AT)})["Location"] == "/desk/sign-in"
        assert Client().get(FACTOR)["Location"] == "/desk/sign-in"

    def test_what_happens_between_the_halves_counts(self, account: Account) -> None:
        account.with_app(at=AT - timedelta(minutes=5))
        with clock.at(AT):
            first, second = Client(), Client()
            sign_in(first)
            suspension.disable(account.user, acting_user=None, at=AT)
            assert first.post(FACTOR, {"code": code_at(AT)}).context["refused"].code == "account-closed"
            suspension.lift(account.user, by=of_operator(), at=AT)
            sign_in(second)
            passwords.reset(account.user, by=of_operator(), at=AT)
            assert second.post(FACTOR, {"code": code_at(AT)})["Location"] == "/desk/sign-in"
        assert "signin.succeeded" not in account.codes()

    def test_secrets_are_sealed_for_their_account(self, account: Account) -> None:
        codes = account.with_app()
        other = signing_world.build(username="other")
        rows = list(Authenticator.objects.order_by("pk"))
        kept = json.dumps([row.data for row in rows])
        assert SECRET not in kept
        assert not [code for code in codes if code in kept]
        Authenticator.objects.filter(pk=rows[0].pk).update(user=other.user)
        with pytest.raises(Conflict):
            factors.check_code(other.user, code_at(AT, steps=1), at=AT)

    def test_secret_that_is_being_set_up_is_sealed_too(self, account: Account) -> None:
        client = Client()
        sign_in(client)
        shown = re.search(r'<span class="code">([A-Z2-7 ]+)</span>', client.get(APP).content.decode())[1].replace(
            " ", ""
        )
        assert not [row for row in Session.objects.all() if shown in json.dumps(row.get_decoded())]


def _code(secret: str) -> str:
    return signing_world.format_hotp_value(signing_world.hotp_value(secret, int(AT.timestamp()) // 30))


class TestRecoveryCodes:
    def test_each_works_once(self, account: Account) -> None:
        codes = account.with_app()
        assert len(set(codes)) == 10
        client = Client()
        sign_in(client)
        assert client.post(FACTOR, {"code": f"{codes[3][:4]} {codes[3][4:]}"}).status_code == 302
        assert factors.codes_left(account.user) == 9
        again = Client()
        sign_in(again)
        assert again.post(FACTOR, {"code": codes[3]}).status_code == 422

    def test_renewed_ones_void_the_old(self, account: Account) -> None:
        before = account.with_app()
        renewed = factors.renew_codes(account.user, at=AT)
        assert not set(before) & set(renewed)
        assert factors.check_code(account.user, before[0], at=AT) == ""
        assert factors.check_code(account.user, renewed[0], at=AT) == factors.CODES_KIND
        assert account.codes() == ["factor.added", "factor.codes.renewed"]


class TestKey:
    def test_set_up_and_sign_in(self, account: Account) -> None:
        browser = Browser()
        done = browser.register().content.decode()
        assert len(re.findall(r'<li class="code">', done)) == 10
        assert "办公室的密钥" in browser.get("/desk/account/factors").content.decode()
        browser.post("/desk/sign-out")
        assert sign_in(browser)["Location"] == FACTOR
        answer = browser.key_answer(browser.get(FACTOR).content.decode())
        assert browser.post(FACTOR, {"credential": answer})["Location"] == "/desk/"
        assert account.events()[-1][1]["factor"] == "webauthn"
        browser.post("/desk/sign-out")
        sign_in(browser)
        browser.get(FACTOR)
        assert browser.post(FACTOR, {"credential": answer}).status_code == 422, "an answer works once"

    def test_answer_for_another_site_or_by_another_key_is_refused(self, account: Account) -> None:
        browser = Browser()
        browser.register()
        browser.post("/desk/sign-out")
        sign_in(browser)
        elsewhere = browser.key_answer(browser.get(FACTOR).content.decode(), origin="https://testserver.example")
        assert browser.post(FACTOR, {"credential": elsewhere}).status_code == 422
        page = browser.get(FACTOR).content.decode()
        forger = SecurityKey()
        forger.id, browser.key = browser.key.id, forger
        assert browser.post(FACTOR, {"credential": browser.key_answer(page)}).status_code == 422
        assert browser.get("/desk/").status_code == 302

    @pytest.mark.parametrize(
        "nonsense",
        ["", "{", "[]", "7", "null", "{}", '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}',
         '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "AA", '
         '"authenticatorData": "AA", "attestationObject": "AA", "signature": "AA"}}'],
    )  # fmt: skip
    def test_nonsense_is_refused_in_words(self, account: Account, nonsense: str) -> None:
        browser = Browser()
        browser.register()
        assert browser.post(KEY, {"credential": nonsense}).context["refused"].code == "key-refused"
        browser.post("/desk/sign-out")
        sign_in(browser)
        browser.get(FACTOR)
        assert browser.post(FACTOR, {"credential": nonsense}).status_code == 422


class TestWhoNeedsOne:
    @pytest.fixture
    def office(self, settings: Any) -> Account:
        settings.SECOND_FACTOR_ROLES = frozenset({"credit_office"})
        return signing_world.build(Role.CREDIT_OFFICE)

    def test_sets_it_up_before_anything_else(self, office: Account) -> None:
        with clock.at(AT):
            client = Client()
            sign_in(client)
            assert client.get("/desk/departments/")["Location"] == "/desk/account/factors"
            assert "必须使用双重验证" in client.get("/desk/account/factors").content.decode()
            assert client.get("/about").status_code == 200
            secret = re.search(r'<span class="code">([A-Z2-7 ]+)</span>', client.get(APP).content.decode())[1]
            client.post(APP, {"code": _code(secret.replace(" ", ""))})
            assert client.get("/desk/departments/").status_code == 200

    def test_may_not_remove_the_last(self, office: Account) -> None:
        office.with_app()
        [app] = factors.listing(office.user)
        with pytest.raises(NotPermitted, match="最后一个"):
            factors.remove(office.user, app.id, at=AT)

    def test_others_may_do_without(self, office: Account) -> None:
        officer = signing_world.build(username="somebody")
        client = Client()
        sign_in(client, officer.user.username)
        assert client.get("/desk/").status_code == 200


class TestLosingOne:
    def test_own_ones_go_after_the_password(self, account: Account) -> None:
        account.with_app(at=AT - timedelta(minutes=5))
        [app] = factors.listing(account.user)
        remove = f"/desk/account/factors/{app.id}/remove"
        with clock.at(AT):
            client = Client()
            sign_in(client)
            client.post(FACTOR, {"code": code_at(AT)})
        with clock.at(AT + timedelta(minutes=11)):
            assert client.post(remove)["Location"].startswith("/desk/account/confirm?next=")
            assert client.post("/desk/account/confirm", {"password": "wrong-one"}).status_code == 422
            assert client.post("/desk/account/confirm", {"password": PASSWORD})["Location"] == "/desk/account/factors"
            assert client.post(remove).status_code == 302
            assert client.post(remove).status_code == 404
        assert not Authenticator.objects.exists(), "with the last factor the recovery codes go"
        assert sign_in(Client())["Location"] == "/desk/"

    def test_two_administrators_take_lost_ones_off(self, account: Account) -> None:
        account.with_app()
        system = signing_world.build(Role.SYSTEM_ADMIN, "system").user
        security = signing_world.build(Role.SECURITY_ADMIN, "security").user
        wanted = proposals.Wanted(ProposalKind.FACTORS, account.user)
        with pytest.raises(NotPermitted):
            proposals.propose(wanted, reason="遗失手机", acting_user=security, at=AT)
        made = proposals.propose(wanted, reason="遗失手机", acting_user=system, at=AT)
        with pytest.raises(NotPermitted):
            proposals.approve(made.pk, reason="已核实", acting_user=system, at=AT)
        assert Authenticator.objects.filter(user=account.user).exists()
        proposals.approve(made.pk, reason="已核实", acting_user=security, at=AT)
        assert not Authenticator.objects.filter(user=account.user).exists()
        assert account.events()[-1] == (
            "factor.removed",
            {
                "account": "officer",
                "actor": "security",
                "kind": "all",
                "proposal": str(made.pk),
                "reason": "已核实",
                "rule": "two-administrators",
            },
        )
