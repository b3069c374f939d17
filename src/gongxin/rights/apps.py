"""Django application of `gongxin.rights`."""

from __future__ import annotations

from django.apps import AppConfig


class RightsConfig(AppConfig):
    """Names the application."""

    name = "gongxin.rights"
    label = "rights"
