"""Where a request comes from: nobody but our own proxies is believed."""

from __future__ import annotations

import pytest

from gongxin.traffic.addresses import client_address, from_proxy, networks, shared_by

PROXIES = networks("10.0.0.0/8, 192.0.2.1")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.5", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.5", "198.51.100.1, 10.0.0.7", "198.51.100.1"),
        # What the client itself claimed stands to the left of what our proxy saw.
        ("10.0.0.5", "127.0.0.1, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.5", "", "10.0.0.5"),
        ("10.0.0.5", "not an address", "10.0.0.5"),
        ("10.0.0.5", "198.51.100.1, \r\nforged", "10.0.0.5"),
        ("192.0.2.1", "2001:db8::7", "2001:db8::7"),
        ("", "198.51.100.1", "unknown"),
    ],
)
def test_the_first_address_that_is_none_of_our_proxies(peer: str, forwarded: str, client: str) -> None:
    assert client_address({"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}, PROXIES) == client


def test_without_proxies_the_socket_counts() -> None:
    meta = {"REMOTE_ADDR": "10.0.0.5", "HTTP_X_FORWARDED_FOR": "198.51.100.1"}
    assert client_address(meta, ()) == "10.0.0.5"
    assert not from_proxy(meta, ())


def test_what_is_counted_together() -> None:
    assert shared_by("2001:db8:1:2:3:4:5:6") == shared_by("2001:db8:1:2::1") != shared_by("2001:db8:1:3::1")
    assert shared_by("::ffff:192.0.2.7") == shared_by("192.0.2.7") != shared_by("192.0.2.8")


def test_a_wrong_network_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.1/99"):
        networks("10.0.0.1/99")
