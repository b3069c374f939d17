"""A node for benchmarks: an embedded server of its own with the settings of production, and a database a part."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

VAR = Path(__file__).resolve().parents[1] / "var"


def prepare() -> None:
    """Start the server (unless DATABASE_URL names one) and Django. Durable as a demonstration node: fsync stays on."""
    from gongxin import embedded  # noqa: PLC0415  (nothing of Django may be imported before the environment is set)

    folder = VAR / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["GONGXIN_VAR"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "gongxin.settings"
    if "DATABASE_URL" not in os.environ:
        os.environ["DATABASE_URL"] = embedded.start(folder).url
    import django  # noqa: PLC0415  (nothing of Django before the environment is set)

    django.setup()
    _with_keys()


def _with_keys() -> None:
    """Keys of its own, as a node of production has."""
    from gongxin import clock  # noqa: PLC0415  (Django must be set up first)
    from gongxin.secrecy import keyring, sources, suites  # noqa: PLC0415  (Django must be set up first)

    source = sources.source()
    if source.load() is None:
        source.save(keyring.new(suites.chosen(), at=clock.now()))


def stop() -> None:
    """Stop the server that `prepare` started in this folder, if it did."""
    from gongxin import embedded  # noqa: PLC0415  (nothing of Django before the environment is set)

    server = embedded.find(VAR / "bench")
    if server is not None:
        server.stop()


@contextmanager
def own_database() -> Iterator[None]:
    """A database for this run only, beside the configured one, migrated; dropped at the end."""
    from django.conf import settings  # noqa: PLC0415  (Django must be set up first)
    from django.db import connection  # noqa: PLC0415  (Django must be set up first)

    from gongxin.walls import raising  # noqa: PLC0415  (Django must be set up first)

    creation: Any = connection.creation
    configured = connection.settings_dict["NAME"]
    creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    # A web server started on it is the application behind the walls, as in service.
    settings.DATABASE_ROLES = connection.settings_dict["NAME"]
    raising.raise_walls()
    try:
        yield
    finally:
        connection.close()
        creation.destroy_test_db(configured, verbosity=0)
