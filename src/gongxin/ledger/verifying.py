"""Reading the whole log against its stored hashes and against what was signed. A million leaves in seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from gongxin.ledger import leaves, selectors, tree
from gongxin.ledger.notes import Checkpoint

Rows = list[tuple[bytes, list[bytes]]]


def read_whole(origin: str, points: Iterable[Checkpoint]) -> Checkpoint:
    """Size, root and epoch of the log as its leaves make them.

    points: what was signed, none beyond the end of the log but the log too short. Raises Conflict naming the first
    thing that does not fit.
    """
    reading = _Reading(points)
    size = selectors.size()
    if reading.largest > size:
        raise selectors.damaged(f"曾签署 {reading.largest} 条，现只有 {size} 条")
    for rows in selectors.stretches(size):
        reading.read(rows)
    return Checkpoint(origin, size, reading.growing.root(), reading.epoch)


class _Reading:
    """One pass, stretch by stretch; each but the last is a complete subtree."""

    def __init__(self, points: Iterable[Checkpoint]) -> None:
        self.growing = tree.Growing()
        self.epoch = 1
        self._points = deque(sorted(points, key=lambda point: point.size))
        self.largest = self._points[-1].size if self._points else 0

    def read(self, rows: Rows) -> None:
        begin, end = self.growing.size, self.growing.size + len(rows)
        levels = tree.levels(tree.leaf_hashes(body for body, _ in rows))
        raised = [(begin + at, leaves.epoch(body)) for at, (body, _) in enumerate(rows) if leaves.EPOCH_MARK in body]
        while self._points and self._points[0].size <= end:
            self._compare(self._points.popleft(), levels, raised)
        self._compare_stored([stored for _, stored in rows], levels)
        self.epoch = raised[-1][1] if raised else self.epoch

    def _compare(self, point: Checkpoint, levels: list[list[bytes]], raised: list[tuple[int, int]]) -> None:
        """One checkpoint within this stretch."""
        within = tree.nodes(0, point.size - self.growing.size)
        root = self.growing.root([levels[node.level][node.offset] for node in within])
        epoch = [self.epoch, *(number for seq, number in raised if seq < point.size)][-1]
        if (root, epoch) != (point.root, point.epoch):
            raise selectors.damaged(f"前 {point.size} 条与检查点不符")

    def _compare_stored(self, stored: list[list[bytes]], levels: list[list[bytes]]) -> None:
        """Add the stretch to the tree and compare what each leaf finishes with what is stored with it."""
        begin, count = self.growing.size, len(stored)
        # By level, of all leaves at once: a list for each leaf would take longer than all the hashing.
        for level, hashes in enumerate(levels):
            found = [held[level] if level < len(held) else None for held in stored[(1 << level) - 1 :: 1 << level]]
            if found != hashes:
                first = next(at for at, pair in enumerate(zip(found, hashes, strict=True)) if pair[0] != pair[1])
                raise selectors.damaged(f"第 {begin + ((first + 1) << level) - 1} 条与散列值不符")
        above: dict[int, list[bytes]] = {}
        for node in tree.nodes(0, count):
            above[node.last_leaf] = self.growing.append(levels[node.level][node.offset], node.level)[1:]
            held = stored[node.last_leaf]
            if held[node.level + 1 :] != above[node.last_leaf]:
                raise selectors.damaged(f"第 {begin + node.last_leaf} 条与散列值不符")
        if sum(map(len, stored)) != sum(map(len, levels)) + sum(map(len, above.values())):
            raise selectors.damaged(f"从第 {begin} 条起存有多余的散列值")
