"""The suites of algorithms: `intl` (AES-256-GCM, SHA-256, Ed25519) and `gm` (SM4-GCM, SM3, SM2).

A suite does arithmetic only: keys come from the ring, forms and places from `sealing`. The setting GONGXIN_SUITE names
the suite of new keys; what older keys of another suite sealed stays readable, because each key knows its suite.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from functools import cache
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac as any_hmac
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gongxin.errors import InvalidInput
from gongxin.secrecy.plugging import plugged_in
from gongxin.secrecy.sm2 import SoftwareSm2

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16


class TagMismatch(ValueError):
    """What was sealed has been changed, cut, or was sealed with another key or for another place."""


class Aead(Protocol):
    """Authenticated encryption under one key; what comes out is ciphertext ‖ tag of 16 bytes."""

    def encrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        """Seal `data`. nonce: 12 bytes, never twice under one key."""

    def decrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        """Open what `encrypt` made. Raises TagMismatch."""


class Signing(Protocol):
    """Signatures. The seam for a certified module or another implementation (GONGXIN_SM2)."""

    def new_secret(self) -> bytes:
        """A new private key, or the handle by which a module knows one."""

    def public(self, secret: bytes) -> bytes:
        """The public half."""

    def sign(self, secret: bytes, message: bytes) -> bytes:
        """A signature of the message."""

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the signature is the key's; false for whatever is not a signature."""


class Suite(Protocol):
    """One choice for every purpose."""

    @property
    def name(self) -> str:
        """What GONGXIN_SUITE calls it."""

    @property
    def key_bytes(self) -> int:
        """Length of a key of `aead`."""

    @property
    def signing(self) -> Signing:
        """Signatures of the suite."""

    def aead(self, key: bytes) -> Aead:
        """Authenticated encryption under this key."""

    def digest(self, data: bytes) -> bytes:
        """A digest of 32 bytes."""

    def mac(self, key: bytes, data: bytes) -> bytes:
        """HMAC over the suite's digest, 32 bytes."""


class _Aes:
    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self.encrypt = self._cipher.encrypt

    def decrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        try:
            return self._cipher.decrypt(nonce, data, associated)
        except InvalidTag:
            raise TagMismatch from None


class _Sm4:
    def __init__(self, key: bytes) -> None:
        self._algorithm = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        running = Cipher(self._algorithm, modes.GCM(nonce)).encryptor()
        running.authenticate_additional_data(associated)
        return running.update(data) + running.finalize() + running.tag

    def decrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        running = Cipher(self._algorithm, modes.GCM(nonce, data[-TAG_BYTES:])).decryptor()
        running.authenticate_additional_data(associated)
        try:
            return running.update(data[:-TAG_BYTES]) + running.finalize()
        except InvalidTag:
            raise TagMismatch from None


class Ed25519:
    """Ed25519 (RFC 8032). Secrets: 32 bytes; public keys: 32; signatures: 64."""

    def new_secret(self) -> bytes:
        """A new private key."""
        return secrets.token_bytes(32)

    def public(self, secret: bytes) -> bytes:
        """The public half."""
        return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()

    def sign(self, secret: bytes, message: bytes) -> bytes:
        """The signature of the message."""
        return Ed25519PrivateKey.from_private_bytes(secret).sign(message)

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the signature is the key's."""
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class Intl:
    """AES-256-GCM (NIST SP 800-38D), SHA-256, HMAC-SHA-256, Ed25519."""

    name = "intl"
    key_bytes = 32

    def __init__(self) -> None:
        self.signing: Signing = Ed25519()

    def aead(self, key: bytes) -> Aead:
        """AES-256-GCM."""
        return _Aes(key)

    def digest(self, data: bytes) -> bytes:
        """SHA-256."""
        return hashlib.sha256(data).digest()

    def mac(self, key: bytes, data: bytes) -> bytes:
        """HMAC-SHA-256."""
        return hmac.digest(key, data, "sha256")


class Gm:
    """SM4-GCM (GB/T 32907, RFC 8998), SM3 (GB/T 32905), HMAC-SM3 (GB/T 15852.2), SM2 (GB/T 32918).

    signing: another implementation of SM2, e.g. a certified module.
    """

    name = "gm"
    key_bytes = 16

    def __init__(self, signing: Signing | None = None) -> None:
        self.signing: Signing = signing or SoftwareSm2()

    def aead(self, key: bytes) -> Aead:
        """SM4-GCM."""
        return _Sm4(key)

    def digest(self, data: bytes) -> bytes:
        """SM3."""
        running = hashes.Hash(hashes.SM3())
        running.update(data)
        return running.finalize()

    def mac(self, key: bytes, data: bytes) -> bytes:
        """HMAC-SM3."""
        running = any_hmac.HMAC(key, hashes.SM3())
        running.update(data)
        return running.finalize()


NAMES: Final = ("intl", "gm")


def chosen() -> str:
    """The name of the suite for new keys: GONGXIN_SUITE. Raises InvalidInput for one that does not exist."""
    name = os.environ.get("GONGXIN_SUITE", "intl")
    if name not in NAMES:
        raise InvalidInput("suite-unknown", f"没有“{name}”密码套件。", remedy="GONGXIN_SUITE 可设为 intl 或 gm。")
    return name


@cache
def suite(name: str) -> Suite:
    """The suite of this name. For gm, GONGXIN_SM2 (module:callable) may name another implementation of SM2."""
    if name == "intl":
        return Intl()
    if name == "gm":
        plugged = os.environ.get("GONGXIN_SM2")
        return Gm(plugged_in(plugged)() if plugged else None)
    raise InvalidInput("suite-unknown", f"没有“{name}”密码套件。", remedy="请检查密钥文件，或升级程序。")
