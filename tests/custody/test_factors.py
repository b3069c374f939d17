"""Secrets of second factors, which django-allauth keeps in JSON, rotate with everything else."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from tests.web.signing_world import AT, SECRET, build

from gongxin.custody import keeping, places
from gongxin.identity import factors
from gongxin.identity.sealing import secrets_of, unseal
from gongxin.secrecy import sealing, sources
from gongxin.secrecy.keyring import KeyRing, Purpose

pytestmark = pytest.mark.django_db


def kept() -> dict[str, dict[str, object]]:
    return {one.type: one.data for one in Authenticator.objects.all()}


def test_second_factors_work_after_a_rotation(ring: KeyRing) -> None:
    account = build()
    account.with_app()
    left = factors.codes_left(account.user)
    before = kept()
    old = ring.active(Purpose.DATA).id
    assert sealing.key_of(before["totp"]["secret"]) == sealing.key_of(before["recovery_codes"]["seed"]) == old
    keeping.rotate(acting_user="operator", at=AT + timedelta(days=1), purposes=[Purpose.DATA])
    after = kept()
    new = sources.current().active(Purpose.DATA).id
    assert dict(places.in_use(places.sealed())).keys() == {new}
    with secrets_of(account.user):
        assert unseal(after["totp"]["secret"]) == SECRET
    assert factors.codes_left(account.user) == left > 0
    for kind, key in (("totp", "secret"), ("recovery_codes", "seed")):
        assert after[kind][key] != before[kind][key]
        assert {**after[kind], key: ""} == {**before[kind], key: ""}
    assert SECRET not in json.dumps(after)
