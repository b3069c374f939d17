"""One look is proved by itself, also one of a batch: the file, what it leads to, and nothing else passes for it."""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import io
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from tests import held
from tests.ledger.conftest import ORIGIN
from tests.ledger.conftest import TOOL as LEDGER_TOOL

from gongxin.enquiries import checks, evidence
from gongxin.enquiries.asked import Asked
from gongxin.enquiries.models import Look
from gongxin.errors import Conflict, NotFound
from gongxin.identity.models import Department
from gongxin.ledger import checkpoints, keys
from gongxin.ledger.notes import Verifier

pytestmark = pytest.mark.django_db
TOOL = LEDGER_TOOL.with_name("verify_look.py")
AT = held.AT


@pytest.fixture
def log_key(tmp_path: Path, settings: Any) -> Verifier:
    settings.VAR_DIR = tmp_path / "var"
    return keys.make(ORIGIN)


@pytest.fixture
def asker() -> Department:
    return held.department(purposes=["licence-review"])


def _loaded() -> ModuleType:
    specification = importlib.util.spec_from_file_location("verify_look", TOOL)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


verify_look = _loaded()


def outside(folder: Path, text: str, key: Verifier) -> subprocess.CompletedProcess[str]:
    """What somebody without Gongxin is told of a proof; in this process, which is quick."""
    (folder / "look.proof").write_text(text, encoding="utf-8")
    command = [str(TOOL), str(folder / "look.proof"), "--key", str(key)]
    out, err = io.StringIO(), io.StringIO()
    with mock.patch("sys.argv", command), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = verify_look.main()
    return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())


def of_batch(department: Department, count: int) -> list[Look]:
    """So many questions in one piece: known and unknown codes, and one that is refused."""
    codes = ["" if row == 2 else held.code(400_000 + row) for row in range(1, count + 1)]
    asked = [Asked(code, f"事项{row}", row) for row, code in enumerate(codes, 1)]
    list(checks.check_many(asked, department=department, asked_by="k", purpose="licence-review", at=AT))
    return list(Look.objects.order_by("pk"))


def test_each_question_of_a_batch_is_proved_outside(asker: Department, tmp_path: Path, log_key: Verifier) -> None:
    looks = of_batch(asker, 300)
    with pytest.raises(NotFound, match="检查点"):
        evidence.proof(looks[0])
    checkpoints.sign(at=AT)
    for place in (0, 1, 255, 256, 299):
        found = outside(tmp_path, evidence.proof(looks[place]), log_key)
        assert found.returncode == 0, found.stderr
        said, where = found.stdout.split("\n", 1)
        assert json.loads(said)[1] == str(looks[place].pk)
        assert f"事项{place + 1}" in said
        assert f"is look {place + 1} of 300 in a leaf" in where
    # By itself, in an interpreter that finds nothing but the standard library.
    command = [sys.executable, "-I", str(TOOL), str(tmp_path / "look.proof"), "--key", str(log_key)]
    alone = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (alone.returncode, alone.stdout, alone.stderr) == (0, found.stdout, "")
    assert json.loads(outside(tmp_path, evidence.proof(looks[1]), log_key).stdout.split("\n")[0])[16] == "refused"


def test_a_look_by_itself_is_proved_too(asker: Department, tmp_path: Path, log_key: Verifier) -> None:
    given: dict[str, Any] = {"department": asker, "asked_by": "k", "matter": "甲", "at": AT}
    answer = checks.check(code_or_name=held.organisation().uscc or "", purpose="licence-review", **given)
    refused = checks.check(code_or_name=held.code(7), purpose="financing", **given)
    checkpoints.sign(at=AT)
    for check in (answer.check, refused.check):
        found = outside(tmp_path, evidence.proof(Look.objects.get(pk=check)), log_key)
        assert (found.returncode, found.stderr) == (0, "")
        assert "is look 1 of 1 in a leaf" in found.stdout


def test_nothing_else_passes(asker: Department, tmp_path: Path, log_key: Verifier) -> None:
    looks = of_batch(asker, 260)
    checkpoints.sign(at=AT)
    good, other = evidence.proof(looks[3]), evidence.proof(looks[4])
    said = base64.b64decode(good.split("said ")[1].split("\n")[0]).decode()
    changed = base64.b64encode(said.replace("事项4", "事项5").encode()).decode()
    for name, forged in {
        "another's words": good.replace(good.split("\n")[1], other.split("\n")[1]),
        "changed words": good.replace(good.split("\n")[1], f"said {changed}"),
        "another place": good.replace("\nindex 3\n", "\nindex 4\n", 1),
        "beyond the batch": good.replace("\nindex 3\n", "\nindex 515\n", 1),
        "a changed neighbour": good.replace("\ngroup ", "\ngroup A", 1).replace("==\n", "=\n", 1),
        "a shorter path": "\n".join(good.split("\n")[:4] + good.split("\n")[5:]),
        "no leaf": good.split("\n\n")[0],
        "nothing": "",
    }.items():
        found = outside(tmp_path, forged, log_key)
        assert (found.returncode, found.stdout) == (1, ""), name
        assert found.stderr.startswith("DOES NOT FIT. "), name
        assert "Traceback" not in found.stderr, name


def test_no_proof_of_what_was_changed(asker: Department, log_key: Verifier) -> None:
    looks = of_batch(asker, 4)
    checkpoints.sign(at=AT)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE enquiries_look DISABLE TRIGGER USER")
        cursor.execute("UPDATE enquiries_look SET matter = '' WHERE id = %s", [looks[0].pk])
    with pytest.raises(Conflict, match="不一致"):
        evidence.proof(looks[1])
