"""The e-mail address of an account: given, confirmed by a link that was sent to it, taken away again.

The links are signed, not stored: one for confirming, which ends after a day and with the address it was made for, and
one in every e-mail that stops them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from gongxin import ledger
from gongxin.correspondence.models import Delivery, Mailbox, State
from gongxin.errors import InvalidInput, NotFound
from gongxin.identity.models import User
from gongxin.identity.roles import Role

CONFIRM: Final = "gongxin.correspondence.confirm"
STOP: Final = "gongxin.correspondence.stop"
# Engineering: how long a link of confirmation works.
CONFIRMED_WITHIN: Final = timedelta(days=1)
_LONGEST: Final = 200
# Representatives are told what is new about their organisations; officers of the clocks of cases.
MAY: Final = frozenset({Role.REPRESENTATIVE, Role.CASE_OFFICER, Role.CREDIT_OFFICE})


def of(user: User) -> Mailbox | None:
    """The account's mailbox."""
    return Mailbox.objects.filter(user=user).first()


def shown(mailbox: Mailbox) -> str:
    """The address as its owner recognises it and nobody else learns it: z…@example.cn."""
    name, _, host = mailbox.address.reveal().rpartition("@")
    return f"{name[:1]}…@{host}"


@transaction.atomic
def give(address: str, *, acting_user: User, at: datetime) -> Mailbox:
    """Keep an address for the account of a representative or an officer of cases. Nothing is sent before it is
    confirmed.

    Raises InvalidInput for what is no address, or another role.
    """
    text = address.strip()
    try:
        validate_email(text)
    except ValidationError as error:
        raise InvalidInput("mail-address", "这不是电子邮箱地址。", remedy="请核对，例如 info@example.cn。") from error
    if len(text) > _LONGEST or acting_user.role not in MAY:
        raise InvalidInput(
            "mail-address", "不能使用这个电子邮箱。", remedy="请由信用主体代表、承办员或者信用办填写本单位的电子邮箱。"
        )
    _forget(acting_user)
    made = Mailbox.objects.create(user=acting_user, address=text, given_at=at)
    _log(acting_user, "given", at)
    return made


@transaction.atomic
def drop(user: User, *, at: datetime) -> bool:
    """Forget the account's address; what waits is not sent any more. Whether there was one."""
    there = _forget(user)
    if there:
        _log(user, "dropped", at)
    return there


def _forget(user: User) -> bool:
    Delivery.objects.filter(user=user, state=State.WAITING).delete()
    return bool(Mailbox.objects.filter(user=user).delete()[0])


def _log(user: User, step: str, at: datetime) -> None:
    """The leaf; whoever has a link acts for the account. Nothing of the address is in it."""
    fields = {"account": user.username, "step": step}
    ledger.append("mailbox.changed", fields=fields, actor=user.username, at=at, about=[user.pk])


def confirmation(mailbox: Mailbox) -> str:
    """The token of the link that confirms this address."""
    return signing.dumps(str(mailbox.pk), salt=CONFIRM)


def stopping(mailbox: Mailbox) -> str:
    """The token of the link that ends e-mails to this address."""
    return signing.dumps(str(mailbox.pk), salt=STOP)


@transaction.atomic
def confirm(token: str, *, at: datetime) -> Mailbox:
    """Whoever reads the address says so. A second time changes nothing. Raises NotFound for a link that is over."""
    held = _held(token, CONFIRM, CONFIRMED_WITHIN)
    if held.confirmed_at is None:
        held.confirmed_at = at
        held.save(update_fields=["confirmed_at"])
        _log(held.user, "confirmed", at)
    return held


def judge(token: str, *, stops: bool) -> None:
    """Whether a link still leads anywhere. Raises NotFound."""
    _held(token, STOP if stops else CONFIRM, None if stops else CONFIRMED_WITHIN)


@transaction.atomic
def stop(token: str, *, at: datetime) -> None:
    """End e-mails to the address of a link: it is forgotten. Raises NotFound where it is already."""
    drop(_held(token, STOP, None).user, at=at)


def _held(token: str, salt: str, within: timedelta | None) -> Mailbox:
    try:
        key = UUID(signing.loads(token, salt=salt, max_age=within))
    except (signing.BadSignature, ValueError) as error:
        raise _over() from error
    # The address has another key after each change.
    found = Mailbox.objects.select_related("user").filter(pk=key).first()
    if found is None:
        raise _over()
    return found


def _over() -> NotFound:
    return NotFound(
        "mail-link-over", "链接已经失效。", remedy="请登录后在“关注与邮件”页面重新填写，或者使用最新邮件中的链接。"
    )
