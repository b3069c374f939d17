"""The key and certificate that sign reports: files under GONGXIN_VAR/reports.

`init` makes a root certificate of the node and a signing certificate under it. A certificate of a public authority
takes their place by putting its files there: `signing-key.pem` (PKCS#8), `certificate.pem` (the signer's own) and
`root.pem` (the rest of its chain up to what readers trust; earlier roots stay in it, so that earlier reports go on
verifying).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings

from gongxin.errors import Conflict, InvalidInput, Unavailable

_KEY: Final = "signing-key.pem"
_CERTIFICATE: Final = "certificate.pem"
_ROOT: Final = "root.pem"
_YEARS: Final = 10
# X.520 allows 64 characters; the root's name is four longer.
_LONGEST_NAME: Final = 60


@dataclass(frozen=True, slots=True)
class Files:
    """Where the signer's files are; all of them exist."""

    key: Path
    certificate: Path
    root: Path


def folder() -> Path:
    """Where key and certificates are."""
    return Path(settings.VAR_DIR) / "reports"


def init(issuer: str, *, at: datetime) -> Files:
    """Make root and signing certificate for `issuer`, the name that reports carry. The root's key is not kept.

    Raises Conflict if there are files already: another key would make issued reports unverifiable. InvalidInput for
    an empty or overlong name.
    """
    name = issuer.strip()
    if not name or len(name) > _LONGEST_NAME:
        raise InvalidInput(
            "report-issuer", "签发单位名称为空或者过长。", remedy=f"请填写不超过 {_LONGEST_NAME} 个字的单位名称。"
        )
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = f"{name} 根证书"
    root = _root(root_name, root_key, at)
    signer = _signer(name, key.public_key(), root_name, root_key, at)
    folder().parent.mkdir(parents=True, exist_ok=True)
    # All files or none, and only one of two who make them at once (mkdtemp: readable by the owner only).
    draft = Path(tempfile.mkdtemp(prefix="reports-", dir=folder().parent))
    _create(draft / _KEY, _private(key), 0o600)
    _create(draft / _CERTIFICATE, _pem(signer), 0o644)
    _create(draft / _ROOT, _pem(root), 0o644)
    try:
        draft.rename(folder())
    except OSError:
        shutil.rmtree(draft)
        raise Conflict(
            "report-key-exists", "报告签名密钥已经存在，不会覆盖。", remedy="请继续使用它；更换办法见 docs/adr/0015。"
        ) from None
    return files(at=at)


def files(*, at: datetime) -> Files:
    """The signer's files; a demonstration node makes them when they are first needed.

    Raises Unavailable where they are missing or the key may be read by others.
    """
    found = Files(folder() / _KEY, folder() / _CERTIFICATE, folder() / _ROOT)
    if not all(path.exists() for path in (found.key, found.certificate, found.root)):
        if settings.DEMO and not folder().exists():
            # Somebody else may make them at this moment: then theirs are there.
            with suppress(Conflict):
                init("公信演示节点", at=at)
            return files(at=at)
        raise Unavailable(
            "report-key-missing", "没有报告签名密钥，不能签发报告。", remedy="请先运行 gongxin reports init。"
        )
    if found.key.stat().st_mode & 0o077:
        raise Unavailable(
            "report-key-open", f"报告签名密钥可被他人读取：{found.key}。", remedy="请运行 chmod 600，并考虑更换密钥。"
        )
    return found


def issuer(found: Files) -> str:
    """The name in the signing certificate."""
    signer = x509.load_pem_x509_certificates(found.certificate.read_bytes())[0]
    named = signer.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(named[0].value) if named else signer.subject.rfc4514_string()


def _root(name: str, key: ec.EllipticCurvePrivateKey, at: datetime) -> x509.Certificate:
    usage = _usage(key_cert_sign=True, crl_sign=True)
    made = _builder(name, name, key.public_key(), at).add_extension(usage, critical=True)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    identity = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return made.add_extension(identity, critical=False).sign(key, hashes.SHA256())


def _signer(
    name: str,
    key: ec.EllipticCurvePublicKey,
    root: str,
    root_key: ec.EllipticCurvePrivateKey,
    at: datetime,
) -> x509.Certificate:
    usage = _usage(digital_signature=True, content_commitment=True)
    made = _builder(name, root, key, at)
    made = made.add_extension(usage, critical=True)
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    return made.add_extension(authority, critical=False).sign(root_key, hashes.SHA256())


def _builder(name: str, issued_by: str, key: ec.EllipticCurvePublicKey, at: datetime) -> x509.CertificateBuilder:
    since = at.astimezone(UTC).replace(microsecond=0) - timedelta(hours=1)
    return x509.CertificateBuilder(
        issuer_name=_name(issued_by),
        subject_name=_name(name),
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=since,
        not_valid_after=since + timedelta(days=365 * _YEARS),
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(**allowed: bool) -> x509.KeyUsage:
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: allowed.get(name, False) for name in every})


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _create(path: Path, content: bytes, mode: int) -> None:
    """A new file on the disk; FileExistsError if there is one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
