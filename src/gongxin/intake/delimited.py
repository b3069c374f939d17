"""Reading delimited text in blocks: bounded memory, one pass, nothing guessed.

A block ends at a record's end. NumPy finds the records (quotation marks respected), their widths and what is
irregular; Polars parses the cells as text. Where quotation marks stand where RFC 4180 has none (`5" pipe`), or lines
end with a lone CR, the rest of the file goes through Python's csv module instead, which reads such files as
spreadsheets do.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import IO, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from gongxin.intake.faults import FileRefused
from gongxin.intake.tables import FAULT_SCHEMA, ROW, Chunk, Notice, no_faults, text_frame

_BLOCK: Final = 16 * 1024**2
# A small one first: the database gets its first question while the second is being read.
_FIRST_BLOCK: Final = 1024**2
_RECORD_LIMIT: Final = 64 * 1024**2
_BOM: Final = b"\xef\xbb\xbf"
# Bytes of one character, the line end not among them.
_LONGEST_CHARACTER: Final = 4
# Of a pair of bytes that are a common Chinese character in GB18030, one in six is also a character in UTF-8.
_SURELY: Final = 16
_QUOTE, _LF, _CR = 34, 10, 13
DELIMITERS: Final = (",", "\t", ";")
_QUOTED: Final = re.compile(rb'"[^"]*"')
# Cells beyond the header's width that are kept for the file that goes back to the sender.
_SPARE: Final = 50
# Backslash, delete, and the sign that stands for an unreadable one.
_SPECIAL: Final = r"\\\x7f\x{FFFD}"
# Full-width and unbreakable blanks and invisible signs that count as blanks.
_WIDE_BLANKS: Final = r"\x{3000}\x{A0}\x{200B}\x{FEFF}"
_SLOW_ROWS: Final = 20_000

Positions = npt.NDArray[np.int64]


class _Irregular(Exception):
    """The block cannot be split by the rules of RFC 4180."""


class Decoder:
    """Decides the encoding once and for all: UTF-8 unless the first non-ASCII text says GB18030.

    A text that begins as UTF-8 and goes on otherwise is damaged: as GB18030 it would be read, but as nonsense.
    marked: the file begins with the mark of UTF-8. trusting: once that is decided, blocks are handed on unchecked
    to a parser that refuses other bytes itself.
    """

    def __init__(self, *, marked: bool = False, trusting: bool = False) -> None:
        self.encoding: str | None = "utf-8" if marked else None
        self._trusting = trusting

    def utf8(self, block: bytes, offset: int) -> bytes:
        """The block as UTF-8. Raises FileRefused E104, E107, E108; offset: where the block stands in the file."""
        nul = block.find(b"\0")
        if nul >= 0:
            raise FileRefused("E108", value=offset + nul + 1)
        if block.isascii():
            return block
        fault = None
        if self.encoding is None:
            fault = _utf8_fault(block)
            self.encoding = "utf-8" if fault is None or _speaks_utf8(block[:fault]) else "gb18030"
        elif self.encoding == "utf-8" and not self._trusting:
            fault = _utf8_fault(block)
        if self.encoding == "utf-8":
            if fault is not None:
                raise _undecodable(block, fault, offset)
            return block
        try:
            return block.decode("gb18030").encode()
        except UnicodeDecodeError as error:
            # Where both fail, the one that holds longer was meant.
            raise _undecodable(block, max(error.start, fault or 0), offset) from error


def _utf8_fault(block: bytes) -> int | None:
    """Where the block stops being UTF-8, or None."""
    try:
        block.decode()
    except UnicodeDecodeError as error:
        return error.start
    return None


def _speaks_utf8(beginning: bytes) -> bool:
    """Whether there are so many characters in UTF-8 that they cannot be Chinese in GB18030 by chance."""
    return sum(not character.isascii() for character in beginning.decode()) >= _SURELY


def _undecodable(block: bytes, fault: int, offset: int) -> FileRefused:
    """What to refuse a text with whose bytes make no character from `fault` on; offset: of the block in the file."""
    if fault >= len(block) - _LONGEST_CHARACTER and not block.endswith(b"\n"):
        return FileRefused("E104", value="最后一个字不完整，文件在末尾被截断")
    return FileRefused("E107", value=offset + fault + 1)


@dataclass(slots=True)
class _Records:
    """The records of a block: how many, and how many cells each has (None: each as many as the header)."""

    count: int
    widths: Positions | None
    # No cell holds a quotation mark, a line end or a control character; no ASCII blank stands at the edge of a cell.
    plain: bool
    tight: bool


@dataclass(slots=True)
class _Signs:
    """Where the bytes stand that make the structure of a block."""

    delimiter: int
    feeds: Positions
    returns: Positions
    quotes: Positions
    # Opening and closing mark in turn, of the cells in which anything stands.
    edges: Positions
    # All signs in order, whatever they are, and where they stand.
    places: Positions
    signs: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, block: bytes, delimiter: int) -> _Signs:
        """Found in one pass: letters, digits and Chinese lie above these signs, so few bytes are looked at twice."""
        raw = np.frombuffer(block, dtype=np.uint8)
        places = np.flatnonzero(raw <= max(delimiter, _QUOTE))
        signs = raw[places]
        feeds, returns, quotes = (places[signs == sign] for sign in (_LF, _CR, _QUOTE))
        even = len(quotes) // 2 * 2
        filled = quotes[1:even:2] - quotes[0:even:2] > 1
        edges = np.column_stack((quotes[0:even:2][filled], quotes[1:even:2][filled])).ravel()
        if len(quotes) % 2:
            edges = np.append(edges, quotes[-1])
        return cls(delimiter, feeds, returns, quotes, edges, places, signs)

    def widths(self, ends: Positions) -> Positions:
        """Cells of each record: delimiters between two ends, plus one."""
        counted = self.signs == self.delimiter
        if len(self.edges):
            counted &= np.searchsorted(self.edges, self.places) % 2 == 0
        upto = np.cumsum(counted, dtype=np.int64)[np.searchsorted(self.places, ends)]
        return np.diff(upto, prepend=0) + 1

    def plain(self) -> bool:
        """Whether no cell can hold a quotation mark, a line end or a control character."""
        odd = (self.signs < ord(" ")) & (self.signs != self.delimiter) & (self.signs != _LF) & (self.signs != _CR)
        return not len(self.edges) and not odd.any()

    def tight(self) -> bool:
        """Whether no blank stands beside a delimiter or a line end."""
        blanks = np.flatnonzero(self.signs == ord(" "))
        if not len(blanks):
            return True
        inner = blanks[(blanks > 0) & (blanks < len(self.signs) - 1)]
        beside = [(self.places[inner + step] - self.places[inner] == step) for step in (-1, 1)]
        return len(inner) == len(blanks) and not (beside[0] | beside[1]).any()

    def outside(self, positions: Positions) -> Positions:
        """The positions not between an opening and a closing mark. Empty cells (two marks) cost nothing."""
        return positions[np.searchsorted(self.edges, positions) % 2 == 0] if len(self.edges) else positions

    def lone_returns(self, block: bytes) -> bool:
        """Whether a CR outside quotation marks stands without its LF (the last byte of a block may still get one)."""
        found = self.outside(self.returns)
        found = found[found < len(block) - 1]
        return bool(len(found)) and bool((np.frombuffer(block, dtype=np.uint8)[found + 1] != _LF).any())

    def judge_quotes(self, block: bytes) -> None:
        """Raise _Irregular unless each opening mark follows a boundary and each closing one precedes a boundary."""
        quotes = self.quotes
        if not len(quotes):
            return
        raw = np.frombuffer(block, dtype=np.uint8)
        boundary = np.zeros(256, dtype=bool)
        boundary[[_LF, _CR, self.delimiter, _QUOTE]] = True
        opening, closing = quotes[0::2], quotes[1::2]
        before = raw[opening[opening > 0] - 1]
        after = raw[closing[closing < len(raw) - 1] + 1]
        if not (boundary[before].all() and boundary[after].all()):
            raise _Irregular


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a block begins: number of its first record, position in the file."""

    number: int
    offset: int


