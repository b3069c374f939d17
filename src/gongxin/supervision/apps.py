"""Django application of `gongxin.supervision`."""

from __future__ import annotations

from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    """Names the application."""

    name = "gongxin.supervision"
    label = "supervision"
