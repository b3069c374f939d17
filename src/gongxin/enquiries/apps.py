"""Django application of `gongxin.enquiries`."""

from __future__ import annotations

from django.apps import AppConfig


class EnquiriesConfig(AppConfig):
    """Names the application."""

    name = "gongxin.enquiries"
    label = "enquiries"
