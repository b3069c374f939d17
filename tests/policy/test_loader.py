"""The strict loader: one deliberately broken file per error, inheritance, and an item that is one file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.policy.folders import copied

from gongxin.errors import GongxinError
from gongxin.policy import loader, packs, rehearsal
from gongxin.policy.model import Item
from gongxin.policy.pack import Pack
from gongxin.policy.reading import PackError

BROKEN = sorted((Path(__file__).parent / "broken").glob("*.yaml"))
SOURCE = Path(loader.__file__).parent
PACK = "cn-shandong-jinan"


@dataclass(frozen=True)
class Broken:
    """A broken file: where it is put, on which line the error is named (0: none), a piece of the message."""

    put: str
    line: int
    says: str

    @classmethod
    def of(cls, path: Path) -> Broken:
        found = dict(re.findall(r"^# (put|line|says): (.*)$", path.read_bytes().decode(errors="replace"), re.MULTILINE))
        return cls(found["put"], int(found["line"]), found["says"])


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_broken_file_is_refused_with_place_and_way_out(path: Path, tmp_path: Path) -> None:
    broken, folder = Broken.of(path), copied(tmp_path)
    target = folder / broken.put
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(path.read_bytes())
    with pytest.raises(PackError) as caught:
        loader.load(PACK, folder)
        rehearsal.rehearse(loader.load("cn", folder), folder)
    error = caught.value
    assert error.code == path.stem
    assert broken.says in error.title
    assert error.remedy
    assert isinstance(error, GongxinError)
    if broken.line:
        assert error.title.startswith(f"{broken.put} 第 {broken.line} 行：")


def test_every_error_has_its_broken_file() -> None:
    codes = {code for path in SOURCE.glob("*.py") for code in re.findall(r'"(pack-[a-z0-9-]+)"', path.read_text())}
    assert len(codes) > 30
    assert codes == {path.stem for path in BROKEN}


def test_unknown_key_names_what_is_allowed_and_the_nearest(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / "cn/codes/yes-no.yaml").write_bytes((BROKEN[0].parent / "pack-unknown-key.yaml").read_bytes())
    with pytest.raises(PackError) as caught:
        loader.load(PACK, folder)
    assert "允许的是：code、label、" in caught.value.title
    assert "是否想写“label”？" in caught.value.remedy


@pytest.fixture(scope="module")
def pack() -> Pack:
    return packs.load(PACK, packs.policies_folder())


def new_item() -> str:
    """The item that docs/policy-packs.md shows: what the page says is what works."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "policy-packs.md").read_text(encoding="utf-8")
    return re.findall(r"^```yaml\n(id: .*?)^```", page, re.MULTILINE | re.DOTALL)[0]


def test_adding_an_item_is_adding_one_file(pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copied(tmp_path)
    (folder / PACK / "items" / "water-quota.yaml").write_text(new_item(), encoding="utf-8")
    monkeypatch.setenv("GONGXIN_POLICIES", str(folder))
    grown = packs.current()
    assert set(grown.items) - set(pack.items) == {"water-quota"}
    item = grown.item("water-quota")
    assert [field.name for field in item.fields if field.required] == [
        "XDR_MC", "XDR_LB", "WS_MC", "WSH", "NR", "YJ", "JDRQ", "JDJG", "JDJGDM", "DE", "SJLY", "SJLYDM", "ZT",
    ]  # fmt: skip
    assert item.field("DE").label == "年用水定额(立方米)"
    assert item.pack == PACK
    assert item.publicity == "while-in-force"
    assert grown.version != pack.version


def test_child_extends_an_item_at_its_end(pack: Pack) -> None:
    parent: Item = packs.load("cn", packs.policies_folder()).item("penalty")
    child = pack.item("penalty")
    assert child.fields[: len(parent.fields)] == parent.fields
    assert [field.name for field in child.fields[len(parent.fields) :]] == [
        "CF_SXCD", "CF_CXLB", "CF_CFLY", "CF_XWZZRQ", "CF_ZT",
    ]  # fmt: skip
    assert child.version > parent.version
    assert child.natural_key == parent.natural_key
    oldest = next(entry for entry in child.generations if entry.id == "2015")
    assert dict(oldest.recode)["CF_ZT"] == (("0", "1"), ("1", "2"), ("2", "1"))
    assert dict(oldest.rename)["CF_JG"] == "CF_NR"


def test_child_replaces_what_it_says_it_replaces(pack: Pack) -> None:
    parent = packs.load("cn", packs.policies_folder())
    assert parent.clock("entry").reference.confidence == "L"
    assert pack.clock("entry").reference.confidence == "H"
    assert pack.clock("entry").pack == PACK
    assert set(parent.clocks) <= set(pack.clocks)
    assert parent.clock("objection-own").reference.confidence == "L"
    assert pack.clock("objection-own").reference.confidence == "H"
    assert pack.chain == ("cn", "cn-shandong", PACK)


def test_version_follows_the_rules_and_not_their_tests(pack: Pack, tmp_path: Path) -> None:
    folder = copied(tmp_path)
    assert re.fullmatch(r"[0-9a-f]{16}", pack.version)
    assert loader.load(PACK, folder).version == pack.version
    (folder / "cn/tests/five-years.yaml").unlink()
    assert loader.load(PACK, folder).version == pack.version
    with (folder / "cn/purposes.yaml").open("a", encoding="utf-8") as file:
        file.write("# a remark\n")
    assert loader.load(PACK, folder).version != pack.version
