"""Vendored files are what their packages published, and no page asks for anything else than our own files."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import gongxin.web

STATIC = Path(gongxin.web.__file__).parent / "static"
VENDOR = STATIC / "vendor"
TEMPLATES = STATIC.parent / "templates"
_NOTES = {"README.md", "vendor.json"}


def _listed() -> dict[str, str]:
    packages = json.loads((VENDOR / "vendor.json").read_text("utf-8"))
    return {name: digest for package in packages.values() for name, digest in package["files"].items()}


def test_vendored_files_are_unchanged() -> None:
    found = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name not in _NOTES
    }
    assert found == _listed()
    assert len(found) == 5


def test_every_package_has_its_licence_and_hash_in_the_readme() -> None:
    readme = (VENDOR / "README.md").read_text("utf-8")
    for name, digest in _listed().items():
        assert name.endswith("LICENSE") or digest in readme
    for package in {name.split("/")[0] for name in _listed()}:
        assert (VENDOR / package / "LICENSE").stat().st_size > 100


def test_templates_name_no_other_host_and_no_inline_style_or_script() -> None:
    offences = []
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text("utf-8")
        if re.search(
            r"(?:src|href|action)=[\"']?(?:https?:)?//|\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)", text
        ):
            offences.append(path.name)
    assert offences == []


def test_own_styles_ask_for_nothing_outside() -> None:
    for path in (STATIC / "gongxin").iterdir():
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "//" not in text.replace("https://", "//"), path.name
