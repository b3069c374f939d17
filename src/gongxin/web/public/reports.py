"""Credit reports for everybody: getting one, and verifying one that somebody shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from gongxin import clock
from gongxin.enquiries import report_keys, reports, verification
from gongxin.enquiries.models import Version
from gongxin.enquiries.verification import Change, Standing, Verified
from gongxin.errors import GongxinError, InvalidInput, NotFound
from gongxin.identity import actors
from gongxin.identity.decision_table import Action
from gongxin.identity.decisions import require
from gongxin.policy import packs
from gongxin.subjects import selectors
from gongxin.web import sheets
from gongxin.web.person import copies
from gongxin.web.uploads import REPORT_BYTES

_CHANGES: Final[dict[Change, str | Promise]] = {
    Change.REVISED: gettext_lazy("条信息已经更正或者更新"),
    Change.ENDED: gettext_lazy("条信息已经停止公示"),
    Change.CLOSED: gettext_lazy("条信息已经修复、撤销或者归档"),
    Change.BASICS: gettext_lazy("项基础信息已经变更"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of an uploaded file. kind: success, warning or danger."""

    kind: str
    title: str
    text: str


@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(no_store=True)
def report(request: HttpRequest, organisation_id: UUID) -> HttpResponseBase:
    """What a report holds (GET), and the public report as a PDF (POST): issuing leaves a leaf in the ledger."""
    require(actors.VISITOR_ACTOR, Action.REPORT_PUBLIC, day=clock.today())
    held = selectors.organisation(organisation_id)
    if request.method != "POST":
        context = {"organisation": held, "sections": packs.current().report.values()}
        return render(request, "public/report.html", context)
    return handed_over(reports.issue_public(held, origin=origin(request), at=clock.now()))


def handed_over(issued: reports.Issued) -> HttpResponse:
    """A report as a file."""
    response = HttpResponse(issued.file, content_type=sheets.CONTENT_TYPES["pdf"])
    return sheets.named(response, issued.filename)


def origin(request: HttpRequest) -> str:
    """Scheme and host of this node, for the address in the report's code."""
    return f"{request.scheme}://{request.get_host()}"


@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(no_store=True)
def verify(request: HttpRequest) -> HttpResponseBase:
    """Asking for a number or a file."""
    if request.method == "POST":
        return _file_alone(request)
    typed = request.GET.get("number", "").strip()
    if not typed:
        return render(request, "public/verify.html", {})
    number = verification.normal(typed)
    if number:
        return redirect("public:verify-number", number)
    return _unknown(request, typed)


@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(no_store=True)
def verify_number(request: HttpRequest, number: str) -> HttpResponseBase:
    """The report under a number: what it is worth today; with a file, whether that is the report."""
    try:
        found = verification.by_number(number, at=clock.now())
    except NotFound:
        return _unknown(request, number)
    finding = _compared(request, found) if request.method == "POST" else None
    return render(request, "public/verify.html", _told(found) | {"finding": finding})


@require_safe
@cache_control(no_store=True)
def verify_proof(request: HttpRequest, number: str) -> HttpResponseBase:
    """The inclusion proof of the report's leaf as a file that tools/verify_ledger.py reads."""
    response = HttpResponse(verification.proof(number), content_type="text/plain; charset=utf-8")
    return sheets.named(response, f"{number}.tlog-proof")


@require_safe
@cache_control(no_store=True)
def certificate(request: HttpRequest) -> HttpResponseBase:
    """The certificates that readers of reports trust."""
    content = report_keys.files(at=clock.now()).root.read_bytes()
    return sheets.named(HttpResponse(content, content_type="application/x-pem-file"), "report-root.pem")


def _told(found: Verified) -> dict[str, object]:
    lines = [(count, _CHANGES[change]) for change, count in found.changes.items()]
    return {
        "found": found,
        "valid": found.standing == Standing.VALID,
        "changes": lines,
        "version": Version(found.report.version).label,
    }


def _unknown(request: HttpRequest, typed: str) -> HttpResponse:
    return render(request, "public/verify.html", {"unknown": True, "typed": typed[:64]}, status=404)


def _file_alone(request: HttpRequest) -> HttpResponse:
    """A file without a number: the report it is, or what its signature says."""
    try:
        file = _uploaded(request)
    except GongxinError as error:
        return render(request, "public/verify.html", {"refused": error}, status=error.status)
    report = verification.by_file(file)
    if report is None:
        return render(request, "public/verify.html", {"finding": _stranger(file)})
    found = verification.by_number(report.number, at=clock.now())
    return render(request, "public/verify.html", _told(found) | {"finding": _untouched()})


def _compared(request: HttpRequest, found: Verified) -> Finding:
    try:
        file = _uploaded(request)
    except GongxinError as error:
        return Finding("danger", error.title, error.remedy)
    return _untouched() if verification.is_untouched(file, found.report) else _stranger(file)


def _untouched() -> Finding:
    return Finding("success", _("文件与签发时完全一致"), _("文件的 SHA-256 与日志中的记录相同，电子签名有效。"))


def _stranger(file: bytes) -> Finding:
    """Not what we issued: what its signature says."""
    signature = verification.signature(file, at=clock.now())
    if not signature.present:
        text = _("文件中没有可以读取的电子签名。它不是本平台签发的报告，或者已经被改动。")
    elif signature.valid and signature.subject == copies.SUBJECT:
        return Finding(
            "success",
            _("本人信用档案副本，电子签名有效"),
            _("文件由本节点制作，制作后没有改动。平台不留存副本，也不保存这次上传的文件。"),
        )
    elif not signature.valid:
        text = _("文件的电子签名已经失效：签发以后被改动过，或者不是本平台签发的。")
    else:
        text = _("签名之外的字节与签发时不同，请向提供文件的人索取原件。")
    return Finding("danger", _("文件与签发时不一致"), text)


def _uploaded(request: HttpRequest) -> bytes:
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        raise InvalidInput("report-file-missing", _("没有选择文件。"), remedy=_("请选择要验证的 PDF 文件。"))
    if (file.size or 0) > REPORT_BYTES:
        raise InvalidInput("report-file-large", _("文件过大，不是信用报告。"), remedy=_("请上传平台签发的 PDF 原件。"))
    content: bytes = file.read()
    return content
