"""Build the vendored subset of Noto Sans SC that PDF documents are set in (src/gongxin/fonts).

    npm pack @expo-google-fonts/noto-sans-sc@0.4.3 && tar xzf expo-google-fonts-noto-sans-sc-0.4.3.tgz
    pip download --no-deps pypinyin-dict==0.9.0 && unzip pypinyin_dict-0.9.0-py2.py3-none-any.whl
    python tools/make_font.py package src/gongxin/fonts

The npm package carries the static TrueType instances of Noto Sans SC (SIL OFL 1.1; the subset uses no reserved name).
Characters kept: GB 2312 (both levels and its symbols); the Table of General Standard Chinese Characters of 2013
(8,105; read from pypinyin-dict, run this with its folder on PYTHONPATH); Big5 level 1 (traditional forms of older
names); Latin, general and CJK punctuation, full-width forms, arrows, enclosed numbers; some rarer characters that
trade names like. The bold weight holds GB 2312 level 1 only; other characters of a heading fall back to regular. Same
input, same bytes: time stamps are fixed and the result's SHA-256 is written beside it.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from pypinyin_dict.pinyin_data import ktghz2013

# Unicode blocks kept whole, first and last code point.
_BLOCKS = (
    (0x0020, 0x017F), (0x0370, 0x03FF), (0x0400, 0x045F), (0x2000, 0x206F), (0x20A0, 0x20BF), (0x2100, 0x218F),
    (0x2190, 0x21FF), (0x2460, 0x24FF), (0x2500, 0x257F), (0x25A0, 0x25FF), (0x2600, 0x267F), (0x3000, 0x30FF),
    (0x3200, 0x33FF), (0xFE10, 0xFE1F), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF),
)  # fmt: skip

_TRADE_NAMES = "鱻龘嚞囍淼垚喆堃犇猋骉羴龖靐馫麤飝厵"


def _double_byte(encoding: str, first: range, second: tuple[range, ...]) -> set[int]:
    """Code points of a double-byte set."""
    found: set[int] = set()
    for high in first:
        for span in second:
            for low in span:
                text = bytes([high, low]).decode(encoding, errors="ignore")
                found.update(ord(character) for character in text if len(text) == 1)
    return found


def character_sets() -> dict[str, set[int]]:
    """Code points per weight."""
    blocks = {point for first, last in _BLOCKS for point in range(first, last + 1)}
    gb2312 = _double_byte("gb2312", range(0xA1, 0xF8), (range(0xA1, 0xFF),))
    gb2312_common = _double_byte("gb2312", range(0xA1, 0xD8), (range(0xA1, 0xFF),))
    big5_level_1 = _double_byte("big5", range(0xA4, 0xC7), (range(0x40, 0x7F), range(0xA1, 0xFF)))
    return {
        "Regular": blocks | gb2312 | big5_level_1 | set(ktghz2013.pinyin_dict) | set(map(ord, _TRADE_NAMES)),
        "Bold": blocks | gb2312_common,
    }


def build(source: Path, points: set[int], target: Path) -> None:
    """Write the subset of `source` holding `points` to `target`, without hints and tables PDF does not use."""
    font = TTFont(source, recalcTimestamp=False)
    options = Options()
    options.hinting = False
    options.layout_features = []
    options.drop_tables += ["BASE", "GDEF", "GPOS", "GSUB", "STAT", "vhea", "vmtx", "gasp", "prep"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.notdef_outline = True
    options.glyph_names = False
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=points)
    subsetter.subset(font)
    font.save(target, reorderTables=True)


def main(package: Path, folder: Path) -> None:
    """Build both weights and the list of check sums."""
    sources = {"Regular": "400Regular/NotoSansSC_400Regular.ttf", "Bold": "700Bold/NotoSansSC_700Bold.ttf"}
    lines = []
    for weight, points in character_sets().items():
        target = folder / f"NotoSansSC-{weight}.subset.ttf"
        build(package / sources[weight], points, target)
        lines.append(f"{hashlib.sha256(target.read_bytes()).hexdigest()}  {target.name}\n")
    (folder / "SHA256SUMS").write_text("".join(sorted(lines)))
    (folder / "OFL.txt").write_bytes((package / "LICENSE_FONT").read_bytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
