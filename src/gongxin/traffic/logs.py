"""What the node says about itself: one event a line, JSON in production, plain text in a demonstration.

Whoever sends a request may put anything into it, so nothing of it can end a line, move a cursor or turn text round:
JSON lines are pure ASCII, text lines have such characters written as escapes. Keys, passwords in addresses and numbers
of eleven digits and more (resident identity numbers, telephones, accounts) are masked in every value. Exceptions are
told by their kind, the places they passed and their masked message; those of the database without their message, which
quotes values. Query strings, bodies and headers are not logged at all (docs/security/logging.md).
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
import unicodedata
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, TypeAlias

import psycopg
import structlog
from django.db import Error as DjangoDatabaseError
from structlog.typing import EventDict, WrappedLogger

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]

# The id of the request that this thread answers; empty outside of requests.
request_id: ContextVar[str] = ContextVar("request_id", default="")

_SECRETS: Final = re.compile(
    r"gx_[A-Za-z0-9_-]{8,}"
    r"|(?<=://)[^/@\s:]*:[^/@\s]+(?=@)"
    r"|(?i:(?<=bearer )|(?<=password=)|(?<=sessionid=)|(?<=csrftoken=))[^\s,;&'\"]+"
    r"|\d{11,}[\dXx]?"
)
_HIDDEN: Final = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"}
_LONGEST: Final = 2000
_MOST_FRAMES: Final = 25


def scrubbed(text: str) -> str:
    """The text, cut, without what must not be in a log: keys, passwords, long numbers (their first three stay)."""
    return _SECRETS.sub(lambda found: f"{found[0][:3]}***", text[:_LONGEST])


def plain(text: str) -> str:
    """The text on one line: control, format and direction characters as escapes. For eyes and terminals."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode() if unicodedata.category(character) in _HIDDEN else character
        for character in text
    )


def told(error: BaseException) -> str:
    """An exception's message for the log: of the database only its code, of others the masked text."""
    if isinstance(error, DjangoDatabaseError | psycopg.Error):
        cause = error if isinstance(error, psycopg.Error) else error.__cause__
        state = getattr(cause, "sqlstate", None)
        return f"SQLSTATE {state}" if state else "the database does not answer"
    return scrubbed(str(error))


def exception_facts(error: BaseException) -> list[dict[str, Any]]:
    """The exception and what caused it, newest first: kind, message, places (file:line in function); no values."""
    facts: list[dict[str, Any]] = []
    seen, current = set[int](), error
    while current is not None and id(current) not in seen and len(facts) < 5:
        seen.add(id(current))
        frames = traceback.extract_tb(current.__traceback__)[-_MOST_FRAMES:]
        places = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
        facts.append({"type": type(current).__name__, "message": told(current), "places": places})
        following = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
        if following is None:
            break
        current = following
    return facts


def _named(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    record: logging.LogRecord = event["_record"]
    event["level"], event["logger"] = record.levelname.lower(), record.name
    return event


def _with_request(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if identity := request_id.get():
        event["request"] = identity
    event["at"] = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return event


def _with_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else given[1] if isinstance(given, tuple) else None
    if given is True:
        error = sys.exc_info()[1]
    if error is not None:
        event["exception"] = exception_facts(error)
    event.pop("stack_info", None)
    return event


def _scrub(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for name, value in event.items():
        if isinstance(value, str) and name not in ("at", "request"):
            event[name] = scrubbed(value)
        elif not isinstance(value, str | int | float | bool | list | None):
            event[name] = scrubbed(str(value))
    return event


def as_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """One line of JSON, ASCII only: whatever was in a value is inside a JSON string."""
    return json.dumps(event, default=str)


def as_text(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """One line for eyes; an exception follows, each line of it behind a bar, so that none can pass for an event."""
    head = " ".join(plain(str(event.pop(name, ""))) for name in ("at", "level", "logger", "event"))
    exception = event.pop("exception", [])
    rest = " ".join(f"{name}={plain(str(value))}" for name, value in event.items())
    lines = [f"{head} {rest}".rstrip()]
    for fact in exception:
        lines.append(f"  | {fact['type']}: {plain(fact['message'])}")
        lines += [f"  |   {plain(place)}" for place in fact["places"]]
    return "\n".join(lines)


RENDERERS: Final = {"json": as_json, "text": as_text}


def configuration(form: str, level: str) -> dict[str, Any]:
    """Django's LOGGING: every logger of the process through one handler. form: json or text."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": formatter, "form": form}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # They repeat what the line of the request says, with the raw path.
            "django.request": {"level": "CRITICAL"},
            "django.server": {"level": "CRITICAL"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            # The ledger has every attempt to sign in; credential ids are nobody's business.
            "axes": {"level": "ERROR"},
            "fido2": {"level": "WARNING"},
            # These say at every start which tasks they know.
            "procrastinate.blueprints": {"level": "WARNING"},
            "procrastinate.periodic": {"level": "WARNING"},
        },
    }


def formatter(form: str) -> logging.Formatter:
    """The formatter of every handler: the same steps for events of structlog and of the standard library."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder()],
        processors=[
            _named,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _with_request,
            _with_exception,
            _scrub,
            RENDERERS[form],
        ],
    )
