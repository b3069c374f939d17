"""This node's log before its witnesses: each newest checkpoint is handed to them, and what they co-sign is kept."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

from gongxin.errors import Conflict, GongxinError, NotFound, Unavailable
from gongxin.ledger import notes, peers, proofs, selectors
from gongxin.ledger.models import CoSignature
from gongxin.ledger.notes import NoteInvalid
from gongxin.ledger.peers import Witness

_TIMEOUT_SECONDS: Final = 10.0
# A line or two are expected.
_MOST_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a witness is. size: of the newest checkpoint it co-signed; 0 and None: it never did."""

    witness: Witness
    size: int
    at: datetime | None


def standings() -> list[Standing]:
    """How far each witness of this log is."""
    found = []
    for witness in peers.witnesses():
        last = _last(witness)
        found.append(Standing(witness, last.size if last else 0, last.at if last else None))
    return found


def submit(witness: Witness, *, at: datetime) -> CoSignature:
    """Have the newest checkpoint co-signed; what is kept of it. Not inside a transaction: it waits for the other side.

    Raises NotFound without a checkpoint, Unavailable where the witness does not answer as a witness, Conflict where it
    has seen another log than this: rolled back, rewritten or shown in two versions.
    """
    newest = selectors.last_checkpoint()
    if newest is None:
        raise NotFound("ledger-no-checkpoint", "还没有检查点。", remedy="请先运行 gongxin ledger checkpoint。")
    last = _last(witness)
    if last is not None and last.size == newest.size and _is_over(last, newest.note, witness):
        return last
    if last is not None:
        _not_beyond(witness, last.size, newest.size)
    status, answer = _asked(witness, newest.note, last.size if last else 0)
    if status == HTTPStatus.CONFLICT:
        # It knows another size: our memory was put back, or an answer was lost on the way.
        status, answer = _asked(witness, newest.note, _size(witness, answer, newest.size))
    if status != HTTPStatus.OK:
        raise _refused(witness, status)
    line, signed_at = _co_signature(witness, newest.note, answer)
    kept, _ = CoSignature.objects.update_or_create(
        size=newest.size, witness=witness.verifier.name, defaults={"line": line, "at": signed_at}
    )
    return kept


def _last(witness: Witness) -> CoSignature | None:
    return CoSignature.objects.filter(witness=witness.verifier.name).order_by("-size").first()


def _is_over(kept: CoSignature, note: str, witness: Witness) -> bool:
    """Whether a co-signature is over this note, and not over another log of as many leaves."""
    try:
        return notes.cosigned(note + kept.line, witness.verifier) is not None
    except NoteInvalid:
        return False


def _asked(witness: Witness, note: str, old: int) -> tuple[int, str]:
    """Status and body of the answer to one add-checkpoint request."""
    request = proofs.consistency(old, note=note) if old else f"old 0\n\n{note}"
    parts = urlsplit(witness.address)
    host, port = parts.hostname or "", parts.port
    connection: HTTPConnection
    if parts.scheme == "https":
        connection = HTTPSConnection(host, port, timeout=_TIMEOUT_SECONDS, context=ssl.create_default_context())
    else:
        connection = HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
    try:
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        connection.request("POST", f"{parts.path}/add-checkpoint", request.encode(), headers)
        answer = connection.getresponse()
        return answer.status, answer.read(_MOST_BYTES).decode(errors="replace")
    except (OSError, HTTPException) as error:
        raise _unavailable(witness, type(error).__name__) from error
    finally:
        connection.close()


def _size(witness: Witness, answer: str, newest: int) -> int:
    """The size a witness says it knows. Raises Conflict where that is more than there is."""
    text = answer.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 19:
        raise _unavailable(witness, "409")
    _not_beyond(witness, int(text), newest)
    return int(text)


def _not_beyond(witness: Witness, seen: int, newest: int) -> None:
    if seen > newest:
        raise selectors.damaged(f"见证人“{witness.verifier.name}”已见证 {seen} 条，现只有 {newest} 条")


def _refused(witness: Witness, status: int) -> GongxinError:
    name = witness.verifier.name
    if status in (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY):
        return selectors.damaged(f"见证人“{name}”见过的日志不是本日志的前段")
    if status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        return Conflict(
            "witness-does-not-know-us",
            f"见证人“{name}”没有登记本日志或其公钥。",
            remedy="请把 gongxin ledger keys 显示的公钥交给见证人登记。",
        )
    return _unavailable(witness, str(status))


def _co_signature(witness: Witness, note: str, answer: str) -> tuple[str, datetime]:
    """The line of this witness in its answer, checked. Lines of other keys are left out, as the protocol says."""
    for line in answer.splitlines():
        try:
            signed_at = notes.cosigned(f"{note}{line}\n", witness.verifier)
        except NoteInvalid as error:
            raise _unavailable(witness, str(error)) from error
        if signed_at is not None:
            return f"{line}\n", signed_at
    raise _unavailable(witness, "no co-signature")


def _unavailable(witness: Witness, detail: str) -> Unavailable:
    return Unavailable(
        "witness-unavailable",
        f"见证人“{witness.verifier.name}”没有按协议应答（{detail}）。",
        remedy=f"请核对地址 {witness.address} 和登记的公钥，或稍后重试。",
    )
