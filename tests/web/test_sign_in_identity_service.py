"""Signing in by the government identity service, against a real provider on this machine."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from tests.web import identity_provider, person_world, signing_world
from tests.web.identity_provider import Answer, Service
from tests.web.signing_world import AT, SIGN_IN, Account, code_at

from gongxin.errors import Conflict, GongxinError, NotPermitted
from gongxin.identity import bindings, suspension
from gongxin.identity.models import User
from gongxin.identity.roles import Role
from gongxin.web.signing import targets

pytestmark = pytest.mark.django_db
START = "/desk/sign-in/identity-service"
SUBJECT = "7f1c-subject"


@pytest.fixture(scope="module")
def provider() -> Iterator[Service]:
    with pytest.MonkeyPatch.context() as patch:
        # authlib, within the provider, wants HTTPS even on this machine.
        patch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
        with identity_provider.running() as running:
            yield running


@pytest.fixture
def service(provider: Service, settings: Any, tmp_path: Path) -> Service:
    """The provider, configured, as it should be."""
    provider.forge = lambda answer: answer
    provider.asked.clear()
    (tmp_path / "secret").write_text("the-client-secret\n")
    settings.OIDC_ISSUER, settings.OIDC_CLIENT = provider.issuer, "gongxin"
    settings.OIDC_SECRET_FILE = str(tmp_path / "secret")
    return provider


@pytest.fixture
def account(service: Service) -> Account:
    """Bound to SUBJECT."""
    made = signing_world.build()
    bindings.bind(made.user, subject=SUBJECT, acting_user=None, at=AT)
    return made


def _asked(client: Client, query: str = "") -> str:
    """Where our page sends the browser to."""
    answer = client.get(START + query)
    assert answer.status_code == 302
    return str(answer["Location"])


def _agreed(address: str, subject: str = SUBJECT, **form: str) -> str:
    """What the person does there; where the service sends the browser back to."""
    there = requests.post(address, data={"sub": subject, **form}, allow_redirects=False, timeout=5)
    assert there.status_code == 302, there.text
    return there.headers["Location"].removeprefix("http://testserver")


def _signed_in(client: Client, subject: str = SUBJECT, query: str = "") -> HttpResponse:
    return client.get(_agreed(_asked(client, query), subject))


def _refusal(answer: HttpResponse) -> str:
    assert answer["Cache-Control"] == "no-store, private"
    assert "<h1>" in answer.content.decode()
    return str(answer.context["error"].code)


def test_bound_subject_signs_in(account: Account, service: Service) -> None:
    client = Client()
    assert START in client.get(SIGN_IN).content.decode()
    answer = _signed_in(client, query="?next=/desk/catalogue/")
    assert (answer.status_code, answer["Location"]) == (302, "/desk/catalogue/")
    assert client.get("/desk/account").context["user"] == account.user
    assert account.codes() == ["binding.made", "signin.succeeded"]
    assert account.events()[-1][1]["method"] == "government"


def test_state_nonce_and_pkce(account: Account, service: Service) -> None:
    client = Client()
    address = _asked(client)
    sent = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert sent["code_challenge_method"] == "S256"
    assert sent["scope"] == "openid"
    assert sent["redirect_uri"] == f"http://testserver{START}/return"
    other = {name: values[0] for name, values in parse_qs(urlsplit(_asked(Client())).query).items()}
    assert not {sent["state"], sent["nonce"], sent["code_challenge"]} & {
        other["state"],
        other["nonce"],
        other["code_challenge"],
    }
    client.get(_agreed(address))
    [form] = service.asked
    proof = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
    assert proof == sent["code_challenge"]


def test_parameters_of_the_request_change_nothing(account: Account, service: Service) -> None:
    address = _asked(
        Client(), "?auth_params=nonce%3Dmine%26prompt%3Dnone&scope=email&process=connect&next=//evil.example/"
    )
    sent = parse_qs(urlsplit(address).query)
    assert sent["nonce"] != ["mine"]
    assert "prompt" not in sent
    assert sent["scope"] == ["openid"]


def test_another_state_or_none_is_refused(account: Account, service: Service) -> None:
    client = Client()
    back = _agreed(_asked(client))
    query = dict(parse_qsl(urlsplit(back).query))
    for wrong in (query | {"state": "x" * 16}, {"code": query["code"]}, {}):
        assert _refusal(client.get(f"{START}/return?{urlencode(wrong)}")) == "oidc-refused"
    assert _refusal(Client().get(back)) == "oidc-refused", "another browser's sign-in"
    assert client.get(back).status_code == 302, "none of it has spoilt the right one"
    assert _refusal(client.get(back)) == "oidc-refused", "and that works once"


def test_another_nonce_is_refused(account: Account, service: Service) -> None:
    client = Client()
    address = urlsplit(_asked(client))
    changed = urlencode(dict(parse_qsl(address.query)) | {"nonce": "of somebody else"})
    assert _refusal(client.get(_agreed(address._replace(query=changed).geturl()))) == "oidc-refused"
    assert client.get("/desk/").status_code == 302
    assert account.events()[-1][1]["reason"] == "oidc-nonce"


def _forged(answer: Answer, *, algorithm: str = "RS256", **claims: Any) -> Answer:
    """An identity token made by somebody who has not the service's key."""
    said = jwt.decode(answer["id_token"], options={"verify_signature": False}) | claims
    key: Any = "gongxin" * 8
    if algorithm == "RS256":
        key = rsa.generate_private_key(65537, 2048)
    made = jwt.encode(said, None if algorithm == "none" else key, algorithm)
    return answer | {"id_token": made}


