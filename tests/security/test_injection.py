"""What people type is data: for pages, statements, shells, patterns, templates, spreadsheets, XML and headers."""

from __future__ import annotations

import ast
import io
import re
import zipfile
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.mail import BadHeaderError, EmailMessage
from django.http import HttpResponse
from django.test import Client
from tests import held
from tests.test_repository import ROOT, SOURCES, relative

from gongxin.correspondence import mailboxes
from gongxin.errors import InvalidInput
from gongxin.identity.models import Role, User
from gongxin.intake.returns import guarded
from gongxin.web import sheets

pytestmark = pytest.mark.django_db
TEMPLATES = sorted((Path(__file__).resolve().parents[2] / "src").rglob("templates/**/*.html"))
SCRIPT = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
HOSTILE = [
    SCRIPT, "'; DROP TABLE subjects_organisation; --", "%' OR 1=1 --", "{{ 7|add:7 }}", "{% debug %}", "${7*7}",
    "a\r\nSet-Cookie: x=1", ".*(a+)+$", "[", "\\", "(?P<x", "%s%s%n", "{0.__class__}", "../../../etc/passwd",
]  # fmt: skip


@pytest.mark.parametrize(
    "typed", ["a@example.cn\nBcc: b@example.cn", "a@example.cn\r\n\r\nbody", "a@example.cn, b@example.cn"]
)
def test_nothing_typed_breaks_the_head_of_an_e_mail(typed: str) -> None:
    representative = User(username="agent", role=Role.REPRESENTATIVE)
    with pytest.raises(InvalidInput) as refused:
        mailboxes.give(typed, acting_user=representative, at=held.AT)
    assert refused.value.code == "mail-address"
    with pytest.raises(BadHeaderError):
        EmailMessage(typed if "\n" in typed else f"{typed}\n", "x", to=["a@example.cn"]).message()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_search_is_text_wherever_it_is_shown_or_asked(client: Client, text: str) -> None:
    held.organisation("云河虚构食品有限公司")
    for path in ("/search", "/disclosures/penalty", "/api/v1/organisations"):
        answer = client.get(path, {"q": text})
        assert answer.status_code in (200, 422), (path, answer.status_code)
        content = answer.content.decode()
        assert "<script>alert" not in content or answer["Content-Type"].startswith("application/")
        assert (
            "onerror=alert" not in content or answer["Content-Type"].startswith("application/") or "&lt;img" in content
        )
        assert "Set-Cookie: x" not in str(answer.headers)
    assert client.get("/search", {"q": "云河虚构"}).status_code == 200


def test_names_on_record_are_escaped_in_pages(client: Client) -> None:
    shop = held.organisation(f"云河{SCRIPT}有限公司")
    held.record(shop, title=f"未按规定{SCRIPT}")
    text = client.get(f"/organisations/{shop.pk}").content.decode()
    assert "&lt;script&gt;" in text
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_names_on_record_are_strings_in_json(client: Client) -> None:
    hostile = '云河","kind":"forged","x":"</script>\u2028公司'
    shop = held.organisation(hostile)
    found = client.get(f"/api/v1/organisations/{shop.pk}").json()
    assert found["name"] == hostile
    assert found["kind"] == "enterprise"


def test_links_on_pages_lead_to_pages(client: Client) -> None:
    """No address on a page is built from what was typed without being encoded; no javascript: and data: anywhere."""
    held.organisation("云河虚构食品有限公司")
    answer = client.get("/search", {"q": 'javascript:alert(1)"><a href="data:text/html,x'})
    links = re.findall(r'(?:href|action|src|formaction)="([^"]*)"', answer.content.decode())
    assert len(links) > 10
    assert [link for link in links if re.match(r"\s*(javascript|data|vbscript):", link, re.IGNORECASE)] == []


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_going_on_leads_nowhere_else(client: Client, target: str) -> None:
    for path, sent in (("/preferences", {"next": target, "theme": "dark"}), ("/desk/sign-in", {"next": target})):
        answer = client.post(path, sent)
        assert "evil" not in answer.get("Location", "")
        assert "javascript" not in answer.get("Location", "")


@pytest.mark.parametrize("name", ["a\r\nX-Evil: 1.csv", 'quote".csv', "名称;filename=evil.exe", "../../x.csv"])
def test_names_of_files_cannot_break_a_header(name: str) -> None:
    answer = sheets.named(HttpResponse(), name)
    found = answer["Content-Disposition"]
    assert found == f"attachment; filename*=UTF-8''{quote(name)}"
    assert "\r" not in found
    assert "\n" not in found


