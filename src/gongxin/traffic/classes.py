"""Which class of request an address belongs to, and how many of a class are let through.

The limits themselves are settings (GONGXIN_LIMITS): they say how much one node bears, no law does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final


@dataclass(frozen=True, slots=True)
class Limit:
    """A token bucket: `per_minute` tokens flow in, `burst` is the most it holds. A request takes one."""

    per_minute: float
    burst: float

    @property
    def per_second(self) -> float:
        """Tokens that flow in each second."""
        return self.per_minute / 60


# Each class with its limit for one address and for one credential (an account or a key); None: not limited that way.
DEFAULTS: Final[dict[str, tuple[Limit | None, Limit | None]]] = {
    # Trying passwords and second factors. Accounts have their own lock-out; this one is for the address.
    "sign-in": (Limit(30, 20), None),
    # Requests with a key that is none: each counts against the address it came from.
    "refused-key": (Limit(30, 20), None),
    # Typing in a code that somebody handed over: each try is one guess.
    "authorisation-code": (Limit(30, 20), Limit(10, 10)),
    "search": (Limit(120, 60), Limit(120, 60)),
    # Lists and files that read thousands of rows.
    "download": (Limit(30, 20), Limit(60, 30)),
    # Signed reports: each is typeset and signed.
    "report": (Limit(20, 10), Limit(30, 15)),
    # A report or a proof shown to us by whoever holds it.
    "verify": (Limit(60, 30), None),
    "submit": (Limit(120, 60), Limit(60, 30)),
    "check": (Limit(1200, 600), Limit(1200, 600)),
    "check-batch": (Limit(20, 10), Limit(20, 10)),
    "lookup": (Limit(6000, 3000), None),
    # Everything else. Static files are not counted.
    "page": (Limit(1200, 600), Limit(1200, 600)),
}

# First match wins. The methods are those of the pattern's second part; "" is any.
_RULES: Final = (
    ("", r"/static/", ""),
    ("", r"/healthz|/livez|/metrics", ""),
    ("sign-in", r"/(?:desk|mine)/(?:sign-in|reauthenticate|mfa|2fa|second)|/accounts/", "POST"),
    ("authorisation-code", r"/desk/persons/authorised", "POST"),
    # Each sends an e-mail to an address that somebody typed in, or tries a code that was sent there.
    ("authorisation-code", r"/person/mail(?:/confirm)?$", "POST"),
    # A code of lent access is tried like a password.
    ("sign-in", r"/lent$", "POST"),
    ("check-batch", r"/api/v1/checks/batch|/desk/checks?/batch", "POST"),
    ("check", r"/api/v1/checks|/desk/checks?", "POST"),
    ("submit", r"/api/v1/submissions|/desk/upload", "POST"),
    ("report", r"/(?:desk|mine|api/v1)/(?:[^?]*/)?reports?(?:[/.]|$)|/organisations/[^/]+/report|/person/copy", ""),
    ("verify", r"/verify(?:[/.]|$)|/api/v1/verify|/witness|/add-checkpoint", ""),
    ("download", r"[^?]*\.(?:csv|xlsx|xls|pdf|zip|txt|jsonl|parquet)$", ""),
    ("search", r"/search|/api/v1/organisations$", ""),
    ("lookup", r"/api/v1/", ""),
    ("page", r"/", ""),
)
_COMPILED: Final = tuple((name, re.compile(pattern), method) for name, pattern, method in _RULES)


@lru_cache(maxsize=8192)
def _class_of(method: str, path: str) -> str:
    for name, pattern, only in _COMPILED:
        if only in ("", method) and pattern.match(path):
            return name
    return "page"


def class_of(method: str, path: str) -> str:
    """The class of a request; empty for what is not limited."""
    return "lookup" if method == "GET" and path.startswith("/api/v1/organisations/") else _class_of(method, path)


def limits(text: str) -> dict[str, tuple[Limit | None, Limit | None]]:
    """`DEFAULTS` with the changes of GONGXIN_LIMITS: ``search=60/30,lookup=none``.

    A class is given as requests a minute / burst, for address and credential alike; ``none`` takes the limit away.
    Raises ValueError naming the entry that cannot be read.
    """
    chosen = dict(DEFAULTS)
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = entry.partition("=")
        if name not in DEFAULTS:
            raise ValueError(f"GONGXIN_LIMITS: no class {name!r}; there are {', '.join(DEFAULTS)}")
        chosen[name] = _changed(entry, value, DEFAULTS[name])
    return chosen


def _changed(entry: str, value: str, default: tuple[Limit | None, Limit | None]) -> tuple[Limit | None, Limit | None]:
    if value == "none":
        return None, None
    found = re.fullmatch(r"(\d{1,12})/(\d{1,12})", value)
    if found is None or not int(found[1]) or not int(found[2]):
        raise ValueError(f"GONGXIN_LIMITS: {entry!r} is not class=per-minute/burst or class=none")
    limit = Limit(int(found[1]), int(found[2]))
    address, credential = default
    return (limit if address else None), (limit if credential else None)


Limits = Mapping[str, tuple[Limit | None, Limit | None]]
