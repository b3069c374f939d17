"""Django application of `gongxin.records`."""

from __future__ import annotations

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """Names the application."""

    name = "gongxin.records"
    label = "records"
