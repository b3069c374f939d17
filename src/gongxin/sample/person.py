"""The made-up person of the demonstration: an account, decisions on that person's own applications, one authorisation.

The number is of a division that does not exist, so nobody has it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from stdnum.cn import ric

from gongxin.clock import CIVIL_TIME
from gongxin.identity.models import Department, User
from gongxin.intake import submissions
from gongxin.intake.models import Channel, Submission
from gongxin.persons import authorising, holding, opening, selectors
from gongxin.persons.documents import RESIDENT_ID
from gongxin.policy import packs
from gongxin.sample.departments import BY_CODE

Echo = Callable[[str], None]
ACCOUNT: Final = "person"
_NAME: Final = "虚构人甲"
_BODY: Final = "00000019880229001"
_PURPOSE: Final = "authorised-query"
# Name in the file, kind of document, number: the first columns of the templates of natural persons (DOMAIN 1.5).
_PARTY: Final = ("XDR_MC", "XDR_ZJLX", "XDR_ZJHM")


def number() -> str:
    """A resident number with a right check digit."""
    return _BODY + str(ric.calc_check_digit(_BODY + "0"))


def prepare(folder: Path, *, at: datetime, echo: Echo) -> None:
    """Hand in what is missing of the person's decisions, verify the account, lend the licences to the credit office."""
    user = User.objects.get(username=ACCOUNT)
    day = at.astimezone(CIVIL_TIME).date()
    for provider, item, rows in _files(day):
        _hand_in(folder, provider, item, rows, at=at, echo=echo)
    holding.keep(user, holding.indexes(RESIDENT_ID, number()), at=at)
    if not selectors.authorisations(user, day=day):
        _lend(user, day, at=at)


def _lend(user: User, day: date, *, at: datetime) -> None:
    """One authorisation, and one look that was taken on it."""
    office = User.objects.get(username="credit")
    if office.department_id is None:
        raise AssertionError("staff have a department")
    until = day + timedelta(days=30)
    issued = authorising.issue_authorisation(
        ["licence"], purpose=_PURPOSE, unit=office.department_id, until=until, acting_user=user, at=at
    )
    opening.open_by_code(issued.code, purpose=_PURPOSE, acting_user=office, at=at)


def _hand_in(folder: Path, provider: str, item: str, rows: list[dict[str, str]], *, at: datetime, echo: Echo) -> None:
    """As the department would; the file itself is not kept, by the node as by us."""
    name = f"自然人-{BY_CODE[provider].name}-{packs.current().item(item).title}.csv"
    if Submission.objects.filter(filename=name).exists():
        return
    path = folder / name
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with path.open("rb") as stream:
        done = submissions.submit(
            stream,
            filename=name,
            item=item,
            provider=Department.objects.get(code=provider),
            channel=Channel.CLI,
            acting_user=None,
            at=at,
            mode="now",
        )
    path.unlink()
    echo(f"{path.stem}：报送 {done.rows_in} 行：已接收 {done.received}")


def _files(day: date) -> Iterator[tuple[str, str, list[dict[str, str]]]]:
    yield "transport", "licence", [_licence(day, "网络预约出租汽车驾驶员证", "泽交运许〔2026〕虚构1号")]
    yield "market", "licence", [_licence(day, "特种设备作业人员证", "泽市监许〔2026〕虚构2号", last=1460)]
    yield "market", "penalty", [_penalty(day)]


def _licence(day: date, certificate: str, document: str, *, last: int = 2190) -> dict[str, str]:
    unit = BY_CODE["transport" if "交运" in document else "market"]
    decided = day - timedelta(days=60)
    return _party("XK") | {
        "XK_XKWS": "准予行政许可决定书",
        "XK_WSH": document,
        "XK_XKLB": "普通",
        "XK_XKZS": certificate,
        "XK_XKBH": "虚构0001",
        "XK_NR": f"准予颁发{certificate}（虚构）",
        "XK_JDRQ": _written(decided),
        "XK_YXQZ": _written(decided),
        "XK_YXQZI": _written(decided + timedelta(days=last)),
        "XK_XKJG": unit.name,
        "XK_XKJGDM": unit.uscc,
        "XK_ZT": "1",
        "XK_LYDW": unit.name,
        "XK_LYDWDM": unit.uscc,
        "BZ": "",
    }


def _penalty(day: date) -> dict[str, str]:
    unit = BY_CODE["market"]
    return _party("CF") | {
        "CF_WSH": "泽市监罚〔2026〕虚构3号",
        "CF_WFXW": "未按规定明码标价",
        "CF_SY": "经查，当事人在集市摆摊时没有标明价格（虚构）。",
        "CF_YJ": "《泽川市示例条例》第三条（虚构）",
        "CF_CFLB": "警告;罚款",
        "CF_NR": "警告，罚款 200 元（虚构）",
        "CF_NR_FK": "0.02",
        "CF_JDRQ": _written(day - timedelta(days=20)),
        "CF_YXQ": "2099/12/31",
        "CF_CFJG": unit.name,
        "CF_CFJGDM": unit.uscc,
        "CF_SJLY": unit.name,
        "CF_SJLYDM": unit.uscc,
        "BZ": "",
    }


def _party(prefix: str) -> dict[str, str]:
    return dict(zip((f"{prefix}_{part}" for part in _PARTY), (_NAME, RESIDENT_ID, number()), strict=True))


def _written(day: date) -> str:
    return f"{day:%Y/%m/%d}"
