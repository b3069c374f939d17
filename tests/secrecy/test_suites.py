"""The suites do what the standards print, and the same tests hold for both."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from gmssl import sm2 as other_sm2
from gmssl import sm3 as other_sm3
from gmssl import sm4 as other_sm4
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from gongxin.errors import InvalidInput
from gongxin.secrecy import sm2, suites
from gongxin.secrecy.sm2 import SoftwareSm2
from gongxin.secrecy.suites import Gm, Intl, TagMismatch

H = bytes.fromhex


def gmssl_sm3(data: bytes) -> bytes:
    return H(other_sm3.sm3_hash(list(data)))


def gmssl_sm2(secret: bytes, public: bytes) -> other_sm2.CryptSM2:
    """gmssl strips zeros and fours from the left of a key it thinks marked, so the key is set afterwards."""
    made = other_sm2.CryptSM2(private_key=secret.hex(), public_key="")
    made.public_key = public.hex()
    return made


def test_aes_256_gcm_as_nist_prints_it() -> None:
    """Test case 16 of the GCM specification that SP 800-38D takes over."""
    aead = Intl().aead(H("feffe9928665731c6d6a8f9467308308" * 2))
    text = H(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    sealed = H(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )
    nonce, associated = H("cafebabefacedbaddecaf888"), H("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    assert aead.encrypt(nonce, text, associated) == sealed
    assert aead.decrypt(nonce, sealed, associated) == text


def test_sm4_as_gb_t_32907_prints_it() -> None:
    block = H("0123456789abcdeffedcba9876543210")
    # One block, to hold the library to the standard's example; nothing here encrypts so.
    running = Cipher(algorithms.SM4(block), modes.ECB()).encryptor()
    assert running.update(block) + running.finalize() == H("681edf34d206965e86b3e94f536e4246")


def test_sm4_gcm_as_rfc_8998_prints_it() -> None:
    aead = Gm().aead(H("0123456789abcdeffedcba9876543210"))
    text = b"".join(H(pair) * 8 for pair in ("aa", "bb", "cc", "dd", "ee", "ff", "ee", "aa"))
    sealed = H(
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )
    nonce, associated = H("00001234567800000000abcd"), H("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    assert aead.encrypt(nonce, text, associated) == sealed
    assert aead.decrypt(nonce, sealed, associated) == text


def test_sm4_gcm_counts_as_the_block_cipher_of_gmssl_does() -> None:
    """GCM's first counter block is nonce ‖ 2: the key stream is the other implementation's."""
    key, nonce, text = b"k" * 16, b"n" * 12, b"sixteen bytes :)"
    other = other_sm4.CryptSM4()
    other.set_key(key, other_sm4.SM4_ENCRYPT)
    stream = bytes(other.one_round(other.sk, list(nonce + (2).to_bytes(4, "big"))))
    sealed = Gm().aead(key).encrypt(nonce, text, b"")
    assert sealed[:16] == bytes(a ^ b for a, b in zip(stream, text, strict=True))


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_as_gb_t_32905_prints_it(text: bytes, digest: str) -> None:
    assert Gm().digest(text) == H(digest)


def test_sha_256_as_fips_180_prints_it() -> None:
    assert Intl().digest(b"abc") == H("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")


def test_hmac_sha_256_as_rfc_4231_prints_it() -> None:
    found = Intl().mac(b"Jefe", b"what do ya want for nothing?")
    assert found == H("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")


@given(key=st.binary(min_size=1, max_size=100), data=st.binary(max_size=200))
@limits(max_examples=15, deadline=None)
def test_hmac_sm3_is_the_construction_over_the_other_implementation(key: bytes, data: bytes) -> None:
    """RFC 2104, which GB/T 15852.2 takes over, written out over gmssl's SM3."""
    padded = (gmssl_sm3(key) if len(key) > 64 else key).ljust(64, b"\0")
    inner = gmssl_sm3(bytes(byte ^ 0x36 for byte in padded) + data)
    assert Gm().mac(key, data) == gmssl_sm3(bytes(byte ^ 0x5C for byte in padded) + inner)


