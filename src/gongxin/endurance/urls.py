"""Addresses for machines that watch this node."""

from __future__ import annotations

from django.urls import path

from gongxin.endurance import views

app_name = "endurance"

urlpatterns = [
    path("livez", views.livez, name="livez"),
    path("healthz", views.healthz, name="healthz"),
    path("metrics", views.metrics, name="metrics"),
]
