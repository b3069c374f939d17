"""The English of the pages: collect the Chinese texts, keep their translations, compile what Django reads.

    python tools/messages.py

Texts come from `{% translate %}`, `{% blocktranslate %}` and `_()` in templates, and from gettext in `gongxin.web`.
Existing translations stay; texts no longer used go; new ones are added empty (a test fails until they are filled in).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import django
from babel.messages import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

WEB = Path(__file__).resolve().parents[1] / "src" / "gongxin" / "web"
PO = WEB / "locale" / "en" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
# A call with a literal in what Django makes of a template for xgettext (which is not quite Python).
_CALL = re.compile(r"""(?<!\w)(?:_|gettext)\(\s*u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
_KEYWORDS = ("_", "gettext", "gettext_lazy", "_lazy", "ngettext", "pgettext")


def texts() -> dict[str, list[str]]:
    """Every text to translate, with the files it is in, sorted."""
    found: dict[str, set[str]] = {}
    for path, source in _sources():
        for _line, _function, message, _comments in extract_python(io.BytesIO(source), _KEYWORDS, (), {}):
            text = message[0] if isinstance(message, tuple | list) else message
            if text:
                found.setdefault(text, set()).add(path)
    return {text: sorted(found[text]) for text in sorted(found)}


def _sources() -> Iterator[tuple[str, bytes]]:
    for path in sorted(WEB.rglob("*.py")):
        yield path.relative_to(WEB).as_posix(), path.read_bytes()
    for path in sorted((WEB / "templates").rglob("*.html")):
        calls = _CALL.findall(templatize(path.read_text("utf-8")))
        yield path.relative_to(WEB).as_posix(), "\n".join(f"_({literal})" for literal in calls).encode()


def held() -> Catalog:
    """The translations that are committed; an empty catalogue where there are none."""
    if not PO.exists():
        return Catalog(locale="en")
    with PO.open("rb") as file:
        return read_po(file, locale="en")


def renewed() -> Catalog:
    """Today's texts with the translations there are."""
    before = held()
    about = "# English labels of the pages."
    catalog = Catalog(locale="en", domain="django", project="gongxin", fuzzy=False, header_comment=about)
    catalog.creation_date = catalog.revision_date = before.creation_date
    for text, files in texts().items():
        kept = before.get(text)
        catalog.add(text, str(kept.string) if kept else "", [(name, 0) for name in files])
    return catalog


def compiled(catalog: Catalog) -> bytes:
    """The catalogue as Django reads it."""
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def main() -> None:
    """Write both files and say what is still to do."""
    catalog = renewed()
    PO.parent.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, catalog, width=120, sort_output=True, omit_header=False, include_lineno=False)
    MO.write_bytes(compiled(catalog))
    missing = [message.id for message in catalog if message.id and not message.string]
    print(f"{len(catalog)} texts, {len(missing)} without English")  # noqa: T201  (a tool speaks to its user)


if __name__ == "__main__":
    settings.configure(USE_I18N=True)
    django.setup()
    main()
