"""Rows of penalties about organisations that do not exist, as files and requests hold them. Needs nothing of Django."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from stdnum.cn import uscc


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
    """A natural person's row (no person is meant): without document: goes back with E404, its content is not kept."""
    return penalty(serial, CF_XDR_MC="某乙", CF_XDR_LB="自然人", CF_XDR_SHXYM="")


def csv_of(rows: Sequence[dict[str, str]]) -> bytes:
    """The rows as CSV in UTF-8 with BOM."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")
