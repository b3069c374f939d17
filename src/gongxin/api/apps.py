"""Django application of `gongxin.api`."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Names the application."""

    name = "gongxin.api"
    label = "api"
