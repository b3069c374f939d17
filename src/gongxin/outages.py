"""What an outage is: the database is away or the disk is full. No fault of the program, nor of what was handed in."""

from __future__ import annotations

from typing import Final

import psycopg
from django.db import InterfaceError, OperationalError

from gongxin.errors import full_disk

# Django's, and the driver's own where it is spoken to directly.
AWAY: Final = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)


def is_outage(error: BaseException) -> bool:
    """Whether the error is one of an outage, also where cleaning up after it went wrong in turn."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, AWAY) or full_disk(cause) is not None:
            return True
        cause = cause.__cause__ or cause.__context__
    return False
