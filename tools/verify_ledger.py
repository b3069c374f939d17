#!/usr/bin/env python3
"""Check an exported ledger without Gongxin: Python's standard library only.

    verify_ledger.py EXPORT --key KEY [--seen CHECKPOINT ...]    every leaf, every checkpoint
    verify_ledger.py --proof FILE --key KEY [--leaf FILE]        one leaf is in the log (tlog-proof)
    verify_ledger.py --grown FILE --key KEY --seen CHECKPOINT    the log only grew since CHECKPOINT

KEY is the log's public key (name+id+base64, or a file of it), got from somewhere else than the export. CHECKPOINT is
one kept from earlier: only with such a one can a log that was cut or rolled back, with all its files, be told.
--witness KEY ...: these witnesses must have co-signed a checkpoint of the export, or that of the proof.
Exit code 0: everything fits. 1: something does not; the first such thing is said. 3: everything fits, but leaves that
a CHECKPOINT covers were lost when the log was put back from a backup, as the log itself states: read it again.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from pathlib import Path

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)


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


def root_of_inclusion(index, size, leaf, path):
    """The root that an inclusion proof leads to; `path` is used up from its end, the sibling next to the root."""
    if size == 1:
        return leaf
    sibling, left = path.pop(), 1 << (size - 1).bit_length() - 1
    if index < left:
        return node_hash(root_of_inclusion(index, left, leaf, path), sibling)
    return node_hash(sibling, root_of_inclusion(index - left, size - left, leaf, path))


def roots_of_consistency(old, size, old_root, path):
    """The old and the new root that a consistency proof leads to. old_root: None within the old tree."""
    if old == size:
        return (old_root or path.pop(),) * 2
    sibling, left = path.pop(), 1 << (size - 1).bit_length() - 1
    if old <= left:
        older, newer = roots_of_consistency(old, left, old_root, path)
        return older, node_hash(newer, sibling)
    older, newer = roots_of_consistency(old - left, size - left, None, path)
    return node_hash(sibling, older), node_hash(sibling, newer)


# Notes and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature).
def _decoded(text):
    return base64.b64decode(text, validate=True)


def _text(path):
    return Path(path).read_bytes().decode()


def read_key(given, kind=b"\x01"):
    """(name, id, key) of a public key or of the file that holds it. kind: 1 of a log, 4 of a witness."""
    text = _text(given).strip() if Path(given).is_file() else given
    name, stated, key = [*text.split("+", 2), "", ""][:3]
    raw = _decoded(key)
    key_id = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    if len(raw) != 33 or raw[:1] != kind or key_id.hex() != stated:
        raise ValueError(f"not a key of this kind (name+id+base64): {text}")
    return name, key_id, raw[1:]


def _signature(note, key):
    """(text, signature) of a note; without one of this key, None for the signature."""
    text, _, lines = note.rpartition("\n\n")
    for name, signature in re.findall(r"^— ([^\s+]+) (\S+)$", lines, re.MULTILINE):
        if name == key[0] and _decoded(signature)[:4] == key[1]:
            return text + "\n", _decoded(signature)[4:]
    return text + "\n", None


def read_checkpoint(note, key, where):
    """(size, root, epoch) of a checkpoint that the log signed."""
    text, signature = _signature(note, key)
    if signature is None:
        raise ValueError(f"{where}: not signed by {key[0]}")
    if not ed25519_valid(key[2], text.encode(), signature):
        raise ValueError(f"{where}: the signature is false")
    found = re.fullmatch(r"(.+)\n(0|[1-9]\d{0,17})\n(.+)\n(?:epoch ([1-9]\d{0,17})\n)?", text)
    if not found or found[1] != key[0]:
        raise ValueError(f"{where}: not a checkpoint of {key[0]}")
    return int(found[2]), _decoded(found[3]), int(found[4] or 1)


def cosigned(note, witness, where):
    """When (seconds since 1970) the witness co-signed a checkpoint; None if it did not."""
    text, signature = _signature(note, witness)
    if signature is None:
        return None
    seconds = int.from_bytes(signature[:8], "big")
    if not ed25519_valid(witness[2], f"cosignature/v1\ntime {seconds}\n{text}".encode(), signature[8:]):
        raise ValueError(f"{where}: the co-signature of {witness[0]} is false")
    return seconds


# What is asked.
class Log:
    """One pass over the leaves of an export. stated: (size, root, epoch, where) of each checkpoint."""

    def __init__(self, stated):
        self.size, self.subtrees, self.epoch, self.raised, self.lost = 0, [], 1, [], 0
        self.due = sorted(stated, key=lambda one: one[0], reverse=True)

    def read(self, file):
        self._compare()
        for line in file:
            if not line.endswith(b"\n"):
                raise ValueError(f"leaf {self.size} is cut off")
            if b'"event":"ledger.epoch_raised"' in line:
                fields = json.loads(line)["fields"]
                self.raised.append((self.size, fields["epoch"], fields["known"], fields["known_root"]))
                self.epoch = fields["epoch"]
            current, count = leaf_hash(line[:-1]), self.size
            while count & 1:
                current, count = node_hash(self.subtrees.pop(), current), count >> 1
            self.subtrees.append(current)
            self.size += 1
            if self.due and self.due[-1][0] == self.size:
                self._compare()
        for size, root, epoch, where in self.due:
            if not self._stated_as_lost(size, root, epoch):
                raise ValueError(f"{where}: signed {size} leaves, here are only {self.size}")

    def root(self):
        folded = self.subtrees[-1] if self.subtrees else hashlib.sha256(b"").digest()
        for left in reversed(self.subtrees[:-1]):
            folded = node_hash(left, folded)
        return folded

    def _compare(self):
        """What was signed of as many leaves as were read."""
        while self.due and self.due[-1][0] == self.size:
            size, root, epoch, where = self.due.pop()
            if (root, epoch) != (self.root(), self.epoch) and not self._stated_as_lost(size, root, epoch):
                raise ValueError(f"{where}: the first {size} leaves are not those that were signed")

    def _stated_as_lost(self, size, root, epoch):
        """Whether a leaf of a later epoch says that the log was put back to before `size`, and known beyond it."""
        for at, later, known, known_root in self.raised:
            if later > epoch and at < size <= known and (size < known or root.hex() == known_root):
                self.lost = max(self.lost, size - at)
                return True
        return False


def check_export(folder, key, seen, witnesses):
    """Every leaf and every checkpoint of an export, and the checkpoints kept from earlier."""
    notes = {path: _text(path) for path in [*sorted((folder / "checkpoints").glob("*.checkpoint")), *seen]}
    stated = [(*read_checkpoint(note, key, path), path) for path, note in notes.items()]
    if not stated:
        raise ValueError("no checkpoint: nothing vouches for these leaves")
    log, said = Log(stated), ""
    with (folder / "leaves.jsonl").open("rb") as file:
        log.read(file)
    largest = max((size for size, _, epoch, _ in stated if size <= log.size and epoch == log.epoch), default=0)
    if log.size > largest:
        raise ValueError(f"{log.size - largest} leaves after the last checkpoint ({largest}): nothing vouches for them")
    for witness in witnesses:
        found = [size for size, _, _, path in stated if cosigned(notes[path], witness, path)]
        if not found:
            raise ValueError(f"no checkpoint that {witness[0]} co-signed")
        said += f"{max(found)} of them co-signed by {witness[0]}, "
    if log.lost:
        said += f"READ AGAIN: {log.lost} leaves were lost when the log was put back, as it states itself"
    said = f"{log.size} leaves, {len(stated)} checkpoints, epoch {log.epoch}, root {log.root().hex()}: {said}"
    return (said, 3) if log.lost else (said + "everything fits", 0)


def _proof(text, first):
    """The match of a proof's first lines, its hashes, its checkpoint."""
    head, _, note = text.partition("\n\n")
    found = re.fullmatch(first + "((?:\n[A-Za-z0-9+/=]+){0,64})", head)
    if not found:
        raise ValueError("not a proof of this kind")
    return found, [_decoded(line) for line in found[found.re.groups].split()], note


