"""Which column is which field: by field name, Chinese label, alias or the renames of an older template. Never by
position.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import polars as pl

from gongxin.intake.faults import FileRefused
from gongxin.intake.tables import Notice
from gongxin.policy.model import Field, FieldRole, Generation, Item, ProhibitedCategory
from gongxin.policy.pack import Pack
from gongxin.subjects.identifiers import find_resident_ids

NATURAL_PERSON: Final = "自然人"

# Rows at the beginning of a file among which the header is looked for.
SEARCHED_ROWS: Final = 20
CODE_ROLES: Final[tuple[FieldRole, ...]] = (
    "party_uscc",
    "party_registration_no",
    "party_org_code",
    "party_institution_no",
    "party_social_no",
    "party_tax_no",
)
# A row is taken for a header from this many known titles on.
_ENOUGH: Final = 2
_MARKERS: Final = re.compile(r"\((?:必填|必填项|选填|可选|条件必填|必|选)\)|\s|\*|:$")


@dataclass(frozen=True, slots=True)
class Header:
    """The header row of a file. row: its number, 1 = first; titles: one a column; first_row: number of the first
    data row.
    """

    row: int
    titles: tuple[str, ...]
    first_row: int
    merged: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each field stands: field name → indexes of its columns (several only where an older template split a
    field).
    """

    places: Mapping[str, tuple[int, ...]]
    ignored: tuple[str, ...]
    generation: Generation | None
    # The template of natural persons: identity documents of a party, no column for any code of an organisation.
    of_persons: bool = False

    def demanded(self, field: Field) -> bool:
        """Whether the field must be filled in files of this generation of the template."""
        if self.of_persons and field.role == "party_kind":
            return False
        return field.required and not (self.generation and field.name in self.generation.absent)


def folded(title: str) -> str:
    """A title as it is compared: half-width, without blanks, stars and «(必填)»; field names in upper case."""
    plain = unicodedata.normalize("NFKC", title).replace("\u200b", "").replace("\ufeff", "")
    return _MARKERS.sub("", plain).upper()


def known_titles(item: Item) -> dict[str, str]:
    """Folded title → field name, for names, labels and aliases of the item."""
    known: dict[str, str] = {}
    for field in item.fields:
        for title in (*field.aliases, field.label, field.name):
            known[folded(title)] = field.name
    return known


def locate(rows: Sequence[Sequence[str]], item: Item) -> Header | None:
    """The header among the first rows of a file: the row that knows most titles of the item; None if no row knows
    enough.

    A header of two rows (merged cells) is read as one: blanks are filled from the row above and the row below.
    """
    titles = _titles_of_generations(item)
    scores = [sum(folded(cell) in titles for cell in row if cell) for row in rows]
    best = max(range(len(rows)), key=lambda n: (scores[n], -n), default=None)
    if best is None or scores[best] < min(_ENOUGH, len(item.fields)):
        return None
    filled, used = _filled(rows, best, titles)
    last = best + 1 if best + 1 in used else best
    return Header(best + 1, tuple(filled), last + 2, merged=bool(used))


def _filled(rows: Sequence[Sequence[str]], at: int, titles: Collection[str]) -> tuple[list[str], set[int]]:
    """The titles of the row; where it has no known one, those of the rows above and below; and which rows were used."""
    filled, used = [cell.strip() for cell in rows[at]], set()
    for neighbour in (at - 1, at + 1):
        cells = [folded(cell) for cell in rows[neighbour]] if 0 <= neighbour < len(rows) else []
        if not any(cells) or not all(cell in titles for cell in cells if cell):
            # A row of data or notes. (A row of group titles knows no field, so nothing of it is wanted either.)
            continue
        used.add(neighbour)
        filled += [""] * (len(cells) - len(filled))
        for n, cell in enumerate(cells):
            if cell and folded(filled[n]) not in titles:
                filled[n] = rows[neighbour][n].strip()
    return filled, used


def assign(header: Header, item: Item, pack: Pack) -> Columns:
    """Give every column to a field or name it as ignored. Raises FileRefused E112, E113, E402, E403."""
    refuse_prohibited(header.titles, item, pack.prohibited)
    columns = _assigned(header, item)
    _refuse_doubles(columns, header.titles)
    if columns.of_persons and not item.persons:
        raise FileRefused("E402")
    missing = missing_fields(columns, item)
    if missing:
        raise _refusal_of_missing(missing, columns)
    return columns


def _assigned(header: Header, item: Item) -> Columns:
    generation = _generation(header.titles, item)
    known = known_titles(item)
    renames = {folded(old): new for old, new in generation.rename} if generation else {}
    places: dict[str, list[int]] = {}
    ignored: list[str] = []
    for n, title in enumerate(header.titles):
        name = renames.get(folded(title)) or known.get(folded(title))
        if name is not None:
            places.setdefault(name, []).append(n)
        elif title and not _expected_extra(title, generation):
            ignored.append(title)
    placed = {name: tuple(indexes) for name, indexes in places.items()}
    return Columns(placed, tuple(ignored), generation, of_persons=_is_person_template(placed, item))


def refuse_prohibited(titles: Sequence[str], item: Item, prohibited: Sequence[ProhibitedCategory]) -> None:
    """Raise E403 if a title speaks of data that nobody may collect. The item's own titles have passed that check
    with the pack.
    """
    own = known_titles(item)
    for title in titles:
        plain = folded(title)
        if not plain or plain in own:
            continue
        for category in prohibited:
            if plain in {folded(entry) for entry in category.allowed}:
                continue
            if any(re.search(pattern, plain) for pattern in category.columns):
                said = f"依据：{category.reference.title}{category.reference.article}。"
                raise FileRefused("E403", field=title, value=category.title, expected=said)


