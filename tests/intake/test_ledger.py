"""A hand-in is one leaf of the log: its counts, and the root over the records it made or changed."""

from __future__ import annotations

import json
from unittest.mock import patch

import pytest
from tests.intake.hand_ins import csv_of, department, hand_in, penalty

from gongxin.errors import Unavailable
from gongxin.intake.models import Submission
from gongxin.ledger import batches, selectors
from gongxin.records.models import Record

pytestmark = pytest.mark.django_db


def leaf(seq: int) -> dict[str, object]:
    """The fields of a leaf about a submission."""
    body = json.loads(selectors.body(seq))
    assert body["event"].startswith("submission.")
    return dict(body["fields"])


def held(*, of: Submission) -> bytes:
    """The entries of the records as they stand in the database."""
    records = Record.objects.filter(submission_id=of.pk).order_by("key_hash")
    return b"".join(record.key_hash.bytes + record.content_hash.bytes for record in records)


def test_one_leaf_with_the_root_over_what_is_held() -> None:
    department()
    before = selectors.size()
    done = hand_in(csv_of([penalty(1), penalty(2), penalty(2), penalty(3) | {"CF_JDRQ": "昨天"}]))
    assert (done.accepted, done.unchanged, done.rejected) == (2, 1, 1)
    assert selectors.size() == before + 1
    fields = leaf(before)
    assert (fields["submission"], fields["records"], fields["rows_in"]) == (str(done.pk), 2, 4)
    assert fields["records_root"] == batches.root(held(of=done)).hex()


def test_a_revision_is_in_the_root_of_the_batch_that_made_it() -> None:
    hand_in(csv_of([penalty(1), penalty(2)]))
    department()
    before = selectors.size()
    done = hand_in(csv_of([penalty(1) | {"CF_NR": "改为警告"}, penalty(2)]))
    assert (done.revised, done.unchanged) == (1, 1)
    fields = leaf(before)
    assert (fields["records"], fields["records_root"]) == (1, batches.root(held(of=done)).hex())


def test_rows_taken_out_again_are_not_in_the_root() -> None:
    done = hand_in(csv_of([penalty(1), penalty(2), penalty(2) | {"CF_NR": "另一内容"}]))
    assert (done.accepted, done.rejected) == (1, 2)
    fields = leaf(selectors.size() - 1)
    assert (fields["records"], fields["records_root"]) == (1, batches.root(held(of=done)).hex())


def test_a_refused_file_is_one_leaf_too() -> None:
    department()
    before = selectors.size()
    done = hand_in(b"")
    assert done.state == "refused"
    assert selectors.size() == before + 1
    assert leaf(before)["fault"] == done.fault_code


def test_without_its_leaf_nothing_is_taken_in() -> None:
    unwritable = Unavailable("ledger-unavailable", "账本无法写入。", remedy="请稍后重试。")
    with patch("gongxin.ledger.append", side_effect=unwritable):
        done = hand_in(csv_of([penalty(1)]))
    assert not Record.objects.exists()
    assert done.state != "completed"
