"""Django application of `gongxin.web`."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Names the application."""

    name = "gongxin.web"
    label = "web"
