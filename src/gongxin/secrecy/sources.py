"""Where the ring comes from: a private file, the environment, or a key management service plugged in by name."""

from __future__ import annotations

import os
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from django.conf import settings

from gongxin.errors import Unavailable
from gongxin.secrecy import keyring, private_files, suites
from gongxin.secrecy.keyring import KeyRing
from gongxin.secrecy.plugging import plugged_in


class KeySource(Protocol):
    """The seam for a key management service: name a callable without arguments that returns one of these."""

    def stamp(self) -> Hashable:
        """Something cheap that differs when the ring has changed. Asked before every use of a key."""

    def load(self) -> KeyRing | None:
        """The ring; None before the first key. Raises Unavailable."""

    def save(self, ring: KeyRing) -> None:
        """Keep this ring in place of the one before. Raises Unavailable where the operator has to do it."""


@dataclass(frozen=True, slots=True)
class FileSource:
    """A private file (0600)."""

    path: Path

    def stamp(self) -> Hashable:
        """Identity, time and size of the file."""
        return private_files.stamp(self.path)

    def load(self) -> KeyRing | None:
        """The ring in the file. Raises Unavailable for a file that others may read, or a damaged one."""
        text = private_files.read(self.path)
        return None if text is None else keyring.read(text)

    def save(self, ring: KeyRing) -> None:
        """Replace the file, whole or not at all."""
        private_files.write(self.path, ring.text())


@dataclass(frozen=True, slots=True)
class EnvironmentSource:
    """The text of a ring in GONGXIN_KEYRING, as container platforms hand secrets over. Read only."""

    text: str

    def stamp(self) -> Hashable:
        """The environment of a process does not change."""
        return None

    def load(self) -> KeyRing | None:
        """The ring in the text. Raises Unavailable for a damaged one."""
        return keyring.read(self.text)

    def save(self, ring: KeyRing) -> None:
        """Refused: the environment is the operator's."""
        del ring
        raise Unavailable(
            "keys-read-only",
            "密钥来自环境变量 GONGXIN_KEYRING，程序不能修改。",
            remedy="请改用密钥文件（GONGXIN_KEYS）更换密钥，完成后把文件内容放回环境变量。",
        )


def source() -> KeySource:
    """The source that settings name. Raises InvalidInput for a plug that does not exist."""
    plugged = os.environ.get("GONGXIN_KEY_SOURCE")
    if plugged:
        return _plugged(plugged)
    text = os.environ.get("GONGXIN_KEYRING")
    return EnvironmentSource(text) if text else FileSource(Path(settings.KEYS_FILE))


@cache
def _plugged(reference: str) -> KeySource:
    made: KeySource = plugged_in(reference)()
    return made


_known: tuple[KeySource, Hashable, KeyRing] | None = None


def current() -> KeyRing:
    """The ring as it is now; another process may have changed it since the last call.

    A demonstration node without keys uses those of demonstrations. Raises Unavailable without keys.
    """
    # One tuple, replaced as a whole: threads see the one before or the new one.
    global _known  # noqa: PLW0603
    asked = source()
    stamp = asked.stamp()
    known = _known
    if known is not None and known[0] == asked and known[1] == stamp:
        return known[2]
    ring = asked.load() or _of_demonstration()
    _known = (asked, stamp, ring)
    return ring


def _of_demonstration() -> KeyRing:
    if not settings.DEMO:
        raise keyring.missing()
    return keyring.demonstration(suites.chosen())
