"""The API described for people: one page, rendered here from the OpenAPI document, without anything from outside."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static

from gongxin.api import problems
from gongxin.api.service import Service, documented

_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "object-src 'none'"
)


def openapi(service: Service, request: HttpRequest) -> JsonResponse:
    """The OpenAPI document."""
    return JsonResponse(documented(service), json_dumps_params={"ensure_ascii": False})


def page(service: Service, request: HttpRequest) -> HttpResponse:
    """The human page: operations with their parameters and answers, then every problem code."""
    document = documented(service)
    content = render_to_string(
        "api/docs.html",
        {
            "info": document["info"],
            "operations": list(_operations(document)),
            "problems": problems.types().values(),
            "stylesheet": static("api/docs.css"),
        },
    )
    answer = HttpResponse(content)
    answer["Content-Security-Policy"] = _POLICY
    return answer


def _operations(document: dict[str, Any]) -> Any:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield {
                "method": method.upper(),
                "path": path,
                "anchor": operation["operationId"],
                "summary": operation.get("summary", ""),
                "description": operation.get("description", ""),
                "key": "security" in operation,
                "parameters": operation.get("parameters", []),
                "media": list(operation.get("requestBody", {}).get("content", {})),
                "statuses": ", ".join(str(status) for status in operation["responses"]),
            }
