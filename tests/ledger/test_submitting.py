"""A node's log before a witness: co-signed while it grows, refused when it was put back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.conftest import AT, Offline, as_owner, logged

from gongxin.errors import Conflict, NotFound, Unavailable
from gongxin.ledger import checkpoints, epochs, exporting, keys, notes, peers, proofs, submitting, watching, witnessing
from gongxin.ledger.models import CoSignature, Witnessed
from gongxin.ledger.notes import Signer, Verifier
from gongxin.ledger.peers import Witness

pytestmark = pytest.mark.django_db


def signed(count: int) -> str:
    for number in range(count):
        logged(number)
    return checkpoints.sign(at=AT).note


def put_back(size: int) -> None:
    as_owner("DELETE FROM ledger_leaf WHERE seq >= %s", size)
    as_owner("DELETE FROM ledger_checkpoint WHERE size > %s", size)
    as_owner("DELETE FROM ledger_cosignature WHERE size > %s", size)


def test_co_signed_while_it_grows(witness: Witness, offline: Offline, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        submitting.submit(witness, at=AT)
    for count in (5, 6, 9):
        signed(count)
        kept = submitting.submit(witness, at=AT)
    assert kept.size == 20 == Witnessed.objects.get().size
    assert submitting.submit(witness, at=AT) == kept
    assert [one.size for one in submitting.standings()] == [20]
    signed(2)
    proof = tmp_path / "proof"
    exporting.export(tmp_path / "out")
    vkey = str(witness.verifier)
    found = offline(tmp_path / "out", "--witness", vkey)
    assert found.returncode == 0, found.stderr
    assert "20 of them co-signed by witness.example.cn/w1" in found.stdout
    proof.write_text(proofs.inclusion(3))
    assert "not co-signed by" in offline("--proof", proof, "--witness", vkey).stderr
    submitting.submit(witness, at=AT)
    proof.write_text(proofs.inclusion(3))
    assert offline("--proof", proof, "--witness", vkey).returncode == 0
    assert offline("--proof", proof).returncode == 0
    other = str(Signer("witness.example.cn/w2", bytes(32), notes.WITNESS).verifier())
    assert "no checkpoint that witness.example.cn/w2 co-signed" in offline(tmp_path / "out", "--witness", other).stderr
    assert "not a key of this kind" in offline(tmp_path / "out", "--witness", str(keys.verifier())).stderr


def test_a_false_co_signature_is_found(witness: Witness, offline: Offline, tmp_path: Path) -> None:
    signed(5)
    submitting.submit(witness, at=AT)
    raw = bytearray(notes.decoded(CoSignature.objects.get().line.split()[2]))
    for place in (5, 40):
        raw[place] ^= 1
        line = f"— witness.example.cn/w1 {notes.encoded(bytes(raw))}\n"
        CoSignature.objects.update(line=line)
        exporting.export(tmp_path / f"out-{place}")
        assert "is false" in offline(tmp_path / f"out-{place}", "--witness", str(witness.verifier)).stderr


def test_a_log_put_back_is_refused_by_its_witness(witness: Witness) -> None:
    """The owner of the machine puts everything back, the signer's memory too, and lets other things have happened."""
    signed(5)
    memory = keys.remembered()
    submitting.submit(witness, at=AT)
    signed(6)
    submitting.submit(witness, at=AT)
    put_back(5)
    keys.remember(memory)
    signed(3)
    with pytest.raises(Conflict, match="已见证 11 条，现只有 8 条"):
        submitting.submit(witness, at=AT)
    signed(20)
    checkpoints.verify()
    with pytest.raises(Conflict, match="见过的日志不是本日志的前段"):
        submitting.submit(witness, at=AT)
    assert Witnessed.objects.get().size == 11


def test_the_co_signatures_of_this_node_tell_it_too(witness: Witness) -> None:
    """They were left in the database when its leaves were cut: nobody has to be asked."""
    signed(9)
    memory = keys.remembered()
    signed(2)
    submitting.submit(witness, at=AT)
    as_owner("DELETE FROM ledger_leaf WHERE seq >= 9")
    as_owner("DELETE FROM ledger_checkpoint WHERE size > 9")
    keys.remember(memory)
    with pytest.raises(Conflict, match="已见证 11 条，现只有 9 条"):
        submitting.submit(witness, at=AT)


