"""The tree against known values and against the definition of RFC 9162 written down word for word."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongxin.ledger import tree

# Leaves and roots of the Certificate Transparency reference tests (RFC 6962).
LEAVES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive_root(bodies: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1."""
    if not bodies:
        return hashlib.sha256(b"").digest()
    if len(bodies) == 1:
        return hashlib.sha256(b"\x00" + bodies[0]).digest()
    k = split(len(bodies))
    return hashlib.sha256(b"\x01" + naive_root(bodies[:k]) + naive_root(bodies[k:])).digest()


def naive_path(m: int, bodies: list[bytes]) -> list[bytes]:
    """PATH of RFC 9162, 2.1.3.1."""
    if len(bodies) == 1:
        return []
    k = split(len(bodies))
    if m < k:
        return [*naive_path(m, bodies[:k]), naive_root(bodies[k:])]
    return [*naive_path(m - k, bodies[k:]), naive_root(bodies[:k])]


def naive_subproof(m: int, bodies: list[bytes], known: bool) -> list[bytes]:
    """SUBPROOF of RFC 9162, 2.1.4.1."""
    if m == len(bodies):
        return [] if known else [naive_root(bodies)]
    k = split(len(bodies))
    if m <= k:
        return [*naive_subproof(m, bodies[:k], known), naive_root(bodies[k:])]
    return [*naive_subproof(m - k, bodies[k:], False), naive_root(bodies[:k])]


def split(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def bodies_of(count: int) -> list[bytes]:
    return [b"leaf %d" % number for number in range(count)]


def grown(bodies: list[bytes]) -> dict[tree.Node, bytes]:
    """The hashes of all complete subtrees, as the log keeps them."""
    growing, found = tree.Growing(), {}
    for seq, body in enumerate(bodies):
        for level, finished in enumerate(growing.append(tree.leaf_hash(body))):
            found[tree.Node(level, seq >> level)] = finished
    return found


def test_known_roots() -> None:
    assert tree.root([]) == tree.EMPTY_ROOT == naive_root([])
    assert [tree.root(LEAVES[:count]).hex() for count in range(1, 9)] == ROOTS


def test_known_proofs() -> None:
    """From the same reference tests: leaf 0 of 8, and the step from 6 leaves to 8."""
    hashes = grown(LEAVES)
    assert [one.hex() for one in tree.folded(tree.inclusion(0, 8), hashes.__getitem__)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [one.hex() for one in tree.folded(tree.consistency(6, 8), hashes.__getitem__)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(st.data())
def test_inclusion_proofs(data: st.DataObject) -> None:
    bodies = bodies_of(data.draw(st.integers(1, 130)))
    index = data.draw(st.integers(0, len(bodies) - 1))
    path = tree.folded(tree.inclusion(index, len(bodies)), grown(bodies).__getitem__)
    assert path == naive_path(index, bodies)
    leaf, root = tree.leaf_hash(bodies[index]), naive_root(bodies)
    tree.check_inclusion(index, len(bodies), leaf=leaf, path=path, root=root)
    others = [(index, tree.leaf_hash(b"other"), path), (index, leaf, [*path, leaf]), (len(bodies), leaf, path)]
    if path:
        others += [(index, leaf, path[:-1]), (index ^ 1, leaf, path)]
    for at, claimed, steps in others:
        with pytest.raises(tree.ProofInvalid):
            tree.check_inclusion(at, len(bodies), leaf=claimed, path=steps, root=root)


@given(st.data())
def test_consistency_proofs(data: st.DataObject) -> None:
    bodies = bodies_of(data.draw(st.integers(1, 130)))
    old = data.draw(st.integers(1, len(bodies)))
    path = tree.folded(tree.consistency(old, len(bodies)), grown(bodies).__getitem__)
    assert path == naive_subproof(old, bodies, True)
    roots = {"old_root": naive_root(bodies[:old]), "root": naive_root(bodies)}
    tree.check_consistency(old, len(bodies), **roots, path=path)
    for wrong in ({**roots, "old_root": b"\0" * 32}, {**roots, "root": b"\0" * 32}):
        with pytest.raises(tree.ProofInvalid):
            tree.check_consistency(old, len(bodies), **wrong, path=path)
    with pytest.raises(tree.ProofInvalid):
        tree.check_consistency(old, len(bodies), **roots, path=[*path, b"\0" * 32])


@given(st.integers(0, 130))
def test_a_tree_goes_on_from_its_subtrees(size: int) -> None:
    bodies = bodies_of(size + 3)
    hashes = grown(bodies)
    growing = tree.Growing(size, [hashes[node] for node in tree.nodes(0, size)])
    for body in bodies[size:]:
        growing.append(tree.leaf_hash(body))
    assert growing.root() == naive_root(bodies)


def test_what_cannot_be_is_refused() -> None:
    for impossible in (lambda: tree.inclusion(3, 3), lambda: tree.consistency(0, 3), lambda: tree.Growing(3, [])):
        with pytest.raises(ValueError, match="tree"):
            impossible()
    for old, size in ((0, 3), (4, 3)):
        with pytest.raises(tree.ProofInvalid):
            tree.check_consistency(old, size, old_root=b"", root=b"", path=[])
