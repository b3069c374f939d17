"""What addresses hold beside numbers and words (registered by web.apps)."""

from __future__ import annotations

from django.urls.converters import StringConverter


class TableForm(StringConverter):
    """csv or xlsx."""

    regex = "csv|xlsx"
