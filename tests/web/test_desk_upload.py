"""Handing in a file at the desk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import UnreadablePostError
from django.test import Client, RequestFactory
from django.urls import reverse
from tests.intake.hand_ins import csv_of, nameless, penalty
from tests.web.desk_world import World

from gongxin.intake.models import Channel, RejectedRow, Submission
from gongxin.web import uploads

UPLOAD = "/desk/upload"


def _send(client: Client, content: bytes, name: str = "处罚.csv", **fields: str) -> Any:
    file = SimpleUploadedFile(name, content, content_type="text/csv")
    return client.post(UPLOAD, {"item": "penalty", "file": file, **fields})


def _spooled(files_dir: Path) -> list[Path]:
    return [path for folder in ("uploads", "incoming") for path in (files_dir / folder).glob("*")]


def test_file_is_taken_and_its_result_shown(world: World, files_dir: Path) -> None:
    client = world.client(world.officer)
    answer = _send(client, csv_of([penalty(11), nameless(12)]))
    done = Submission.objects.get(filename="处罚.csv", channel=Channel.DESK)
    assert answer["Location"] == reverse("desk:submission", args=[done.pk])
    assert (done.rows_in, done.accepted, done.rejected) == (2, 1, 1)
    assert (done.provider, done.submitted_by) == (world.mine, world.officer)
    page = client.get(answer["Location"]).content.decode()
    assert "2 = 1 + 0 + 0 + 1" in page
    assert "E203" in page
    assert reverse("desk:rows", args=[done.pk]) in page
    assert _spooled(files_dir) == []


def test_same_file_again_is_told(world: World) -> None:
    client = world.client(world.officer)
    _send(client, csv_of([penalty(11)]))
    answer = _send(client, csv_of([penalty(11)]))
    page = client.get(answer["Location"]).content.decode()
    assert "已经报送过" in page
    assert "1 = 0 + 0 + 1 + 0" in page


def test_missing_choices_are_told_on_the_page(world: World) -> None:
    client = world.client(world.officer)
    without_file = client.post(UPLOAD, {"item": "penalty"})
    assert without_file.status_code == 422
    assert "请选择要报送的文件" in without_file.content.decode()
    without_item = _send(client, csv_of([penalty(1)]), item="")
    assert "请选择文件属于哪个目录项" in without_item.content.decode()
    assert Submission.objects.count() == 1


def test_item_of_others_is_refused(world: World) -> None:
    answer = _send(world.client(world.officer), csv_of([penalty(1)]), item="tax-arrears")
    assert answer.status_code == 403
    assert "E116" in answer.content.decode()
    assert Submission.objects.count() == 1


def test_refused_file_shows_fault_and_next_step(world: World) -> None:
    client = world.client(world.officer)
    answer = _send(client, b"not,a,header\r\n1,2,3\r\n")
    page = client.get(answer["Location"]).content.decode()
    assert "整批退回" in page
    assert "下一步：" in page
    assert "重新上传" in page


def test_too_large_file_is_told_and_leaves_nothing(world: World, settings: Any, files_dir: Path) -> None:
    settings.INTAKE_MAX_BYTES = 50_000
    answer = _send(world.client(world.officer), b"x" * 200_000)
    assert answer.status_code == 422
    assert "E109" in answer.content.decode()
    assert Submission.objects.count() == 1
    assert _spooled(files_dir) == []


def test_nobody_signed_in_writes_to_the_disk(world: World, files_dir: Path, monkeypatch: Any) -> None:
    written: list[int] = []
    original = uploads.BoundedUpload.receive_data_chunk

    def noted(self: uploads.BoundedUpload, raw_data: bytes, start: int) -> None:
        original(self, raw_data, start)
        written.append(self.written)

    monkeypatch.setattr(uploads.BoundedUpload, "receive_data_chunk", noted)
    assert _send(Client(), csv_of([penalty(1)])).status_code == 302
    assert set(written) <= {0}
    _send(world.client(world.officer), csv_of([penalty(1)]))
    assert written[-1] > 0
    assert _spooled(files_dir) == []


class _BrokenOff:
    """A sender that goes away in the middle."""

    def __init__(self, first: bytes) -> None:
        self._first = first

    def read(self, size: int = -1) -> bytes:
        if not self._first:
            raise OSError("gone")
        part, self._first = self._first, b""
        return part


def test_interrupted_upload_leaves_nothing(files_dir: Path) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    request = RequestFactory().post(UPLOAD, b"replaced below", content_type="multipart/form-data; boundary=b")
    request.META["CONTENT_LENGTH"] = "900000"
    request._stream = _BrokenOff(head + b"x" * 100_000)
    with pytest.raises(UnreadablePostError):
        request.FILES  # noqa: B018  (reading it is the test)
    assert (files_dir / "uploads").is_dir()
    assert _spooled(files_dir) == []


def test_returned_file_settles_the_rows(world: World) -> None:
    client = world.client(world.officer)
    address = reverse("desk:rejected", args=[world.submission.pk, "csv"])
    returned = b"".join(client.get(address).streaming_content).decode("utf-8-sig")
    lines = returned.splitlines()
    column = lines[0].split(",").index("CF_XDR_MC")
    assert column == 0
    corrected = [lines[0], *(f"泽川市云岭{n + 1}号贸易有限公司{line}" for n, line in enumerate(lines[1:3], start=1))]
    answer = _send(
        client, "\r\n".join(corrected).encode("utf-8-sig"), name="改好.csv", corrects=str(world.submission.pk)
    )
    done = Submission.objects.get(filename="改好.csv")
    assert answer["Location"] == reverse("desk:submission", args=[done.pk])
    assert done.corrects == world.submission
    assert done.rejected == 0
    assert RejectedRow.objects.filter(submission=world.submission, corrected_by=done).count() == 2


def test_correcting_anothers_submission_is_refused(world: World) -> None:
    answer = _send(world.client(world.other), csv_of([penalty(1)]), corrects=str(world.submission.pk))
    assert answer.status_code == 404
    assert Submission.objects.count() == 1
