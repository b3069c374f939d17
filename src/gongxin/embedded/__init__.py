"""PostgreSQL for the demonstration, development and tests: private to one user, reached by socket only.

Thin on purpose: it runs `initdb` and `pg_ctl` and nothing else. Where the programs come from: `programs`; which account
runs them: `account`; where the files lie: `place`; starting and stopping: `server`. Why not the wheel's own layer:
docs/adr/0001-embedded-postgresql.md.
"""

from __future__ import annotations

from gongxin.embedded.connection import django_database
from gongxin.embedded.server import Server, find, start

__all__ = ["Server", "django_database", "find", "start"]
