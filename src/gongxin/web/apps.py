"""Django application of `gongxin.web`."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Names the application and its exits."""

    name = "gongxin.web"
    label = "web"

    def ready(self) -> None:
        """Register what it shows, for the daily proof."""
        # Models can be imported only now.
        from gongxin.web import exits  # noqa: PLC0415

        exits.register()
