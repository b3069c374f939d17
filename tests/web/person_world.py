"""A person with a file of two records, one of them contested, a code lent to the unit, and another person. All made up.

No answer to anybody else may hold one of the CANARIES.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import polars as pl
from django.db import connection

from gongxin import clock
from gongxin.identity.models import Department, User
from gongxin.ids import uuid7
from gongxin.persons import authorising, documents, holding, objecting, opening, receiving
from gongxin.persons.receiving import Reported
from gongxin.persons.seen import Issued, NewPaper, ObjectionSeen, RecordSeen
from gongxin.policy import packs

PURPOSE: Final = "authorised-query"
REASONS: Final = "金丝雀理由：有效期写错了"
NAME: Final = "金丝雀甲"
NUMBER: Final = "CANARY0001"
LICENCE: Final = "泽许〔2026〕金丝雀1号"
PENALTY: Final = "泽罚〔2026〕金丝雀2号"
CANARIES: Final = ("金丝雀", NUMBER)
PAPER: Final = "%PDF-1.7\n% 金丝雀材料\n".encode()
_KIND: Final = "护照号"


@dataclass(frozen=True)
class File:
    """What the person has: both records, the running objection to the penalty, the authorisation of the licences."""

    user: User
    licence: RecordSeen
    penalty: RecordSeen
    objection: ObjectionSeen
    issued: Issued


def build(user: User, unit: Department) -> File:
    """The file of `user`, reported by `unit`, which may also ask for PURPOSE from now on."""
    unit.purposes = sorted({*unit.purposes, PURPOSE})
    unit.save()
    verify(user, NUMBER)
    report("licence", unit, _licence())
    report("penalty", unit, _penalty())
    at = clock.now()
    records = opening.open_own(acting_user=user, at=at).records
    licence, penalty = (next(one for one in records if one.item == item) for item in ("licence", "penalty"))
    paper = NewPaper("金丝雀凭证.pdf", PAPER)
    objection = objecting.object_to(penalty.id, reasons=REASONS, files=[paper], acting_user=user, at=at)
    issued = authorising.issue_authorisation(
        ["licence"],
        purpose=PURPOSE,
        unit=unit.pk,
        until=clock.today() + timedelta(days=30),
        acting_user=user,
        at=at,
    )
    return File(user, licence, penalty, objection, issued)


def verify(user: User, number: str) -> None:
    """As if the identity service had verified the person's document."""
    holding.keep(user, holding.indexes(_KIND, number), at=clock.now())


def report(item_id: str, unit: Department, texts: Mapping[str, str], *, number: str = NUMBER) -> None:
    """One row of a person, as intake hands it over."""
    item = packs.current().item(item_id)
    payload = json.dumps([texts.get(field.name) for field in item.fields], ensure_ascii=False)
    key = "|".join(texts.get(name, "") for name in item.natural_key)
    rows = pl.DataFrame({"document": [documents.identity(_KIND, number)], "key": [key], "payload": [payload]})
    with connection.cursor() as cursor:
        reported = Reported(unit.pk, uuid7(), clock.now())
        receiving.receive_rows(cursor.cursor, rows, item=item, reported=reported)


def _licence() -> dict[str, str]:
    return {
        "XK_XDR_MC": NAME,
        "XK_XDR_LB": "自然人",
        "XK_XDR_ZJLX": _KIND,
        "XK_XDR_ZJHM": NUMBER,
        "XK_WSH": LICENCE,
        "XK_XKWS": "金丝雀执业许可（虚构）",
        "XK_NR": "准予执业（虚构）",
        "XK_JDRQ": "2026-03-02",
        "XK_XKLB": "普通",
        "XK_YXQZ": "2026-03-02",
        "XK_YXQZI": "2031-03-01",
        "XK_XKJG": "虚构市场监督管理局",
        "XK_ZT": "1",
    }


def _penalty() -> dict[str, str]:
    return {
        "CF_XDR_MC": NAME,
        "CF_XDR_LB": "自然人",
        "CF_XDR_ZJLX": _KIND,
        "CF_XDR_ZJHM": NUMBER,
        "CF_WSH": PENALTY,
        "CF_WFXW": "未按规定公示有关信息（虚构）",
        "CF_CFLB": "罚款",
        "CF_NR": "罚款 200 元（虚构）",
        "CF_NR_FK": "0.02",
        "CF_JDRQ": "2026-02-03",
        "CF_CFJG": "虚构市场监督管理局",
        "CF_ZT": "1",
    }
