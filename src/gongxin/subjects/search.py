"""Search of organisations: by part of a name, former name, code, pinyin initials; one wrong character still finds it.

Candidates come from the rarest pairs of characters of the query (subjects.grams), as many pairs as fit a budget
of names; they are ranked here. Very frequent queries (the name of the city) stop early. Measured in
benchmarks/search.py; why so: docs/adr/0004.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db import connection

from gongxin.subjects.grams import code_points, frequencies, gram_matrix, grams
from gongxin.subjects.identifiers import folded_code, uscc_check_digit, uscc_fault
from gongxin.subjects.models import Organisation
from gongxin.subjects.names import fold, name_key

# Names that the asked pairs may have together, by the statistics; and the most that are ranked whatever those say.
_BUDGET: Final = 1_500
_CANDIDATES: Final = 3_000
# One wrong character spoils four pairs at most: with two more there are always some that hold. If these have this many
# names together, no further pairs are asked.
_ENOUGH_PAIRS: Final = 6
_ENOUGH_NAMES: Final = 100
# Found at most; whoever needs more narrows the query.
MOST: Final = 200
# Share of the query's pairs that a similar name must have.
_SIMILAR: Final = 0.3
_LONGEST_QUERY: Final = 200

_CODE: Final = re.compile(r"(?=.*[0-9])[0-9A-Z]{4,18}", re.ASCII)
_LETTERS: Final = re.compile(r"[a-z][a-z0-9]+", re.ASCII)
# 有限公司, 有限责任公司, 股份有限公司 as initials: the pinyin column has no legal form.
_FORM_INITIALS: Final = re.compile(r"(?:gf)?yx(?:zr)?gs$")


@dataclass(frozen=True)
class Part:
    """A piece of the text that matched, and whether it is in the query."""

    text: str
    matched: bool


@dataclass(frozen=True)
class SearchHit:
    """An organisation that was found.

    why: ``code``, ``code-prefix``, ``identifier``, ``name``, ``former-name``, ``pinyin`` or ``similar``.
    matched: the text that met the query (a former name, an identifier). parts: the same text in pieces, to show
    what met.
    """

    organisation: Organisation
    why: str
    matched: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class SearchPage:
    """Hits `offset` … of `total`; `more`: there are more than `total`, which is where counting stops.

    hint: for a code that cannot be right: what is wrong with it. A hint, never a repair.
    """

    query: str
    hits: tuple[SearchHit, ...] = ()
    total: int = 0
    more: bool = False
    hint: CodeHint | None = None


@dataclass(frozen=True)
class CodeHint:
    """Why an 18-character query is no valid code, and the check digit the other 17 ask for (None: malformed)."""

    fault: str
    expected: str | None


@dataclass(frozen=True)
class _Found:
    organisation_id: UUID
    why: str
    matched: str


@dataclass
class _Findings:
    """Organisations in order of finding, each once, for its first reason."""

    found: dict[UUID, _Found] = field(default_factory=dict)
    more: bool = False

    def add(self, findings: Iterable[_Found], *, more: bool = False) -> None:
        for one in findings:
            self.found.setdefault(one.organisation_id, one)
        self.more |= more


def search(query: str, *, limit: int = 20, offset: int = 0, kinds: Sequence[str] = ()) -> SearchPage:
    """Organisations by a part of their name (2 characters or more), former name, code or pinyin initials, best first.

    Width, brackets, blanks, case and legal form do not matter. kinds: only these (`models.Kind`). Fewer than 2
    characters find nothing.
    """
    # PostgreSQL's text holds no NUL.
    text = query.replace("\x00", "").strip()[:_LONGEST_QUERY]
    if len(fold(text)) < 2:
        return SearchPage(query=text)
    findings = _Findings()
    hint = _by_code(text, findings)
    _by_pinyin(text, findings)
    _by_name(name_key(text), tuple(kinds), findings)
    return _page(SearchPage(query=text, hint=hint), findings, kinds, slice(offset, offset + limit))


def _page(page: SearchPage, findings: _Findings, kinds: Sequence[str], wanted: slice) -> SearchPage:
    found = list(findings.found.values())[:MOST]
    ids = [one.organisation_id for one in found]
    if kinds and ids:
        kept = set(Organisation.objects.filter(pk__in=ids, kind__in=kinds).values_list("pk", flat=True))
        found = [one for one in found if one.organisation_id in kept]
    shown = found[wanted]
    held = Organisation.objects.in_bulk([one.organisation_id for one in shown])
    hits = tuple(_hit(held[one.organisation_id], one, page.query) for one in shown if one.organisation_id in held)
    return replace(page, hits=hits, total=len(found), more=findings.more or len(findings.found) > MOST)


def _hit(organisation: Organisation, found: _Found, query: str) -> SearchHit:
    matched = found.matched or organisation.name
    return SearchHit(organisation, found.why, matched, _parts(matched, query))


def _parts(text: str, query: str) -> tuple[Part, ...]:
    """The text in pieces that are, or are not, made of pairs of characters of the query."""
    folded = fold(query)
    asked = {folded[place : place + 2] for place in range(len(folded) - 1)}
    inside = [False] * len(text)
    for place in range(len(text) - 1):
        if fold(text[place : place + 2]) in asked:
            inside[place] = inside[place + 1] = True
    parts: list[Part] = []
    for sign, matched in zip(text, inside, strict=True):
        if parts and parts[-1].matched == matched:
            parts[-1] = Part(parts[-1].text + sign, matched)
        else:
            parts.append(Part(sign, matched))
    return tuple(parts)


# --- codes


def _by_code(text: str, findings: _Findings) -> CodeHint | None:
    code = folded_code(text)
    if not _CODE.fullmatch(code):
        return None
    rows = _rows(
        """
        (SELECT id, CASE WHEN uscc = %(code)s THEN 'code' ELSE 'code-prefix' END, uscc
         FROM subjects_organisation WHERE uscc LIKE %(prefix)s ORDER BY uscc LIMIT %(most)s)
        UNION ALL
        (SELECT organisation_id, 'identifier', value
         FROM subjects_identifier WHERE value = %(code)s ORDER BY organisation_id LIMIT %(most)s)
        """,
        {"code": code, "prefix": code + "%", "most": MOST},
    )
    findings.add(_Found(*row) for row in rows)
    return _hint(code, findings) if len(code) == 18 else None


def _hint(code: str, findings: _Findings) -> CodeHint | None:
    """For a wrong 18-character code: what is wrong, and the organisations that share all but the check digit."""
    fault = uscc_fault(code)
    if fault is None:
        return None
    rows = _rows(
        "SELECT id, 'code-prefix', uscc FROM subjects_organisation WHERE uscc LIKE %(prefix)s LIMIT %(most)s",
        {"prefix": code[:17] + "%", "most": MOST},
    )
    findings.add(_Found(*row) for row in rows)
    return CodeHint(fault, uscc_check_digit(code))


# --- pinyin initials


def _by_pinyin(text: str, findings: _Findings) -> None:
    letters = fold(text).lower()
    if not _LETTERS.fullmatch(letters):
        return
    initials = _FORM_INITIALS.sub("", letters) or letters
    prefix = "SELECT id FROM subjects_organisation WHERE pinyin LIKE %(starts)s ORDER BY pinyin LIMIT %(most)s"
    rows = _rows(prefix, {"starts": initials + "%", "most": MOST})
    if len(rows) < MOST and len(initials) > 2:
        inside = "SELECT id FROM subjects_organisation WHERE pinyin LIKE %(within)s LIMIT %(most)s"
        rows += _rows(inside, {"within": f"%{initials}%", "most": MOST - len(rows)})
    findings.add((_Found(row[0], "pinyin", "") for row in rows), more=len(rows) >= MOST)


# --- names


def _by_name(key: str, kinds: tuple[str, ...], findings: _Findings) -> None:
    rows, more = _candidates(key, kinds)
    if rows:
        findings.add(_ranked(key, rows), more=more)


# The operators of PostgreSQL itself: those of intarray, where somebody installed it, do not use the index.
_ALIKE: Final = """
(SELECT id, name_key, '' FROM subjects_organisation
 WHERE gongxin_name_grams(name_key) OPERATOR(pg_catalog.{operator}) %(asked)s::int[] {of_kind} LIMIT %(most)s)