@pytest.mark.parametrize(
    "forge",
    [
        _forged,
        lambda answer: _forged(answer, algorithm="HS256"),
        lambda answer: _forged(answer, algorithm="none"),
        lambda answer: answer | {"id_token": answer["id_token"][:-8] + "AAAAAAAA"},
        lambda answer: answer | {"id_token": "no.token.this"},
        lambda answer: answer | {"id_token": 7},
        lambda answer: {name: value for name, value in answer.items() if name != "id_token"},
        lambda answer: {"error": "server_error"},
        lambda answer: [],
    ],
    ids=["another key", "our secret", "no signature", "changed", "no token", "a number", "none", "an error", "a list"],
)
def test_forged_identity_tokens_are_refused(account: Account, service: Service, forge: Any) -> None:
    service.forge = forge
    client = Client()
    assert _refusal(_signed_in(client)) in {"oidc-refused", "oidc-down"}
    assert client.get("/desk/").status_code == 302
    assert "signin.succeeded" not in account.codes()


def test_token_of_another_client_is_refused(account: Account, service: Service, settings: Any) -> None:
    client = Client()
    back = _agreed(_asked(client))
    settings.OIDC_CLIENT = "somebody-else"
    assert _refusal(client.get(back)) in {"oidc-refused", "oidc-down"}


def test_unknown_subject_makes_no_account(account: Account, service: Service) -> None:
    """The provider calls this subject by the account's own name and e-mail address: nothing is matched by them."""
    User.objects.filter(pk=account.user.pk).update(email="officer@example.invalid")
    for subject in ("somebody-else", "officer", "officer@example.invalid"):
        assert _refusal(_signed_in(Client(), subject)) == "account-unbound"
    assert User.objects.count() == 1
    assert SocialAccount.objects.count() == 1
    assert account.events()[-1] == (
        "signin.refused",
        {"account": "", "actor": "nobody signed in", "address": "127.0.0.1", "reason": "oidc-unbound"},
    )


def test_disabled_account_and_closed_department_are_told_so(account: Account, service: Service) -> None:
    account.department.active = False
    account.department.save()
    assert _refusal(_signed_in(Client())) == "department-inactive"
    suspension.disable(account.user, acting_user=None, at=AT)
    client = Client()
    assert _refusal(_signed_in(client)) == "account-closed"
    assert client.get("/desk/").status_code == 302


def test_service_down_is_a_page_with_the_next_step(account: Account, service: Service, settings: Any) -> None:
    client = Client()
    back = _agreed(_asked(client))
    settings.OIDC_ISSUER = "http://127.0.0.1:1"
    for address in (START, back):
        answer = client.get(address)
        assert (answer.status_code, _refusal(answer)) == (503, "oidc-down")
        assert "改用账号和密码登录" in answer.content.decode()


def test_service_that_describes_another_issuer_counts_as_down(service: Service, settings: Any) -> None:
    settings.OIDC_ISSUER = service.issuer.replace("127.0.0.1", "localhost") + "/elsewhere"
    assert _refusal(Client().get(START)) == "oidc-down"


def test_plain_http_to_another_machine_is_refused(service: Service, settings: Any) -> None:
    settings.OIDC_ISSUER = "http://identity.example"
    assert _refusal(Client().get(START)) == "oidc-insecure"


def test_cancelled_there_is_told_here(account: Account, service: Service) -> None:
    client = Client()
    query = {"error": "access_denied", "state": parse_qs(urlsplit(_asked(client)).query)["state"][0]}
    assert _refusal(client.get(f"{START}/return?{urlencode(query)}")) == "oidc-cancelled"


