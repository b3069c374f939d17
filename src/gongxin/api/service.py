"""The API service: keys, bodies, validation errors and the OpenAPI document, on django-ninja."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError, ValidationErrorContext
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser
from ninja.security import HttpBearer

from gongxin import clock
from gongxin.api import problems
from gongxin.api.gate import problem_of
from gongxin.api.validation import places
from gongxin.enquiries import looks
from gongxin.enquiries.looks import Ground, Looker, Seen
from gongxin.enquiries.models import Channel, Kind
from gongxin.errors import GongxinError, InvalidInput, NotPermitted
from gongxin.identity import actors, decisions, keys, walls
from gongxin.identity.decision_table import KEY, Action
from gongxin.identity.decisions import Resource
from gongxin.identity.models import ApiKey, Department
from gongxin.policy import packs
from gongxin.traffic import limiting, tracing
from gongxin.traffic.classes import class_of
from gongxin.walls import acting

# Problems that any operation may answer with.
_ALWAYS: Final = (400, 405, 422, 429, 500, 503)
# The largest body of an operation that takes one question: far more than its fields together.
MAX_QUESTION: Final = 256 * 1024
# What the table of access is asked for each operation of a key; a check and a report ask by their purpose, themselves.
_ACTIONS: Final = {
    keys.SUBMIT: (Action.SUBMISSION_MAKE,),
    keys.READ: (Action.SUBMISSION_READ, Action.CHECK_READ),
    keys.CHECK: (),
}


class DepartmentKey(HttpBearer):
    """A department's key: ``Authorization: Bearer gx_…``. Reading needs the operation `read`, everything else `writes`.

    The key counts against its limits wherever it is used from; what is no key counts against the address.
    """

    def __init__(self, writes: str) -> None:
        super().__init__()
        self.writes = writes

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """The valid key, which also tells the department; None is answered with 401."""
        key = keys.authenticate(token, at=clock.now())
        if key is None:
            limiting.judge_address("refused-key", tracing.address(request))
            # Who shows it is nobody behind the wall, and what it was asked with belongs to its department.
            with acting.as_node():
                if former := keys.ended(token, at=clock.now()):
                    _refused_look(request, *former)
            return None
        walls.let_in(actors.of_key(key))
        limiting.judge_credential(class_of(request.method or "", request.path_info), f"key {key.pk}")
        _judge_operation(request, key, keys.READ if request.method in ("GET", "HEAD") else self.writes)
        return key


def _judge_operation(request: HttpRequest, key: ApiKey, operation: str) -> None:
    """Raises NotPermitted where the key may not; asking what it may not ask is a refused look."""
    try:
        keys.judge_operation(key, operation)
        for action in _ACTIONS[operation]:
            decisions.require(actors.of_key(key), action, Resource(department=key.department_id), day=clock.today())
    except NotPermitted as error:
        if operation != keys.SUBMIT:
            _refused_look(request, key, error.code)
        raise


def _refused_look(request: HttpRequest, key: ApiKey, reason: str) -> None:
    """Somebody asked with this key what it may not, or may not any more."""
    who = Looker(f"key {key.prefix} {key.label}", KEY, Channel.API, key.department_id)
    kind = Kind.SUBMISSION if "/submissions" in request.path else Kind.CHECK
    looks.taken(kind, Seen(request.path).refused(reason), looker=who, ground=Ground(""), at=clock.now())


@dataclass(frozen=True, slots=True)
class Asker:
    """Who stands behind a request with a key: the department, and the key by its lasting name."""

    department: Department
    name: str


def asker(request: HttpRequest) -> Asker:
    """The department of the request's key; only for operations with `DepartmentKey`."""
    # mypy: ninja sets `auth` on the request.
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    return Asker(key.department, f"key {key.prefix} {key.label}")


def looker(request: HttpRequest) -> Looker:
    """The request's key, as the log of looks names it."""
    who = asker(request)
    return Looker(who.name, KEY, Channel.API, who.department.pk)


class MediaTypeRefused(GongxinError):
    """The body is of a type this address does not read."""

    status = 415


class JsonBody(Parser):
    """Bodies as JSON in UTF-8; every other content type is refused by name."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The parsed body. Raises MediaTypeRefused (415), or InvalidInput for text that is not JSON (answered with
        400).
        """
        if request.content_type != "application/json":
            raise refused_type(request.content_type or "", "application/json")
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_QUESTION:
            raise RequestDataTooBig
        return parsed(request.body)


class Refused(Exception):
    """The body does not fit; `places` says where (422)."""

    def __init__(self, places: list[dict[str, str]]) -> None:
        super().__init__("the body does not fit")
        self.places = places


def refused_type(found: str, *allowed: str) -> MediaTypeRefused:
    """The refusal of a content type, naming those that are read."""
    known = problems.types()["unsupported-media-type"]
    return MediaTypeRefused(
        known.code, f"{known.title}：{found[:80] or '（未填写）'}。", remedy=f"请使用 {'、'.join(allowed)}。"
    )


