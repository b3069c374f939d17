"""One shape for every error under /api: RFC 9457 `application/problem+json`, always with the next step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from ruamel.yaml import YAML

from gongxin.errors import GongxinError
from gongxin.intake.faults import FAULTS

MEDIA_TYPE: Final = "application/problem+json"
# What errors are called where only the status is known.
_BY_STATUS: Final = {
    400: "bad-request", 401: "key-required", 403: "not-permitted", 404: "not-found", 405: "method-not-allowed",
    409: "conflict", 413: "too-large", 415: "unsupported-media-type", 422: "invalid",
    429: "too-many-requests", 503: "unavailable",
}  # fmt: skip
# A database that was restarted is back by then.
_RETRY_AFTER_SECONDS: Final = "10"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of problem, as its help page tells it."""

    code: str
    status: int
    title: str
    title_en: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One error to answer with. errors: places in the request, each with pointer, found and allowed."""

    code: str
    status: int
    title: str
    detail: str
    remedy: str
    errors: Sequence[Mapping[str, str]] = ()
    # Further members (`check`, `submission`) and headers (`Allow`).
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@cache
def types() -> dict[str, ProblemType]:
    """The problem types of problems.yaml by code."""
    document = YAML(typ="safe").load(Path(__file__).with_name("problems.yaml"))
    return {code: ProblemType(code=code, **entry) for code, entry in document.items()}


def of_code(code: str, *, detail: str = "", **more: Any) -> Problem:
    """The problem of a code of problems.yaml; `more` are further fields of Problem."""
    known = types()[code]
    return Problem(code, known.status, known.title, detail or known.title, known.remedy, **more)


def of_status(status: int, *, detail: str = "", **more: Any) -> Problem:
    """The problem where only an HTTP status is known; an unknown one is `bad-request` or `internal` by its class."""
    code = _BY_STATUS.get(status, "bad-request" if status < 500 else "internal")
    return of_code(code, detail=detail, **more)


def of_error(error: GongxinError, **more: Any) -> Problem:
    """The problem that one of our own errors is; `facts` become the places in the request."""
    known = types().get(error.code)
    fault = FAULTS.get(error.code)
    title = known.title if known else fault.title if fault else types()[_BY_STATUS[error.status]].title
    status = 413 if error.code == "E109" else error.status
    return Problem(error.code, status, title, error.title, error.remedy, errors=_places(error), **more)


def _places(error: GongxinError) -> list[dict[str, str]]:
    """The facts of an error of ours: of files and rows the value and what was expected, of others each by its name."""
    if error.facts.keys() <= {"value", "expected"}:
        value, expected = (str(error.facts.get(name, "")) for name in ("value", "expected"))
        return [{"pointer": "", "found": value, "allowed": expected}] if error.facts else []
    return [{"pointer": "", "found": str(fact), "allowed": name} for name, fact in error.facts.items()]


def type_of(code: str) -> str:
    """Path of the help page of a code."""
    return f"/errors/{code}" if code in FAULTS else f"/api/v1/errors/{code}" if code in types() else "/api/v1/docs"


def body(problem: Problem, *, origin: str, request_id: str) -> dict[str, Any]:
    """The members of the answer. origin: scheme and host for the absolute address of the help page."""
    return {
        "type": origin + type_of(problem.code),
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "remedy": problem.remedy,
        "code": problem.code,
        "errors": [dict(place) for place in problem.errors],
        "request_id": request_id,
        **problem.members,
    }


def response(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The HTTP answer. The request carries its id (set by the gate)."""
    content = body(problem, origin=_origin(request), request_id=getattr(request, "gongxin_request_id", ""))
    answer = HttpResponse(json.dumps(content, ensure_ascii=False), content_type=MEDIA_TYPE, status=problem.status)
    if problem.status == 401:
        answer["WWW-Authenticate"] = 'Bearer realm="gongxin"'
    if problem.status == 503:
        answer["Retry-After"] = _RETRY_AFTER_SECONDS
    for name, value in problem.headers.items():
        answer[name] = value
    return answer


def _origin(request: HttpRequest) -> str:
    """Scheme and host as asked; empty (a relative address) where the host is none of ours."""
    try:
        return f"{request.scheme}://{request.get_host()}"
    except DisallowedHost:
        return ""
