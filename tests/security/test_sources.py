"""What the sources promise: approved algorithms, numbers nobody guesses, no outgoing connection but the named."""

from __future__ import annotations

import ast
import re
from typing import Any

from django.conf import global_settings, settings
from django.contrib.auth.hashers import get_hashers
from tests.security.test_injection import TEMPLATES, calls, nodes
from tests.test_repository import ROOT, SOURCES, relative

from gongxin import settings as of_node

DOCS = ROOT / "docs" / "security"
STATIC = ROOT / "src" / "gongxin" / "web" / "static" / "gongxin"


def importers(*modules: str) -> dict[str, list[str]]:
    """Which of our files import one of these modules."""
    found: dict[str, list[str]] = {}
    for at, node in nodes():
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [entry.name for entry in node.names] if isinstance(node, ast.Import) else []
        for module in modules:
            if any(name == module or name.startswith(module + ".") for name in names):
                found.setdefault(at.split(":")[0], []).append(module)
    return found


def test_cryptography_stands_where_the_inventory_says() -> None:
    """docs/security/cryptography.md names each file that hashes, seals, signs or draws secrets."""
    used = importers("cryptography", "hashlib", "hmac", "secrets", "pyhanko")
    named = set(re.findall(r"`(src/gongxin/[\w/]+\.py)`", (DOCS / "cryptography.md").read_text()))
    assert len(used) > 5
    assert set(used) - named == set(), "files with cryptography that the inventory does not name"


def test_no_weak_algorithm_is_used() -> None:
    weak = re.compile(r"\b(md5|sha1|MD5|SHA1|DES3?|TripleDES|RC4|ARC4|Blowfish|ECB|PKCS1v15)\b\(?")
    found = [(at, name) for at, name, _ in calls() if weak.search(name)]
    # Numbers that name rows from their contents are no secrets and sign nothing.
    assert [entry for entry in found if "uuid" not in entry[1]] == []


def test_what_must_not_be_guessed_comes_from_the_system() -> None:
    """`random` and NumPy's generators are for the made-up city only."""
    assert [name for name in importers("random", "numpy.random") if "/sample/" not in name] == []


def test_passwords_are_kept_by_a_slow_function(settings: Any) -> None:
    # The settings of the node, not those of the tests.
    settings.PASSWORD_HASHERS = getattr(of_node, "PASSWORD_HASHERS", global_settings.PASSWORD_HASHERS)
    first = get_hashers()[0]
    assert first.algorithm in {"pbkdf2_sha256", "scrypt", "argon2"}
    assert getattr(first, "iterations", 10**6) >= 600_000


def test_only_named_files_open_connections() -> None:
    """Outgoing connections, each with its reason in docs/security/connections.md."""
    callers = importers(
        "requests", "httpx", "urllib.request", "http.client", "aiohttp", "smtplib", "ftplib", "socket", "ssl"
    )
    named = set(re.findall(r"`(src/gongxin/[\w/]+\.py)`", (DOCS / "connections.md").read_text()))
    assert set(callers) <= named


def test_certificates_are_always_checked() -> None:
    text = "\n".join(path.read_text() for path in SOURCES)
    assert not re.search(r"verify\s*=\s*False|CERT_NONE|_create_unverified_context|check_hostname\s*=\s*False", text)


def test_production_shows_nothing_of_development() -> None:
    assert settings.DEBUG is False
    assert not {"django.contrib.admin", "debug_toolbar", "django_extensions"} & set(settings.INSTALLED_APPS)
    assert [relative(path) for path in SOURCES if re.search(r"\b(breakpoint|pdb\.set_trace)\(", path.read_text())] == []
    assert importers("tests") == {}


def test_no_secret_stands_in_the_sources() -> None:
    shapes = re.compile(r"gx_[A-Za-z0-9_-]{43}|-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]|AKIA[0-9A-Z]{16}")
    folders = [ROOT / name for name in ("src", "policies", "tools", "docs", "benchmarks")]
    texts = [
        path for folder in folders for path in folder.rglob("*") if path.suffix in {".py", ".yaml", ".md", ".toml"}
    ]
    assert len(texts) > 200
    assert [relative(path) for path in texts if shapes.search(path.read_text(errors="replace"))] == []


def test_pages_hold_no_script_style_or_handler_of_their_own() -> None:
    for path in TEMPLATES:
        text = path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=\"|javascript:", text), path
        assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", text), path


def test_passwords_are_typed_in_password_fields_that_managers_may_fill() -> None:
    found = [path for path in TEMPLATES if re.search(r'type="password"', path.read_text())]
    fields = [(at, ast.unparse(call)) for at, name, call in calls() if name.endswith("PasswordInput")]
    assert found or fields
    tags = [tag for path in TEMPLATES for tag in re.findall(r"<input[^>]*password[^>]*>", path.read_text())]
    assert [tag for tag in tags if 'autocomplete="off"' in tag or "onpaste" in tag] == []
    assert not [entry for entry in fields if "off" in entry[1]]


def test_scripts_of_ours_keep_nothing_and_post_nothing_elsewhere() -> None:
    scripts = sorted(STATIC.glob("*.js"))
    text = "\n".join(path.read_text() for path in scripts)
    forbidden = (
        r"localStorage|sessionStorage|indexedDB|document\.cookie|postMessage|\beval\("
        r"|innerHTML|document\.write|new Function"
    )
    assert not re.search(forbidden, text)
    assert "https://" not in text


def test_every_page_of_somebody_signed_in_has_the_way_out() -> None:
    """The form stands at the head of the one page that all pages extend, and none of them leaves it out."""
    base, head = (ROOT / "src/gongxin/web/templates" / name for name in ("base.html", "parts/preferences.html"))
    assert 'include "parts/preferences.html"' in base.read_text().partition("<main")[0]
    signed_in = head.read_text().partition("{% if user.is_authenticated %}")[2].partition("{% else %}{% url")[0]
    assert '<form method="post" action="{{ sign_out }}">' in signed_in
    # The page of the API is for everybody, signed in or not.
    assert {path.name for path in TEMPLATES if "<html" in path.read_text()} - {"docs.html"} == {base.name}
    for path in TEMPLATES:
        assert path == head or "block account" not in path.read_text(), path


def test_static_files_are_of_known_kinds() -> None:
    """No source, no map, no settings and no archive is served."""
    kinds = {path.suffix for folder in (ROOT / "src").rglob("static") for path in folder.rglob("*") if path.is_file()}
    assert kinds <= {".json", ".css", ".js", ".svg", ".txt", ".md", ".woff2", ".png", ".ico", ""}
    names = {path.name for folder in (ROOT / "src").rglob("static") for path in folder.rglob("*.json")}
    # What the vendored files are and where they come from.
    assert names <= {"vendor.json"}
