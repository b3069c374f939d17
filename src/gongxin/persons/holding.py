"""Whose file is whose: what the identity service said of the document at the last sign-in, kept as blind indexes only.

Sealed together with the account's key, so that a copy of it in another account's row opens nobody's file, and the
database alone cannot tell which account goes with which file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from gongxin import ledger
from gongxin.errors import NotPermitted
from gongxin.identity.models import User
from gongxin.identity.roles import Role
from gongxin.persons import documents
from gongxin.persons.models import DOCUMENT, File, Holder
from gongxin.persons.personal_keys import PersonalKey
from gongxin.policy import packs
from gongxin.secrecy import blind, sources
from gongxin.secrecy.keyring import Purpose
from gongxin.walls import acting


@dataclass(slots=True)
class OwnFile:
    """A file with its key opened."""

    file: File
    key: PersonalKey


def indexes(kind: str, number: str) -> tuple[str, ...]:
    """What is kept of a verified document: its blind indexes. Empty for a number that cannot be one of that kind.

    kind: a code, label or alias of the code list `id-type`.
    """
    known = packs.current().code_lists[documents.KINDS].resolve(kind)
    kind = known.code if known else kind
    if not documents.is_sound(kind, number):
        return ()
    return tuple(blind.blind_candidates(documents.identity(kind, number), purpose=DOCUMENT))


@transaction.atomic
def keep(user: User, verified: tuple[str, ...], *, at: datetime) -> None:
    """Keep with a person's account what its sign-in verified, or that it verified nothing (empty)."""
    if user.role != Role.PERSON:
        return
    held = Holder.objects.select_for_update().filter(user=user).first()
    if _indexes(held, user) == verified:
        return
    if not verified:
        Holder.objects.filter(user=user).delete()
    else:
        holder = held or Holder(user=user)
        holder.indexes = json.dumps({"account": user.pk, "indexes": verified})
        holder.save()
    fields = {"account": user.username, "verified": bool(verified)}
    ledger.append("person.verified", fields=fields, actor=user.username, at=at)


def file_of(user: User) -> OwnFile | None:
    """The own file of a person's account, None where nothing was ever recorded.

    Raises NotPermitted: the last sign-in verified no document, or the node's keys have changed since.
    """
    verified = _indexes(Holder.objects.filter(user=user).first(), user)
    if not verified:
        raise NotPermitted(
            "person-unverified",
            "本次登录没有核验到本人的证件号码，不能打开个人档案。",
            remedy="请通过统一身份认证登录；仍不行的，请联系信用办。",
        )
    active = sources.current().active(Purpose.BLIND_INDEX).id
    if active not in {index.split(".")[1] for index in verified}:
        raise NotPermitted(
            "person-sign-in-again", "登录之后平台更换了密钥，需要重新核验身份。", remedy="请退出后重新登录。"
        )
    acting.also_with(verified)
    return opened(File.objects.filter(index__in=verified).first())


def opened(file: File | None) -> OwnFile | None:
    """A file with its key. None for none."""
    return None if file is None else OwnFile(file, PersonalKey(file.secret.reveal()))


def _indexes(holder: Holder | None, user: User) -> tuple[str, ...]:
    if holder is None:
        return ()
    kept = json.loads(holder.indexes.reveal())
    return tuple(kept["indexes"]) if kept["account"] == user.pk else ()