def test_ed25519_as_rfc_8032_prints_it() -> None:
    signing, secret = Intl().signing, H("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    signature = H(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    assert signing.public(secret) == H("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert signing.sign(secret, b"") == signature
    assert signing.verify(signing.public(secret), b"", signature)


SM2_SECRET = H("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
SM2_PUBLIC = H(
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)


def test_sm2_as_gm_t_0003_5_prints_it() -> None:
    """The example on the recommended curve: digest, then the signature with the nonce that is printed there."""
    signing = SoftwareSm2()
    assert signing.public(SM2_SECRET) == SM2_PUBLIC
    assert sm2.digest_of(b"message digest", SM2_PUBLIC) == H(
        "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"
    )
    printed = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
    signature = signing.sign_with(SM2_SECRET, b"message digest", nonce=lambda: printed)
    assert signature == H(
        "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
        "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
    )
    assert signing.verify(SM2_PUBLIC, b"message digest", signature)


@pytest.mark.parametrize("message", [b"", "处罚决定".encode(), b"x" * 1000])
def test_two_implementations_of_sm2_accept_each_other(message: bytes) -> None:
    signing = SoftwareSm2()
    secret = signing.new_secret()
    public = signing.public(secret)
    other, digest = gmssl_sm2(secret, public), sm2.digest_of(message, public)
    assert other.verify(signing.sign(secret, message).hex(), digest)
    theirs = other.sign(digest, "59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21")
    assert signing.verify(public, message, H(theirs))
    assert not signing.verify(public, message + b"!", H(theirs))


def test_sm2_refuses_what_is_no_key_and_no_signature() -> None:
    signing, good = SoftwareSm2(), SoftwareSm2().sign(SM2_SECRET, b"m")
    order = sm2.N.to_bytes(32, "big")
    for public in (b"", SM2_PUBLIC[:-1], SM2_PUBLIC[:-1] + b"\x00", b"\xff" * 64, b"\0" * 64):
        assert not signing.verify(public, b"m", good)
    for signature in (b"", good[:-1], b"\0" * 64, order + good[32:], good[:32] + order):
        assert not signing.verify(SM2_PUBLIC, b"m", signature)
    for secret in (b"", b"\0" * 32, order, (sm2.N - 1).to_bytes(32, "big"), SM2_SECRET[:-1]):
        with pytest.raises(ValueError, match="not a private key"):
            signing.sign(secret, b"m")


class ByGmssl:
    """The seam with another implementation behind it."""

    def new_secret(self) -> bytes:
        return SoftwareSm2().new_secret()

    def public(self, secret: bytes) -> bytes:
        made = other_sm2.CryptSM2(private_key="", public_key="")
        return H(made._kg(int(secret.hex(), 16), made.ecc_table["g"]))

    def sign(self, secret: bytes, message: bytes) -> bytes:
        public = self.public(secret)
        nonce = SoftwareSm2().new_secret().hex()
        return H(gmssl_sm2(secret, public).sign(sm2.digest_of(message, public), nonce))

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        return bool(gmssl_sm2(b"", public).verify(signature.hex(), sm2.digest_of(message, public)))


SUITES = [pytest.param(Intl(), id="intl"), pytest.param(Gm(), id="gm"), pytest.param(Gm(ByGmssl()), id="gm by gmssl")]


@pytest.mark.parametrize("suite", SUITES)
def test_signatures_hold_and_nothing_else_does(suite: suites.Suite) -> None:
    signing = suite.signing
    secret, other = signing.new_secret(), signing.new_secret()
    signature = signing.sign(secret, b"message")
    assert signing.verify(signing.public(secret), b"message", signature)
    assert not signing.verify(signing.public(secret), b"Message", signature)
    assert not signing.verify(signing.public(other), b"message", signature)
    changed = signature[:5] + bytes([signature[5] ^ 1]) + signature[6:]
    assert not signing.verify(signing.public(secret), b"message", changed)


@pytest.mark.parametrize("suite", SUITES[:2])
@given(text=st.binary(max_size=80), associated=st.binary(max_size=40), data=st.data())
@limits(max_examples=40, deadline=None)
def test_sealed_bytes_open_as_they_were_or_not_at_all(
    suite: suites.Suite, text: bytes, associated: bytes, data: st.DataObject
) -> None:
    aead, nonce = suite.aead(b"k" * suite.key_bytes), b"n" * suites.NONCE_BYTES
    sealed = aead.encrypt(nonce, text, associated)
    assert len(sealed) == len(text) + suites.TAG_BYTES
    assert aead.decrypt(nonce, sealed, associated) == text
    place = data.draw(st.integers(0, len(sealed) - 1))
    changed = sealed[:place] + bytes([sealed[place] ^ data.draw(st.integers(1, 255))]) + sealed[place + 1 :]
    cut = sealed[: data.draw(st.integers(suites.TAG_BYTES, len(sealed)))] if text else changed
    for wrong, bound in ((changed, associated), (sealed, associated + b"!")) + (
        ((cut, associated),) if cut != sealed else ()
    ):
        with pytest.raises(TagMismatch):
            aead.decrypt(nonce, wrong, bound)


@pytest.mark.parametrize("suite", SUITES[:2])
def test_digests_and_macs_have_32_bytes_and_depend_on_everything(suite: suites.Suite) -> None:
    assert len(suite.digest(b"")) == len(suite.mac(b"k", b"")) == 32
    assert len({suite.mac(b"k", b"a"), suite.mac(b"k", b"b"), suite.mac(b"l", b"a"), suite.digest(b"a")}) == 4


def test_the_two_suites_share_nothing() -> None:
    assert Intl().digest(b"a") == hashlib.sha256(b"a").digest() != Gm().digest(b"a")
    assert Intl().mac(b"k", b"a") == hmac.digest(b"k", b"a", "sha256") != Gm().mac(b"k", b"a")


def test_the_suite_is_named_by_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GONGXIN_SUITE", raising=False)
    assert suites.chosen() == "intl"
    monkeypatch.setenv("GONGXIN_SUITE", "gm")
    assert suites.suite(suites.chosen()).name == "gm"
    monkeypatch.setenv("GONGXIN_SUITE", "rot13")
    with pytest.raises(InvalidInput, match="intl 或 gm"):
        suites.chosen()
    with pytest.raises(InvalidInput):
        suites.suite("rot13")


def test_another_sm2_is_plugged_in_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    suites.suite.cache_clear()
    monkeypatch.setenv("GONGXIN_SM2", "tests.secrecy.test_suites:ByGmssl")
    assert type(suites.suite("gm").signing).__name__ == "ByGmssl"
    suites.suite.cache_clear()
    monkeypatch.setenv("GONGXIN_SM2", "nowhere:Nothing")
    with pytest.raises(InvalidInput, match="确认该程序包"):
        suites.suite("gm")
    monkeypatch.undo()
    suites.suite.cache_clear()
