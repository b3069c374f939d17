"""Django application of `gongxin.subjects`."""

from __future__ import annotations

from django.apps import AppConfig


class SubjectsConfig(AppConfig):
    """Names the application."""

    name = "gongxin.subjects"
    label = "subjects"
