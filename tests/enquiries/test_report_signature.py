"""Time stamps of an authority in the signature, asked for over HTTP."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.timestamps import DummyTimeStamper

from gongxin.enquiries import report_keys, report_signature
from gongxin.typesetting import Document

AT = datetime(2026, 4, 10, 2, 0, tzinfo=UTC)


def authority() -> DummyTimeStamper:
    """A time-stamping authority that is nobody's."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "试验时间戳")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), AT, AT + timedelta(9))
    made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    certificate = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return DummyTimeStamper(
        asn1_x509.Certificate.load(certificate),
        asn1_keys.PrivateKeyInfo.load(private),
        fixed_dt=AT + timedelta(hours=1),
    )


@pytest.fixture
def served() -> Iterator[str]:
    """The address of the authority."""
    stamper = authority()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
            content = stamper.request_tsa_response(asked).dump()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_said: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_the_signature_carries_the_stamp_of_the_authority(settings: Any, tmp_path: Path, served: str) -> None:
    settings.VAR_DIR = tmp_path
    keys = report_keys.init("泽川市信用中心", at=AT)
    document = Document("报告", made_at=AT)
    document.add_page()
    plain = report_signature.signed(bytes(document.output()), keys)
    settings.REPORTS_TSA = served
    stamped = report_signature.signed(bytes(document.output()), keys)
    assert report_signature.checked(plain, keys, at=AT).valid
    stamps = []
    for file in (plain, stamped):
        found = PdfFileReader(io.BytesIO(file)).embedded_signatures[0]
        found.compute_integrity_info()
        unsigned = found.signer_info["unsigned_attrs"].native or []
        stamps.append([entry["type"] for entry in unsigned])
    assert stamps == [[], ["signature_time_stamp_token"]]
    assert report_signature.checked(stamped, keys, at=AT).signer == "泽川市信用中心"
