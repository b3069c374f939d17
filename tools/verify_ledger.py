#!/usr/bin/env python3
"""Check an exported ledger without Gongxin: Python's standard library only.

    verify_ledger.py EXPORT --key KEY [--seen CHECKPOINT ...]    every leaf, every checkpoint
    verify_ledger.py --proof FILE --key KEY [--leaf FILE]        one leaf is in the log (tlog-proof)
    verify_ledger.py --grown FILE --key KEY --seen CHECKPOINT    the log only grew since CHECKPOINT

KEY is the log's public key (name+id+base64, or a file of it), got from somewhere else than the export. CHECKPOINT is
one kept from earlier: only with such a one can a log that was cut or rolled back, with all its files, be told.
Exit code 0: everything fits. 1: something does not; the first such thing is said.
"""

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
from pathlib import Path

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)


class Refused(Exception):
    """What does not fit."""


# Ed25519 (RFC 8032, 5.1). Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.
def _added(one, other):
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c = 2 * one[3] * other[3] * _D % _P
    d = 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _multiplied(factor, point):
    product = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            product = _added(product, point)
        point, factor = _added(point, point), factor >> 1
    return product


def _point(raw):
    """The point of 32 bytes; None if there is none."""
    number = int.from_bytes(raw, "little")
    y, sign = number & (2**255 - 1), number >> 255
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    x = _P - x if x & 1 != sign else x
    return (x, y, 1, x * y % _P)


_BASE = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))


def ed25519_valid(key, message, signature):
    """Whether `signature` (64 bytes) over `message` is that of the public key (32 bytes)."""
    if len(key) != 32 or len(signature) != 64:
        return False
    public, commitment = _point(key), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if public is None or commitment is None or scalar >= _L:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % _L
    left, right = _multiplied(scalar, _BASE), _added(commitment, _multiplied(challenge, public))
    return not ((left[0] * right[2] - right[0] * left[2]) % _P or (left[1] * right[2] - right[1] * left[2]) % _P)


# The tree (RFC 9162, 2.1).
def leaf_hash(body):
    return hashlib.sha256(b"\x00" + body).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """Grows leaf by leaf; keeps the hash of one complete subtree a level."""

    def __init__(self):
        self.size, self.subtrees = 0, []

    def append(self, body):
        current, count = leaf_hash(body), self.size
        while count & 1:
            current, count = node_hash(self.subtrees.pop(), current), count >> 1
        self.subtrees.append(current)
        self.size += 1

    def root(self):
        if not self.subtrees:
            return hashlib.sha256(b"").digest()
        folded = self.subtrees[-1]
        for left in reversed(self.subtrees[:-1]):
            folded = node_hash(left, folded)
        return folded


def root_of_inclusion(index, size, leaf, path):
    """The root that an inclusion proof leads to."""
    begin, end, turns = 0, size, []
    while end - begin > 1:
        middle = begin + (1 << (end - begin - 1).bit_length() - 1)
        turns.append(index >= middle)
        begin, end = (middle, end) if index >= middle else (begin, middle)
    if len(turns) != len(path):
        raise Refused("the proof has the wrong length")
    for right, sibling in zip(reversed(turns), path, strict=True):
        leaf = node_hash(sibling, leaf) if right else node_hash(leaf, sibling)
    return leaf


def roots_of_consistency(old, size, old_root, path):
    """The old and the new root that a consistency proof leads to (RFC 9162, 2.1.4.2)."""
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not hashes:
        raise Refused("the proof is empty")
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise Refused("the proof is too long")
        if at & 1 or at == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        at, last = at >> 1, last >> 1
    if last:
        raise Refused("the proof is too short")
    return older, newer


# Notes and checkpoints (C2SP signed-note, tlog-checkpoint).
def _decoded(text):
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(f"not Base64: {text[:60]!r}") from None


def _text(path):
    with Path(path).open(encoding="utf-8", newline="") as file:
        return file.read()


def read_key(given):
    """(name, id, key) of a public key or of the file that holds it."""
    text = _text(given).strip() if Path(given).is_file() else given
    parts = [*text.split("+", 2), "", ""]
    raw = _decoded(parts[2])
    if len(raw) != 33 or raw[:1] != b"\x01":
        raise Refused("the key is not an Ed25519 key as name+id+base64")
    key_id = hashlib.sha256(parts[0].encode() + b"\n" + raw).digest()[:4]
    if key_id.hex() != parts[1]:
        raise Refused("the id of the key does not fit name and key")
    return parts[0], key_id, raw[1:]


def read_checkpoint(note, key, where):
    """(size, root) of a checkpoint that the log signed."""
    name, key_id, public = key
    text, separator, signatures = note.rpartition("\n\n")
    for line in signatures.split("\n") if separator else ():
        found = re.fullmatch(r"— ([^\s+]+) (\S+)", line)
        signature = _decoded(found[2]) if found else b""
        if found and found[1] == name and signature[:4] == key_id:
            if not ed25519_valid(public, (text + "\n").encode(), signature[4:]):
                raise Refused(f"{where}: the signature is false")
            return _stated(text.split("\n"), name, where)
    raise Refused(f"{where}: not signed by {name}")


