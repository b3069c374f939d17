"""The Merkle tree of RFC 9162, section 2.1: hashes, roots that grow leaf by leaf, proofs and their checks. Pure.

A *node* (level, offset) is the complete subtree over the leaves offset·2^level to (offset+1)·2^level - 1. It is
finished by its last leaf, never changes afterwards, and every root and every proof is folded from such nodes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


class Node(NamedTuple):
    """A complete subtree of 2^level leaves, the offset-th of its level."""

    level: int
    offset: int

    @property
    def last_leaf(self) -> int:
        """The leaf that finishes the subtree."""
        return ((self.offset + 1) << self.level) - 1


class ProofInvalid(ValueError):
    """A proof does not prove what it is said to prove."""


def leaf_hash(body: bytes) -> bytes:
    """SHA-256(0x00 ‖ body)."""
    return hashlib.sha256(b"\x00" + body).digest()


def leaf_hashes(bodies: Iterable[bytes]) -> list[bytes]:
    """`leaf_hash` of many."""
    sha256 = hashlib.sha256
    return [sha256(b"\x00" + body).digest() for body in bodies]


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash over neighbouring complete subtrees, largest first; of none, the root of the empty tree."""
    if not hashes:
        return EMPTY_ROOT
    folded = hashes[-1]
    for left in reversed(hashes[:-1]):
        folded = node_hash(left, folded)
    return folded


class Growing:
    """A tree that grows at its right side and keeps only its complete subtrees (at most one a level)."""

    def __init__(self, size: int = 0, subtrees: Iterable[bytes] = ()) -> None:
        """size and subtrees: where to go on; subtrees as `nodes(0, size)` names them, largest first."""
        self.size = size
        self._subtrees = list(subtrees)
        if len(self._subtrees) != size.bit_count():
            raise ValueError(f"{len(self._subtrees)} subtrees do not make a tree of {size} leaves")

    def append(self, hashed: bytes, level: int = 0) -> list[bytes]:
        """Add a leaf, or a complete subtree of 2^level leaves where one may begin; the hashes of the subtrees that it
        finishes, by level from its own.
        """
        if self.size & ((1 << level) - 1):
            raise ValueError(f"no subtree of level {level} begins at leaf {self.size}")
        finished = [hashed]
        added = 1 << level
        while self.size >> level & 1:
            finished.append(node_hash(self._subtrees.pop(), finished[-1]))
            level += 1
        self._subtrees.append(finished[-1])
        self.size += added
        return finished

    def root(self, further: Sequence[bytes] = ()) -> bytes:
        """The root over all leaves so far, and the further complete subtrees, largest first."""
        return fold([*self._subtrees, *further])


def root(bodies: Iterable[bytes]) -> bytes:
    """The root over the leaves with these bodies."""
    growing = Growing()
    for body in bodies:
        growing.append(leaf_hash(body))
    return growing.root()


def levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """The hashes of all complete subtrees over leaves with these hashes, by level from 0 (the leaves themselves)."""
    found = [list(leaves)]
    sha256 = hashlib.sha256
    while len(found[-1]) > 1:
        below = found[-1]
        found.append(
            [sha256(b"\x01" + left + right).digest() for left, right in zip(below[::2], below[1::2], strict=False)]
        )
    return found


def nodes(begin: int, end: int) -> list[Node]:
    """The complete subtrees that cover the leaves begin … end - 1, left to right.

    begin must be where a subtree of a proof starts: then the subtrees are largest first and `fold` gives their hash.
    """
    found = []
    while begin < end:
        largest = (end - begin).bit_length() - 1
        level = min(largest, (begin & -begin).bit_length() - 1) if begin else largest
        found.append(Node(level, begin >> level))
        begin += 1 << level
    return found


def inclusion(index: int, size: int) -> list[list[Node]]:
    """What the proof that leaf `index` is in the tree of `size` leaves is made of: one hash an entry (`fold` it)."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    path: list[list[Node]] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        path.append(nodes(middle, end) if index < middle else nodes(begin, middle))
        begin, end = (begin, middle) if index < middle else (middle, end)
    return path[::-1]


def consistency(old: int, size: int) -> list[list[Node]]:
    """What the proof that the tree of `old` leaves is the beginning of the tree of `size` leaves is made of."""
    if not 0 < old <= size:
        raise ValueError(f"a tree of {size} leaves does not begin with one of {old}")
    path: list[list[Node]] = []
    begin, end, whole = 0, size, True
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            path.append(nodes(middle, end))
            end = middle
        else:
            path.append(nodes(begin, middle))
            begin, whole = middle, False
    if not whole:
        path.append(nodes(begin, end))
    return path[::-1]


def check_inclusion(index: int, size: int, *, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Check an inclusion proof (RFC 9162, 2.1.3.2). leaf: hash of the leaf. Raises ProofInvalid."""
    if not 0 <= index < size:
        raise ProofInvalid("the index is outside the tree")
    at, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ProofInvalid("the proof is too long")
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    if last != 0 or found != root:
        raise ProofInvalid("the proof does not lead to the root")


def check_consistency(old: int, size: int, *, old_root: bytes, root: bytes, path: Sequence[bytes]) -> None:
    """Check a consistency proof (RFC 9162, 2.1.4.2). Raises ProofInvalid."""
    if not 0 < old <= size:
        raise ProofInvalid("the older tree is empty or larger than the newer one")
    if old == size:
        if path or old_root != root:
            raise ProofInvalid("two roots for one size")
        return
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not hashes:
        raise ProofInvalid("the proof is empty")
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise ProofInvalid("the proof is too long")
        if at & 1 or at == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        at, last = at >> 1, last >> 1
    if last != 0 or older != old_root or newer != root:
        raise ProofInvalid("the proof does not lead to the two roots")


def folded(path: Sequence[Sequence[Node]], hash_of: Callable[[Node], bytes]) -> list[bytes]:
    """The hashes of a proof. hash_of: the stored hash of a complete subtree."""
    return [fold([hash_of(node) for node in part]) for part in path]


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1
