"""Django application of `gongxin.ledger`."""

from __future__ import annotations

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Names the application."""

    name = "gongxin.ledger"
    label = "ledger"
