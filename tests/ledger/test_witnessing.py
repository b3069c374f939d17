"""This node as a witness: what it co-signs, what it refuses and with which answer (C2SP tlog-witness)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection
from django.test import Client
from tests.ledger.conftest import AT

from gongxin import clock
from gongxin.errors import Conflict, GongxinError, InvalidInput, NotFound
from gongxin.ledger import keys, notes, peers, selectors, tree, witnessing
from gongxin.ledger.models import Witnessed
from gongxin.ledger.notes import Checkpoint, Signer, Verifier

OTHER = Signer("other.example.cn/ledger", b"\x07" * 32)
SIZE_TYPE = "text/x.tlog.size"


class Log:
    """Another node's log, small enough for the memory."""

    def __init__(self, signer: Signer = OTHER, size: int = 0, tag: str = "leaf") -> None:
        self.signer = signer
        self.hashes: list[bytes] = []
        self.grow(size, tag)

    def grow(self, count: int, tag: str = "leaf") -> Log:
        self.hashes += [tree.leaf_hash(f"{tag} {len(self.hashes) + at}".encode()) for at in range(count)]
        return self

    def note(self, *, epoch: int = 1) -> str:
        growing = tree.Growing()
        for hashed in self.hashes:
            growing.append(hashed)
        return self.signer.sign(str(Checkpoint(self.signer.name, len(self.hashes), growing.root(), epoch)))

    def request(self, old: int, note: str = "") -> bytes:
        levels = tree.levels(self.hashes)
        parts = tree.consistency(old, len(self.hashes)) if 0 < old <= len(self.hashes) else []
        proof = tree.folded(parts, lambda node: levels[node.level][node.offset])
        return "\n".join([f"old {old}", *map(notes.encoded, proof), "", note or self.note()]).encode()


@pytest.fixture
def witness(tmp_path: Path, settings: Any) -> Verifier:
    settings.VAR_DIR = tmp_path / "witness"
    verifier = keys.make_witness("witness.example.cn/w1")
    peers.add_log(str(OTHER.verifier()))
    return verifier


@pytest.fixture
def ask(witness: Verifier, db: None) -> Callable[[bytes], Any]:
    def post(body: bytes) -> Any:
        with clock.at(AT):
            return Client(enforce_csrf_checks=True).post("/witness/add-checkpoint", body, content_type="text/plain")

    return post


def test_a_growing_log_is_co_signed(witness: Verifier, ask: Any) -> None:
    log, seen = Log(), 0
    for step in (1, 4, 3, 0, 56, 64, 1):
        answer = ask(log.grow(step).request(seen))
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8"), answer.content
        line = answer.content.decode()
        assert line.startswith("— witness.example.cn/w1 ")
        assert line.endswith("\n")
        assert notes.cosigned(log.note() + line, witness) == AT.replace(microsecond=0)
        seen = len(log.hashes)
        assert Witnessed.objects.get().size == seen


def test_what_is_signed_is_the_timed_text(witness: Verifier) -> None:
    """The form of tlog-cosignature to the letter, made and checked by other means than our own."""
    note = Log(size=3).note()
    raw = notes.decoded(keys.witness().cosign(note, AT).split(" ")[2].strip())
    assert raw[:4] == witness.key_id
    seconds = int.from_bytes(raw[4:12], "big")
    assert seconds == int(AT.timestamp())
    text = note.split("\n\n")[0] + "\n"
    Ed25519PublicKey.from_public_bytes(witness.key).verify(raw[12:], f"cosignature/v1\ntime {seconds}\n{text}".encode())


def test_answers_of_the_protocol(ask: Any) -> None:
    """Each refusal, and that none of them changes what was seen."""
    log = Log(size=8)
    assert ask(log.request(0)).status_code == 200
    larger = Log(size=8).grow(5)
    forged = Signer(OTHER.name, bytes(32)).sign(larger.note().split("\n\n")[0] + "\n")
    unknown = Log(Signer("unknown.example.cn/ledger", bytes(32)), size=13)
    proof = larger.request(8)
    refused = {
        404: [unknown.request(0)],
        403: [larger.request(8, forged), larger.request(8, larger.note().replace("\n13\n", "\n14\n"))],
        400: [
            larger.request(20),
            b"",
            b"old 8\n",
            b"old 08\n\n" + larger.note().encode(),
            b"\xff" + proof,
            proof.replace(b"old 8\n", b"old 8\n!\n"),
            b"old 0\n" + b"AAAA\n" * 64 + b"\n" + larger.note().encode(),
            b"old 0\n\n" + b"x" * witnessing.MOST_BYTES,
        ],
        409: [larger.request(0), larger.request(5), larger.request(13), Log(size=8, tag="split").request(8)],
        422: [
            Log(size=8, tag="rewritten").grow(5).request(8),
            proof.replace(b"old 8\n", b"old 8\nAAAA\n"),
            log.request(8).replace(b"old 8\n", b"old 8\nAAAA\n"),
        ],
    }
    for status, bodies in refused.items():
        for body in bodies:
            answer = ask(body)
            assert answer.status_code == status, (body, answer.content)
            if status == 409:
                assert (answer["Content-Type"], answer.content) == (SIZE_TYPE, b"8\n")
            else:
                assert answer["Content-Type"].startswith("text/plain")
    assert Witnessed.objects.get().note == log.note()
    assert ask(larger.request(8)).status_code == 200
    assert Client().get("/witness/add-checkpoint").status_code == 405


