"""All addresses: the public site, the desk and the API."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("gongxin.endurance.urls", namespace="endurance")),
    path("", include("gongxin.web.public.urls", namespace="public")),
    path("desk/cases/", include("gongxin.web.cases.urls", namespace="cases")),
    path("desk/persons/", include("gongxin.web.person.desk_urls", namespace="person-desk")),
    path("desk/", include("gongxin.web.desk.urls", namespace="desk")),
    path("mine/", include("gongxin.web.mine.urls", namespace="mine")),
    path("person/", include("gongxin.web.person.urls", namespace="person")),
    path("api/", include("gongxin.api.urls")),
    path("witness/", include("gongxin.api.witness")),
]

handler400 = "gongxin.web.errors.bad_request"
handler403 = "gongxin.web.errors.forbidden"
handler404 = "gongxin.web.errors.not_found"
handler500 = "gongxin.web.errors.server_error"
