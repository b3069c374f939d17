"""Setting Chinese text in PDF documents: the vendored fonts, and a visible substitute for characters they do not hold.

The fonts are a subset of Noto Sans SC (SIL OFL 1.1, `fonts/OFL.txt`; made by tools/make_font.py, sums in
`fonts/SHA256SUMS`): GB 2312, the 8,105 general standard characters, Big5 level 1, symbols and full-width forms. A
character outside it is printed as 〓 with its code point, so that a rare name is never silently shortened and can be
looked up.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from fpdf import FPDF
from fpdf.enums import WrapMode, XPos, YPos
from fpdf.fonts import TTFFont

FAMILY: Final = "NotoSansSC"
_FOLDER: Final = Path(__file__).parent / "fonts"
_FILES: Final = {"": _FOLDER / "NotoSansSC-Regular.subset.ttf", "B": _FOLDER / "NotoSansSC-Bold.subset.ttf"}
# Control characters have no shape; joiners and direction marks have no place in a printed name.
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@cache
def held_characters() -> frozenset[int]:
    """Code points the regular weight can print."""
    probe = FPDF()
    probe.add_font(FAMILY, "", _FILES[""])
    font = probe.fonts[FAMILY.lower()]
    return frozenset(font.cmap) if isinstance(font, TTFFont) else frozenset()


def printable(text: str) -> str:
    """`text` with every character the fonts do not hold replaced by 〓 and its code point, e.g. `〓[U+2A6A5]`."""
    held = held_characters()
    cleaned = _UNPRINTABLE.sub("", text).replace("\t", " ")
    return "".join(
        character if ord(character) in held or character == "\n" else f"〓[U+{ord(character):04X}]"
        for character in cleaned
    )


# Marks that may not begin a line, and those that may not end one (GB/T 15834, CLREQ).
_NOT_FIRST: Final = frozenset("，。、；：？！）》」』】〕〉”’％…·,.;:?!)]}%／")
_NOT_LAST: Final = frozenset("（《「『【〔〈“‘([{")
# What is not taken apart: a run of Latin letters and digits (as far as a line is long), or one other character.
_UNITS: Final = re.compile(r"\n|[\x21-\x27\x2a\x2b\x2d-\x39\x3c-\x5a\x5e-\x7a]{1,40}|.", re.DOTALL)


class Document(FPDF):
    """An A4 document with the fonts in place; every text goes through `printable` on its way in.

    made_at: the document's date, so that the same facts give the same bytes.
    """

    def __init__(self, title: str, *, made_at: datetime, footer: str = "") -> None:
        super().__init__(format="A4")
        self.footer_text = footer
        self.add_font(FAMILY, "", _FILES[""])
        self.add_font(FAMILY, "B", _FILES["B"])
        # The bold weight holds the common characters only; the rest of a heading is set in regular.
        self.set_fallback_fonts([FAMILY], exact_match=False)
        self.set_title(title)
        self.set_lang("zh-CN")
        self.set_creator("Gongxin")
        self.set_creation_date(made_at)
        self.set_margins(18, 18, 18)
        self.set_auto_page_break(True, margin=20)
        self.set_font(FAMILY, size=10)

    def normalize_text(self, text: str) -> str:
        """The one place every text of a document passes."""
        return super().normalize_text(printable(text))

    def wrapped(self, text: str, width: float) -> str:
        """`text` with line breaks for lines of `width` mm in the present font, by the rules of Chinese setting: no
        closing mark begins a line, no opening one ends it, Latin words and numbers stay whole.
        """
        lines: list[list[str]] = [[]]
        used = 0.0
        for unit in _UNITS.findall(printable(text)):
            if unit == "\n":
                lines.append([])
                used = 0.0
                continue
            taken = self.get_string_width(unit)
            if used + taken > width and (carried := _carried(lines[-1], unit)) is not None:
                lines.append(carried)
                used = sum(self.get_string_width(entry) for entry in carried)
            if unit != " " or lines[-1]:
                lines[-1].append(unit)
                used += taken
        return "\n".join("".join(line).rstrip() for line in lines)

    def passage(self, text: str, *, size: int, bold: bool = False, align: str = "L") -> None:
        """A paragraph over the width of the page; size in points."""
        self.set_font(FAMILY, "B" if bold else "", size)
        self.multi_cell(0, size * 0.62, text, align=align, wrapmode=WrapMode.CHAR, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def signed(self, *lines: str) -> None:
        """Whose paper it is and of which day, at the right below it."""
        self.set_font(FAMILY, size=12)
        for text in lines:
            self.cell(0, 8, text, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def footer(self) -> None:
        """Foot of every page: what the document is, and the page number."""
        self.set_y(-14)
        self.set_font(FAMILY, size=8)
        self.set_text_color(90)
        self.cell(0, 5, f"{self.footer_text}　第 {self.page_no()} 页，共 {{nb}} 页", align="C")
        self.set_text_color(0)


def _carried(line: list[str], unit: str) -> list[str] | None:
    """What has to leave the line so that `unit` may begin the next one; None where the line cannot be broken before
    it: then it hangs over the edge.
    """
    place = len(line)
    while place and ((line[place] if place < len(line) else unit) in _NOT_FIRST or line[place - 1] in _NOT_LAST):
        place -= 1
    if place == 0:
        return None
    carried = line[place:]
    del line[place:]
    return carried