def test_a_log_that_was_rolled_back_is_refused(ask: Any) -> None:
    assert ask(Log(size=9).request(0)).status_code == 200
    for shorter in (Log(size=6), Log(size=6).grow(2, "other"), Log(size=6).grow(20, "other")):
        for old in range(len(shorter.hashes) + 1):
            assert ask(shorter.request(old)).status_code in (409, 422)


def test_without_a_key_it_says_so(ask: Any) -> None:
    (keys.folder() / "witness-key").unlink()
    answer = ask(Log(size=1).request(0))
    assert answer.status_code == 503
    assert "gongxin witness keys" in answer.content.decode()


def test_other_signatures_on_the_checkpoint_do_not_matter(ask: Any) -> None:
    log = Log(size=4)
    more = log.note() + Signer("someone", bytes(32)).sign("x\n").split("\n\n")[1]
    assert ask(log.request(0, more)).status_code == 200


def test_a_log_may_change_its_key(ask: Any) -> None:
    fresh = Signer(OTHER.name, b"\x08" * 32)
    assert ask(Log(size=4).request(0)).status_code == 200
    assert ask(Log(fresh, size=6).request(4)).status_code == 403
    peers.add_log(str(fresh.verifier()))
    assert ask(Log(fresh, size=6).request(4)).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_two_versions_at_once_give_one_co_signature(witness: Verifier) -> None:
    """Both begin at what was seen last; only the first to come is co-signed."""
    witnessing.add_checkpoint(witnessing.read(Log(size=3).request(0)), at=AT)
    gate, outcomes = threading.Barrier(4), []

    def submit(number: int) -> None:
        with closing(connection):
            request = witnessing.read(Log(size=3).grow(2, f"version {number}").request(3))
            gate.wait()
            try:
                witnessing.add_checkpoint(request, at=AT)
                outcomes.append(200)
            except GongxinError as error:
                outcomes.append(error.status)

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [200, 409, 409, 409]


def test_a_log_that_stated_its_restore_is_readmitted_by_hand_only(ask: Any) -> None:
    assert ask(Log(size=9).request(0)).status_code == 200
    restored = Log(size=6).grow(1, "epoch")
    note = restored.note(epoch=2)
    assert ask(restored.request(0, note)).status_code == 409
    with pytest.raises(Conflict, match="没有提升纪元"):
        witnessing.readmit(restored.note(), reason="disk", actor="operator", at=AT)
    assert witnessing.readmit(note, reason="disk", actor="operator", at=AT).epoch == 2
    leaf = json.loads(selectors.body(0))
    assert (leaf["event"], leaf["fields"]["before"], leaf["fields"]["size"]) == ("witness.log_readmitted", 9, 7)
    assert ask(restored.grow(3).request(7, restored.note(epoch=2))).status_code == 200
    with pytest.raises(Conflict, match="已见证第 2 纪元"):
        witnessing.readmit(note, reason="again", actor="operator", at=AT)
    with pytest.raises(NotFound):
        witnessing.readmit(Log(Signer("new", bytes(32))).note(), reason="x", actor="operator", at=AT)


def test_who_is_known_stands_in_files(witness: Verifier) -> None:
    assert peers.add_log(str(OTHER.verifier())) == OTHER.verifier()
    path = keys.folder() / "known-logs"
    path.write_text(f"# partners\n\n{path.read_text()}")
    assert peers.logs() == {OTHER.name: [OTHER.verifier()]}
    added = peers.add_witness(str(witness), "https://credit.example.cn/witness/")
    assert peers.witnesses() == [added]
    assert added.address == "https://credit.example.cn/witness"
    for key, address in (
        (str(witness), "https://elsewhere.example.cn/w"),
        (str(OTHER.verifier()), "https://x.example.cn"),
        (str(witness).replace("w1", "w2"), "https://x.example.cn"),
        (str(Signer("w3", bytes(32), notes.WITNESS).verifier()), "ftp://x.example.cn"),
        (str(Signer("w3", bytes(32), notes.WITNESS).verifier()), ""),
    ):
        with pytest.raises(InvalidInput):
            peers.add_witness(key, address)
    with pytest.raises(InvalidInput):
        peers.add_log(str(witness))
