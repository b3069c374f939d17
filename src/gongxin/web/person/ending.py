"""The end of the own file: what goes at once, what stays, by which rule and until when; and taking it back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from gongxin import clock
from gongxin.persons import ending
from gongxin.web.desk.pages import acting_user
from gongxin.web.person.forms import EndForm
from gongxin.web.person.pages import own_file, person_page


@require_http_methods(["GET", "HEAD", "POST"])
@person_page
def end(request: HttpRequest) -> HttpResponseBase:
    """What would become of each record (GET); the end, once the person has said that it cannot be undone (POST)."""
    form = EndForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        file = own_file(request)
        context = {
            "form": form,
            "file": file,
            "goes": [record for record in file.records if not record.is_held],
            "stays": [record for record in file.records if record.is_held],
        }
        return render(request, "person/end.html", context, status=422 if form.is_bound else 200)
    done = ending.end_own(acting_user=acting_user(request), at=clock.now())
    if done.whole:
        messages.success(request, _("档案已经整份销毁，不能恢复。"))
    else:
        said = _("已销毁 %(gone)s 条，其余 %(left)s 条到期后自动销毁；授权已全部收回。")
        messages.success(request, said % {"gone": done.destroyed, "left": done.left})
    return redirect("person:home")


@require_POST
@person_page
def stay(request: HttpRequest) -> HttpResponseBase:
    """Take it back: what is left stays."""
    ending.stay(acting_user=acting_user(request), at=clock.now())
    messages.success(request, _("已撤回。档案中现有的记录按规定继续保存。"))
    return redirect("person:home")
