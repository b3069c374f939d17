"""Django application of `gongxin.correspondence`."""

from __future__ import annotations

from django.apps import AppConfig


class CorrespondenceConfig(AppConfig):
    """Names the application."""

    name = "gongxin.correspondence"
    label = "correspondence"
