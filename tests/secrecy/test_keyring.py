"""Keys: known by what they are, one active for each purpose, private on the disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from tests.secrecy.conftest import AT

from gongxin.errors import GongxinError, Unavailable
from gongxin.secrecy import keyring, private_files, sources
from gongxin.secrecy.keyring import KeyRing, Purpose, State


def test_a_ring_comes_back_as_it_was(suite_name: str) -> None:
    ring = keyring.new(suite_name, at=AT).with_new(Purpose.DATA, suite_name, at=AT + timedelta(days=1))
    held = ring.of(Purpose.DATA, State.HELD)[0]
    ring = ring.with_retired([held.id], at=AT + timedelta(days=2)).with_logged([held.id])
    assert keyring.read(ring.text()) == ring
    assert len({key.id for key in ring.keys}) == len(ring.keys) == 4
    assert [key.state for key in ring.of(Purpose.DATA)] == [State.RETIRED, State.ACTIVE]
    assert ring.key(held.id).retired_at == "2026-04-12T02:00:00Z"


def test_the_active_key_is_never_retired() -> None:
    ring = keyring.new("intl", at=AT)
    assert ring.with_retired([key.id for key in ring.keys], at=AT) == ring


def test_nothing_that_is_printed_shows_a_secret(suite_name: str) -> None:
    ring = keyring.new(suite_name, at=AT)
    assert all(key.secret.hex() not in repr(ring) and repr(key.secret) not in repr(ring) for key in ring.keys)


@pytest.mark.parametrize(
    "change",
    [
        lambda kept: kept.update(version=2),
        lambda kept: kept["keys"][0].update(suite="rot13"),
        lambda kept: kept["keys"][0].update(state="lost"),
        lambda kept: kept["keys"][0].update(purpose="fun"),
        lambda kept: kept["keys"][0].update(secret=kept["keys"][1]["secret"]),
        lambda kept: kept["keys"][0].update(secret="%%%"),
        lambda kept: kept["keys"][0].update(id="0123456789"),
        lambda kept: kept["keys"].append(json.loads(keyring.new("intl", at=AT).text())["keys"][0]),
        lambda kept: kept["keys"][0].pop("made_at"),
        lambda kept: kept.update(keys=None),
    ],
)
def test_a_damaged_ring_is_refused(change: Callable[[dict], object]) -> None:
    kept = json.loads(keyring.new("intl", at=AT).text())
    change(kept)
    with pytest.raises(Unavailable) as refused:
        keyring.read(json.dumps(kept))
    assert refused.value.code == "keys-broken"


def test_half_a_file_is_refused() -> None:
    with pytest.raises(Unavailable, match="已损坏"):
        keyring.read(keyring.new("intl", at=AT).text()[:200])


def test_demonstration_keys_are_known_under_any_name(suite_name: str) -> None:
    ring = keyring.demonstration(suite_name)
    assert all(key.demo and key.id.startswith("demo") for key in ring.keys)
    assert not any(key.demo or key.id.startswith("demo") for key in keyring.new(suite_name, at=AT).keys)
    renamed = json.loads(ring.text())
    renamed["keys"][0]["id"] = "0123456789"
    with pytest.raises(Unavailable):
        keyring.read(json.dumps(renamed))


def test_a_node_without_keys_says_what_to_do(ring_file: Path) -> None:
    with pytest.raises(Unavailable, match="gongxin keys init"):
        sources.current()
    assert not ring_file.exists()


def test_a_demonstration_needs_no_keys_of_its_own(ring_file: Path, settings, suite_name: str) -> None:
    settings.DEMO = True
    assert sources.current() == keyring.demonstration(suite_name)
    assert not ring_file.exists()


def test_keys_are_private_on_the_disk(ring: KeyRing, ring_file: Path) -> None:
    assert ring_file.stat().st_mode & 0o777 == 0o600
    assert ring_file.parent.stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in ring_file.parent.iterdir()] == ["ring.json"]
    assert sources.current() == ring


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622, 0o666])
def test_keys_that_others_may_reach_are_not_used(use: Callable[[KeyRing], KeyRing], ring_file: Path, mode: int) -> None:
    use(keyring.new("intl", at=AT))
    ring_file.chmod(mode)
    with pytest.raises(Unavailable, match="chmod 600") as refused:
        sources.current()
    assert refused.value.code == "keys-open"


def test_a_link_and_a_folder_are_no_key_files(ring_file: Path, tmp_path: Path) -> None:
    private_files.write(tmp_path / "elsewhere", keyring.new("intl", at=AT).text())
    ring_file.parent.mkdir()
    ring_file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unavailable, match="链接"):
        sources.current()
    ring_file.unlink()
    ring_file.mkdir()
    with pytest.raises(Unavailable, match="不是普通文件"):
        sources.current()


def test_a_ring_that_another_process_replaced_is_seen_at_once(use: Callable[[KeyRing], KeyRing]) -> None:
    first = use(keyring.new("intl", at=AT))
    assert sources.current() == first
    second = use(first.with_new(Purpose.DATA, "intl", at=AT))
    assert sources.current() == second != first


def test_keys_from_the_environment_are_read_only(ring_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = keyring.new("intl", at=AT)
    monkeypatch.setenv("GONGXIN_KEYRING", ring.text())
    assert sources.current() == ring
    with pytest.raises(Unavailable, match="不能修改"):
        sources.source().save(ring)
    monkeypatch.setenv("GONGXIN_KEYRING", "{")
    with pytest.raises(Unavailable):
        sources.current()


class Vault:
    """A key management service in four lines."""

    kept: KeyRing | None = None

    def stamp(self) -> int:
        return id(Vault.kept)

    def load(self) -> KeyRing | None:
        return Vault.kept

    def save(self, ring: KeyRing) -> None:
        Vault.kept = ring


def test_a_key_management_service_is_plugged_in_by_name(ring_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGXIN_KEY_SOURCE", "tests.secrecy.test_keyring:Vault")
    ring = keyring.new("gm", at=AT)
    sources.source().save(ring)
    assert sources.current() == ring
    assert not ring_file.exists()
    monkeypatch.setenv("GONGXIN_KEY_SOURCE", "tests.secrecy.test_keyring:Nothing")
    with pytest.raises(GongxinError, match="找不到"):
        sources.current()
