"""How uploaded files arrive: streamed to the disk, never whole in memory, and never more than intake takes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from gongxin.rights.evidence import MOST_BYTES

# The largest file that can be a credit report; anybody may upload one to have it verified.
REPORT_BYTES: Final = 16 * 1024**2


class BoundedUpload(FileUploadHandler):
    """Writes an upload to a file without a name: nothing is left when the sender breaks off or this process dies.

    What comes after one byte more than settings.INTAKE_MAX_BYTES is read and dropped, so that the sender gets an answer
    (E109) instead of a broken connection; at the desk nothing is written for somebody who is not signed in.
    """

    written = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        # Beside the kept originals: the system's own folder may be memory.
        folder = Path(settings.FILES_DIR) / "uploads"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (closed with the request)
        self.written = 0

    # Django's signature.
    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a part, as far as there is room."""
        room = self._most() - self.written
        if room > 0:
            part = raw_data[:room]
            self.file.write(part)
            self.written += len(part)

    # Django's signature; what was dropped does not count.
    def file_complete(self, file_size: int) -> UploadedFile[bytes]:
        """The file as far as it was written."""
        self.file.seek(0)
        return UploadedFile(self.file, self.file_name, self.content_type, self.written, self.charset)

    def upload_interrupted(self) -> None:
        """Free the disk at once."""
        self.file.close()

    def _most(self) -> int:
        match = getattr(self.request, "resolver_match", None)
        at_the_desk = match is not None and match.app_name in {"desk", "cases", "mine"}
        # The authentication middleware sets `user`; the handler is typed for bare requests.
        if at_the_desk and not self.request.user.is_authenticated:  # type: ignore[union-attr]
            return 0
        if match is not None and match.app_name in {"cases", "mine"}:
            return MOST_BYTES + 1
        if match is not None and match.app_name == "public":
            return REPORT_BYTES + 1
        return int(settings.INTAKE_MAX_BYTES) + 1
