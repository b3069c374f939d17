"""Settings of a node behind TLS, read in a process of its own: cookies, redirects; and that a demonstration differs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

_ASK = """
import json
from django.conf import settings
names = [name for name in dir(settings) if "COOKIE" in name or name in ("SECURE_SSL_REDIRECT", "LOG_FORM")]
print(json.dumps({name: getattr(settings, name) for name in names}, default=str))
"""


def settings_with(tmp_path: Any, **environment: str) -> dict[str, Any]:
    """The settings of a process with this environment."""
    told = os.environ | {"DJANGO_SETTINGS_MODULE": "gongxin.settings", "GONGXIN_VAR": str(tmp_path)} | environment
    done = subprocess.run([sys.executable, "-c", _ASK], env=told, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def behind_tls(tmp_path_factory: Any) -> dict[str, Any]:
    """A production node that is reached by HTTPS."""
    return settings_with(tmp_path_factory.mktemp("tls"), GONGXIN_TLS="1", GONGXIN_DEMO="0")


def test_cookies_go_over_https_only_and_belong_to_this_host(behind_tls: dict[str, Any]) -> None:
    for cookie in ("SESSION", "CSRF"):
        assert behind_tls[f"{cookie}_COOKIE_SECURE"] is True
        assert behind_tls[f"{cookie}_COOKIE_HTTPONLY"] is True
        assert behind_tls[f"{cookie}_COOKIE_SAMESITE"] in ("Lax", "Strict")
        # The browser itself refuses such a cookie unless it is secure, of this host alone and for all paths.
        assert behind_tls[f"{cookie}_COOKIE_NAME"].startswith("__Host-")
        assert behind_tls[f"{cookie}_COOKIE_DOMAIN"] is None
        assert behind_tls[f"{cookie}_COOKIE_PATH"] == "/"
    assert behind_tls["LANGUAGE_COOKIE_SECURE"] is True


def test_plain_http_is_left(behind_tls: dict[str, Any]) -> None:
    assert behind_tls["SECURE_SSL_REDIRECT"] is True
    assert behind_tls["LOG_FORM"] == "json"


def test_a_wrong_setting_stops_the_start(tmp_path: Any) -> None:
    for wrong in ({"GONGXIN_LIMITS": "search=fast"}, {"GONGXIN_PROXIES": "proxy.example"}):
        with pytest.raises(subprocess.CalledProcessError):
            settings_with(tmp_path, **wrong)
