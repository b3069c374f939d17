"""The rings of tests/secrecy serve here too."""

from __future__ import annotations

from tests.secrecy.conftest import ring, ring_file, suite_name, use

__all__ = ["ring", "ring_file", "suite_name", "use"]