def test_second_factor_comes_after_it(account: Account, service: Service) -> None:
    account.with_app()
    client = Client()
    assert _signed_in(client)["Location"] == "/desk/sign-in/second-factor"
    assert client.get("/desk/").status_code == 302
    kept = json.dumps([session.get_decoded() for session in Session.objects.all()])
    assert "access_token" not in kept
    assert '"token":' not in kept
    code = code_at(AT, steps=int((time.time() - AT.timestamp()) // 30))
    assert client.post("/desk/sign-in/second-factor", {"code": code}).status_code == 302
    assert account.events()[-1][1]["method"] == "government"
    assert account.events()[-1][1]["factor"] == "totp"


def test_nothing_of_the_claims_is_kept(account: Account, service: Service) -> None:
    _signed_in(Client())
    [bound] = SocialAccount.objects.all()
    assert (bound.extra_data, SUBJECT in bound.uid) == ({}, False)
    assert not SocialToken.objects.exists()
    assert not EmailAddress.objects.exists()


def test_representative_arrives_outside_the_desk(service: Service) -> None:
    representative = signing_world.build(Role.REPRESENTATIVE, "representative")
    bindings.bind(representative.user, subject="of-a-representative", acting_user=None, at=AT)
    client = Client()
    arrived = _signed_in(client, "of-a-representative")["Location"]
    assert arrived == targets.home(representative.user)
    assert not arrived.startswith("/desk/")
    assert client.get("/").context["user"] == representative.user


def test_a_person_opens_the_file_of_the_document_that_was_verified(service: Service, settings: Any) -> None:
    """The file goes by the last sign-in; another way of signing in opens nothing, and the number is stored nowhere."""
    settings.OIDC_DOCUMENT_CLAIMS, settings.DEMO = ("document_type", "document_number"), False
    person = signing_world.build(Role.PERSON, "person")
    person_world.build(person.user, person.department)
    for subject, shown in (("verified-person", True), ("other-person", False), ("nobody-verified", None)):
        SocialAccount.objects.all().delete()
        bindings.bind(person.user, subject=subject, acting_user=None, at=AT)
        client = Client()
        assert _signed_in(client, subject)["Location"] == reverse("person:home")
        page = client.get(reverse("person:home"))
        assert page.status_code == (403 if shown is None else 200), subject
        assert (person_world.LICENCE in page.content.decode()) is bool(shown), subject
        assert ("下一步" in page.content.decode()) is (shown is None)
        kept = json.dumps([session.get_decoded() for session in Session.objects.all()])
        assert "gx_document" not in kept
    person_world.verify(person.user, person_world.NUMBER)
    client = Client()
    assert signing_world.sign_in(client, "person")["Location"] == reverse("person:home")
    assert client.get(reverse("person:home")).status_code == 403, "a password verifies nobody"
    SocialAccount.objects.all().delete()
    bindings.bind(person.user, subject="verified-person", acting_user=None, at=AT)
    _signed_in(Client(), "verified-person")
    assert client.get(reverse("person:home")).status_code == 302, "nor does a later sign-in open it to that session"
    SocialAccount.objects.all().delete()
    bindings.bind(person.user, subject="nobody-verified", acting_user=None, at=AT)
    client = Client()
    settings.OIDC_DOCUMENT_CLAIMS = ()
    _signed_in(client, "nobody-verified")
    assert client.get(reverse("person:home")).status_code == 403


def test_bindings_are_made_by_officials_once(account: Account, service: Service) -> None:
    office = signing_world.build(Role.CREDIT_OFFICE, "office")
    other = signing_world.build(username="other")
    with pytest.raises(Conflict, match="已经绑定其他账号"):
        bindings.bind(other.user, subject=SUBJECT, acting_user=office.user, at=AT)
    with pytest.raises(Conflict, match="该账号已经绑定"):
        bindings.bind(account.user, subject="another", acting_user=office.user, at=AT)
    with pytest.raises(NotPermitted):
        bindings.bind(other.user, subject="another", acting_user=account.user, at=AT)
    for unusable in ("", " ", "x" * 256):
        with pytest.raises(GongxinError):
            bindings.bind(other.user, subject=unusable, acting_user=office.user, at=AT)
    bindings.unbind(account.user, acting_user=office.user, at=AT)
    assert _refusal(_signed_in(Client())) == "account-unbound"


def test_binding_outlives_the_secret_key(account: Account, service: Service, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another secret key of this node"
    assert _signed_in(Client()).status_code == 302
    settings.SECRET_KEY_FALLBACKS = []
    assert _signed_in(Client()).status_code == 302
    assert SocialAccount.objects.count() == 1


def test_without_a_service_there_is_no_button(settings: Any) -> None:
    assert START not in Client().get(SIGN_IN).content.decode()
    assert _refusal(Client().get(START)) == "oidc-off"
