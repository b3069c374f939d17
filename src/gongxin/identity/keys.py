"""API keys of departments: issue, rotate, revoke, recognise.

A key is ``gx_`` and 43 characters that encode 256 random bits, so a plain SHA-256 is enough to keep: there is nothing
to guess and nothing to stretch. The key itself is shown once, at issue, and never again. It is for some operations and
some purposes of its department, and ends by itself.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from gongxin import ledger
from gongxin.clock import CIVIL_TIME
from gongxin.errors import Conflict, InvalidInput, NotFound, NotPermitted
from gongxin.identity.models import ApiKey, Department
from gongxin.walls import acting

PREFIX: Final = "gx_"
SUBMIT: Final = "submit"
CHECK: Final = "check"
READ: Final = "read"
# What a key can be for, as pages call it.
OPERATIONS: Final = {SUBMIT: "报送", CHECK: "信用核查", READ: "读取本单位的批次和核查"}
# The old key of a rotation stays valid this long at most: two valid keys for longer are two keys to lose.
LONGEST_OVERLAP: Final = timedelta(days=30)
_SHAPE: Final = re.compile(r"gx_[A-Za-z0-9_-]{43}")
_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key just made. `secret` is the only copy of the key there will ever be."""

    secret: str
    key: ApiKey


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def issue(
    *,
    department: Department,
    label: str,
    operations: Collection[str] = tuple(OPERATIONS),
    purposes: Collection[str] | None = None,
    expires_at: datetime | None = None,
    acting_user: str,
    at: datetime,
) -> IssuedKey:
    """Make a key for `department`.

    label: what will use it (shown in lists). operations: of `OPERATIONS`. purposes: of the department's; None: all it
    has now. expires_at: from this instant the key is void; None: after settings.KEY_DAYS.
    Raises InvalidInput for an empty label, a department out of service, an operation or purpose it cannot have, or an
    expiry that has already passed.
    """
    if not label.strip():
        raise InvalidInput("key-label-empty", "密钥没有说明用途。", remedy="请填写使用该密钥的业务系统名称。")
    if not department.active:
        raise InvalidInput("department-inactive", "该单位已停用。", remedy="请先恢复该单位，或者为其他单位签发密钥。")
    if expires_at is not None and expires_at <= at:
        raise InvalidInput("key-expiry-past", "密钥的失效时间早于现在。", remedy="请填写将来的失效时间。")
    made = _made(
        ApiKey(
            department=department,
            label=label.strip()[:100],
            operations=_chosen(operations, tuple(OPERATIONS), "operation"),
            purposes=_purposes(purposes, department),
            created_at=at,
            issued_by=acting_user,
            expires_at=expires_at or at + timedelta(days=settings.KEY_DAYS),
        )
    )
    fields = {
        "key": str(made.key.pk),
        "department": department.code,
        "label": made.key.label,
        "operations": made.key.operations,
        "purposes": made.key.purposes,
        "expires_at": _told(made.key.expires_at),
    }
    ledger.append("key.issued", fields=fields, actor=acting_user, at=at)
    return made


