"""The OpenID Connect client: django-allauth's, with a nonce, a verified signature, and nothing kept of the claims."""

from __future__ import annotations

import secrets
from typing import Any, Final

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from gongxin.identity import bindings
from gongxin.web.signing import verified

# Signatures by key pair only: a token signed with our own secret, or not at all, proves nothing.
_ALGORITHMS: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"})
_CLOCKS_DIFFER_SECONDS: Final = 30


# django-allauth publishes no types.
class Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """The exchange with the service. What is missing or wrong in its answers is an OAuth2Error."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """The service's own description; it must be that of the issuer we were told of."""
        config: dict[str, Any] = super().openid_config
        if not isinstance(config, dict) or str(config.get("issuer", "")).rstrip("/") != settings.OIDC_ISSUER:
            raise OAuth2Error("the description is not of our issuer")
        return config

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """Where the service sends the browser back to."""
        return request.build_absolute_uri(reverse("desk:identity-service-return"))

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """Who signed in, from the identity token alone; its signature, issuer, audience and age are verified."""
        encoded = kwargs["response"].get("id_token")
        if not isinstance(encoded, str):
            raise OAuth2Error("no identity token")
        claims = self._claims(app, encoded)
        # django-allauth hands the state out after this; the adapter compares the two.
        marked: Any = request
        marked.gongxin_nonce = claims.get("nonce", "")
        verified.note(request, claims)
        return self.get_provider().sociallogin_from_response(request, {"id_token": claims})

    def _claims(self, app: Any, encoded: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(encoded)
            if header.get("alg") not in _ALGORITHMS:
                raise OAuth2Error("the identity token is not signed by key pair")
            return jwt.decode(
                encoded,
                self._key(header.get("kid")),
                algorithms=[header["alg"]],
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=_CLOCKS_DIFFER_SECONDS,
                options={"require": ["exp", "iat", "sub"]},
            )
        except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
            raise OAuth2Error("the identity token does not hold") from error

    def _key(self, name: str | None) -> Any:
        """The service's key of this name; a service with one key need not name it (OpenID Connect Core, 10.1)."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        published = jwt.PyJWKSet.from_dict(answer.json()).keys
        fitting = [key for key in published if name in (None, key.key_id) and key.public_key_use in (None, "sig")]
        if len(fitting) != 1:
            raise OAuth2Error("the service has no such key, or several")
        return fitting[0].key


# django-allauth publishes no types.
class Provider(OpenIDConnectProvider):  # type: ignore[misc]
    """The government identity service. Its subject counts, and for persons the document; nothing of it is kept."""

    oauth2_adapter_class = Adapter

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **_: Any
    ) -> HttpResponse:
        """Off to the service, with state, nonce and PKCE; parameters of the request change none of it."""
        nonce = secrets.token_urlsafe(32)
        scope = ["openid", *settings.OIDC_SCOPES]
        found: HttpResponse = super().redirect(
            request, process, next_url, data, auth_params={"nonce": nonce}, nonce=nonce, scope=scope
        )
        return found

    def extract_uid(self, data: dict[str, Any]) -> str:
        """What bindings keep of issuer and subject."""
        return bindings.kept_subject(data["id_token"]["sub"])

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Nothing of a person is kept."""
        return {}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """No name and no e-mail address."""
        return {}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        """None."""
        return []


provider_classes = [Provider]
