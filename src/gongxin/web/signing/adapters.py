"""What django-allauth asks of this site: who may sign in, how a session begins, whom the identity service means."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import AuthError
from django.conf import settings
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from requests import RequestException

from gongxin import clock
from gongxin.errors import GongxinError, NotPermitted, Unavailable
from gongxin.identity import bindings, sessions, signing_in
from gongxin.identity.models import User
from gongxin.walls import acting
from gongxin.web.desk.pages import private, refusal
from gongxin.web.signing import client, ending, targets, verified

_THIS_MACHINE: Final = ("127.0.0.1", "::1", "localhost")


def immediate(request: HttpRequest, error: GongxinError) -> ImmediateHttpResponse:
    """An error as the page that breaks a sign-in off."""
    return ImmediateHttpResponse(private(refusal(request, error)))


# django-allauth publishes no types.
class Accounts(DefaultAccountAdapter):  # type: ignore[misc]
    """Local accounts: made by an administrator, never by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes an account here."""
        return False

    def get_login_stages(self) -> list[str]:
        """What comes between the first proof and the session."""
        return ["gongxin.web.signing.stages.SecondFactor"]

    def pre_login(
        self, request: HttpRequest, user: User, *, signal_kwargs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        """Breaks off with a page if the account may not be used, whichever way it came."""
        acting.as_account(user.username)
        by_service = "sociallogin" in (signal_kwargs or {})
        request.session.pop(sessions.FACTOR, None)
        request.session[sessions.METHOD] = signing_in.GOVERNMENT if by_service else signing_in.PASSWORD
        verified.carry(request)
        try:
            signing_in.judge(request, user, at=clock.now())
        except GongxinError as error:
            raise immediate(request, error) from None

    def login(self, request: HttpRequest, user: User) -> None:
        """Open the session under a new key and log it: both or neither."""
        at = clock.now()
        way = signing_in.Way(
            request.session.pop(sessions.METHOD, signing_in.PASSWORD), request.session.get(sessions.FACTOR, "")
        )
        document = verified.taken(request)
        with transaction.atomic():
            login(request, user, backend="gongxin.identity.backend.Accounts")
            now = int(at.timestamp())
            request.session.update({sessions.STARTED: now, sessions.SEEN: now, sessions.CONFIRMED: now})
            ended = sessions.opened(
                user,
                key=request.session.session_key or "",
                address=client.address(request) or "0.0.0.0",  # noqa: S104  (not known; nothing listens here)
                browser=client.browser(request),
                at=at,
            )
            ended += verified.keep(user, document, method=way.method, session=request.session.session_key, at=at)
            signing_in.succeeded(request, user, way, ended=ended, at=at)

    def logout(self, request: HttpRequest) -> None:
        """Whoever was signed in before in this browser is not any more."""
        ending.end(request, reason="signed-out")

    def post_login(self, request: HttpRequest, user: User, *, redirect_url: str | None, **_: Any) -> HttpResponseBase:
        """On to the page that was asked for."""
        return private(HttpResponseRedirect(redirect_url or targets.home(user)))


# django-allauth publishes no types.
class Government(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """The government identity service: configured by the environment, bound accounts only."""

    def get_app(self, request: HttpRequest, provider: str, client_id: str | None = None) -> SocialApp:
        """The one service there is; the database cannot add another. Raises NotPermitted where there is none."""
        if not settings.OIDC_ISSUER or provider not in (bindings.PROVIDER, "openid_connect"):
            raise NotPermitted("oidc-off", "本节点没有接入统一身份认证。", remedy="请用账号和密码登录。")
        _judge_issuer()
        return SocialApp(
            provider="openid_connect",
            provider_id=bindings.PROVIDER,
            name=settings.OIDC_NAME,
            client_id=settings.OIDC_CLIENT,
            secret=_secret(),
            settings={"server_url": settings.OIDC_ISSUER, "oauth_pkce_enabled": True, "scope": ["openid"]},
        )

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """The identity service makes no accounts."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Breaks off unless the answer has the nonce of this very sign-in and its subject is bound to an account."""
        at = clock.now()
        nonce, given = str(sociallogin.state.get("nonce", "")), str(getattr(request, "gongxin_nonce", ""))
        if not nonce or not hmac.compare_digest(nonce, given):
            raise immediate(request, _broken(request, "oidc-nonce"))
        if not sociallogin.is_existing:
            signing_in.refused(request, "", reason="oidc-unbound", at=at)
            raise immediate(
                request,
                NotPermitted(
                    "account-unbound",
                    "统一身份认证的这个身份没有绑定本平台账号。",
                    remedy="请联系信用办绑定账号；平台不会按姓名或者邮箱自动匹配。",
                ),
            )
        # Not needed any more; what waits for the second factor is stored, and this must not be.
        sociallogin.token = None

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        """Every error of the exchange is a page of ours."""
        if isinstance(exception, RequestException):
            raise immediate(request, down())
        if error == AuthError.CANCELLED:
            cancelled = NotPermitted(
                "oidc-cancelled", "已取消统一身份认证登录。", remedy="请重新登录，或者改用账号和密码。"
            )
            raise immediate(request, cancelled)
        raise immediate(request, _broken(request, "oidc-answer"))


def down() -> Unavailable:
    """The service does not answer, or not as one of its kind."""
    return Unavailable("oidc-down", "统一身份认证暂时无法使用。", remedy="请稍后再试，或者改用账号和密码登录。")


def _broken(request: HttpRequest, reason: str) -> NotPermitted:
    signing_in.refused(request, "", reason=reason, at=clock.now())
    return NotPermitted(
        "oidc-refused",
        "统一身份认证登录没有完成。",
        remedy="请回到登录页重新开始，中途不要停留过久，也不要使用收藏的地址。",
    )


def _judge_issuer() -> None:
    """Who can read or change what we ask the service could sign in as anybody: HTTPS, except on this machine itself."""
    parts = urlsplit(settings.OIDC_ISSUER)
    if parts.scheme != "https" and parts.hostname not in _THIS_MACHINE:
        raise Unavailable(
            "oidc-insecure", "统一身份认证的地址不是HTTPS。", remedy="请系统管理员更正 GONGXIN_OIDC_ISSUER。"
        )


def _secret() -> str:
    return Path(settings.OIDC_SECRET_FILE).read_text().strip() if settings.OIDC_SECRET_FILE else ""
