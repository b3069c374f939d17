"""Files from outside pass a malware scanner where one is configured: against a small clamd that speaks INSTREAM."""

from __future__ import annotations

import io
import socketserver
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import held
from tests.intake.hand_ins import hand_in
from tests.made_up import penalty

from gongxin import scanning
from gongxin.errors import InvalidInput, Unavailable
from gongxin.intake.faults import FileRefused
from gongxin.intake.models import Submission
from gongxin.persons import papers
from gongxin.persons.seen import NewPaper
from gongxin.rights import evidence

# In the spirit of EICAR's: this scanner calls it malware, no other does.
BAD = "虚构恶意代码"
PDF = b"%PDF-1.4 " + BAD.encode()
MOST = 200_000


class Clamd(socketserver.StreamRequestHandler):
    """The INSTREAM of clamd: pieces after their lengths, a verdict at the end, a limit in between."""

    def handle(self) -> None:
        content = b""
        assert self.rfile.read(10) == b"zINSTREAM\0"
        while size := struct.unpack("!I", self.rfile.read(4))[0]:
            content += self.rfile.read(size)
            if len(content) > MOST:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        bad = BAD.encode() in content
        self.wfile.write(b"stream: Made.Up.Test-1 FOUND\0" if bad else b"stream: OK\0")


@pytest.fixture(params=["unix", "tcp"])
def scanner(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Iterator[None]:
    path = str(tmp_path / "clamd.ctl")
    server: socketserver.BaseServer
    if request.param == "unix":
        server, settings.SCANNER = socketserver.ThreadingUnixStreamServer(path, Clamd), path
    else:
        tcp = server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Clamd)
        settings.SCANNER = f"127.0.0.1:{tcp.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_it_finds_is_named_and_what_is_clean_passes(scanner: None) -> None:
    assert scanning.found([b"clean"]) == ""
    assert scanning.found([]) == ""
    assert scanning.found([b"x" * 100_000, BAD.encode()]) == "Made.Up.Test-1"


def test_a_file_it_cannot_judge_is_not_taken(scanner: None, settings: Any, tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refused:
        scanning.found([b"x" * MOST, b"x" * MOST])
    assert refused.value.code == "scanner-silent"
    assert "StreamMaxLength" in refused.value.remedy
    for nobody in (str(tmp_path / "nobody.ctl"), "127.0.0.1:9"):
        settings.SCANNER = nobody
        with pytest.raises(Unavailable):
            scanning.found([b"clean"])


def test_by_default_there_is_none(settings: Any) -> None:
    assert settings.SCANNER == ""
    assert scanning.found([BAD.encode()]) == ""


@pytest.mark.django_db
@pytest.mark.parametrize("scanner", ["unix"], indirect=True)
def test_nothing_infected_is_kept_wherever_files_come_in(scanner: None, settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIR = tmp_path / "files"
    with pytest.raises(FileRefused) as refused:
        hand_in([penalty(1, CF_SY=BAD)], provider=held.department())
    assert (refused.value.code, refused.value.facts["value"]) == ("E121", "Made.Up.Test-1")
    with pytest.raises(InvalidInput, match=r"Made\.Up\.Test-1") as told:
        evidence.keep(io.BytesIO(PDF), filename="a.pdf")
    assert told.value.code == "evidence-infected"
    with pytest.raises(InvalidInput, match=r"Made\.Up\.Test-1") as told:
        papers.judged([NewPaper("a.pdf", PDF)])
    assert told.value.code == "paper-infected"
    assert not Submission.objects.exists()
    assert [path for path in settings.FILES_DIR.rglob("*") if path.is_file()] == []
    assert hand_in([penalty(1)], provider=held.department()).accepted == 1
