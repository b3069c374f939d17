"""The Django app of the second wall. It has no models: its table is walls.yaml."""

from __future__ import annotations

from django.apps import AppConfig


class WallsConfig(AppConfig):
    """Listens to requests and connections."""

    name = "gongxin.walls"

    def ready(self) -> None:
        """Begin to tell sessions who asks."""
        # Django must be set up before its database can be imported.
        from gongxin.walls import acting  # noqa: PLC0415

        acting.listen()
