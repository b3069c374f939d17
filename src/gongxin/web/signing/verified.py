"""Whose personal file an account may open: by the document number that the identity service verified at this sign-in.

The number itself is hashed as it arrives and is stored nowhere, not even in the session.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest

from gongxin.identity import sessions, signing_in
from gongxin.identity.models import User
from gongxin.identity.roles import Role
from gongxin.persons import documents, holding

# Between the answer of the service and the session that it opens there may be a second factor.
_KEPT: Final = "gx_document"


def note(request: HttpRequest, claims: Mapping[str, Any]) -> None:
    """Take from verified claims what tells whose file it is; nothing where the node names no claims for it."""
    names = settings.OIDC_DOCUMENT_CLAIMS
    texts = [claims.get(name) for name in names]
    found: tuple[str, ...] = ()
    if names and all(isinstance(text, str) for text in texts):
        kind, number = texts if len(texts) == 2 else (documents.RESIDENT_ID, texts[0])
        found = holding.indexes(str(kind), str(number))
    # HttpRequest has no such attribute; it lives until the sign-in of this request begins.
    request.gongxin_document = found  # type: ignore[attr-defined]


def carry(request: HttpRequest) -> None:
    """Keep it in the session (which is sealed) until the sign-in is through."""
    request.session[_KEPT] = list(getattr(request, "gongxin_document", ()))


def taken(request: HttpRequest) -> tuple[str, ...]:
    """What was kept, out of the session."""
    return tuple(request.session.pop(_KEPT, ()))


def keep(user: User, document: tuple[str, ...], *, method: str, session: str | None, at: datetime) -> int:
    """Leave it with a person's account; a sign-in in any other way takes away what was there.

    A person's other sessions end, as one of them may have been opened in another way; returns how many (not logged).
    A demonstration node has no identity service: there a password leaves things as they are.
    """
    if settings.DEMO and method == signing_in.PASSWORD:
        return 0
    verified = document if method == signing_in.GOVERNMENT else ()
    holding.keep(user, verified, at=at)
    return sessions.drop(user, keep=session) if verified and user.role == Role.PERSON else 0
