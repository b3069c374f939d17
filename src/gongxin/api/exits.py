"""The exits of the API, for the daily proof (gongxin.ends): asked over the whole WSGI stack."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from gongxin.ends import exits
from gongxin.ends.asking import get
from gongxin.ends.exits import Exit, Suspect

_ROOT: Final = "/api/v1"


def register() -> None:
    """Name the exits. Operations that show no record are listed in tests/ends/test_exits.py."""
    exits.register(Exit("api-record", "接口：信用记录", _records))
    exits.register(Exit("api-organisation", "接口：信用主体", _organisations))
    exits.register(Exit("api-organisation-records", "接口：信用主体的记录", _records_of_organisations))
    exits.register(Exit("api-disclosure", "接口：公示列表", _disclosures))


def _records(suspects: Sequence[Suspect], day: date) -> Iterator[UUID]:
    for suspect in suspects:
        status, _ = get(f"{_ROOT}/records/{suspect.id}")
        if status == 200:
            yield suspect.id


def _organisations(suspects: Sequence[Suspect], day: date) -> set[UUID]:
    paths = {f"{_ROOT}/organisations/{suspect.organisation}" for suspect in suspects}
    return _among(suspects, (get(path) for path in paths))


def _records_of_organisations(suspects: Sequence[Suspect], day: date) -> set[UUID]:
    """The page of the list that begins where the record would stand."""
    answers = (
        get(f"{_ROOT}/organisations/{suspect.organisation}/records", after=_just_before(suspect), limit=1)
        for suspect in suspects
    )
    return _among(suspects, answers)


def _disclosures(suspects: Sequence[Suspect], day: date) -> set[UUID]:
    answers = (get(f"{_ROOT}/disclosures/{suspect.item}", after=_just_before(suspect), limit=1) for suspect in suspects)
    return _among(suspects, answers)


def _just_before(suspect: Suspect) -> str:
    """The position in a list, newest first, after which the record comes next (api.keyset)."""
    return f"{suspect.decided_on.toordinal()}~{UUID(int=suspect.id.int + 1)}"


def _among(suspects: Sequence[Suspect], answers: Iterable[tuple[int, bytes]]) -> set[UUID]:
    """Those of the suspects that one of the answers holds."""
    read: Iterator[Any] = (json.loads(body) for status, body in answers if status == 200)
    return {UUID(entry["id"]) for answer in read for entry in answer["records"]} & {entry.id for entry in suspects}
