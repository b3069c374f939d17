"""The two addresses of signing in by the government identity service: off to it, and back from it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import cast

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET
from requests import RequestException

from gongxin.errors import GongxinError
from gongxin.identity import bindings
from gongxin.web.desk.pages import private, refusal
from gongxin.web.signing import adapters, targets
from gongxin.web.signing.government import Adapter

_log = logging.getLogger(__name__)
View = Callable[[HttpRequest], HttpResponseBase]


def _told(view: View) -> View:
    """Errors of the exchange as pages. A service that describes itself wrongly counts as one that is down."""

    @wraps(view)
    def page(request: HttpRequest) -> HttpResponseBase:
        try:
            return private(view(request))
        except ImmediateHttpResponse as answer:
            return cast("HttpResponseBase", answer.response)
        except GongxinError as error:
            return private(refusal(request, error))
        except (RequestException, OAuth2Error, OSError, ValueError, KeyError, TypeError) as error:
            _log.warning("the identity service does not answer as one: %s", type(error).__name__)
            return private(refusal(request, adapters.down()))

    return page


@require_GET
@_told
def start(request: HttpRequest) -> HttpResponseBase:
    """Off to the service."""
    provider = Adapter(request, bindings.PROVIDER).get_provider()
    answer: HttpResponseBase = provider.redirect(
        request, process=AuthProcess.LOGIN, next_url=targets.wanted(request) or None
    )
    return answer


@require_GET
@_told
def back(request: HttpRequest) -> HttpResponseBase:
    """Back from the service: the account that is bound to its subject signs in, in place of whoever was before."""
    view = OAuth2CallbackView.adapter_view(Adapter(request, bindings.PROVIDER))
    answer: HttpResponseBase = view(request)
    return answer