def check_proof(text, key, leaf, witnesses):
    """One leaf is in the log."""
    found, path, note = _proof(text, r"c2sp\.org/tlog-proof@v1\n(?:extra (\S*)\n)?index (0|[1-9]\d{0,17})")
    body, index = _decoded(found[1] or "") if leaf is None else leaf, int(found[2])
    size, root, _ = read_checkpoint(note, key, "the checkpoint of the proof")
    for witness in witnesses:
        if cosigned(note, witness, "the checkpoint of the proof") is None:
            raise ValueError(f"the checkpoint of the proof is not co-signed by {witness[0]}")
    if index >= size or root_of_inclusion(index, size, leaf_hash(body), path) != root or path:
        raise ValueError("the proof does not lead from this leaf to the root")
    return f"leaf {index} is in the log of {size} leaves: {json.dumps(json.loads(body), ensure_ascii=False)}", 0


def check_grown(text, key, seen):
    """The log only grew since a checkpoint kept from earlier."""
    found, path, note = _proof(text, r"old (0|[1-9]\d{0,17})")
    size, root, _ = read_checkpoint(note, key, "the checkpoint of the proof")
    old, old_root, _ = read_checkpoint(_text(seen), key, seen)
    if int(found[1]) != old or not 0 < old <= size:
        raise ValueError(f"the proof is not one from {old} to {size} leaves")
    if roots_of_consistency(old, size, old_root, path) != (old_root, root) or path:
        raise ValueError(f"the log of {size} leaves does not begin with the {old} that were signed")
    return f"the log of {old} leaves is the beginning of that of {size}", 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", nargs="?", type=Path)
    parser.add_argument("--key", required=True)
    parser.add_argument("--seen", nargs="*", type=Path, default=[])
    parser.add_argument("--witness", nargs="*", default=[])
    for option in ("--proof", "--leaf", "--grown"):
        parser.add_argument(option, type=Path)
    given = parser.parse_args()
    if (given.export, given.proof, given.grown).count(None) != 2 or (given.grown and len(given.seen) != 1):
        parser.error("give an export, --proof, or --grown with one --seen")
    try:
        key, witnesses = read_key(given.key), [read_key(one, b"\x04") for one in given.witness]
        if given.proof:
            said, code = check_proof(_text(given.proof), key, given.leaf and given.leaf.read_bytes(), witnesses)
        elif given.grown:
            said, code = check_grown(_text(given.grown), key, given.seen[0])
        else:
            said, code = check_export(given.export, key, given.seen, witnesses)
    # IndexError: a proof with too few hashes. LookupError, TypeError: a leaf that is not one of ours.
    except (OSError, ValueError, LookupError, TypeError) as error:
        sys.stderr.write(f"DOES NOT FIT. {error}\n")
        return 1
    sys.stdout.write(said + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
