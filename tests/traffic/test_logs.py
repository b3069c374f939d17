"""Log lines: one event, one line, whatever was sent; nothing secret in them."""

from __future__ import annotations

import json
import logging
from typing import Any

import psycopg
import pytest
import structlog
from django.db import IntegrityError, OperationalError
from hypothesis import given
from hypothesis import strategies as st

from gongxin.traffic import logs

HOSTILE = [
    "two\nlines",
    "carriage\rreturn",
    'quote" break", "level": "critical',
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "turned \u202e round \u2066 again",
    "nul\x00 and bell\x07",
    "line\u2028separator and paragraph\u2029",
    "next\u0085line \u200b zero",
    "half \ud800 pair",
    "back\\slash\\n",
]
FORBIDDEN = ["\n", "\r", "\x1b", "\u202e", "\u2066", "\x00", "\x07", "\u2028", "\u2029", "\u0085", "\u200b"]


def written(form: str, message: str, *arguments: object, error: BaseException | None = None, **extra: Any) -> str:
    """The line that a logger of the standard library would write."""
    record = logging.LogRecord("gongxin.test", logging.WARNING, "file.py", 1, message, arguments, None)
    if error is not None:
        record.exc_info = (type(error), error, error.__traceback__)
    for name, value in extra.items():
        setattr(record, name, value)
    return logs.formatter(form).format(record)


def raised(error: Exception) -> Exception:
    """The exception with the places it passed."""
    try:
        raise error
    except type(error) as caught:
        return caught


@pytest.mark.parametrize("sent", HOSTILE)
@pytest.mark.parametrize("form", ["json", "text"])
def test_nothing_sent_ends_a_line_or_moves_a_cursor(form: str, sent: str) -> None:
    for line in (written(form, "sent %s", sent), written(form, sent), written(form, "x", field=sent)):
        assert not any(character in line for character in FORBIDDEN)
        assert line.isprintable()


@pytest.mark.parametrize("sent", HOSTILE)
def test_json_lines_give_back_what_was_sent(sent: str) -> None:
    line = written("json", "sent %s", sent)
    assert line.isascii()
    found = json.loads(line)
    assert found["event"] == f"sent {sent}"
    assert found["level"] == "warning"
    assert found["logger"] == "gongxin.test"


@given(st.text())
def test_any_text_stays_on_its_line(sent: str) -> None:
    assert json.loads(written("json", "%s", sent))["level"] == "warning"
    assert len(written("text", "%s", sent).splitlines()) == 1


@pytest.mark.parametrize("sent", HOSTILE)
def test_an_exception_cannot_forge_a_line(sent: str) -> None:
    error = raised(ValueError(sent))
    in_text, in_json = written("text", "failed", error=error), written("json", "failed", error=error)
    first, *rest = in_text.split("\n")
    assert first.endswith("failed")
    assert rest
    assert all(line.startswith("  | ") and line.isprintable() for line in rest)
    (fact,) = json.loads(in_json)["exception"]
    assert fact["type"] == "ValueError"
    assert "test_logs.py" in fact["places"][0]


@pytest.mark.parametrize(
    "secret",
    [
        "gx_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE",
        "11010119900307001X",
        "110101199003070011",
        "13800138000",
        "hunter2hunter2",
    ],
)
def test_secrets_and_long_numbers_are_masked(secret: str) -> None:
    sentence = f"postgresql://gx:{secret}@db/x and Bearer {secret} and password={secret}"
    error = raised(RuntimeError(sentence))
    for form in ("json", "text"):
        assert secret not in written(form, sentence)
        assert secret not in written(form, "x", field=sentence)
        assert secret not in written(form, "x", error=error)


def test_messages_of_the_database_quote_values_and_are_left_out() -> None:
    cause = psycopg.errors.UniqueViolation("Key (name)=(泽川食品) already exists.")
    error = IntegrityError("Key (name)=(泽川食品) already exists.")
    error.__cause__ = cause
    line = written("json", "failed", error=error)
    assert "\\u6cfd" not in line
    assert "SQLSTATE 23505" in line
    assert "does not answer" in written("json", "failed", error=OperationalError("host=secret.example"))


def test_local_variables_are_not_told() -> None:
    def works_with(password: str) -> None:
        raise RuntimeError(f"of length {len(password)}")

    with pytest.raises(RuntimeError) as caught:
        works_with("CANARY-LOCAL")
    line = written("json", "failed", error=caught.value)
    assert "works_with" in line
    assert "CANARY" not in line


def test_the_request_is_named_in_every_line() -> None:
    token = logs.request_id.set("trace-77777777")
    try:
        assert json.loads(written("json", "x"))["request"] == "trace-77777777"
    finally:
        logs.request_id.reset(token)


def test_long_values_are_cut() -> None:
    assert len(written("json", "x" * 100_000)) < 3000


def test_structlog_takes_the_same_way(capsys: Any) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logs.formatter("json"))
    logger = logging.getLogger("gongxin.test.structlog")
    logger.addHandler(handler)
    try:
        structlog.get_logger("gongxin.test.structlog").warning("said\nso", key="gx_ABCDEFGHIJKLMNOP")
    finally:
        logger.removeHandler(handler)
    found = json.loads(capsys.readouterr().err.splitlines()[0])
    assert (found["event"], found["key"]) == ("said\nso", "gx_***")
