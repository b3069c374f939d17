"""The root over the records of a batch: one for one batch, whatever order they came in, and provable for each."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gongxin.ledger import batches, tree

EDGES = [1, 2, 255, 256, 257, 511, 512, 513, 1024, 1300]


def batch(count: int, seed: int = 1) -> bytes:
    return np.random.default_rng(seed).bytes(count * batches.ENTRY_BYTES)


def groups(flat: bytes) -> list[bytes]:
    size = batches.GROUP * batches.ENTRY_BYTES
    return [flat[begin : begin + size] for begin in range(0, len(flat), size)]


def test_no_records() -> None:
    assert batches.root(b"") == tree.EMPTY_ROOT == batches.root(np.empty((0, 32), np.uint8))
    assert batches.entries(b"", b"").shape == (0, 32)
    with pytest.raises(IndexError, match="among 0"):
        batches.proof(b"", 0)


@pytest.mark.parametrize("count", EDGES)
def test_the_root_is_that_of_rfc_9162_over_groups_of_256(count: int) -> None:
    flat = batch(count)
    assert batches.root(flat) == tree.root(groups(flat))
    assert batches.root(np.frombuffer(flat, np.uint8).reshape(-1, 32)) == batches.root(flat)


@settings(max_examples=40, deadline=None)
@given(count=st.integers(1, 1500), data=st.data())
def test_every_entry_has_a_proof_and_no_other_entry_has_it(count: int, data: st.DataObject) -> None:
    flat = batch(count)
    index = data.draw(st.integers(0, count - 1))
    entry, root = flat[index * 32 : index * 32 + 32], batches.root(flat)
    proved = batches.proof(flat, index)
    batches.verify(entry, proved, count=count, root=root)
    wrong = bytes([entry[0] ^ 1]) + entry[1:]
    changed = proved.group.replace(entry, wrong)
    for other in (
        lambda: batches.verify(wrong, proved, count=count, root=root),
        lambda: batches.verify(wrong, dataclasses.replace(proved, group=changed), count=count, root=root),
        lambda: batches.verify(entry, proved, count=count, root=tree.EMPTY_ROOT),
        lambda: batches.verify(entry, dataclasses.replace(proved, index=count), count=count, root=root),
        lambda: batches.verify(entry, proved, count=index, root=root),
        lambda: batches.verify(entry, dataclasses.replace(proved, group=proved.group[:-32]), count=count, root=root),
        lambda: batches.verify(entry, dataclasses.replace(proved, path=(*proved.path, root)), count=count, root=root),
    ):
        with pytest.raises(tree.ProofInvalid):
            other()


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))),
    seed=st.randoms(),
)
def test_entries_stand_by_key_whatever_order_they_came_in(rows: list[tuple[bytes, bytes]], seed: object) -> None:
    expected = [key + content for key, content in sorted(rows)]
    seed.shuffle(rows)
    found = batches.entries(b"".join(key for key, _ in rows), b"".join(content for _, content in rows))
    assert [bytes(entry) for entry in found] == expected


def test_keys_that_begin_alike_are_ordered_by_the_rest() -> None:
    keys = [bytes(15) + bytes([last]) for last in (200, 3, 77)]
    found = batches.entries(b"".join(keys), bytes(48))
    assert [int(entry[15]) for entry in found] == [3, 77, 200]


def test_half_entries_are_refused() -> None:
    with pytest.raises(ValueError, match="not whole entries"):
        batches.root(bytes(33))
    with pytest.raises(ValueError, match="16 of each"):
        batches.entries(bytes(16), bytes(32))


def test_a_million_records_take_no_loop_over_records() -> None:
    """The aim is 0.3 s; the bound here is wide, so that a busy machine does not fail it, and a loop does."""
    flat = batch(1_000_000)
    keys, contents = flat[:16_000_000], flat[16_000_000:]
    begun = time.process_time()
    batches.root(batches.entries(keys, contents))
    assert time.process_time() - begun < 1.5
