"""Django's way in by password and by session, through the doors of the second wall (`doors`)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from gongxin.identity import doors
from gongxin.identity.models import User


class Accounts(ModelBackend):
    """Accounts of this node."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        """The account with this name and password, if it is in use; an unknown name takes as long as a known one."""
        del request
        if username is None or password is None:
            return None
        found = doors.account_named(User, username)
        if found is None:
            make_password(password)
            return None
        return found if found.check_password(password) and self.user_can_authenticate(found) else None

    def get_user(self, user_id: object) -> User | None:
        """The account of a session, if it is in use."""
        found = doors.account_with_id(User, user_id)
        return found if found is not None and self.user_can_authenticate(found) else None
