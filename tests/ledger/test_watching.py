"""Checkpoints by the clock: never more than so many seconds or leaves apart, whoever looks."""

from __future__ import annotations

import contextlib
import threading
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, transaction
from tests.ledger.conftest import AT, as_owner, logged

from gongxin.errors import Conflict
from gongxin.ledger import checkpoints, watching
from gongxin.ledger.models import SignedCheckpoint
from gongxin.ledger.notes import Verifier


def sizes() -> list[int]:
    return list(SignedCheckpoint.objects.order_by("size").values_list("size", flat=True))


@pytest.fixture(autouse=True)
def small(settings: Any) -> None:
    settings.LEDGER_CHECKPOINT_ENTRIES = 10
    settings.LEDGER_CHECKPOINT_SECONDS = 60


@pytest.mark.django_db
def test_nothing_to_sign_and_nothing_to_sign_with(settings: Any, tmp_path: Any, log_key: Verifier) -> None:
    assert watching.look(at=AT) is None
    logged(0)
    settings.VAR_DIR = tmp_path / "without-key"
    assert watching.look(at=AT) is None
    assert sizes() == []


@pytest.mark.django_db
def test_a_leaf_waits_a_minute_at_most(log_key: Verifier) -> None:
    logged(0)
    assert watching.look(at=AT).size == 1
    now = AT
    for number in range(1, 4):
        logged(number)
        assert watching.look(at=now + timedelta(seconds=50)) is None
        while (found := watching.look(at=now)) is None:
            now += watching.pause()
        assert found.size == number + 1
    moments = list(SignedCheckpoint.objects.order_by("size").values_list("signed_at", flat=True))
    assert all(later - earlier <= timedelta(seconds=60) for earlier, later in pairwise(moments))
    assert watching.look(at=now + timedelta(days=1)) is None


@pytest.mark.django_db
def test_so_many_leaves_at_most_lie_between_two(log_key: Verifier) -> None:
    logged(0)
    watching.look(at=AT)
    for number in range(37):
        logged(number)
    assert watching.look(at=AT + timedelta(seconds=1)).size == 38
    assert sizes() == [1, 11, 21, 31, 38]
    assert checkpoints.verify().size == 38


@pytest.mark.django_db
def test_a_log_put_back_is_said_aloud_and_not_signed(log_key: Verifier, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(5):
        logged(number)
    watching.look(at=AT)
    as_owner("DELETE FROM ledger_leaf WHERE seq >= 3")
    with pytest.raises(Conflict, match="曾签署 5 条，现只有 3 条"):
        watching.look(at=AT)


@pytest.mark.django_db(transaction=True)
def test_the_loop_survives_what_goes_wrong_and_says_it_once(
    log_key: Verifier, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged(0)
    watch = watching.Watch(now=lambda: AT)
    with monkeypatch.context() as broken:
        broken.setattr(watching.selectors, "size", lambda: 1 / 0)
        watch.turn()
        watch.turn()
    assert [record.getMessage() for record in caplog.records] == [
        "the ledger was not signed: ZeroDivisionError: division by zero"
    ]
    watch.turn()
    assert sizes() == [1]


@pytest.mark.django_db(transaction=True)
def test_many_lookers_sign_once_while_writers_write(log_key: Verifier, settings: Any) -> None:
    """Three processes' worth of lookers beside a writer: no two checkpoints conflict, no leaf is skipped."""
    settings.LEDGER_CHECKPOINT_SECONDS = 0
    done = threading.Event()

    def watch() -> None:
        with contextlib.closing(connection):
            while not done.is_set():
                watching.look(at=AT)

    lookers = [threading.Thread(target=watch) for _ in range(3)]
    for looker in lookers:
        looker.start()
    for number in range(40):
        logged(number)
    done.set()
    for looker in lookers:
        looker.join()
    watching.look(at=AT)
    assert checkpoints.verify().size == 40 == sizes()[-1]
    assert all(later - earlier <= 10 for earlier, later in pairwise([0, *sizes()]))


@pytest.mark.django_db
def test_while_one_looks_the_others_do_not_wait(log_key: Verifier, django_db_blocker: Any) -> None:
    """The lock is tried, never waited for."""
    logged(0)
    found: list[object] = []

    def other() -> None:
        with contextlib.closing(connection), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(4702111323394633571)")
            found.append(cursor.fetchone()[0])

    assert watching.look(at=AT) is not None
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert found == [False]


@pytest.mark.django_db(transaction=True)
def test_a_process_runs_one_loop_and_it_ends(log_key: Verifier, settings: Any) -> None:
    settings.LEDGER_CHECKPOINT_SECONDS = 0.1
    logged(0)
    watch = watching.Watch()
    thread = threading.Thread(target=watch.run)
    thread.start()
    for _ in range(200):
        if sizes():
            break
        threading.Event().wait(0.02)
    watch.end()
    thread.join(timeout=5)
    assert not thread.is_alive()
    assert sizes() == [1]
