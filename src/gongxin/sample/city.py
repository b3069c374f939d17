"""The made-up city of 泽川: departments, staff accounts, a register and the files handed in. For demonstration only."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
from django.db.models import Count, Exists, OuterRef

from gongxin.clock import CIVIL_TIME
from gongxin.identity import accounts, departments, representations, selectors
from gongxin.identity.models import Department, Role, User
from gongxin.intake import submissions
from gongxin.intake.models import Channel, Submission
from gongxin.policy import packs
from gongxin.records.models import Disclosure, Record
from gongxin.sample import files, organisations, person
from gongxin.sample.departments import BY_CODE, DEPARTMENTS
from gongxin.subjects import register
from gongxin.subjects.models import Organisation

# Known to everybody, so only ever set on a demonstration node (the caller checks settings.DEMO).
PASSWORD = "gongxin-demo"  # noqa: S105
_SEED = 20260401
_REGISTER_FILE = "泽川市市场主体登记名册.csv"

Echo = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account of the demonstration."""

    username: str
    full_name: str
    # Code of the department; empty for somebody from outside.
    department: str
    role: Role


ACCOUNTS = (
    DemoAccount("market", "市场监管局报送员", "market", Role.DATA_OFFICER),
    DemoAccount("housing", "住房城乡建设局报送员", "housing", Role.DATA_OFFICER),
    DemoAccount("transport", "交通运输局报送员", "transport", Role.DATA_OFFICER),
    DemoAccount("case-a", "市场监管局承办员甲", "market", Role.CASE_OFFICER),
    DemoAccount("case-b", "市场监管局承办员乙", "market", Role.CASE_OFFICER),
    DemoAccount("credit", "信用办工作人员", "credit", Role.CREDIT_OFFICE),
    DemoAccount("auditor", "审计管理员", "credit", Role.AUDITOR),
    DemoAccount("system", "系统管理员", "credit", Role.SYSTEM_ADMIN),
    DemoAccount("security", "安全管理员", "credit", Role.SECURITY_ADMIN),
    DemoAccount("company", "信用主体代表", "", Role.REPRESENTATIVE),
    DemoAccount("person", "自然人", "", Role.PERSON),
)


@dataclass(frozen=True, slots=True)
class _HandIn:
    """One file that a department hands in."""

    provider: str
    item: str
    rows: int
    suffix: str = "csv"
    broken: float = 0.0
    duplicates: float = 0.0
    days: int = 540


_HAND_INS = (
    _HandIn("market", "licence", 2400, broken=0.004, duplicates=0.01),
    _HandIn("market", "penalty", 900, broken=0.01, duplicates=0.01, days=1400),
    _HandIn("housing", "penalty", 300, "xlsx", days=6),
    _HandIn("ecology", "penalty", 240, days=12),
    _HandIn("housing", "licence", 600, "xlsx", days=6),
    _HandIn("market", "abnormal-operations", 160, "xlsx", days=200),
    _HandIn("credit", "honour", 180, "xlsx"),
    _HandIn("tax", "tax-credit-a", 260),
    _HandIn("tax", "tax-arrears", 40),
    _HandIn("labour", "serious-dishonesty", 12, "xlsx"),
    _HandIn("court", "court-enforcement", 45),
    _HandIn("emergency", "supervision-check", 320, days=6),
    _HandIn("ecology", "coercion", 60),
    _HandIn("agriculture", "confirmation", 90, days=6),
    _HandIn("housing", "levy", 70, days=9),
    _HandIn("civil", "grant", 50, days=6),
    _HandIn("labour", "adjudication", 30),
    _HandIn("transport", "compensation", 30),
    _HandIn("culture", "award", 60),
    _HandIn("credit", "contract-performance", 50),
    # The file full of mistakes: what its department has to correct.
    _HandIn("transport", "penalty", 48, "xlsx", broken=0.75, duplicates=0.05),
    _HandIn("market", "commitment", 120),
    _HandIn("credit", "voluntary", 60),
)

_KIND_OF_PREFIX = {"91": "enterprise", "93": "enterprise", "92": "sole_trader", "12": "institution", "51": "social"}


