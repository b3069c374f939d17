"""All addresses: the public site, the desk and the API."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("gongxin.web.public.urls", namespace="public")),
    path("desk/", include("gongxin.web.desk.urls", namespace="desk")),
    path("api/", include("gongxin.api.urls")),
]
