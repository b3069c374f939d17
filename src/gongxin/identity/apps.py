"""Django application of `gongxin.identity`."""

from __future__ import annotations

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """Names the application."""

    name = "gongxin.identity"
    label = "identity"