class DelimitedSource:
    """A delimited text file; see `tables.Source`. delimiter: the first line's most frequent one unless given."""

    def __init__(self, path: Path, delimiter: str = "") -> None:
        self.path = path
        self.notices: list[Notice] = []
        self._size = path.stat().st_size
        with path.open("rb") as file:
            self._marked = file.read(len(_BOM)) == _BOM
        self.delimiter = delimiter or _delimiter(self._beginning())

    def head(self, rows: int) -> list[list[str]]:
        """The cells of the first rows. A row that begins in the first MiB and ends behind it is left out."""
        beginning = self._beginning()
        whole = len(beginning) == self._size or len(beginning) == self._size - len(_BOM)
        cut = beginning if whole else beginning[: beginning.rfind(b"\n") + 1]
        text = Decoder(marked=self._marked).utf8(cut, 0).decode()
        return list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter), rows))

    def chunks(self, first_row: int, width: int) -> Iterator[Chunk]:
        """See `tables.Source`. Raises FileRefused E107, E108, E115, E119."""
        with self.path.open("rb") as file:
            if self._marked:
                file.seek(len(_BOM))
            yield from self._blocks(file, first_row, width)

    def _beginning(self) -> bytes:
        with self.path.open("rb") as file:
            return file.read(1024**2).removeprefix(_BOM)

    def _blocks(self, file: IO[bytes], first_row: int, width: int) -> Iterator[Chunk]:
        decoder, rest, number, offset = Decoder(marked=self._marked, trusting=True), b"", 1, file.tell()
        while True:
            read = file.read(_BLOCK if number > 1 else min(_BLOCK, _FIRST_BLOCK))
            block = rest + read
            if not block:
                return
            try:
                used, chunk = self._records_of(block, decoder, _Place(number, offset), width, last=not read)
            except _Irregular:
                file.seek(offset)
                yield from self._slowly(file, decoder, number, first_row, width)
                return
            if chunk is None:
                _judge_length(block, number)
                rest = block
                continue
            # What is left of a record is read again with the next block: less than copying the block behind it.
            rest, offset = b"", offset + used
            file.seek(offset)
            number += chunk.frame.height
            chunk.done = offset / self._size
            yield _from_row(chunk, first_row)

    def _records_of(
        self, block: bytes, decoder: Decoder, place: _Place, width: int, *, last: bool
    ) -> tuple[int, Chunk | None]:
        """The whole records of a block, and how many of its bytes they take; none where not even one is whole.

        Raises _Irregular.
        """
        used = len(block) if last else block.rfind(b"\n") + 1
        whole = block[:used]
        records = _regular(whole, ord(self.delimiter), width) if used else None
        if records is not None:
            chunk = self._parse(decoder.utf8(whole, place.offset), records, place, width)
            if chunk is not None:
                return used, chunk
        records, used = self._split(block, place.number, last=last)
        if not used:
            return 0, None
        return used, self._parse(decoder.utf8(block[:used], place.offset), records, place, width)

    def _split(self, block: bytes, number: int, *, last: bool) -> tuple[_Records, int]:
        """The whole records of the block and how many bytes they take. number: of the first record. Raises
        _Irregular.
        """
        if last and not block.endswith(b"\n"):
            block += b"\n"
        signs = _Signs.of(block, ord(self.delimiter))
        if signs.lone_returns(block):
            raise _Irregular
        ends = signs.outside(signs.feeds)
        used = int(ends[-1]) + 1 if len(ends) else 0
        signs.judge_quotes(block)
        if last and len(signs.quotes) % 2:
            raise FileRefused("E115", value=number + int(np.searchsorted(ends, signs.quotes[-1])))
        return _Records(len(ends), signs.widths(ends), signs.plain(), signs.tight()), used

    def _parse(self, block: bytes, records: _Records, place: _Place, width: int) -> Chunk | None:
        """The cells of the records; None where records that seemed regular are not."""
        widths = records.widths
        widest = width if widths is None else max(min(int(widths.max()), width + _SPARE), width)
        try:
            frame = self._cells(block, [f"c{n}" for n in range(widest)], ragged=widths is not None)
        except (pl.exceptions.ComputeError, pl.exceptions.SchemaError) as error:
            if widths is None:
                return None
            fault = _utf8_fault(block)
            if fault is not None:
                raise _undecodable(block, fault, place.offset) from error
            raise _unreadable(place) from error
        if frame.height != records.count:
            if widths is None:
                return None
            # The two readings of the same bytes must agree; where they do not, nothing may be taken in silently.
            raise _unreadable(place)
        numbers = pl.int_range(place.number, place.number + frame.height, dtype=pl.Int64, eager=True)
        faults = no_faults() if widths is None else _width_faults(numbers, pl.Series(widths), width)
        plain, tight = records.plain, records.plain and records.tight
        if plain and _holds(block, _SPECIAL + _WIDE_BLANKS):
            plain, tight = not _holds(block, _SPECIAL), tight and not _holds(block, _WIDE_BLANKS)
        return Chunk(frame.insert_column(0, numbers.alias(ROW)), faults, plain=plain, tight=tight)

    def _cells(self, block: bytes, names: list[str], *, ragged: bool) -> pl.DataFrame:
        """ragged: records may have more cells than there are names; where they may not, one that has is an error."""
        return pl.read_csv(
            block,
            has_header=False,
            schema=dict.fromkeys(names, pl.String),
            separator=self.delimiter,
            quote_char='"' if b'"' in block else None,
            empty_string_is_null=True,
            truncate_ragged_lines=ragged,
            missing_columns="insert" if ragged else "raise",
            raise_if_empty=False,
        )

    def _slowly(self, file: IO[bytes], decoder: Decoder, number: int, first_row: int, width: int) -> Iterator[Chunk]:
        """The rest of the file through the csv module."""
        encoding = decoder.encoding or _encoding_of_rest(file)
        csv.field_size_limit(_RECORD_LIMIT)
        reader = csv.reader(
            io.TextIOWrapper(file, encoding, newline=""),
            delimiter=self.delimiter,
            strict=True,
        )
        while True:
            try:
                rows = list(islice(reader, _SLOW_ROWS))
            except csv.Error as error:
                raise FileRefused("E115", value=number + reader.line_num) from error
            except UnicodeDecodeError as error:
                raise FileRefused("E107", value=error.start + 1) from error
            if not rows:
                return
            widths = pl.Series([len(row) for row in rows], dtype=pl.Int64)
            # Polars types max() as any value; of a column of whole numbers it is one.
            widest = min(max(int(widths.max() or 0), width), width + _SPARE)  # type: ignore[arg-type]
            frame = text_frame(rows, widest, number)
            chunk = Chunk(frame, _width_faults(frame[ROW], widths, width), 1.0)
            number += len(rows)
            yield _from_row(chunk, first_row)


