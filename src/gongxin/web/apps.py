"""Django application of `gongxin.web`."""

from __future__ import annotations

from django.apps import AppConfig
from django.urls import register_converter

from gongxin.web.converters import TableForm


class WebConfig(AppConfig):
    """Names the application, its exits and what its addresses hold."""

    name = "gongxin.web"
    label = "web"

    def ready(self) -> None:
        """Register what it shows, for the daily proof, and the converter of lists as files."""
        # Models can be imported only now.
        from gongxin.web import exits  # noqa: PLC0415
        from gongxin.web.desk import exits as desk  # noqa: PLC0415

        exits.register()
        desk.register()
        register_converter(TableForm, "table")