def _stated(lines, name, where):
    if len(lines) < 3 or lines[0] != name or not re.fullmatch("0|[1-9][0-9]*", lines[1]):
        raise Refused(f"{where}: not a checkpoint of {name}")
    return int(lines[1]), _decoded(lines[2])


# What is asked.
def check_export(folder, key, seen):
    """Every leaf and every checkpoint of an export, and the checkpoints kept from earlier."""
    stated = []
    for path in [*sorted((folder / "checkpoints").glob("*.checkpoint")), *seen]:
        stated.append((*read_checkpoint(_text(path), key, path), path))
    if not stated:
        raise Refused("no checkpoint: nothing vouches for these leaves")
    wanted = {}
    for size, root, path in stated:
        wanted.setdefault(size, []).append((root, path))
    tree = Tree()
    _compare(tree, wanted)
    with (folder / "leaves.jsonl").open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                raise Refused(f"leaf {tree.size} is cut off")
            tree.append(line[:-1])
            _compare(tree, wanted)
    if wanted:
        raise Refused(f"{wanted[max(wanted)][0][1]}: signed {max(wanted)} leaves, here are only {tree.size}")
    largest = max(size for size, _, _ in stated)
    if tree.size > largest:
        raise Refused(f"{tree.size - largest} leaves after the last checkpoint ({largest}): nothing vouches for them")
    return f"{tree.size} leaves, {len(stated)} checkpoints, root {tree.root().hex()}: everything fits"


def _compare(tree, wanted):
    for root, path in wanted.pop(tree.size, ()):
        if root != tree.root():
            raise Refused(f"{path}: the first {tree.size} leaves are not those that were signed")


def _proof(text, first):
    """Lines of the head, hashes, checkpoint of a proof."""
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    if not re.fullmatch(first, lines[0]):
        raise Refused("not a proof of this kind")
    at = 1
    while at < len(lines) and re.match("(extra|index) ", lines[at]):
        at += 1
    return lines[:at], [_decoded(line) for line in lines[at:]], note


def check_proof(text, key, leaf):
    """One leaf is in the log."""
    head, path, note = _proof(text, re.escape("c2sp.org/tlog-proof@v1"))
    found = re.fullmatch("(?:extra (\\S*)\n)?index (0|[1-9][0-9]*)", "\n".join(head[1:]))
    if not found or (leaf is None and found[1] is None):
        raise Refused("the proof names no index, or there is no leaf: give --leaf")
    body = _decoded(found[1]) if leaf is None else leaf
    size, root = read_checkpoint(note, key, "the checkpoint of the proof")
    if int(found[2]) >= size or root_of_inclusion(int(found[2]), size, leaf_hash(body), path) != root:
        raise Refused("the proof does not lead from this leaf to the root")
    shown = json.dumps(json.loads(body), ensure_ascii=False)
    return f"leaf {found[2]} is in the log of {size} leaves: {shown}"


def check_grown(text, key, seen):
    """The log only grew since a checkpoint kept from earlier."""
    head, path, note = _proof(text, "old (0|[1-9][0-9]*)")
    size, root = read_checkpoint(note, key, "the checkpoint of the proof")
    old, old_root = read_checkpoint(_text(seen), key, seen)
    if head != [f"old {old}"] or not 0 < old <= size:
        raise Refused(f"the proof is not one from {old} to {size} leaves")
    if old == size and (path or root != old_root):
        raise Refused(f"two different logs of {size} leaves were signed")
    if old < size and roots_of_consistency(old, size, old_root, path) != (old_root, root):
        raise Refused(f"the log of {size} leaves does not begin with the {old} that were signed")
    return f"the log of {old} leaves is the beginning of that of {size}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", nargs="?", type=Path)
    parser.add_argument("--key", required=True)
    parser.add_argument("--seen", nargs="*", type=Path, default=[])
    parser.add_argument("--proof", type=Path)
    parser.add_argument("--leaf", type=Path)
    parser.add_argument("--grown", type=Path)
    given = parser.parse_args()
    if (given.export, given.proof, given.grown).count(None) != 2 or (given.grown and len(given.seen) != 1):
        parser.error("give an export, --proof, or --grown with one --seen")
    try:
        key = read_key(given.key)
        if given.proof:
            said = check_proof(_text(given.proof), key, given.leaf and given.leaf.read_bytes())
        elif given.grown:
            said = check_grown(_text(given.grown), key, given.seen[0])
        else:
            said = check_export(given.export, key, given.seen)
    except (Refused, OSError, ValueError) as error:
        sys.stderr.write(f"DOES NOT FIT. {error}\n")
        return 1
    sys.stdout.write(said + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
