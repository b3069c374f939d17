"""Handing in a file."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gongxin import clock
from gongxin.errors import GongxinError, InvalidInput
from gongxin.identity import accounts
from gongxin.identity.decision_table import Action
from gongxin.identity.models import Department
from gongxin.intake import selectors, submissions
from gongxin.intake.models import UNFINISHED, Channel, Submission
from gongxin.policy import packs
from gongxin.policy.model import Item
from gongxin.web.desk.pages import acting_user, desk_page, of_department, require


@require_http_methods(["GET", "POST"])
@desk_page
def upload(request: HttpRequest) -> HttpResponseBase:
    """Choose an item and a file; what cannot be taken is told on this page, what was taken opens its result."""
    department = accounts.judge(acting_user(request))
    require(request, Action.SUBMISSION_MAKE, of_department(department))
    refused: GongxinError | None = None
    if request.method == "POST":
        try:
            return redirect("desk:submission", _submitted(request, department).pk)
        except GongxinError as error:
            refused = error
    sent = request.POST if request.method == "POST" else request.GET
    corrects = _corrects(sent.get("corrects", ""), department)
    context = {
        "items": items_of(department),
        "chosen": corrects.item if corrects else sent.get("item", ""),
        "corrects": corrects,
        "refused": refused,
        "max_bytes": settings.INTAKE_MAX_BYTES,
        "inline_bytes": settings.INTAKE_INLINE_BYTES,
    }
    return render(request, "desk/upload.html", context, status=refused.status if refused else 200)


def items_of(department: Department) -> list[Item]:
    """The catalogue items the department hands in, in its own order."""
    known = packs.current().items
    return [known[item] for item in department.items if item in known]


def _submitted(request: HttpRequest, department: Department) -> Submission:
    file, item = request.FILES.get("file"), request.POST.get("item", "")
    if not item:
        raise InvalidInput("item-missing", _("没有选择目录项。"), remedy=_("请选择文件属于哪个目录项。"))
    if not isinstance(file, UploadedFile):
        raise InvalidInput("file-missing", _("没有选择文件。"), remedy=_("请选择要报送的文件。"))
    at = clock.now()
    done = submissions.submit(
        file,
        filename=file.name or "",
        item=item,
        provider=department,
        channel=Channel.DESK,
        acting_user=acting_user(request),
        at=at,
        corrects=_corrects(request.POST.get("corrects", ""), department),
    )
    _tell_duplicate(request, done)
    return done


def _corrects(submission_id: str, department: Department) -> Submission | None:
    return selectors.one(submission_id, provider=department) if submission_id else None


def _tell_duplicate(request: HttpRequest, done: Submission) -> None:
    """Say so if exactly this file was handed in before for this item."""
    before = Submission.objects.filter(
        provider=done.provider, item=done.item, file_sha256=done.file_sha256, received_at__lt=done.received_at
    ).exclude(pk=done.pk)
    earlier = before.order_by("-received_at").first()
    if earlier is not None:
        when = earlier.received_at.astimezone(clock.CIVIL_TIME)
        said = _("这份文件在 %(when)s 已经报送过。内容没有变化的记录计为“未变化”，不会重复入库。")
        messages.info(request, said % {"when": f"{when:%Y-%m-%d %H:%M}"})
    elif done.state in UNFINISHED:
        messages.info(request, _("文件已收妥，正在后台处理。可以离开此页，稍后回来查看。"))
