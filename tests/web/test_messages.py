"""Every text of the pages has its English, and the compiled catalogue is that of the committed one."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from django.test import Client

_TOOL = Path(__file__).resolve().parents[2] / "tools" / "messages.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """tools/messages.py."""
    spec = importlib.util.spec_from_file_location("messages", _TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_text_has_english(tool: ModuleType) -> None:
    """Run tools/messages.py and fill in what it adds."""
    held = tool.held()
    texts = tool.texts()
    assert len(texts) > 300
    assert [text for text in texts if not (held.get(text) and held.get(text).string)] == []


def test_placeholders_survive_translation(tool: ModuleType) -> None:
    held = tool.held()
    odd = [text for text in tool.texts() if _placeholders(text) != _placeholders(str(held.get(text).string))]
    assert odd == []


def _placeholders(text: str) -> set[str]:
    return {part.split(")")[0] for part in text.split("%(")[1:]}


def test_compiled_catalogue_is_fresh(tool: ModuleType) -> None:
    """Run tools/messages.py and commit both files."""
    assert tool.MO.read_bytes() == tool.compiled(tool.held())


def test_language_is_chosen_not_guessed(db: None) -> None:
    client = Client(headers={"accept-language": "en"})
    assert "查询单位的公共信用信息" in client.get("/").content.decode()
    client.post("/preferences", {"lang": "en", "next": "/about"})
    page = client.get("/")
    assert page.headers["Content-Language"] == "en"
    assert "Public credit information about organisations" in page.content.decode()
    assert '<html lang="en"' in page.content.decode()
