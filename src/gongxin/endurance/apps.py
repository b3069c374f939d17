"""Django app."""

from __future__ import annotations

from django.apps import AppConfig


class EnduranceConfig(AppConfig):
    """Backup, health, metrics, alarms."""

    name = "gongxin.endurance"
    label = "endurance"
    default_auto_field = "django.db.models.BigAutoField"
