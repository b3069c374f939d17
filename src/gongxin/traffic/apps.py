"""Django application of `gongxin.traffic`."""

from __future__ import annotations

from django.apps import AppConfig


class TrafficConfig(AppConfig):
    """Names the application."""

    name = "gongxin.traffic"
    label = "traffic"