def _regular(block: bytes, delimiter: int, width: int) -> _Records | None:
    """The records of a block without quotation marks in which as many delimiters stand as records of `width` cells
    have. Whether one has more of them and another fewer, the parser tells.
    """
    if b'"' in block:
        return None
    raw = np.frombuffer(block, dtype=np.uint8)
    feeds, returns, delimiters = (int(np.count_nonzero(raw == sign)) for sign in (_LF, _CR, delimiter))
    count = feeds + (not block.endswith(b"\n"))
    if delimiters != count * (width - 1) or (returns and returns != block.count(b"\r\n")):
        return None
    known = feeds + returns + (delimiters if delimiter < ord(" ") else 0)
    controls = int(np.count_nonzero(raw < ord(" "))) - known
    blanks = np.flatnonzero(raw == ord(" "))
    edges = np.zeros(256, dtype=bool)
    edges[[delimiter, _LF, _CR]] = True
    before = edges[raw[np.maximum(blanks - 1, 0)]] | (blanks == 0)
    after = edges[raw[np.minimum(blanks + 1, len(raw) - 1)]] | (blanks == len(raw) - 1)
    return _Records(count, None, plain=not controls, tight=not (before | after).any())


def _holds(block: bytes, signs: str) -> bool:
    """Whether any of the signs, as a class of a pattern lists them, is in a block of UTF-8; what is no UTF-8 the
    parser refuses.
    """
    text = pl.Series([block], dtype=pl.Binary).cast(pl.String, strict=False)
    return bool(text.str.contains(f"[{signs}]")[0])


