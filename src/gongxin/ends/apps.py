"""Django application of `gongxin.ends`."""

from __future__ import annotations

from django.apps import AppConfig


class EndsConfig(AppConfig):
    """Names the application; the exits of the layers below it are looked at from the start."""

    name = "gongxin.ends"
    label = "ends"

    def ready(self) -> None:
        """Register what enquiries show."""
        # Models can be imported only now.
        from gongxin.ends import enquiry_exits  # noqa: PLC0415

        enquiry_exits.register()
