"""Name search over made-up names: latency and recall of altered queries, beside rapidfuzz (brute force) and tantivy.

Every organisation asked for is real in the register; its name is altered as people alter names: a fragment
(without place and legal form, the end cut off), one wrong character anywhere, other widths (full-width
brackets, a blank), another legal form. Recall: the share of queries whose organisation is among the first ten
hits. Times: one whole call of `subjects.search.search`, organisations loaded, in this process.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import tantivy
from django.db import connection
from rapidfuzz import fuzz, process

from benchmarks.node import own_database
from gongxin import clock
from gongxin.sample import names as made_up
from gongxin.sample.organisations import register
from gongxin.subjects import register as registers
from gongxin.subjects.names import LEGAL_FORMS, name_key, name_key_expr
from gongxin.subjects.search import search

SEED = 7
ASKED = 400
TOP = 10
# Brute force takes a second or more for each query: a sample is enough for its figures.
BRUTE_FORCE_ASKED = 24

_FORMS = ("有限公司", "有限责任公司", "股份有限公司")
_PLACES = sorted(
    [made_up.CITY + "市临湖区", made_up.CITY + "市", made_up.CITY, *(district[:-1] for district in made_up.DISTRICTS)],
    key=len,
    reverse=True,
)
Query = tuple[str, str]
Finder = Callable[[str], Sequence[str]]


def run(rows: int = 1_000_000) -> dict[str, float]:
    """Fill a database of its own with `rows` organisations, ask, compare. Milliseconds and shares."""
    organisations = register(rows, SEED)
    names = organisations["企业名称"]
    queries = altered(names, np.random.default_rng(SEED))
    figures: dict[str, float] = {}
    with own_database():
        figures["search_register_import_s"] = _import(organisations)
        for text, _ in queries[:: max(1, len(queries) // 50)]:
            search(text)
        figures |= _measure("search", _postgresql, queries)
        figures |= {f"search_recall_{sort}": share for sort, share in _recall_by_sort(queries).items()}
    keys = pl.DataFrame({"name": names}).select(name_key_expr(pl.col("name")))["name"]
    figures |= _measure("search_tantivy", _tantivy(names, keys), queries)
    some = queries[:: max(1, len(queries) // BRUTE_FORCE_ASKED)]
    figures |= _measure("search_rapidfuzz", _rapidfuzz(names, keys), some)
    return figures


def altered(names: pl.Series, rng: np.random.Generator) -> list[Query]:
    """Queries in the four sorts in turn, each with the name it is meant to find."""
    companies = names.filter(names.str.ends_with("公司"))
    chosen = companies.gather(rng.choice(len(companies), min(ASKED, len(companies)), replace=False))
    letters = sorted(set("".join(names.head(5_000))))
    queries: list[Query] = []
    for name in chosen:
        key = name_key(name)
        queries += [
            (fragment(key, rng), name),
            (one_wrong(key, letters, rng), name),
            (widened(name, rng), name),
            (other_form(name, rng), name),
        ]
    return queries


def fragment(key: str, rng: np.random.Generator) -> str:
    """Without the place, up to two characters missing at the end, never fewer than four."""
    rest = next((key.removeprefix(place) for place in _PLACES if key.startswith(place)), key)
    return rest[: max(4, len(rest) - int(rng.integers(0, 3)))]


def one_wrong(key: str, letters: Sequence[str], rng: np.random.Generator) -> str:
    """One character, anywhere, replaced by another one."""
    place = int(rng.integers(len(key)))
    others = [letter for letter in letters if letter != key[place]]
    return key[:place] + others[int(rng.integers(len(others)))] + key[place + 1 :]


def widened(name: str, rng: np.random.Generator) -> str:
    """Full-width brackets around two characters and an ideographic blank."""
    place = int(rng.integers(1, len(name) - 3))
    return f"{name[:place]}（{name[place : place + 2]}）\u3000{name[place + 2 :]}"


def other_form(name: str, rng: np.random.Generator) -> str:
    """Another legal form, or none."""
    stem = next((name.removesuffix(form) for form in LEGAL_FORMS if name.endswith(form)), name)
    return stem + ("", *_FORMS)[int(rng.integers(4))]


def _measure(prefix: str, find: Finder, queries: Sequence[Query]) -> dict[str, float]:
    taken = np.empty(len(queries))
    right = 0
    for place, (text, name) in enumerate(queries):
        begun = time.perf_counter()
        found = find(text)
        taken[place] = time.perf_counter() - begun
        right += name in found
    p50, p99 = np.percentile(taken * 1000, [50, 99])
    return {
        f"{prefix}_p50_ms": float(p50),
        f"{prefix}_p99_ms": float(p99),
        f"{prefix}_recall_top10": right / len(queries),
    }


def _recall_by_sort(queries: Sequence[Query]) -> dict[str, float]:
    right = np.array([name in _postgresql(text) for text, name in queries])
    return {
        sort: float(right[place::4].mean()) for place, sort in enumerate(("fragment", "one_wrong", "width", "suffix"))
    }


def _postgresql(text: str) -> list[str]:
    return [hit.organisation.name for hit in search(text, limit=TOP).hits]


def _rapidfuzz(names: pl.Series, keys: pl.Series) -> Finder:
    originals, choices = names.to_list(), keys.to_list()
    return lambda text: [
        originals[place] for _, _, place in process.extract(name_key(text), choices, scorer=fuzz.WRatio, limit=TOP)
    ]


def _tantivy(names: pl.Series, keys: pl.Series) -> Finder:
    """All pairs of neighbouring characters, any of them, ranked by BM25."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("key", tokenizer_name="pairs")
    builder.add_text_field("name", stored=True, tokenizer_name="raw")
    schema = builder.build()
    folder = tempfile.TemporaryDirectory(prefix="gongxin-tantivy-")
    index = tantivy.Index(schema, path=folder.name)
    index.register_tokenizer(
        "pairs", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.ngram(2, 2, prefix_only=False)).build()
    )
    writer = index.writer(heap_size=256_000_000, num_threads=1)
    for name, key in zip(names, keys, strict=True):
        writer.add_document(tantivy.Document(name=name, key=key))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def find(text: str) -> list[str]:
        key = name_key(text)
        pairs = [key[place : place + 2] for place in range(len(key) - 1)]
        terms = [(tantivy.Occur.Should, tantivy.Query.term_query(schema, "key", pair)) for pair in pairs]
        hits = searcher.search(tantivy.Query.boolean_query(terms), TOP).hits
        return [searcher.doc(address)["name"][0] for _, address in hits]

    # The folder lives as long as the index that reads it.
    find.folder = folder  # type: ignore[attr-defined]
    return find


def _import(organisations: pl.DataFrame) -> float:
    with tempfile.TemporaryDirectory(prefix="gongxin-search-") as folder:
        path = Path(folder) / "register.parquet"
        organisations.write_parquet(path)
        begun = time.perf_counter()
        registers.import_file(path, acting="benchmark", at=clock.now())
        taken = time.perf_counter() - begun
    with connection.cursor() as cursor:
        # What autovacuum does within a minute of such a load.
        cursor.execute("VACUUM subjects_organisation")
    return taken
