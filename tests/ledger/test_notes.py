"""Notes and keys against the vectors of the C2SP and Go note implementations; the checkpoint's form."""

from __future__ import annotations

import pytest

from gongxin.ledger.notes import Checkpoint, NoteInvalid, Signer, Verifier, opened

# The example key and note that implementations of C2SP signed-note are tested with.
KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)


def test_the_known_note() -> None:
    verifier = Verifier.read(KEY)
    assert str(verifier) == KEY
    assert opened(NOTE, verifier) == "This is an example message.\n"
    with pytest.raises(NoteInvalid):
        opened(NOTE.replace("example message", "other message"), verifier)


def test_checkpoint_there_and_back() -> None:
    signer = Signer("credit.example.cn/ledger", bytes(range(32)))
    assert Signer.read(signer.private_text()) == signer
    point = Checkpoint(signer.name, 7, bytes(range(32)))
    note = signer.sign(str(point))
    assert Checkpoint.read(note, signer.verifier()) == point
    # A witness' signature beside the log's is passed over.
    assert Checkpoint.read(note + "— witness.example AAAAAAAA\n", signer.verifier()) == point
    other = Signer(signer.name, bytes(32))
    for wrong in (note.replace("\n7\n", "\n8\n"), other.sign(str(point)), "", note.rstrip("\n"), str(point)):
        with pytest.raises(NoteInvalid):
            Checkpoint.read(wrong, signer.verifier())


@pytest.mark.parametrize(
    "text", ["other\n7\nAAAA\n", "credit\n07\nAAAA\n", "credit\n7\nAAAA\n", "credit\n7\n!\n", "credit\n7\n"]
)
def test_signed_texts_that_are_no_checkpoints(text: str) -> None:
    signer = Signer("credit", bytes(32))
    with pytest.raises(NoteInvalid):
        Checkpoint.read(signer.sign(text), signer.verifier())


@pytest.mark.parametrize("text", ["", "a+b", KEY.replace("530d903a", "530d903b"), KEY[:-4], KEY.replace("foo", "fo o")])
def test_broken_keys(text: str) -> None:
    with pytest.raises(NoteInvalid):
        Verifier.read(text)
    with pytest.raises(NoteInvalid):
        Signer.read("PRIVATE+KEY+" + text)
