"""The Merkle root over the records of one batch, and the proof that a record is in it. Pure.

A batch is one leaf of the log, whatever its size; its leaf holds this root. An *entry* is 32 bytes: the hash of the
record's key, then that of its content. Entries stand in the order of their keys; 256 of them, 8 KiB, make one leaf of
an RFC 9162 tree, so that a million of them cost 4,000 hashes and no loop over records.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gongxin.ledger import tree

ENTRY_BYTES: Final = 32
GROUP: Final = 256
_GROUP_BYTES: Final = ENTRY_BYTES * GROUP
# Whole groups that are put in order at a time.
_STRETCH: Final = GROUP * 1024

Entries = bytes | npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Proof:
    """That one entry is the `index`-th of a batch: its group of up to 256 entries, and the path above it.

    It shows the hashes of up to 255 neighbours: it is for those who may know that these are in the batch.
    """

    index: int
    group: bytes
    path: tuple[bytes, ...]


def entries(keys: bytes, contents: bytes) -> npt.NDArray[np.uint8]:
    """The entries of a batch in the order of `root`: n × 32 bytes, by key.

    keys, contents: 16 bytes a record, in the same order as one another. Raises ValueError for lengths that do not fit.
    """
    if len(keys) != len(contents) or len(keys) % 16:
        raise ValueError(f"{len(keys)} bytes of keys and {len(contents)} of contents are not 16 of each a record")
    joined = np.empty((len(keys) // 16, ENTRY_BYTES), np.uint8)
    joined[:, :16] = np.frombuffer(keys, np.uint8).reshape(-1, 16)
    joined[:, 16:] = np.frombuffer(contents, np.uint8).reshape(-1, 16)
    ordered: npt.NDArray[np.uint8] = joined[_order(joined)]
    return ordered


def root(batch: Entries) -> bytes:
    """The root over the entries as they stand; of none, the root of the empty tree. Raises ValueError for half ones."""
    return _root_of(_hashes(_flat(batch)))


def root_unordered(joined: npt.NDArray[np.uint8]) -> bytes:
    """The root over n × 32 bytes in whatever order they stand. They are put in order by the stretch: of a batch of
    millions no second copy is made.
    """
    order = _order(joined)
    stretches = range(0, len(order), _STRETCH)
    return _root_of(hashed for begin in stretches for hashed in _hashes(_flat(joined[order[begin : begin + _STRETCH]])))


def _order(joined: npt.NDArray[np.uint8]) -> npt.NDArray[np.intp]:
    """The places of the entries in the order of their keys."""
    words = joined.view(">u8")
    front = words[:, 0].astype(np.uint64)
    order = np.argsort(front)
    front = front[order]
    # Sorting by the first half is several times faster than by both; the second is needed only where two are equal.
    if (front[1:] == front[:-1]).any():
        order = np.lexsort([words[:, column] for column in (3, 2, 1, 0)])
    return order


def proof(batch: Entries, index: int) -> Proof:
    """The proof for the `index`-th entry. Raises IndexError where there is none."""
    flat = _flat(batch)
    count = len(flat) // ENTRY_BYTES
    if not 0 <= index < count:
        raise IndexError(f"there is no entry {index} among {count}")
    hashes = list(_hashes(flat))
    group = index // GROUP
    path = tuple(
        tree.fold([_root_of(hashes[node.offset << node.level : node.last_leaf + 1]) for node in part])
        for part in tree.inclusion(group, len(hashes))
    )
    return Proof(index, bytes(flat[group * _GROUP_BYTES : (group + 1) * _GROUP_BYTES]), path)


def verify(entry: bytes, proved: Proof, *, count: int, root: bytes) -> None:
    """Check that `entry` (32 bytes) is in the batch. count, root: `records` and `records_root` of the batch's leaf.

    Raises tree.ProofInvalid.
    """
    if not 0 <= proved.index < count:
        raise tree.ProofInvalid("the index is outside the batch")
    at, groups = proved.index // GROUP, -(-count // GROUP)
    begin = proved.index % GROUP * ENTRY_BYTES
    if len(proved.group) != ENTRY_BYTES * min(GROUP, count - at * GROUP):
        raise tree.ProofInvalid("the group has the wrong length")
    if proved.group[begin : begin + ENTRY_BYTES] != entry:
        raise tree.ProofInvalid("the entry is not at this place of the batch")
    tree.check_inclusion(at, groups, leaf=tree.leaf_hash(proved.group), path=proved.path, root=root)


def _flat(batch: Entries) -> memoryview:
    flat = memoryview(batch if isinstance(batch, bytes) else np.ascontiguousarray(batch).reshape(-1).data)
    if flat.nbytes % ENTRY_BYTES:
        raise ValueError(f"{flat.nbytes} bytes are not whole entries of {ENTRY_BYTES}")
    return flat


def _hashes(flat: memoryview) -> list[bytes]:
    """The hash of each group."""
    found = []
    for begin in range(0, len(flat), _GROUP_BYTES):
        hashed = hashlib.sha256(b"\x00")
        hashed.update(flat[begin : begin + _GROUP_BYTES])
        found.append(hashed.digest())
    return found


def _root_of(hashes: Iterable[bytes]) -> bytes:
    growing = tree.Growing()
    for hashed in hashes:
        growing.append(hashed)
    return growing.root()