@transaction.atomic
def rotate(key_id: UUID, *, overlap: timedelta, acting_user: str, at: datetime) -> IssuedKey:
    """A new key in the place of `key_id`: valid at once, for the same; the old one is void after `overlap`.

    Raises NotFound; Conflict for a key that is no longer valid; InvalidInput for an overlap below nothing or above
    `LONGEST_OVERLAP`.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        most = LONGEST_OVERLAP.days
        raise InvalidInput("key-overlap", f"新旧密钥并行的时间应在 0 到 {most} 天之间。", remedy="请改正后重试。")
    old = _locked(key_id)
    if old.expires_at is not None and old.expires_at <= at:
        raise Conflict("key-expired", "该密钥已经失效。", remedy="请直接签发新的密钥。")
    made = _made(
        ApiKey(
            department=old.department,
            label=old.label,
            operations=old.operations,
            purposes=old.purposes,
            replaces=old,
            created_at=at,
            issued_by=acting_user,
            expires_at=at + timedelta(days=settings.KEY_DAYS),
        )
    )
    old.expires_at = min(old.expires_at, at + overlap) if old.expires_at else at + overlap
    old.save(update_fields=["expires_at"])
    fields = {
        "key": str(old.pk),
        "new_key": str(made.key.pk),
        "department": old.department.code,
        "old_until": _told(old.expires_at),
        "expires_at": _told(made.key.expires_at),
    }
    ledger.append("key.rotated", fields=fields, actor=acting_user, at=at)
    return made


@transaction.atomic
def revoke(key_id: UUID, *, acting_user: str, at: datetime) -> ApiKey:
    """Make a key void from `at` on. Raises NotFound, or Conflict if it is revoked already."""
    key = _locked(key_id)
    key.revoked_at, key.revoked_by = at, acting_user
    key.save(update_fields=["revoked_at", "revoked_by"])
    fields = {"key": str(key.pk), "department": key.department.code}
    ledger.append("key.revoked", fields=fields, actor=acting_user, at=at)
    return key


def authenticate(secret: str, *, at: datetime) -> ApiKey | None:
    """The valid key that `secret` is, with its department; None if it is none, revoked, expired or of a closed
    department.

    The department comes with the purposes that the key shares with it, and no others: whoever asks it for its purposes
    asks for those of the key. Do not save it. The look-up goes by digest, so its time tells nothing about the key; the
    digests are then compared in constant time.
    """
    if not _SHAPE.fullmatch(secret):
        return None
    digest = _digest(secret)
    acting.with_key(digest)
    valid = Q(revoked_at__isnull=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=at))
    key = ApiKey.objects.select_related("department").filter(valid, digest=digest, department__active=True).first()
    if key is None or not hmac.compare_digest(key.digest, digest):
        return None
    _note_use(key, at)
    key.department.purposes = [code for code in key.department.purposes if code in key.purposes]
    return key


def ended(secret: str, *, at: datetime) -> tuple[ApiKey, str] | None:
    """The key that `secret` was, and why it is none any more: key-revoked, key-expired or department-inactive.

    None for what never was a key, and for a valid one. Not behind the wall: whoever shows an ended key is nobody.
    """
    if not _SHAPE.fullmatch(secret):
        return None
    key = ApiKey.objects.select_related("department").filter(digest=_digest(secret)).first()
    if key is None:
        return None
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= at):
        return key, f"key-{state(key, at=at)}"
    return None if key.department.active else (key, "department-inactive")


def judge_operation(key: ApiKey, operation: str) -> None:
    """Raises NotPermitted for an operation the key is not for."""
    if operation not in key.operations:
        raise NotPermitted(
            "operation-not-granted",
            f"所用密钥不能进行此项操作：{OPERATIONS[operation]}（{operation}）。",
            remedy="请换用包含此项操作的密钥，或者联系安全管理员重新签发。",
        )


def one(key_id: UUID) -> ApiKey:
    """A key with its department. Raises NotFound."""
    key = ApiKey.objects.select_related("department").filter(pk=key_id).first()
    if key is None:
        raise NotFound("key-unknown", "没有这个密钥。", remedy="请用 gongxin keys list 查看现有密钥的编号。")
    return key


def listing() -> QuerySet[ApiKey]:
    """All keys ever issued, newest first, with their departments."""
    return ApiKey.objects.select_related("department")


def state(key: ApiKey, *, at: datetime) -> str:
    """valid, rotated (valid until its overlap ends), expired or revoked."""
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None and key.expires_at <= at:
        return "expired"
    return "rotated" if any(True for _ in key.replaced_by.all()) else "valid"


def _made(key: ApiKey) -> IssuedKey:
    secret = PREFIX + secrets.token_urlsafe(32)
    key.prefix, key.digest = secret[:_SHOWN], _digest(secret)
    key.save(force_insert=True)
    return IssuedKey(secret, key)


def _locked(key_id: UUID) -> ApiKey:
    """The key, locked. Raises NotFound, or Conflict for a revoked one."""
    key = ApiKey.objects.select_for_update(of=("self",)).select_related("department").filter(pk=key_id).first()
    if key is None:
        raise NotFound("key-unknown", "没有这个密钥。", remedy="请用 gongxin keys list 查看现有密钥的编号。")
    if key.revoked_at is not None:
        raise Conflict("key-revoked", "该密钥此前已经吊销。", remedy="无需再次吊销；仍要使用的，请签发新的密钥。")
    return key


def _purposes(wanted: Collection[str] | None, department: Department) -> list[str]:
    return list(department.purposes) if wanted is None else _chosen(wanted, department.purposes, "purpose")


def _chosen(wanted: Collection[str], allowed: Sequence[str], noun: str) -> list[str]:
    """Those wanted, in the order of those allowed. Raises InvalidInput naming one that is not."""
    if other := sorted(set(wanted) - set(allowed)):
        title = {"operation": "没有这样的操作", "purpose": "该单位没有这项查询用途"}[noun]
        known = "、".join(allowed) or "（无）"
        raise InvalidInput(f"key-{noun}", f"{title}：{'、'.join(other)}。", remedy=f"可用的有：{known}。")
    if noun == "operation" and not wanted:
        raise InvalidInput("key-operation", "密钥没有任何操作。", remedy=f"请至少选择一项：{'、'.join(allowed)}。")
    return [entry for entry in allowed if entry in wanted]


def _note_use(key: ApiKey, at: datetime) -> None:
    """Keep the day of use: one write a day, however often the key is used."""
    day = at.astimezone(CIVIL_TIME).date()
    if key.last_used_on is None or key.last_used_on < day:
        earlier = Q(last_used_on__isnull=True) | Q(last_used_on__lt=day)
        ApiKey.objects.filter(earlier, pk=key.pk).update(last_used_on=day)


def _told(instant: datetime | None) -> str:
    return instant.isoformat() if instant else ""
