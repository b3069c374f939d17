"""Which account a person at the government identity service (统一身份认证) is: bound by an official, never guessed.

A binding holds a keyed hash of issuer and subject: the same subject at another issuer is somebody else, and the
subject itself, which some services make of an identity number, is not kept. Its key is SECRET_KEY, not a key of the
ring: a hash cannot be made anew from nothing. Bindings under a key of SECRET_KEY_FALLBACKS still hold, and change over
when they are used. Names and e-mail addresses play no part.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from gongxin import ledger
from gongxin.errors import Conflict, InvalidInput, NotFound
from gongxin.identity import administering, doors
from gongxin.identity.decision_table import Action
from gongxin.identity.models import User
from gongxin.walls import acting

# Which of allauth's providers the bindings belong to.
PROVIDER: Final = "government"
_SALT: Final = "gongxin.binding.subject"
_LONGEST_SUBJECT: Final = 255


def kept_subject(subject: str) -> str:
    """What is kept in place of a subject; a binding of it that an older SECRET_KEY made is renewed.

    From here on the database gives the rows of the account it is bound to, which the identity service vouches for.
    """
    current = _hash(subject, settings.SECRET_KEY)
    older = [_hash(subject, secret) for secret in settings.SECRET_KEY_FALLBACKS]
    bound = doors.account_bound(User, [current, *older])
    if bound is not None:
        acting.as_account(bound.username)
    if older:
        SocialAccount.objects.filter(provider=PROVIDER, uid__in=older).update(uid=current)
    return current


def bind(account: User, *, subject: str, acting_user: User | None, at: datetime) -> None:
    """Let this subject of the identity service sign in as the account. acting_user: None for the command line.

    Raises NotPermitted; InvalidInput without a service or a subject; Conflict if either is bound already.
    """
    actor = administering.judge(account, acting_user, action=Action.ACCOUNT_BIND, at=at)
    if not settings.OIDC_ISSUER:
        raise InvalidInput("oidc-off", "本节点没有接入统一身份认证。", remedy="请先设置 GONGXIN_OIDC_ISSUER。")
    wanted = subject.strip()
    if not wanted or len(wanted) > _LONGEST_SUBJECT:
        raise InvalidInput("subject-shape", "主体标识为空或者过长。", remedy="请填写统一身份认证给出的 sub 值。")
    if SocialAccount.objects.filter(user=account, provider=PROVIDER).exists():
        raise Conflict("account-bound", "该账号已经绑定统一身份认证。", remedy="请先解除原有绑定。")
    fields = {"account": account.username, "subject": wanted, "issuer": settings.OIDC_ISSUER}
    try:
        with transaction.atomic():
            SocialAccount.objects.create(user=account, provider=PROVIDER, uid=_hash(wanted, settings.SECRET_KEY))
            ledger.append("binding.made", fields=fields, actor=actor, at=at, about=[account.pk])
    except IntegrityError:
        raise Conflict("subject-bound", "该主体标识已经绑定其他账号。", remedy="请核对主体标识。") from None


@transaction.atomic
def unbind(account: User, *, acting_user: User | None, at: datetime) -> None:
    """Undo a binding; the account's password works as before. Raises NotPermitted, or NotFound if there is none."""
    actor = administering.judge(account, acting_user, action=Action.ACCOUNT_BIND, at=at)
    if not SocialAccount.objects.filter(user=account, provider=PROVIDER).delete()[0]:
        raise NotFound("binding-unknown", "该账号没有绑定统一身份认证。", remedy="请核对账号。")
    ledger.append("binding.ended", fields={"account": account.username}, actor=actor, at=at, about=[account.pk])


def _hash(subject: str, secret: str) -> str:
    return salted_hmac(_SALT, f"{settings.OIDC_ISSUER}\n{subject}", secret, algorithm="sha256").hexdigest()
