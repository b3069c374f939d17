"""WSGI application."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gongxin.settings")
if not settings.configured:
    # Before anything reads the settings: the web server is the application, not the owner of the tables.
    os.environ.setdefault("GONGXIN_DATABASE_ROLE", "app")
application = get_wsgi_application()

# Models can be imported only now that Django is set up.
from gongxin.ledger import watching  # noqa: E402
from gongxin.secrecy import starting  # noqa: E402
from gongxin.walls import standing  # noqa: E402

starting.or_exit()
if settings.DATABASE_ROLE == "app":
    standing.tell()

if settings.LEDGER_WATCH:
    watching.start()