def prepare(var_dir: Path, *, at: datetime, echo: Echo) -> None:
    """Build the city where it is not there yet; what is there stays. Quick when all of it is.

    var_dir: the node's folder; the files handed in are kept under `sample/` there. echo: told each step, in words.
    GONGXIN_SAMPLE_ORGANISATIONS sets the number of organisations (default 6,000).
    """
    folder = var_dir / "sample"
    folder.mkdir(parents=True, exist_ok=True)
    _departments(at=at)
    _accounts(at=at)
    count = int(os.environ.get("GONGXIN_SAMPLE_ORGANISATIONS", "6000"))
    everybody = organisations.register(count, _SEED)
    if not Organisation.objects.exists():
        echo(f"登记名册：{count:,} 家虚构主体")
        path = files.write(everybody, folder / _REGISTER_FILE)
        register.import_file(path, acting="demo", at=at)
    for hand_in, path in _missing(folder):
        _hand_in(hand_in, path, everybody, at=at, echo=echo)
    _bind_representative(at=at, echo=echo)
    person.prepare(folder, at=at, echo=echo)


def _departments(*, at: datetime) -> None:
    """The departments that are missing."""
    known = set(Department.objects.values_list("code", flat=True))
    purposes = list(packs.current().purposes)
    for department in DEPARTMENTS:
        if department.code not in known:
            departments.register(
                code=department.code,
                name=department.name,
                uscc=department.uscc,
                items=list(department.items),
                purposes=purposes,
                at=at,
            )


def _accounts(*, at: datetime) -> None:
    """The accounts that are missing."""
    known = set(User.objects.values_list("username", flat=True))
    by_code = {department.code: department for department in Department.objects.all()}
    for account in ACCOUNTS:
        if account.username not in known:
            accounts.create(
                account.username,
                password=PASSWORD,
                full_name=account.full_name,
                department=by_code[account.department] if account.department else None,
                role=account.role,
                at=at,
            )


def _bind_representative(*, at: datetime, echo: Echo) -> None:
    """Let the demonstration's representative act for an enterprise with much on record, if it acts for none: one with
    something to lend, if there is any.
    """
    user = User.objects.get(username="company")
    if selectors.represented(user).exists():
        return
    enterprises = Organisation.objects.filter(kind="enterprise", records__item="penalty")
    lendable = Exists(Record.objects.filter(organisation=OuterRef("pk"), disclosure=Disclosure.AUTHORISED))
    ranked = enterprises.annotate(held=Count("records"), lendable=lendable)
    found = ranked.order_by("-lendable", "-held", "uscc").first()
    if found is not None and found.uscc:
        representations.bind(user, found.uscc, ground="演示用授权委托书", acting_user=None, at=at)
        echo(f"信用主体代表账号 company 绑定：{found.name}（{found.uscc}）")


def _missing(folder: Path) -> Iterator[tuple[_HandIn, Path]]:
    """The hand-ins that have not been made."""
    known = set(Submission.objects.values_list("filename", flat=True))
    titles = packs.current().items
    for number, hand_in in enumerate(_HAND_INS, start=1):
        name = f"{number:02d}-{BY_CODE[hand_in.provider].name}-{titles[hand_in.item].title}.{hand_in.suffix}"
        if name not in known:
            yield hand_in, folder / name


def _hand_in(hand_in: _HandIn, path: Path, everybody: pl.DataFrame, *, at: datetime, echo: Echo) -> None:
    """Make the file and hand it in as the department would."""
    pack = packs.current()
    item = pack.item(hand_in.item)
    order = files.Order(
        rows=hand_in.rows,
        seed=int(path.name[:2]),
        until=at.astimezone(CIVIL_TIME).date(),
        days=hand_in.days,
        broken=hand_in.broken,
        duplicates=hand_in.duplicates,
    )
    whole = files.frame(item, pack, order, _of_kinds(everybody, item.subject_kinds), BY_CODE[hand_in.provider])
    files.write(files.labelled(whole, item) if hand_in.suffix == "xlsx" else whole, path)
    with path.open("rb") as stream:
        done = submissions.submit(
            stream,
            filename=path.name,
            item=hand_in.item,
            provider=Department.objects.get(code=hand_in.provider),
            channel=Channel.CLI,
            acting_user=None,
            at=at,
            mode="now",
        )
    # Another decision on the same document revises, a repeated row changes nothing: the parts add up to the rows.
    parts = [("新增", done.accepted), ("更新", done.revised), ("未变化", done.unchanged), ("退回", done.rejected),
             ("已接收", done.received)]  # fmt: skip
    told = "，".join(f"{name} {rows:,}" for name, rows in parts if rows)
    echo(f"{path.stem}：报送 {done.rows_in:,} 行：{told}")


def _of_kinds(everybody: pl.DataFrame, kinds: tuple[str, ...]) -> pl.DataFrame:
    """The organisations that an item may be about."""
    kind = pl.col("统一社会信用代码").str.slice(0, 2).replace_strict(_KIND_OF_PREFIX)
    return everybody.filter(kind.is_in(list(kinds))) if kinds else everybody