def _unreadable(place: _Place) -> FileRefused:
    return FileRefused("E104", value=f"第 {place.number} 行之后的内容无法按表格读取")


def _delimiter(beginning: bytes) -> str:
    """The delimiter that the first line with any has most of outside quotation marks; a comma where there is none."""
    for line in _QUOTED.sub(b"", beginning).splitlines():
        counts = {mark: line.count(mark.encode()) for mark in DELIMITERS}
        if any(counts.values()):
            return max(DELIMITERS, key=lambda mark: counts[mark])
    return DELIMITERS[0]


def _judge_length(block: bytes, number: int) -> None:
    """Refuse a record that is longer than any real one: E115 where an open quotation mark makes it so, else E119."""
    if len(block) > _RECORD_LIMIT:
        if block.count(b'"') % 2:
            raise FileRefused("E115", value=number)
        raise FileRefused("E119", value=number, expected=f"{_RECORD_LIMIT // 1024**2} MiB")


def _width_faults(numbers: pl.Series, widths: pl.Series, width: int) -> pl.DataFrame:
    """E201 for rows of the wrong width. Blank lines are among them until the pipeline drops them as no rows."""
    wrong = widths != width
    if not wrong.any():
        return no_faults()
    return pl.DataFrame(
        {
            ROW: numbers.filter(wrong),
            "column": None,
            "code": "E201",
            "value": widths.filter(wrong).cast(pl.String),
            "expected": str(width),
        },
        schema=FAULT_SCHEMA,
    )


def _from_row(chunk: Chunk, first_row: int) -> Chunk:
    """Without the rows above `first_row`."""
    if chunk.frame.height and chunk.frame[ROW][0] >= first_row:
        return chunk
    below = pl.col(ROW) >= first_row
    return replace(chunk, frame=chunk.frame.filter(below), faults=chunk.faults.filter(below))


def _encoding_of_rest(file: IO[bytes]) -> str:
    """UTF-8 or GB18030, from the next bytes; leaves the position where it was."""
    position = file.tell()
    sample = file.read(1024**2)
    file.seek(position)
    sample = sample[: sample.rfind(b"\n") + 1] or sample
    decoder = Decoder()
    decoder.utf8(sample, position)
    return decoder.encoding or "utf-8"
