"""Django application of `gongxin.intake`."""

from __future__ import annotations

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """Names the application."""

    name = "gongxin.intake"
    label = "intake"
