"""SM2 signatures (GB/T 32918.2 with the curve of GB/T 32918.5), which the library `cryptography` does not offer.

Plain integers of Python: right, and slow enough (a few milliseconds) that nobody signs in bulk with it. Its time is not
independent of its secrets, so a node that must withstand somebody who measures it on the same machine plugs a certified
module in instead (GONGXIN_SM2, see suites.py).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hashes

P: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A: Final = P - 3
B: Final = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
# The identifier that GM/T 0009 gives to signers who have no other.
SIGNER: Final = b"1234567812345678"
_BYTES: Final = 32
# A point in Jacobian coordinates: x = X/Z², y = Y/Z³; Z = 0 at infinity.
_Point = tuple[int, int, int]
Nonce = Callable[[], int]
G: Final = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
    1,
)
_INFINITY: Final = (1, 1, 0)


@dataclass(frozen=True, slots=True)
class SoftwareSm2:
    """SM2 in software. Secrets: 32 bytes; public keys: x ‖ y, 64 bytes; signatures: r ‖ s, 64 bytes."""

    def new_secret(self) -> bytes:
        """A new private key in 1 … n - 2."""
        return (secrets.randbelow(N - 2) + 1).to_bytes(_BYTES, "big")

    def public(self, secret: bytes) -> bytes:
        """The public half. Raises ValueError for a number that is no private key."""
        return _encoded(_times(_private(secret), G))

    def sign(self, secret: bytes, message: bytes) -> bytes:
        """A signature of the message, another one each time."""
        return self.sign_with(secret, message, nonce=lambda: secrets.randbelow(N - 1) + 1)

    def sign_with(self, secret: bytes, message: bytes, *, nonce: Nonce) -> bytes:
        """A signature with nonces from `nonce` (tests of the standard's example; a nonce used twice gives the key
        away).
        """
        private = _private(secret)
        digest = int.from_bytes(digest_of(message, _encoded(_times(private, G))), "big")
        while True:
            once = nonce()
            r = (digest + _affine(_times(once, G))[0]) % N
            s = pow(1 + private, -1, N) * (once - r * private) % N
            if r and s and r + once != N:
                return r.to_bytes(_BYTES, "big") + s.to_bytes(_BYTES, "big")

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the signature is the key's. False, too, for whatever is not a key or not a signature."""
        point = _decoded(public)
        if point is None or len(signature) != 2 * _BYTES:
            return False
        r, s = (int.from_bytes(part, "big") for part in (signature[:_BYTES], signature[_BYTES:]))
        total = (r + s) % N
        if not (0 < r < N and 0 < s < N and total):
            return False
        sum_of_both = _plus(_times(s, G), _times(total, point))
        if not sum_of_both[2]:
            return False
        found = (int.from_bytes(digest_of(message, public), "big") + _affine(sum_of_both)[0]) % N
        return hmac.compare_digest(found.to_bytes(_BYTES, "big"), signature[:_BYTES])


def digest_of(message: bytes, public: bytes) -> bytes:
    """SM3(Z ‖ message), Z being the digest over signer, curve and public key (GB/T 32918.2, 5.5)."""
    curve = b"".join(number.to_bytes(_BYTES, "big") for number in (A, B, G[0], G[1]))
    return _sm3(_sm3((8 * len(SIGNER)).to_bytes(2, "big") + SIGNER + curve + public) + message)


def _sm3(data: bytes) -> bytes:
    running = hashes.Hash(hashes.SM3())
    running.update(data)
    return running.finalize()


def _private(secret: bytes) -> int:
    number = int.from_bytes(secret, "big")
    if len(secret) != _BYTES or not 0 < number < N - 1:
        raise ValueError("not a private key of SM2")
    return number


def _encoded(point: _Point) -> bytes:
    return b"".join(number.to_bytes(_BYTES, "big") for number in _affine(point))


def _decoded(public: bytes) -> _Point | None:
    """The point, or None for what is not a point of the curve."""
    x, y = int.from_bytes(public[:_BYTES], "big"), int.from_bytes(public[_BYTES:], "big")
    if len(public) != 2 * _BYTES or x >= P or y >= P or (y * y - (x * x + A) * x - B) % P:
        return None
    return (x, y, 1)


def _affine(point: _Point) -> tuple[int, int]:
    inverse = pow(point[2], -1, P)
    return point[0] * inverse * inverse % P, point[1] * inverse * inverse * inverse % P


def _doubled(point: _Point) -> _Point:
    x, y, z = point
    if not z:
        return _INFINITY
    square = y * y % P
    quarter = 4 * x * square % P
    # a = -3: 3x² + az⁴ = 3(x - z²)(x + z²).
    slope = 3 * (x - z * z) * (x + z * z) % P
    doubled_x = (slope * slope - 2 * quarter) % P
    return doubled_x, (slope * (quarter - doubled_x) - 8 * square * square) % P, 2 * y * z % P


def _plus(one: _Point, other: _Point) -> _Point:
    if not one[2] or not other[2]:
        return one if one[2] else other
    z1, z2 = one[2] * one[2] % P, other[2] * other[2] % P
    u1, u2 = one[0] * z2 % P, other[0] * z1 % P
    s1, s2 = one[1] * z2 * other[2] % P, other[1] * z1 * one[2] % P
    if u1 == u2:
        return _doubled(one) if s1 == s2 else _INFINITY
    h, slope = u2 - u1, s2 - s1
    square = h * h % P
    cube, middle = h * square % P, u1 * square % P
    x = (slope * slope - cube - 2 * middle) % P
    return x, (slope * (middle - x) - s1 * cube) % P, h * one[2] * other[2] % P


def _times(number: int, point: _Point) -> _Point:
    """number × point by the Montgomery ladder: the same steps for every number of 256 bits."""
    low, high = _INFINITY, point
    for bit in range(255, -1, -1):
        if number >> bit & 1:
            low, high = _plus(low, high), _doubled(high)
        else:
            low, high = _doubled(low), _plus(low, high)
    return low
