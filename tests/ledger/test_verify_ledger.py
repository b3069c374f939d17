"""The offline verifier: its own Ed25519, its size, its independence."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.conftest import AT, TOOL, logged, verify_ledger

from gongxin.ledger import checkpoints, exporting
from gongxin.ledger.notes import Verifier

# RFC 8032, 7.1: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_known_signatures(key: str, message: str, signature: str) -> None:
    public, text, signed = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
    assert verify_ledger.ed25519_valid(public, text, signed)
    assert not verify_ledger.ed25519_valid(public, text + b"!", signed)
    order = 2**252 + 27742317777372353535851937790883648493
    # The same signature with another, equal scalar: refused, so that a note has one signature.
    malleable = signed[:32] + (int.from_bytes(signed[32:], "little") + order).to_bytes(32, "little")
    assert not verify_ledger.ed25519_valid(public, text, malleable)
    assert not verify_ledger.ed25519_valid(b"\xff" * 32, text, signed)
    assert not verify_ledger.ed25519_valid(public, text, signed[:-1])


@settings(max_examples=15, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200), flip=st.integers(0, 511))
def test_agrees_with_cryptography(seed: bytes, message: bytes, flip: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signed = private.public_key().public_bytes_raw(), private.sign(message)
    assert verify_ledger.ed25519_valid(public, message, signed)
    flipped = bytearray(signed)
    flipped[flip // 8] ^= 1 << flip % 8
    assert not verify_ledger.ed25519_valid(public, message, bytes(flipped))


def test_small_and_alone() -> None:
    source = TOOL.read_text()
    assert source.count("\n") <= 300
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name) or ""
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported
    assert imported <= sys.stdlib_module_names


@pytest.mark.django_db
def test_runs_by_itself(log_key: Verifier, tmp_path: Path) -> None:
    """Isolated from this environment's packages, as an outsider runs it."""
    logged(0)
    checkpoints.sign(at=AT)
    exporting.export(tmp_path / "out")

    def run(key: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", str(TOOL), str(tmp_path / "out"), "--key", key]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    good, bad = run(str(log_key)), run(str(log_key)[:-1])
    assert (good.returncode, good.stderr) == (0, ""), good.stderr
    assert good.stdout.startswith("1 leaves, 1 checkpoints, epoch 1")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr.startswith("DOES NOT FIT. ")
