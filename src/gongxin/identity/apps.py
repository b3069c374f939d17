"""Django application of `gongxin.identity`."""

from __future__ import annotations

from django.apps import AppConfig

from gongxin.custody import places


class IdentityConfig(AppConfig):
    """Names the application."""

    name = "gongxin.identity"
    label = "identity"

    def ready(self) -> None:
        """Tell custody of the secrets of second factors, so that they rotate with everything else."""
        for key in ("secret", "seed"):
            places.register(places.Place("mfa_authenticator", "data", "id", "bigint", row="user_id", key=key))
