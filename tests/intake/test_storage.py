"""Files are kept privately, under their hash, and no longer than they are needed."""

from __future__ import annotations

import hashlib
import io
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from tests.intake.hand_ins import hand_in, penalty

from gongxin.errors import NotFound
from gongxin.identity.models import Department
from gongxin.intake import storage
from gongxin.intake.faults import FileRefused
from gongxin.intake.models import Channel, Submission, SubmissionState

pytestmark = pytest.mark.django_db
AT = datetime(2026, 4, 2, 1, 0, tzinfo=UTC)
CONTENT = "名称,文号\n".encode() * 1000


def kept(content: bytes = CONTENT, *, state: str = SubmissionState.RECEIVED, **facts) -> Submission:
    department, _ = Department.objects.get_or_create(code="market", name="虚构市场监管局")
    with storage.staged(io.BytesIO(content)) as file, transaction.atomic():
        storage.place(file)
        return Submission.objects.create(
            item="penalty",
            provider=department,
            channel=Channel.CLI,
            filename="a.csv",
            file_sha256=file.sha256,
            file_bytes=file.size,
            received_at=AT,
            state=state,
            **facts,
        )


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_file_lies_under_its_hash_readable_by_this_account_only(files_dir: Path) -> None:
    submission = kept()
    path = storage.original(submission)
    assert path == files_dir / submission.file_sha256[:2] / hashlib.sha256(CONTENT).hexdigest()
    assert path.read_bytes() == CONTENT
    assert submission.file_bytes == len(CONTENT)
    assert [mode(part) for part in (path, path.parent, files_dir, files_dir / "incoming")] == [
        0o600,
        0o700,
        0o700,
        0o700,
    ]


@pytest.mark.parametrize(
    "stream",
    [io.BytesIO(CONTENT), SimpleUploadedFile("a.csv", CONTENT), [CONTENT[:7], CONTENT[7:]]],
    ids=["file", "upload", "parts"],
)
def test_every_kind_of_stream_is_read_whole(stream) -> None:
    with storage.staged(stream) as file:
        assert (file.sha256, file.size) == (hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


def test_too_large_a_file_is_refused_before_it_fills_the_disk(settings, files_dir: Path) -> None:
    settings.INTAKE_MAX_BYTES = 10
    asked = []

    def endless() -> Iterator[bytes]:
        while True:
            asked.append(1)
            yield b"12345678"

    with pytest.raises(FileRefused) as refused, storage.staged(endless()):
        pass
    assert refused.value.code == "E109"
    assert len(asked) == 2
    assert list((files_dir / "incoming").iterdir()) == []


def test_nothing_stays_behind_when_the_transaction_fails(files_dir: Path) -> None:
    with pytest.raises(RuntimeError), storage.staged(io.BytesIO(CONTENT)):
        raise RuntimeError
    assert [path for path in files_dir.rglob("*") if path.is_file()] == []


def test_no_path_can_come_from_outside() -> None:
    submission = kept()
    submission.file_sha256 = "../../etc/passwd".ljust(64, "a")
    with pytest.raises(ValueError, match="not a SHA-256"):
        storage.original(submission)


@pytest.mark.parametrize("code", sorted(storage.PERSONAL))
def test_original_with_personal_data_goes_as_soon_as_it_is_processed(code: str) -> None:
    field = {"E4": "rejections_by_code", "W2": "warnings_by_code"}[code[:2]]
    submission = kept(state=SubmissionState.COMPLETED, completed_at=AT, **{field: {code: 1}})
    assert storage.discard_private(submission)
    with pytest.raises(NotFound) as gone:
        storage.original(submission)
    assert gone.value.code == "original-discarded"


def test_original_with_a_column_of_identity_numbers_goes_even_if_nobody_reads_the_column() -> None:
    submission = kept(state=SubmissionState.COMPLETED, completed_at=AT, ignored_columns=["经办人身份证号"])
    assert storage.discard_private(submission)


def test_original_without_personal_data_stays() -> None:
    submission = kept(state=SubmissionState.COMPLETED, completed_at=AT, rejections_by_code={"E301": 4})
    assert not storage.discard_private(submission)
    assert storage.has_original(submission)


def test_file_that_another_submission_still_needs_stays() -> None:
    kept()
    done = kept(state=SubmissionState.COMPLETED, completed_at=AT, rejections_by_code={"E401": 1})
    assert not storage.discard_private(done)
    assert storage.has_original(done)


def test_originals_go_when_their_time_of_keeping_is_over(settings) -> None:
    """The pack says thirty days; a node may want fewer, never more."""
    settings.INTAKE_KEEP_DAYS = 60
    old = kept(b"old", state=SubmissionState.COMPLETED, completed_at=AT - timedelta(days=31))
    recent = kept(b"recent", state=SubmissionState.COMPLETED, completed_at=AT - timedelta(days=29))
    waiting = kept(b"waiting")
    again_old = kept(b"again", state=SubmissionState.REFUSED, completed_at=AT - timedelta(days=90))
    kept(b"again", state=SubmissionState.COMPLETED, completed_at=AT - timedelta(days=1))
    assert storage.discard_expired(at=AT) == 1
    assert [storage.has_original(entry) for entry in (old, recent, waiting, again_old)] == [False, True, True, True]
    settings.INTAKE_KEEP_DAYS = 10
    assert storage.discard_expired(at=AT) == 1
    assert not storage.has_original(recent)


def test_abandoned_uploads_go_after_a_day(files_dir: Path) -> None:
    incoming = files_dir / "incoming"
    incoming.mkdir(parents=True)
    (incoming / "abandoned").write_bytes(b"half")
    assert storage.discard_expired(at=datetime.now(UTC)) == 0
    assert storage.discard_expired(at=datetime.now(UTC) + timedelta(days=2)) == 1
    assert list(incoming.iterdir()) == []


def test_refused_file_is_not_kept_unless_another_submission_took_it_in(files_dir: Path) -> None:
    licences = hand_in([penalty(1)], item="licence")
    assert (licences.state, storage.has_original(licences)) == ("refused", False)
    taken_in = hand_in([penalty(1)])
    assert storage.has_original(taken_in)
    assert hand_in([penalty(1)], item="licence").state == "refused"
    assert storage.has_original(taken_in)
