"""Small made-up files of penalties, and the department that hands them in."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from stdnum.cn import uscc

from gongxin.identity.models import Department
from gongxin.intake import submissions
from gongxin.intake.models import Channel, Submission

AT = datetime(2026, 4, 10, 1, 0, tzinfo=UTC)


def code(serial: int, prefix: str = "91") -> str:
    """A valid code with the unassigned division 000000."""
    organisation = f"MA{serial:06d}"
    weights, alphabet = (3, 7, 9, 10, 5, 8, 4, 2), "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    check = 11 - sum(w * alphabet.index(c) for w, c in zip(weights, organisation, strict=True)) % 11
    body = f"{prefix}000000{organisation}{'X' if check == 10 else 0 if check == 11 else check}"
    return body + uscc.calc_check_digit(body)


def penalty(serial: int, **changes: str) -> dict[str, str]:
    """A faultless row."""
    row = {
        "CF_XDR_MC": f"泽川市云岭{serial}号贸易有限公司",
        "CF_XDR_LB": "法人及非法人组织",
        "CF_XDR_SHXYM": code(serial),
        "CF_FRDB": "某甲",
        "CF_WSH": f"泽市监罚〔2026〕{serial}号",
        "CF_WFXW": "未按规定公示信息",
        "CF_SY": "经查，该单位未按规定公示年度报告。",
        "CF_YJ": "《企业信息公示暂行条例》第十八条",
        "CF_CFLB": "罚款",
        "CF_NR": "罚款 2000 元",
        "CF_NR_FK": "0.2",
        "CF_JDRQ": "2026/04/03",
        "CF_YXQ": "2099/12/31",
        "CF_CFJG": "泽川市市场监督管理局",
        "CF_CFJGDM": code(1, "11"),
        "CF_SJLY": "泽川市市场监督管理局",
        "CF_SJLYDM": code(1, "11"),
        "BZ": "",
    }
    return row | changes


def nameless(serial: int, **changes: str) -> dict[str, str]:
    """A row without the party's name: rejected with E203."""
    return penalty(serial, CF_XDR_MC="", **changes)


def person(serial: int) -> dict[str, str]:
    """A natural person's row (no person is meant): rejected with E401, its content is not kept."""
    return penalty(serial, CF_XDR_MC="某乙", CF_XDR_LB="自然人", CF_XDR_SHXYM="")


def csv_of(rows: Sequence[dict[str, str]]) -> bytes:
    """The rows as CSV in UTF-8 with BOM."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def department(department_code: str = "market", **facts: Any) -> Department:
    """A department that may hand in penalties."""
    usual = {"name": f"虚构部门{department_code}", "items": ["penalty", "licence"]}
    return Department.objects.get_or_create(code=department_code, defaults=usual | facts)[0]


def hand_in(rows: Sequence[dict[str, str]] | bytes, **facts: Any) -> Submission:
    """Hand the rows in and have them processed."""
    content = rows if isinstance(rows, bytes) else csv_of(rows)
    usual = {
        "filename": "处罚.csv",
        "item": "penalty",
        "provider": facts.pop("provider", None) or department(),
        "channel": Channel.CLI,
        "acting_user": None,
        "at": AT,
        "mode": "now",
    }
    return submissions.submit(io.BytesIO(content), **(usual | facts))
