"""The exception tree: one base, one HTTP mapping, one JSON shape (RFC 9457).

Every error carries a stable code, a sentence for the person who reads it and the next step. Texts are Chinese, because
the people who read them are; `code` is what programs read.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Final


class GongxinError(Exception):
    """Base of all errors that are answered to a user.

    code: stable identifier, e.g. ``file-empty``. title: what is wrong. remedy: what to do next. facts: the values met.
    """

    status = 400

    def __init__(self, code: str, title: str, *, remedy: str, facts: Mapping[str, object] | None = None) -> None:
        super().__init__(f"{title} {remedy}")
        self.code = code
        self.title = title
        self.remedy = remedy
        self.facts = dict(facts or {})


class InvalidInput(GongxinError):
    """What was handed in cannot be used (a broken file, an unknown code)."""

    status = 422


class NotPermitted(GongxinError):
    """The actor may not do this."""

    status = 403


class NotFound(GongxinError):
    """There is nothing under this address."""

    status = 404


class Conflict(GongxinError):
    """The state has moved on (a record is already closed, a submission is already running)."""

    status = 409


class Unavailable(GongxinError):
    """The platform cannot answer now; the same request may be sent again."""

    status = 503


_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
# PostgreSQL's own word for it (class 53, insufficient resources).
_DISK_FULL: Final = "53100"


def full_disk(error: BaseException) -> Unavailable | None:
    """What a full disk is to the user, ours or the database's; None where `error` is something else."""
    found: BaseException | None = error
    while found is not None:
        if getattr(found, "sqlstate", None) == _DISK_FULL or getattr(found, "errno", None) in _FULL:
            return Unavailable(
                "storage-full",
                "平台的存储空间已满，没有写入任何内容。",
                remedy="请稍后重新提交；已有数据仍可查询。系统管理员请腾出空间。",
            )
        found = found.__cause__ or found.__context__
    return None
