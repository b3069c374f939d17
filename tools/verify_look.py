#!/usr/bin/env python3
"""Check the proof of one look without Gongxin: Python's standard library, and verify_ledger.py beside this file.

    verify_look.py PROOF --key KEY [--witness KEY ...]

PROOF says what one look at what is not public was (who, when, at whom, why, with what outcome), and proves that a leaf
of the log commits to it: to it alone, or to it among the looks of a piece of a batch. KEY is the log's public key.
Exit code 0: it fits, and what the look says is printed. 1: it does not; why is said.
"""

import argparse
import hashlib
import importlib.util
import json
import re
import sys
from pathlib import Path

# Gongxin puts so many looks of 32 bytes each into one leaf of the tree over a batch.
_GROUP, _ENTRY = 256, 32


def _beside(name):
    """A script of this folder as a module: an isolated interpreter does not look for modules here."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check(text, key, witnesses, ledger):
    """What the look says and where it is. Raises ValueError, IndexError or LookupError where it does not fit."""
    head, _, leaf_proof = text.partition("\n\n")
    form = r"gongxin look-proof v1\nsaid (\S+)\nindex (0|[1-9]\d{0,8})\ngroup (\S+)((?:\n[A-Za-z0-9+/=]+){0,64})"
    found = re.fullmatch(form, head)
    if not found:
        raise ValueError("not a proof of a look")
    where, _ = ledger.check_proof(leaf_proof, key, None, witnesses)
    fields = json.loads(where.partition(": ")[2])["fields"]
    # A report has a leaf of its own, which commits to the one look it was.
    count, root = (fields["looks"], fields["looks_root"]) if "looks_root" in fields else (1, fields["looks"][0])
    said, index = ledger._decoded(found[1]), int(found[2])
    group, path = ledger._decoded(found[3]), [ledger._decoded(line) for line in found[4].split()]
    begin = index % _GROUP * _ENTRY
    if hashlib.sha256(said).digest() != group[begin : begin + _ENTRY] or len(group) % _ENTRY:
        raise ValueError("the look is not the one at this place")
    at, groups = index // _GROUP, -(-count // _GROUP)
    reached = ledger.root_of_inclusion(at, groups, ledger.leaf_hash(group), path) if index < count else b""
    if reached.hex() != root or path:
        raise ValueError("the proof does not lead from this look to what the leaf states")
    return f"{said.decode()}\nis look {index + 1} of {count} in a leaf: {where}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("proof", type=Path)
    parser.add_argument("--key", required=True)
    parser.add_argument("--witness", nargs="*", default=[])
    given = parser.parse_args()
    ledger = _beside("verify_ledger")
    try:
        key, witnesses = ledger.read_key(given.key), [ledger.read_key(one, b"\x04") for one in given.witness]
        sys.stdout.write(check(given.proof.read_bytes().decode(), key, witnesses, ledger) + "\n")
    except (OSError, ValueError, LookupError, TypeError) as error:
        sys.stderr.write(f"DOES NOT FIT. {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