def refusal_without_header(rows: Sequence[Sequence[str]], item: Item, pack: Pack) -> FileRefused:
    """What to refuse a file with in which no header of the item was found: E111 if it is another item's, else E110."""
    other = fitting_other(rows, item, pack)
    if other is not None:
        return FileRefused("E111", value=other.title, expected=item.title)
    shown = next(("、".join(cell for cell in row if cell.strip())[:80] for row in rows if any(row)), "")
    if _speaks_of_person(rows):
        shown = "（疑似含自然人信息，不显示）"
    return FileRefused("E110", value=shown, expected=SEARCHED_ROWS)


def _speaks_of_person(rows: Sequence[Sequence[str]]) -> bool:
    """Where titles are expected a row of data may stand, and it may be a person's."""
    cells = pl.Series("cell", [cell for row in rows for cell in row], dtype=pl.String)
    person = pl.col("cell").str.contains(NATURAL_PERSON, literal=True) | find_resident_ids(pl.col("cell"))
    return bool(cells.to_frame().select(person.any()).item())


def fitting_other(rows: Sequence[Sequence[str]], item: Item, pack: Pack) -> Item | None:
    """The other item whose required columns are all there (of several the one that knows most titles), or None."""
    fitting: list[tuple[int, Item]] = []
    for other in pack.items.values():
        header = locate(rows, other) if other.id != item.id else None
        if header is not None and not missing_fields(_assigned(header, other), other):
            fitting.append((_known_count(header, other), other))
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def notices(header: Header, columns: Columns) -> list[Notice]:
    """Warnings that the header gives rise to."""
    found: list[Notice] = []
    if columns.ignored:
        found.append(("W103", "、".join(columns.ignored)[:200], ""))
    if header.merged:
        found.append(("W106", f"第 {header.row} 行上下", ""))
    elif header.row > 1:
        found.append(("W104", str(header.row), ""))
    return found


def _titles_of_generations(item: Item) -> set[str]:
    old = {folded(title) for generation in item.generations for title, _ in generation.rename}
    return old | known_titles(item).keys()


def _known_count(header: Header, item: Item) -> int:
    titles = _titles_of_generations(item)
    return sum(folded(title) in titles for title in header.titles)


def _generation(titles: Sequence[str], item: Item) -> Generation | None:
    """The generation most of whose marks are among the titles; None: nothing marks one (today's template has
    labels too).
    """
    present = {folded(title) for title in titles}
    counted = [(sum(folded(mark) in present for mark in entry.marks), entry) for entry in item.generations]
    best = max((pair for pair in counted if pair[0]), key=lambda pair: pair[0], default=None)
    return best[1] if best else None


def _expected_extra(title: str, generation: Generation | None) -> bool:
    """Columns that are read past without a word: those the platform itself added, and known ones of an old template."""
    if title.strip() in RETURN_TITLES:
        return True
    return generation is not None and folded(title) in {folded(entry) for entry, _reason in generation.ignored}


def _refuse_doubles(columns: Columns, titles: Sequence[str]) -> None:
    """E112, except where an old template has two columns of different titles for one field of today's."""
    renames = {folded(old) for old, _new in columns.generation.rename} if columns.generation else set()
    for indexes in columns.places.values():
        plain = [folded(titles[n]) for n in indexes]
        if len(indexes) > 1 and not (set(plain) <= renames and len(set(plain)) == len(plain)):
            where = "、".join(f"第 {n + 1} 列" for n in indexes)
            raise FileRefused("E112", value="”“".join(dict.fromkeys(titles[n] for n in indexes)), expected=where)


def _is_person_template(places: Mapping[str, tuple[int, ...]], item: Item) -> bool:
    """Identity documents of a party and no column for any code of an organisation (DOMAIN 1.5)."""
    coded = [field for field in item.fields if field.role in CODE_ROLES]
    number = item.by_role("person_id_number")
    return bool(coded) and number is not None and number.name in places and not any(f.name in places for f in coded)


def missing_fields(columns: Columns, item: Item) -> list[Field]:
    """The fields without a column that the file cannot do without: the required ones, and at least one code of the
    party.
    """
    missing = [field for field in item.fields if columns.demanded(field) and field.name not in columns.places]
    coded = [field for field in item.fields if field.role in CODE_ROLES]
    some = columns.of_persons or any(field.name in columns.places for field in coded)
    if coded and not some and coded[0] not in missing:
        missing.append(coded[0])
    return missing


def _refusal_of_missing(missing: Sequence[Field], columns: Columns) -> FileRefused:
    labels = "”“".join(field.label for field in missing)
    near = [(field, _near(field, columns.ignored)) for field in missing]
    hint = "".join(f"“{title}”疑似“{field.label}”。" for field, title in near if title)
    return FileRefused("E113", field=labels, value=hint, expected="" if hint else "文件中也没有相近的列。")


def _near(field: Field, ignored: Sequence[str]) -> str:
    """The unused title that looks most like the field's label or name, or an empty text."""
    by_fold = {folded(title): title for title in ignored}
    for wanted in (field.label, field.name):
        close = get_close_matches(folded(wanted), list(by_fold), n=1, cutoff=0.6)
        if close:
            return by_fold[close[0]]
    return ""


# Titles that `intake.returns` adds to what goes back to a department.
RETURN_TITLES: Final = frozenset({"错误行号", "错误代码", "错误字段", "错误原因", "修改建议", "错误批次"})
