"""API keys of departments: issue, revoke, recognise.

A key is ``gx_`` and 43 characters that encode 256 random bits, so a plain SHA-256 is enough to keep: there is nothing
to guess and nothing to stretch. The key itself is shown once, at issue, and never again.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from gongxin import ledger
from gongxin.errors import Conflict, InvalidInput, NotFound
from gongxin.identity.models import ApiKey, Department

PREFIX: Final = "gx_"
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
    *, department: Department, label: str, expires_at: datetime | None = None, acting_user: str, at: datetime
) -> IssuedKey:
    """Make a key for `department`.

    label: what will use it (shown in lists). expires_at: from this instant the key is void; None: until revoked.
    Raises InvalidInput for an empty label, a department out of service or an expiry that has already passed.
    """
    if not label.strip():
        raise InvalidInput("key-label-empty", "密钥没有说明用途。", remedy="请填写使用该密钥的业务系统名称。")
    if not department.active:
        raise InvalidInput("department-inactive", "该单位已停用。", remedy="请先恢复该单位，或者为其他单位签发密钥。")
    if expires_at is not None and expires_at <= at:
        raise InvalidInput("key-expiry-past", "密钥的失效时间早于现在。", remedy="请填写将来的失效时间。")
    secret = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        department=department,
        label=label.strip()[:100],
        prefix=secret[:_SHOWN],
        digest=_digest(secret),
        created_at=at,
        issued_by=acting_user,
        expires_at=expires_at,
    )
    fields = {
        "key": str(key.pk),
        "department": department.code,
        "label": key.label,
        "expires_at": expires_at.isoformat() if expires_at else "",
    }
    ledger.append("key.issued", fields=fields, actor=acting_user, at=at)
    return IssuedKey(secret, key)


@transaction.atomic
def revoke(key_id: UUID, *, acting_user: str, at: datetime) -> ApiKey:
    """Make a key void from `at` on. Raises NotFound, or Conflict if it is revoked already."""
    key = ApiKey.objects.select_for_update(of=("self",)).select_related("department").filter(pk=key_id).first()
    if key is None:
        raise NotFound("key-unknown", "没有这个密钥。", remedy="请用 gongxin keys list 查看现有密钥的编号。")
    if key.revoked_at is not None:
        raise Conflict("key-revoked", "该密钥此前已经吊销。", remedy="无需再次吊销。")
    key.revoked_at, key.revoked_by = at, acting_user
    key.save(update_fields=["revoked_at", "revoked_by"])
    fields = {"key": str(key.pk), "department": key.department.code}
    ledger.append("key.revoked", fields=fields, actor=acting_user, at=at)
    return key


def authenticate(secret: str, *, at: datetime) -> ApiKey | None:
    """The valid key that `secret` is, with its department; None if it is none, revoked, expired or of a closed
    department.

    The look-up goes by digest, so its time tells nothing about the key; the digests are then compared in constant
    time.
    """
    if not _SHAPE.fullmatch(secret):
        return None
    digest = _digest(secret)
    valid = Q(revoked_at__isnull=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=at))
    key = ApiKey.objects.select_related("department").filter(valid, digest=digest, department__active=True).first()
    if key is None or not hmac.compare_digest(key.digest, digest):
        return None
    return key


def listing() -> QuerySet[ApiKey]:
    """All keys ever issued, newest first, with their departments."""
    return ApiKey.objects.select_related("department")
