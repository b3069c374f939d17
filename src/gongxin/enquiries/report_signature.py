"""Signing a report (PAdES baseline B-B, pyHanko) and checking the signature of a file."""

from __future__ import annotations

import io
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from asn1crypto import pem, tsp, x509
from django.conf import settings
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from gongxin.enquiries.report_keys import Files, issuer

_FIELD: Final = "Gongxin"
_TSA_SECONDS: Final = 10
_TSA_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Signature:
    """What a file's signature says. valid: it covers the whole file, nothing of it was changed, and we made it.

    subject: what the file says it is.
    """

    present: bool
    valid: bool
    signer: str = ""
    subject: str = ""


NONE = Signature(present=False, valid=False)


def signed(file: bytes, keys: Files) -> bytes:
    """The file with the node's signature; no later change is permitted by it."""
    # pyHanko's loader has no types.
    loader: Any = signers.SimpleSigner
    signer = loader.load(str(keys.key), str(keys.certificate), ca_chain_files=(str(keys.root),))
    if signer is None:
        raise RuntimeError("the report-signing key and certificate cannot be read")
    meta = signers.PdfSignatureMetadata(
        field_name=_FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        name=issuer(keys),
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(file))
    made = _apart(partial(signers.sign_pdf, writer, meta, signer=signer, timestamper=timestamper()))
    return bytes(made.getbuffer())


def _apart(work: Callable[[], Any]) -> Any:
    """Do it in a thread of its own: pyHanko starts an event loop, which it cannot where one runs already."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def timestamper() -> TimeStamper | None:
    """The time-stamping authority (RFC 3161) of GONGXIN_REPORTS_TSA; none by default: the signature then holds the
    node's own time, and the ledger's checkpoint bounds it.
    """
    return _OverHttp(settings.REPORTS_TSA) if settings.REPORTS_TSA else None


class _OverHttp(TimeStamper):
    """RFC 3161 over HTTP with the standard library; pyHanko's own client would bring in aiohttp."""

    def __init__(self, address: str) -> None:
        # pyHanko's constructor has no types.
        super().__init__()  # type: ignore[no-untyped-call]
        self.address = address

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Send the query; waits at most ten seconds. Blocks: pyHanko runs it in a loop of its own."""
        headers = {"Content-Type": "application/timestamp-query"}
        # The address is the operator's setting, and http or https is checked where it is read.
        request = urllib.request.Request(self.address, req.dump(), headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=_TSA_SECONDS) as answer:  # noqa: S310
            return tsp.TimeStampResp.load(answer.read(_TSA_BYTES))


def checked(file: bytes, keys: Files, *, at: datetime) -> Signature:
    """What the signature of a file says. Whatever cannot be read is not signed: never raises for the file."""
    try:
        return _checked(file, keys, at)
    # pyHanko raises whatever a broken file brings about, from its own errors to IndexError.
    except Exception:
        return NONE


def _checked(file: bytes, keys: Files, at: datetime) -> Signature:
    reader = PdfFileReader(io.BytesIO(file))
    found = reader.embedded_signatures
    if not found:
        return NONE
    roots = [x509.Certificate.load(der) for _, _, der in pem.unarmor(keys.root.read_bytes(), multiple=True)]
    # The chain is judged on the day of checking; revocation is the matter of a public authority's certificate.
    context = ValidationContext(trust_roots=roots, moment=at, allow_fetching=False)
    status = _apart(partial(validate_pdf_signature, found[0], context))
    whole = str(status.coverage).endswith("ENTIRE_FILE")
    valid = bool(status.bottom_line) and whole and len(found) == 1
    signer = str(status.signing_cert.subject.native.get("common_name", ""))
    return Signature(present=True, valid=valid, signer=signer, subject=_subject(reader))


def _subject(reader: PdfFileReader) -> str:
    """As the file's own information says; covered by the signature where that covers the whole file."""
    if "/Info" not in reader.trailer_view:
        return ""
    information = reader.trailer_view["/Info"]
    return str(information["/Subject"]) if "/Subject" in information else ""
