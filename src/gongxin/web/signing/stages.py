"""What django-allauth asks of a sign-in between the password (or the identity service) and the session."""

from __future__ import annotations

from typing import Any, Final, cast

from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from allauth.account.stages import LoginStage, LoginStageController
from allauth.account.utils import url_str_to_user_pk
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare

from gongxin.identity import doors, factors
from gongxin.identity.models import User
from gongxin.walls import acting

# What of the password the sign-in began with stands in its state.
_PASSWORD: Final = "password_mark"  # noqa: S105  (the name of a place)


# django-allauth publishes no types.
class SecondFactor(LoginStage):  # type: ignore[misc]
    """The second factor of an account that has one. Who must have one and has none sets it up after signing in."""

    key: Final = "second_factor"
    urlname: Final = "desk:second-factor"

    def handle(self) -> tuple[Any, bool]:
        """The answer that breaks the sign-in off until the stage is passed, or None to go on."""
        self.state[_PASSWORD] = self.account.get_session_auth_hash()
        return (redirect(self.urlname), True) if factors.enrolled(self.account) else (None, True)

    @property
    def account(self) -> User:
        """Whose sign-in it is; not signed in yet."""
        return cast("User", self.login.user)


def waiting(request: HttpRequest) -> SecondFactor | None:
    """The sign-in of this browser that waits for its second factor.

    None if there is none, if it waited too long, or if the password it began with is void by now.
    """
    _tell(request)
    stage: SecondFactor | None = LoginStageController.enter(request, SecondFactor.key)
    if stage is None or stage.login.user is None:
        return None
    same = constant_time_compare(str(stage.state.get(_PASSWORD, "")), stage.account.get_session_auth_hash())
    return stage if same else None


def _tell(request: HttpRequest) -> None:
    """The first proof stands in the session, which is sealed: from here on the rows of that account are given."""
    begun = request.session.get(LOGIN_SESSION_KEY)
    written = begun.get("user_pk") if isinstance(begun, dict) else None
    user = doors.account_with_id(User, url_str_to_user_pk(written)) if written else None
    if user is not None:
        acting.as_account(user.username)
