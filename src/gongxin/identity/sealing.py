"""The secrets of second factors at rest: sealed for their account, so that no row opens in another's place.

django-allauth asks its adapter (MFA_ADAPTER) to encrypt and decrypt, and does not say whose secret it is; `secrets_of`
says so for the statements within.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from allauth.mfa.adapter import DefaultMFAAdapter

from gongxin.identity.models import User
from gongxin.secrecy import sealing

_TABLE: Final = "mfa_authenticator"
_FIELD: Final = "data"
_account: ContextVar[str] = ContextVar("account_of_factor_secrets")


@contextmanager
def secrets_of(user: User) -> Iterator[None]:
    """Secrets that are sealed or opened within are this account's. Without it, either is a LookupError."""
    token = _account.set(str(user.pk))
    try:
        yield
    finally:
        _account.reset(token)


def seal(text: str) -> str:
    """Sealed for the account of `secrets_of`. Raises Unavailable without keys."""
    return sealing.seal(text, table=_TABLE, field=_FIELD, row=_account.get())


def unseal(sealed: str) -> str:
    """What was sealed for the account of `secrets_of`. Raises Conflict for another's, or for anything changed."""
    return sealing.open_sealed(sealed, table=_TABLE, field=_FIELD, row=_account.get())


# django-allauth publishes no types.
class SealedFactors(DefaultMFAAdapter):  # type: ignore[misc]
    """django-allauth's hooks for secrets."""

    def encrypt(self, text: str) -> str:
        """Called for each secret before it is stored."""
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Called for each secret that is used."""
        return unseal(encrypted_text)
