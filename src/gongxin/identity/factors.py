"""Second factors: authenticator apps (TOTP, RFC 6238), security keys and passkeys (WebAuthn), recovery codes.

django-allauth keeps them (its model Authenticator, its arithmetic, its sealing by `sealing.SealedFactors`); the rules
are here. A code of an app works once: the step it was for is remembered under a row lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare

from gongxin import ledger
from gongxin.errors import Conflict, InvalidInput, NotFound, NotPermitted
from gongxin.identity.models import User
from gongxin.identity.sealing import secrets_of
from gongxin.identity.warrants import Warrant

TOTP_KIND: Final = str(Authenticator.Type.TOTP)
KEY_KIND: Final = str(Authenticator.Type.WEBAUTHN)
CODES_KIND: Final = str(Authenticator.Type.RECOVERY_CODES)
# RFC 6238: steps of 30 seconds, 6 digits; one step of tolerance for clocks that differ (5.2 there).
_STEP_SECONDS: Final = 30
_TOLERANCE: Final = 1
_LONGEST_NAME: Final = 60
_MOST_KEYS: Final = 8


@dataclass(frozen=True, slots=True)
class Factor:
    """One second factor as its owner sees it. kind: TOTP_KIND or KEY_KIND."""

    id: int
    kind: str
    name: str
    added_at: datetime
    used_at: datetime | None


def required(user: User) -> bool:
    """Whether the account's role may not work without a second factor (settings.SECOND_FACTOR_ROLES)."""
    return user.role in settings.SECOND_FACTOR_ROLES


def enrolled(user: User) -> bool:
    """Whether the account has a second factor."""
    return bool(_of(user).exists())


def listing(user: User) -> list[Factor]:
    """The account's second factors, oldest first."""
    return [
        Factor(one.pk, one.type, one.data.get("name", ""), one.created_at, one.last_used_at)
        for one in _of(user).order_by("created_at", "pk")
    ]


def kinds() -> dict[int, list[str]]:
    """The kinds of second factors of all accounts that have any, by account, in one query."""
    found: dict[int, list[str]] = {}
    rows = Authenticator.objects.filter(type__in=(TOTP_KIND, KEY_KIND)).order_by("user_id", "type")
    for user_id, kind in rows.values_list("user_id", "type"):
        found.setdefault(user_id, []).append(kind)
    return found


def codes_left(user: User) -> int:
    """How many recovery codes have not been used."""
    codes = Authenticator.objects.filter(user=user, type=CODES_KIND).first()
    with secrets_of(user):
        return len(codes.wrap().get_unused_codes()) if codes else 0


def new_secret() -> str:
    """A secret for an authenticator app: 160 bits, base32."""
    return str(generate_totp_secret())


@transaction.atomic
def add_app(user: User, *, secret: str, code: str, at: datetime) -> list[str]:
    """Set up the authenticator app that shows `code` for `secret`. Returns recovery codes if there were none.

    Raises InvalidInput if the code is not the app's of this minute, Conflict if there is an app already.
    """
    _lock(user)
    if Authenticator.objects.filter(user=user, type=TOTP_KIND).exists():
        raise Conflict("app-present", "已经设置了验证器应用。", remedy="要换手机的，请先移除原来的验证器。")
    step = _step(secret, code, at)
    if step is None:
        raise InvalidInput(
            "code-wrong", "验证码不正确。", remedy="请输入验证器当前显示的6位数字，并检查手机时间是否准确。"
        )
    with secrets_of(user):
        app = TOTP.activate(user, secret).instance
    app.data["step"] = step
    app.created_at = app.last_used_at = at
    app.save(update_fields=["data", "created_at", "last_used_at"])
    return _added(user, TOTP_KIND, at)


@transaction.atomic
def add_key(user: User, *, name: str, credential: dict[str, Any], at: datetime) -> list[str]:
    """Set up a security key or passkey whose registration has been verified (web.signing.ceremony).

    name: what its owner calls it. Returns recovery codes if there were none. Raises Conflict beyond eight keys.
    """
    _lock(user)
    count = Authenticator.objects.filter(user=user, type=KEY_KIND).count()
    if count >= _MOST_KEYS:
        raise Conflict("keys-many", f"最多设置{_MOST_KEYS}个安全密钥。", remedy="请先移除不再使用的。")
    key = WebAuthn.add(user, name.strip()[:_LONGEST_NAME] or f"安全密钥{count + 1}", credential).instance
    Authenticator.objects.filter(pk=key.pk).update(created_at=at, last_used_at=at)
    return _added(user, KEY_KIND, at)


