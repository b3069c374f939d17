"""Django application of `gongxin.persons`."""

from __future__ import annotations

from django.apps import AppConfig


class PersonsConfig(AppConfig):
    """Names the application."""

    name = "gongxin.persons"
    label = "persons"
