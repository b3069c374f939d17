"""From folders of YAML to a `Pack`: the chain, inheritance, every part in the order in which parts refer to others."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from gongxin.policy import casework_files, catalogue, commitments, lists, retention, terms
from gongxin.policy.calendar import WorkingCalendar
from gongxin.policy.model import Item
from gongxin.policy.pack import Pack
from gongxin.policy.reading import Node, fault, read

Made = TypeVar("Made")

FILES: Final = (
    "categories", "principles", "clocks", "prohibited", "purposes", "duties", "report", "retention", "commitments",
)  # fmt: skip
FOLDERS: Final = ("codes", "severity", "caps", "terms", "fields", "items", "procedures", "repair", "calendar", "tests")


@dataclass(frozen=True)
class Source:
    """One pack of the chain: its folder and its YAML files by part (``items``, ``clocks`` …)."""

    id: str
    title: str
    folder: Path
    parts: dict[str, tuple[Path, ...]]


def load(name: str, folder: Path) -> Pack:
    """Load the pack `name` of `folder` with the packs it inherits from. Raises PackError on anything out of order."""
    sources = chain(name, folder)
    parts = _Parts(sources, folder)
    categories = parts.merged("categories", lists.category)
    principles = parts.merged("principles", lists.principle)
    _check_principles(principles, sources[-1])
    codes = parts.merged("codes", lists.code_list)
    clocks = parts.merged("clocks", lists.clock)
    prohibited = tuple(parts.merged("prohibited", lists.prohibited).values())
    severity = parts.merged("severity", partial(terms.severity_rules, words=terms.Vocabulary(codes)))
    words = terms.Vocabulary(codes, severity)
    publicity = parts.merged("terms", partial(terms.publicity_rules, words=words))
    shelf = catalogue.Shelf(categories, codes, publicity, clocks, {}, prohibited)
    shelf.groups.update(parts.merged("fields", partial(catalogue.field_group, shelf=shelf)).values())
    calendar = parts.merged("calendar", lists.calendar_year)
    items = _items(parts, shelf)
    desk = casework_files.Desk(clocks, items)
    procedures = parts.merged("procedures", partial(casework_files.procedure, desk=desk))
    desk = casework_files.Desk(clocks, items, procedures)
    section = partial(lists.report_section, categories=categories, items=items, taken=set())
    return Pack(
        name=name,
        title=sources[-1].title,
        version=_version(sources, folder),
        chain=tuple(source.id for source in sources),
        items=items,
        code_lists=codes,
        purposes=parts.merged("purposes", partial(lists.purpose, categories=categories)),
        clocks=clocks,
        categories=categories,
        prohibited=prohibited,
        calendar=WorkingCalendar({year.year: year for year in calendar.values()}),
        publicity=publicity,
        caps=tuple(parts.merged("caps", terms.cap).values()),
        severity=severity,
        principles=principles,
        duties=parts.merged("duties", lists.duty),
        report=parts.merged("report", section),
        procedures=procedures,
        repair=parts.merged("repair", partial(casework_files.repair_rules, desk=desk)),
        commitments=parts.merged("commitments", partial(commitments.commitment_kind, codes=codes)),
        retention=parts.merged("retention", partial(retention.retention, items=items)),
    )


def chain(name: str, folder: Path) -> list[Source]:
    """The packs from the root down to `name`. Raises PackError: no such pack, a circle, a wrong id, an unknown file."""
    found: list[Source] = []
    wanted: str | None = name
    while wanted is not None:
        if any(source.id == wanted for source in found):
            raise fault(
                "pack-circle", f"{wanted}/pack.yaml", f"“{wanted}”直接或间接继承了自己。", remedy="请改正 inherits。"
            )
        source, wanted = _source(wanted, folder)
        found.insert(0, source)
    return found


def _source(name: str, folder: Path) -> tuple[Source, str | None]:
    path = folder / name / "pack.yaml"
    if not path.is_file():
        there = sorted(entry.parent.name for entry in folder.glob("*/pack.yaml"))
        raise fault(
            "pack-not-found",
            f"{folder}",
            f"没有名为“{name}”的政策包。",
            allowed="、".join(there) or "（此文件夹中没有政策包）",
            remedy="请核对环境变量 GONGXIN_PACK 和 GONGXIN_POLICIES，或者 pack.yaml 中的 inherits。",
        )
    keys = read(path, folder).mapping(["id", "title", "inherits"], ["note"])
    keys["id"].choice([name])
    parent = None if keys["inherits"].is_null else keys["inherits"].text()
    return Source(name, keys["title"].text(), path.parent, _parts_of(path.parent, folder)), parent


def _parts_of(pack: Path, folder: Path) -> dict[str, tuple[Path, ...]]:
    """YAML files by part; a file in a place that nobody reads is refused, not passed over."""
    found: dict[str, tuple[Path, ...]] = {}
    for path in sorted(pack.rglob("*")):
        if path.is_dir() or path.name.startswith(".") or path == pack / "pack.yaml":
            continue
        place = path.relative_to(pack)
        part = place.parts[0] if len(place.parts) == 2 and place.parts[0] in FOLDERS else place.stem
        if path.suffix != ".yaml" or (len(place.parts) == 1) != (part in FILES) or part not in (*FILES, *FOLDERS):
            raise fault(
                "pack-unknown-file",
                path.relative_to(folder).as_posix(),
                "这个文件不会被读取。",
                allowed="、".join([f"{name}.yaml" for name in FILES] + [f"{name}/*.yaml" for name in FOLDERS]),
                remedy="请移到正确的文件夹或者改正文件名。",
            )
        found[part] = (*found.get(part, ()), path)
    return found


@dataclass(frozen=True)
class _Parts:
    sources: list[Source]
    folder: Path

    def nodes(self, part: str) -> Iterator[tuple[str, Node]]:
        """Every entry of a part with its pack, from the root pack down. A file holds one entry or a list of them."""
        for source in self.sources:
            for path in source.parts.get(part, ()):
                top = read(path, self.folder)
                entries = top.sequence() if path.parent == source.folder else [top]
                yield from ((source.id, entry) for entry in entries)

    def merged(self, part: str, make: Callable[[Node, str], Made]) -> dict[str, Made]:
        """The entries by id; a child's entry replaces its parent's only where it says ``replaces: true``."""
        found: dict[str, Made] = {}
        owner: dict[str, str] = {}
        for pack, node in self.nodes(part):
            name = _identify(node, pack, owner)
            found[name] = make(node, pack)
            owner[name] = pack
        return found


def _identify(node: Node, pack: str, owner: dict[str, str]) -> str:
    """The id of an entry, after judging whether it may take the place of another."""
    keys = node.entries()
    if "id" not in keys:
        raise node.error("pack-missing-key", "缺少“id”。", remedy="请补上编号 id。")
    name = keys["id"].text()
    replaces = "replaces" in keys and keys["replaces"].boolean()
    before = owner.get(name)
    if before == pack:
        raise keys["id"].error("pack-duplicate-id", f"编号“{name}”在本包中用了两次。", remedy="请改用不同的编号。")
    if before is not None and not replaces:
        raise keys["id"].error(
            "pack-silent-replacement",
            f"上级包“{before}”已经有编号“{name}”。",
            remedy="确要替换上级的规定，请写 replaces: true；否则请换一个编号。",
        )
    if before is None and replaces:
        raise keys["replaces"].error(
            "pack-nothing-to-replace", f"上级包里没有编号“{name}”可以替换。", remedy="请删去 replaces，或者核对编号。"
        )
    return name


def _items(parts: _Parts, shelf: catalogue.Shelf) -> dict[str, Item]:
    found: dict[str, Item] = {}
    owner: dict[str, str] = {}
    for pack, node in parts.nodes("items"):
        keys = node.entries()
        if "extends" in keys and keys["extends"].boolean():
            name = keys["id"].choice(found) if "id" in keys else ""
            made = catalogue.extended(node, pack, parent=found[name], shelf=shelf)
        else:
            name = _identify(node, pack, owner)
            made = catalogue.item(node, pack, shelf=shelf)
        catalogue.check_boundary(made, node, shelf.prohibited)
        found[name], owner[name] = made, pack
    return found


def _check_principles(principles: Mapping[str, object], source: Source) -> None:
    missing = [name for name in lists.PRINCIPLES if name not in principles]
    if missing:
        raise fault(
            "pack-missing-principle",
            f"{source.id}/principles.yaml",
            f"没有写明：{'、'.join(missing)}。",
            remedy="请在本包或上级包的 principles.yaml 中写明取值和依据。",
        )


def _version(sources: list[Source], folder: Path) -> str:
    """16 hex digits over names and contents of the files that make the rules (tests are not rules)."""
    digest = hashlib.sha256()
    for source in sources:
        paths = [
            source.folder / "pack.yaml",
            *(p for part, files in sorted(source.parts.items()) if part != "tests" for p in files),
        ]
        for path in paths:
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