UNION ALL
(SELECT organisation_id, name_key, name FROM subjects_formername
 WHERE gongxin_name_grams(name_key) OPERATOR(pg_catalog.{operator}) %(asked)s::int[] LIMIT %(most)s)
"""

_BEGINNING: Final = """
(SELECT id, name_key, '' FROM subjects_organisation WHERE name_key LIKE %(starts)s {of_kind}
 ORDER BY name_key USING ~<~ LIMIT %(most)s)
"""


def _candidates(key: str, kinds: tuple[str, ...]) -> tuple[list[Any], bool]:
    """Names worth ranking: those with the rarest pairs of the key, within the budget; whether some were left out."""
    rarest = frequencies().rarest_first(grams(key))
    if not rarest:
        return [], False
    of_kind = "AND kind = ANY(%(kinds)s)" if kinds else ""
    if rarest[0][1] > _BUDGET:
        return _frequent(key, [gram for gram, _ in rarest[:3]], of_kind, kinds), True
    asked: list[int] = []
    expected = 0.0
    for gram, count in rarest:
        expected += count
        if asked and (expected > _BUDGET or (len(asked) >= _ENOUGH_PAIRS and expected > _ENOUGH_NAMES)):
            break
        asked.append(gram)
    values = {"asked": asked, "most": _CANDIDATES, "kinds": list(kinds)}
    return _rows(_ALIKE.format(operator="&&", of_kind=of_kind), values), False


def _frequent(key: str, asked: list[int], of_kind: str, kinds: tuple[str, ...]) -> list[Any]:
    """For a key whose every pair is in thousands of names: some that begin with it, some that have its rarest pairs."""
    starts = key.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
    values = {"asked": asked, "most": 2 * MOST, "kinds": list(kinds), "starts": starts}
    beginning = _rows(_BEGINNING.format(of_kind=of_kind), values)
    return beginning + _rows(_ALIKE.format(operator="@>", of_kind=of_kind), values)


def _ranked(key: str, rows: list[Any]) -> list[_Found]:
    """Candidates by likeness, best first.

    Likeness: the share of the key's pairs they have, plus 1 if they contain it, plus the share of its characters that
    stand at the same places (one wrong character comes before a shuffled name), less a little for each character of
    difference in length.
    """
    keys = [row[1] for row in rows]
    points = code_points(keys)
    asked = np.array(grams(key))
    share = np.isin(gram_matrix(points), asked).sum(axis=1) / len(asked)
    contained = np.array([key in name for name in keys])
    lengths = (points != 0).sum(axis=1)
    score = np.minimum(share, 1.0) + contained + _begins(points, key) - 0.01 * np.abs(lengths - len(key))
    order = np.lexsort((np.array(keys), -score))
    return [
        _Found(rows[place][0], _why(rows[place][2], contained=bool(contained[place])), rows[place][2])
        for place in order[: MOST + 1]
        if contained[place] or share[place] >= _SIMILAR
    ]


def _begins(points: np.ndarray[Any, np.dtype[np.int64]], key: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """How much of the key each name has at the same places, as a share: 1 where the name begins with the key."""
    width = min(points.shape[1], len(key))
    own = code_points([key])[0, :width]
    alike: np.ndarray[Any, np.dtype[np.float64]] = (points[:, :width] == own).sum(axis=1) / len(key)
    return alike


def _why(former: str, *, contained: bool) -> str:
    if former:
        return "former-name"
    return "name" if contained else "similar"


def _rows(query: str, values: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