def test_after_a_stated_restore_the_witness_goes_on_when_its_operator_says_so(witness: Witness) -> None:
    signed(9)
    submitting.submit(witness, at=AT)
    put_back(5)
    raised = epochs.raise_epoch(reason="disk", actor="operator", at=AT)
    with pytest.raises(Conflict, match="已见证 9 条"):
        submitting.submit(witness, at=AT)
    witnessing.readmit(keys.remembered(), reason="disk", actor="operator of the witness", at=AT)
    # The readmission is a leaf of the witness's log, which in this test is the same.
    signed(1)
    assert submitting.submit(witness, at=AT).size == raised.size + 2


def test_an_answer_that_was_lost_is_asked_for_again(witness: Witness) -> None:
    signed(5)
    submitting.submit(witness, at=AT)
    CoSignature.objects.all().delete()
    assert submitting.submit(witness, at=AT).size == 5
    signed(4)
    CoSignature.objects.all().delete()
    assert submitting.submit(witness, at=AT).size == 9


@pytest.mark.django_db(transaction=True)
def test_over_real_http(log_key: Verifier, live_server: Any) -> None:
    """A log that the witness does not know, then knows, then sees put back."""
    verifier = keys.make_witness("witness.example.cn/w1")
    real = peers.add_witness(str(verifier), f"{live_server.url}/witness")
    signed(5)
    with pytest.raises(Conflict, match="没有登记本日志"):
        submitting.submit(real, at=AT)
    peers.add_log(str(log_key))
    for count in (0, 6):
        signed(count)
        assert submitting.submit(real, at=AT).size == 5 + count
    put_back(5)
    epochs.raise_epoch(reason="to deceive", actor="owner", at=AT)
    for count in (0, 20):
        signed(count)
        with pytest.raises(Conflict, match=r"已见证 11 条|见过的日志不是本日志的前段"):
            submitting.submit(real, at=AT)


class _Odd(BaseHTTPRequestHandler):
    """Answers that no witness should give."""

    answers: list[tuple[int, bytes]] = []

    def do_POST(self) -> None:
        status, body = self.answers.pop(0)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Quiet."""


@pytest.fixture
def odd() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Odd)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_odd_answers_are_told_from_co_signatures(log_key: Verifier, odd: str) -> None:
    note = signed(3)
    signer = Signer("w", b"\x05" * 32, notes.WITNESS)
    witness = Witness(signer.verifier(), odd)
    good = signer.cosign(note, AT)
    elsewhere = signer.cosign(note.replace("\n3\n", "\n4\n"), AT)
    foreign = Signer("x", bytes(32), notes.WITNESS).cosign(note, AT)
    for answers in (
        [(200, b"")],
        [(200, b"hello")],
        [(200, elsewhere.encode())],
        [(200, foreign.encode())],
        [(302, b"")],
        [(500, b"\xff\xfe")],
        [(409, b"many\n")],
    ):
        _Odd.answers = list(answers)
        with pytest.raises(Unavailable, match="没有按协议应答"):
            submitting.submit(witness, at=AT)
    assert not CoSignature.objects.exists()
    _Odd.answers = [(200, (foreign + good).encode())]
    assert submitting.submit(witness, at=AT).line == good


@pytest.mark.django_db(transaction=True)
def test_the_loop_submits_and_bears_a_witness_that_is_down(witness: Witness, caplog: pytest.LogCaptureFixture) -> None:
    down = Signer("down", bytes(32), notes.WITNESS)
    peers.add_witness(str(down.verifier()), "https://127.0.0.1:9")
    moment = AT
    watch = watching.Watch(now=lambda: moment)
    logged(0)
    watch.turn()
    assert [one.size for one in submitting.standings()] == [1, 0]
    assert "witness-unavailable" in caplog.text
    caplog.clear()
    logged(1)
    moment = AT + timedelta(minutes=1)
    watch.turn()
    assert [one.size for one in submitting.standings()] == [2, 0]
