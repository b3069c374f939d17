"""Which file may be read besides the own one, told to the database: by a code that lends it, by an objection to decide.

The functions stand in migration 0004; they give the file's blind index to who shows the key, and list nothing.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from gongxin.walls import acting


def lent(given: str) -> None:
    """The file that a code lends, whether it still does or not. given: digest of the code."""
    _open("SELECT gongxin_file_lent(%s)", given)


def contested(objection_id: UUID) -> None:
    """The file an objection is about, also for who may not decide it: the refusal is written into the file."""
    _open("SELECT gongxin_file_contested(%s)", objection_id)


def _open(statement: str, key: str | UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [key])
        found = [index for (index,) in cursor.fetchall()]
    if found:
        acting.also_with(found)
