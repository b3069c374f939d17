"""`POST /witness/add-checkpoint`: this node as a witness of other logs, as C2SP tlog-witness has it.

Not under /api: the protocol has answers of its own, in plain text, and no keys but those of the logs.
"""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from gongxin import clock
from gongxin.errors import Conflict, GongxinError
from gongxin.ledger import witnessing

_TEXT: Final = "text/plain; charset=utf-8"


# Nobody is signed in here: the signature of the log is the only thing that counts.
@csrf_exempt
@require_POST
def add_checkpoint(request: HttpRequest) -> HttpResponse:
    """The co-signature (200), or why there is none: 400, 403, 404, 409 with the size seen last, 422, 503."""
    try:
        # One byte more than allowed is enough to tell.
        asked = witnessing.read(request.read(witnessing.MOST_BYTES + 1))
        answer = HttpResponse(witnessing.add_checkpoint(asked, at=clock.now()), content_type=_TEXT)
    except Conflict as error:
        answer = HttpResponse(f"{error.facts['size']}\n", content_type="text/x.tlog.size", status=error.status)
    except GongxinError as error:
        said = f"{error.code} {error.title}{error.remedy}\n"
        answer = HttpResponse(said, content_type=_TEXT, status=error.status)
    answer["Cache-Control"] = "no-store"
    return answer


app_name = "witness"
urlpatterns = [path("add-checkpoint", add_checkpoint, name="add-checkpoint")]
