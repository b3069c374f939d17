"""The web server's command: granian with what keeps slow, large and odd requests off the workers."""

from __future__ import annotations

import sys
from typing import Final

# The request line with all headers; more is refused before Python sees anything of it.
HEADER_BYTES: Final = 64 * 1024
# Who has not sent all headers by then is cut off.
HEADER_MILLISECONDS: Final = 10_000


def command(
    host: str, port: int, *, workers: int, threads: int, header_milliseconds: int = HEADER_MILLISECONDS
) -> list[str]:
    """The words that start the web server, in the foreground."""
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
        "--workers", str(workers), "--blocking-threads", str(threads), "--http", "1", "--no-ws",
        "--log-level", "warning",
        "--http1-buffer-size", str(HEADER_BYTES), "--http1-header-read-timeout", str(header_milliseconds),
        "--respawn-failed-workers", "--workers-kill-timeout", "5", "gongxin.wsgi:application",
    ]  # fmt: skip