@pytest.mark.parametrize("cell", ["=1+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("x")'])
def test_cells_are_no_formulas(cell: str) -> None:
    """A tab before it makes a spreadsheet take it for text."""
    assert guarded(cell) == f"\t{cell}"


_OPC = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SPREAD = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_OPC}/content-types">'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_OPC}/relationships">'
    f'<Relationship Id="r" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_SPREAD}" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="x" sheetId="1" r:id="r"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_OPC}/relationships">'
    f'<Relationship Id="r" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def workbook(sheet: str) -> bytes:
    """A small XLSX file with the given XML as its sheet."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in _PARTS.items():
            file.writestr(name, text)
        file.writestr("xl/worksheets/sheet1.xml", sheet)
    return content.getvalue()


def test_an_entity_in_a_workbook_is_not_resolved(client: Client, tmp_path: Path, settings: Any) -> None:
    settings.FILES_DIR = tmp_path / "files"
    secret = tmp_path / "secret.txt"
    secret.write_text("XXE-CANARY")
    sheet = (
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}"><!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        f'<worksheet xmlns="{_SPREAD}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&e;&b;</t></is></c></row>'
        f'<row r="2"><c r="A2" t="inlineStr"><is><t>&e;</t></is></c></row></sheetData></worksheet>'
    )
    answer = handed_in(client, "x.xlsx", workbook(sheet))
    assert answer.status_code in (201, 202, 422), answer.content
    assert "XXE-CANARY" not in answer.content.decode()


def handed_in(client: Client, name: str, content: bytes) -> Any:
    """The API's answer to a file."""
    from gongxin.identity import keys  # noqa: PLC0415  (only for hand-ins)

    key = keys.issue(department=held.department(), label="x", acting_user="operator", at=held.AT).secret
    file = io.BytesIO(content)
    file.name = name
    return client.post(
        "/api/v1/submissions", {"item": "penalty", "file": file}, headers={"Authorization": f"Bearer {key}"}
    )


def test_a_file_that_swells_is_refused_before_it_does(client: Client, tmp_path: Path, settings: Any) -> None:
    """A hundred times its size and more: told as a fault of the file, with little memory and time."""
    settings.FILES_DIR = tmp_path / "files"
    settings.INTAKE_MAX_BYTES = 1024**2
    swollen = f'<worksheet xmlns="{_SPREAD}"><sheetData>' + " " * 60 * 1024**2 + "</sheetData></worksheet>"
    content = workbook(swollen)
    assert len(content) < 200_000
    answer = handed_in(client, "x.xlsx", content)
    assert answer.status_code in (413, 422), answer.content


@pytest.mark.parametrize(
    "name", ["../../../../etc/cron.d/x.csv", "C:\\windows\\x.csv", "x\x00.csv", "a/b/c.csv", "." * 300]
)
def test_a_files_name_is_never_a_path(client: Client, tmp_path: Path, settings: Any, name: str) -> None:
    settings.FILES_DIR = tmp_path / "files"
    handed_in(client, name, "行政相对人名称\n云河\n".encode())
    outside = [path for path in tmp_path.rglob("*") if path.is_file() and (tmp_path / "files") not in path.parents]
    assert outside == []
    assert not any("cron" in path.name or "windows" in path.name for path in tmp_path.rglob("*"))


@cache
def nodes() -> list[tuple[str, ast.AST]]:
    """Every node of the sources with its file:line, parsed once."""
    return [
        (f"{relative(path)}:{getattr(node, 'lineno', 0)}", node)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call | ast.Import | ast.ImportFrom)
    ]


@cache
def calls() -> list[tuple[str, str, ast.Call]]:
    """Every call in the sources: file:line, what is called, the call."""
    return [(at, ast.unparse(node.func), node) for at, node in nodes() if isinstance(node, ast.Call)]


def test_no_text_becomes_code() -> None:
    """No eval, exec, compile, pickle, marshal, shelve; YAML by the safe loader; no template made of a text."""
    forbidden = {"eval", "exec", "compile", "pickle.load", "pickle.loads", "marshal.loads", "shelve.open", "dill.loads",
                 "Template", "engines", "from_string", "yaml.load", "jsonpickle.decode", "__import__"}  # fmt: skip
    bad = [
        (at, name) for at, name, _ in calls() if name in forbidden or name.endswith((".from_string", ".loads_unsafe"))
    ]
    assert bad == []
    yamls = [(at, ast.unparse(call)) for at, name, call in calls() if name.endswith("YAML")]
    assert yamls
    assert [entry for entry in yamls if 'typ="safe"' not in entry[1].replace("'", '"') and "rt" not in entry[1]] == []


def test_no_shell_reads_a_command() -> None:
    """Programs are started from lists of words."""
    assert [
        at for at, name, _ in calls() if name in {"os.system", "os.popen", "commands.getoutput", "subprocess.getoutput"}
    ] == []
    shells = [
        at
        for at, _, call in calls()
        for word in call.keywords
        if word.arg == "shell" and ast.unparse(word.value) != "False"
    ]
    assert shells == []


def test_patterns_are_ours() -> None:
    """No regular expression is compiled from what somebody sent: `re` gets constants, or escaped text."""
    for at, name, call in calls():
        if (
            name in {"re.compile", "re.match", "re.search", "re.fullmatch", "re.sub", "re.findall", "re.split"}
            and call.args
        ):
            pattern = ast.unparse(call.args[0])
            assert not re.search(r"request|POST|GET|query|cleaned_data", pattern), at


def test_nothing_marks_what_was_typed_as_markup() -> None:
    """`safe` and `autoescape off` are not in templates; each `mark_safe` has its reason."""
    assert len(TEMPLATES) > 40
    assert [str(path) for path in TEMPLATES if re.search(r"\|\s*safe\b|autoescape off", path.read_text())] == []
    for at, name, _ in calls():
        if name.endswith("mark_safe"):
            file, line = at.split(":")
            # ruff's S308 wants a reason; what is marked is markup of ours, its texts escaped.
            assert "noqa: S308" in (ROOT / file).read_text().splitlines()[int(line) - 1], at


def test_format_strings_are_ours() -> None:
    """`str.format` and `%` never get their pattern from a request."""
    bad = [
        at for at, name, _ in calls()
        if name.endswith((".format", ".format_map")) and re.search(r"request|POST|GET|cleaned_data", name)
    ]  # fmt: skip
    assert bad == []