def parsed(text: bytes) -> Any:
    """JSON without NaN and Infinity, which are not JSON. Raises MalformedJson."""
    try:
        return json.loads(text.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        known = problems.types()["malformed-json"]
        place = f"第 {error.lineno} 行第 {error.colno} 列" if isinstance(error, json.JSONDecodeError) else "整个内容"
        raise MalformedJson(known.code, f"{known.title}（{place}）。", remedy=known.remedy) from error


class MalformedJson(InvalidInput):
    """The body is no JSON at all."""

    status = 400


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


class Service(NinjaAPI):
    """django-ninja with our error shape in answers and in the OpenAPI document."""

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> ValidationError:
        """Keep the value that was found: it is the caller's own, and it is what the error is about."""
        return ValidationError(
            [
                {**error, "source": context.model.__ninja_param_source__}
                for context in error_contexts
                for error in context.pydantic_validation_error.errors(include_url=False)
            ]
        )

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> OpenAPISchema:
        """The document with every problem answer declared and the pack's purposes as the allowed values."""
        document = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        components = document["components"]
        components["responses"] = {"Problem": _PROBLEM_RESPONSE}
        components["schemas"]["Problem"] = _PROBLEM_SCHEMA
        components["schemas"]["Purpose"] = {
            "type": "string",
            "enum": sorted(packs.current().purposes),
            "description": "Code of a purpose of the node's policy pack (查询用途).",
        }
        for question in ("CheckIn", "ReportIn"):
            components["schemas"][question]["properties"]["purpose"] = _PURPOSE
        for operations in document["paths"].values():
            for operation in operations.values():
                _declare_problems(operation)
                for parameter in operation.get("parameters", ()):
                    if parameter["name"] == "purpose":
                        parameter["schema"] = _PURPOSE
        return document


def _declare_problems(operation: dict[str, Any]) -> None:
    """Replace the list under `x-problems` by one response each; a key adds 401 and 403, a body 413 and 415."""
    declared = {*_ALWAYS, *operation.pop("x-problems", ())}
    if "requestBody" in operation:
        declared |= {413, 415}
    if "security" in operation:
        declared |= {401, 403}
    for status in sorted(declared):
        operation["responses"][str(status)] = {"$ref": "#/components/responses/Problem"}


_PURPOSE: Final = {"$ref": "#/components/schemas/Purpose"}
_PROBLEM_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. Every error under /api has this shape.",
    "required": ["type", "title", "status", "detail", "remedy", "code", "errors", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "Address of the help page of this code."},
        "title": {"type": "string", "description": "What is wrong, in general."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What is wrong with this request."},
        "remedy": {"type": "string", "description": "The next step."},
        "code": {"type": "string", "description": "Stable code for programs."},
        "request_id": {"type": "string", "description": "Id of this request in the server's log."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "found", "allowed"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "JSON pointer into the body (#/purpose) or query:name.",
                    },
                    "found": {"type": "string"},
                    "allowed": {"type": "string"},
                },
            },
        },
        "check": {"type": "string", "format": "uuid", "description": "Id of the stored check, where one was refused."},
        "submission": {
            "type": "string",
            "format": "uuid",
            "description": "Id of the submission, where a file was refused.",
        },
    },
}
_PROBLEM_RESPONSE: Final[dict[str, Any]] = {
    "description": "What is wrong, where, and the next step.",
    "content": {
        problems.MEDIA_TYPE: {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "example": {
                "type": "https://credit.example/api/v1/errors/purpose-not-granted",
                "title": "本单位没有此项查询用途",
                "status": 403,
                "detail": "本单位没有此项查询用途",
                "remedy": "请改用本单位已有的查询用途，或者联系信用办增加用途。本次核查已经留痕。",
                "code": "purpose-not-granted",
                "errors": [],
                "request_id": "0193f0a2c0de7000800000000000abcd",
            },
        }
    },
}


def build() -> Service:
    """An empty service with the error answers in place; `urls` adds the routers."""
    service = Service(
        title="公信 Gongxin",
        version="1",
        description=_DESCRIPTION,
        docs_url=None,
        openapi_url=None,
        parser=JsonBody(),
        urls_namespace="api",
    )
    service.add_exception_handler(ValidationError, _invalid)
    service.add_exception_handler(HttpError, _http)
    service.add_exception_handler(Refused, _refused)
    service.add_exception_handler(Exception, _other)
    return service


_DESCRIPTION: Final = """Public credit information about organisations: hand in records, check, read what is public.

Every error is an `application/problem+json` (RFC 9457) with a stable `code`, the place in the request
and the next step. Public addresses need no key; the others take a department's key as `Authorization: Bearer gx_…`.
Days are ISO dates in China's civil time, instants are UTC. Ids are UUIDv7. Nothing here is about natural persons."""


def _invalid(request: HttpRequest, error: ValidationError | type[ValidationError]) -> HttpResponse:
    return problems.response(request, problems.of_code("invalid", errors=places(getattr(error, "errors", []))))


def _refused(request: HttpRequest, error: Refused | type[Refused]) -> HttpResponse:
    return problems.response(request, problems.of_code("invalid", errors=getattr(error, "places", ())))


def _http(request: HttpRequest, error: HttpError | type[HttpError]) -> HttpResponse:
    """ninja wraps what the body parser raises; the cause is the better answer."""
    if isinstance(error, HttpError) and isinstance(error.__cause__, Exception):
        return problems.response(request, problem_of(request, error.__cause__))
    return problems.response(request, problems.of_status(getattr(error, "status_code", 400)))


def _other(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    raised = error if isinstance(error, Exception) else error()
    return problems.response(request, problem_of(request, raised))


def documented(service: Service) -> dict[str, Any]:
    """The OpenAPI document as plain data."""
    return copy.deepcopy(dict(service.get_openapi_schema()))
