"""Which class a request is of, and how the setting is read."""

from __future__ import annotations

import pytest

from gongxin.traffic.classes import DEFAULTS, Limit, class_of, limits


@pytest.mark.parametrize(
    ("method", "path", "class_"),
    [
        ("POST", "/desk/sign-in", "sign-in"),
        ("GET", "/desk/sign-in", "page"),
        ("GET", "/search", "search"),
        ("GET", "/api/v1/organisations", "search"),
        ("GET", "/api/v1/organisations/91000000MA00000016", "lookup"),
        ("GET", "/api/v1/items", "lookup"),
        ("POST", "/api/v1/checks", "check"),
        ("POST", "/api/v1/checks/batch", "check-batch"),
        ("POST", "/api/v1/submissions", "submit"),
        ("GET", "/disclosures/penalty.csv", "download"),
        ("GET", "/desk/submissions/1/whole.xlsx", "download"),
        ("GET", "/verify/0193", "verify"),
        ("POST", "/desk/upload", "submit"),
        ("GET", "/", "page"),
        ("GET", "/static/gongxin/gongxin.css", ""),
        ("GET", "/healthz", ""),
    ],
)
def test_class_of_a_request(method: str, path: str, class_: str) -> None:
    assert class_of(method, path) == class_


def test_every_class_has_a_limit_for_addresses() -> None:
    assert all(address is not None for address, _credential in DEFAULTS.values())


def test_the_setting() -> None:
    assert limits("") == DEFAULTS
    changed = limits("search=7/3, lookup=none")
    assert changed["search"] == (Limit(7, 3), Limit(7, 3))
    assert changed["lookup"] == (None, None)
    assert changed["page"] == DEFAULTS["page"]
    assert limits("sign-in=9/9")["sign-in"] == (Limit(9, 9), None)


@pytest.mark.parametrize("text", ["searching=1/1", "search", "search=1", "search=0/5", "search=-1/5", "search=a/b"])
def test_what_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="GONGXIN_LIMITS"):
        limits(text)
