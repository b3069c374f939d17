"""Django application of `gongxin.api`."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Names the application and its exits."""

    name = "gongxin.api"
    label = "api"

    def ready(self) -> None:
        """Register what it shows, for the daily proof."""
        # Models can be imported only now.
        from gongxin.api import exits  # noqa: PLC0415

        exits.register()