@transaction.atomic
def check_code(user: User, code: str, *, at: datetime) -> str:
    """Which factor the code is of: TOTP_KIND, CODES_KIND (now used up), or "" if of none."""
    digits = "".join(code.split()).replace("-", "")
    held = {one.type: one for one in Authenticator.objects.select_for_update().filter(user=user)}
    with secrets_of(user):
        if TOTP_KIND in held and _app_code(held[TOTP_KIND], digits, at):
            return TOTP_KIND
        if CODES_KIND in held and held[CODES_KIND].wrap().validate_code(digits):
            Authenticator.objects.filter(pk=held[CODES_KIND].pk).update(last_used_at=at)
            return CODES_KIND
    return ""


def key_used(key: Authenticator, *, at: datetime) -> None:
    """Remember that a security key was used."""
    Authenticator.objects.filter(pk=key.pk).update(last_used_at=at)


@transaction.atomic
def renew_codes(user: User, *, at: datetime) -> list[str]:
    """New recovery codes; the old ones are void. Raises Conflict for an account without a second factor."""
    _lock(user)
    if not enrolled(user):
        raise Conflict("factor-none", "尚未设置双重验证。", remedy="请先设置验证器应用或者安全密钥。")
    Authenticator.objects.filter(user=user, type=CODES_KIND).delete()
    codes = _codes(user)
    ledger.append(
        "factor.codes.renewed", fields={"account": user.username}, actor=user.username, at=at, about=[user.pk]
    )
    return codes


@transaction.atomic
def remove(user: User, factor_id: int, *, at: datetime) -> None:
    """Take a factor off the own account; with the last one the recovery codes go.

    Raises NotFound, or NotPermitted for the last factor of an account whose role needs one.
    """
    _lock(user)
    factor = _of(user).filter(pk=factor_id).first()
    if factor is None:
        raise NotFound("factor-unknown", "没有这个验证方式。", remedy="请刷新页面查看现有的验证方式。")
    if required(user) and _of(user).count() == 1:
        raise NotPermitted(
            "factor-last",
            "本账号的角色必须使用双重验证，不能移除最后一个验证方式。",
            remedy="请先设置另一个，再移除这一个。",
        )
    kind = factor.type
    factor.delete()
    if not enrolled(user):
        Authenticator.objects.filter(user=user).delete()
    fields = {"account": user.username, "kind": kind, **Warrant(user.username, "own").fields()}
    ledger.append("factor.removed", fields=fields, actor=user.username, at=at, about=[user.pk])


@transaction.atomic
def remove_all(account: User, *, by: Warrant, at: datetime) -> None:
    """Take all factors off an account whose owner lost them; it sets up new ones at the next sign-in.

    by: whose right it rests on. Raises NotFound if there is none.
    """
    _lock(account)
    if not Authenticator.objects.filter(user=account).delete()[0]:
        raise NotFound("factor-none", "该账号没有设置双重验证。", remedy="请核对账号。")
    fields = {"account": account.username, "kind": "all", **by.fields()}
    ledger.append("factor.removed", fields=fields, actor=by.actor, at=at, about=[account.pk])


def _of(user: User) -> Any:
    return Authenticator.objects.filter(user=user, type__in=(TOTP_KIND, KEY_KIND))


def _lock(user: User) -> None:
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)


def _added(user: User, kind: str, at: datetime) -> list[str]:
    codes = [] if Authenticator.objects.filter(user=user, type=CODES_KIND).exists() else _codes(user)
    fields = {"account": user.username, "kind": kind}
    ledger.append("factor.added", fields=fields, actor=user.username, at=at, about=[user.pk])
    return codes


def _codes(user: User) -> list[str]:
    with secrets_of(user):
        return list(RecoveryCodes.activate(user).get_unused_codes())


def _app_code(app: Authenticator, code: str, at: datetime) -> bool:
    step = _step(decrypt(app.data["secret"]), code, at, after=app.data["step"])
    if step is None:
        return False
    app.data["step"], app.last_used_at = step, at
    app.save(update_fields=["data", "last_used_at"])
    return True


def _step(secret: str, code: str, at: datetime, *, after: int = -1) -> int | None:
    """The time step beyond `after` whose code this is, within the tolerance."""
    now = int(at.timestamp()) // _STEP_SECONDS
    for step in range(max(now - _TOLERANCE, after + 1), now + _TOLERANCE + 1):
        if constant_time_compare(format_hotp_value(hotp_value(secret, step)), "".join(code.split())):
            return step
    return None
