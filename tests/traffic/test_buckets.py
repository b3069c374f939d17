"""Token buckets in PostgreSQL: what flows in, what is given, that no more is ever given, that nothing stays."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from gongxin.traffic import buckets
from gongxin.traffic.classes import Limit
from gongxin.traffic.models import Bucket

AT = datetime(2026, 4, 10, 2, 0, tzinfo=UTC)
LIMIT = Limit(per_minute=60, burst=5)
pytestmark = pytest.mark.django_db


def take(key: str, seconds: float = 0, want: int = 1, limit: Limit = LIMIT) -> buckets.Taken:
    return buckets.take(buckets.key("test", "address", key), limit, want, at=AT + timedelta(seconds=seconds))


def test_a_burst_then_one_a_second() -> None:
    assert [take("a").granted for _ in range(7)] == [1, 1, 1, 1, 1, 0, 0]
    refused = take("a", 0.25)
    assert (refused.granted, refused.wait) == (0, pytest.approx(0.75))
    assert take("a", 1.0).granted == 1
    assert take("a", 1.5).granted == 0
    # However long nothing came: never more than the burst.
    assert take("a", 3600, want=50).granted == 5
    assert take("a", 3600).granted == 0


def test_several_at_once_are_given_as_far_as_there_are() -> None:
    assert take("b", want=3).granted == 3
    assert take("b", want=3).granted == 2
    assert take("b", want=3).granted == 0
    assert take("b", 2, want=3).granted == 2


def test_a_clock_that_goes_back_gives_nothing() -> None:
    assert take("c", want=5).granted == 5
    assert take("c", -3600).granted == 0
    assert take("c", 0.5).granted == 0


def test_buckets_do_not_share() -> None:
    assert take("d", want=5).granted == 5
    assert take("e", want=5).granted == 5


def test_full_buckets_are_deleted_and_others_are_not() -> None:
    take("f", want=1)
    take("g", want=5)
    assert buckets.tidy(at=AT) == 0
    assert buckets.tidy(at=AT + timedelta(seconds=2)) == 1
    assert buckets.tidy(at=AT + timedelta(seconds=60)) == 1
    assert Bucket.objects.count() == 0


def test_the_table_is_not_logged_and_tells_no_address() -> None:
    take("198.51.100.77")
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'traffic_bucket'")
        assert cursor.fetchone() == ("u",)
        cursor.execute("SELECT b::text FROM traffic_bucket b")
        assert "198.51" not in str(cursor.fetchall())


@pytest.mark.django_db(transaction=True)
def test_processes_together_get_the_burst_and_no_more() -> None:
    """Real concurrency: eight connections, eighty requests, a burst of twenty."""
    key, limit, granted = buckets.key("test", "address", "many"), Limit(0.001, 20), []

    def ask() -> None:
        for _ in range(10):
            granted.append(buckets.take(key, limit, 1).granted)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(granted), sum(granted)) == (80, 20)
