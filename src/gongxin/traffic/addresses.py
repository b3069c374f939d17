"""Where a request comes from: the address of the socket, or what a proxy of ours says about it.

``X-Forwarded-For`` is believed only as far as the machines of GONGXIN_PROXIES wrote it: read from the right, the first
address that is none of theirs is the client. Everything left of it is the client's own claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network

UNKNOWN: Final = "unknown"
# What only a proxy may say; from anybody else it is taken off the request.
FORWARDED: Final = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_REAL_IP",
    "HTTP_FORWARDED",
)
# A household or an office has a /64 of IPv6: one limit for all of it, or anybody would have 2⁶⁴ addresses to try from.
_V6_PREFIX: Final = 64
_FARTHEST: Final = 20


def networks(text: str) -> tuple[Network, ...]:
    """The networks of a comma-separated list. Raises ValueError naming the entry that is none."""
    return tuple(ip_network(entry.strip()) for entry in text.split(",") if entry.strip())


def client_address(meta: Mapping[str, str], proxies: Sequence[Network]) -> str:
    """The client's address as text, `unknown` where the server names none (a socket of the system)."""
    peer = meta.get("REMOTE_ADDR") or UNKNOWN
    if not proxies or not _among(peer, tuple(proxies)):
        return peer
    for hop in reversed(meta.get("HTTP_X_FORWARDED_FOR", "").split(",")[-_FARTHEST:]):
        named = hop.strip()
        if _parsed(named) is None:
            return peer
        peer = named
        if not _among(named, tuple(proxies)):
            break
    return peer


def from_proxy(meta: Mapping[str, str], proxies: Sequence[Network]) -> bool:
    """Whether the socket's other end is a proxy of ours."""
    return bool(proxies) and _among(meta.get("REMOTE_ADDR", ""), tuple(proxies))


@lru_cache(maxsize=4096)
def shared_by(address: str) -> str:
    """What addresses are counted together: an IPv4 address alone, an IPv6 address with its /64."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, _V6_PREFIX), strict=False))
    return str(parsed or address[:64])


@lru_cache(maxsize=4096)
def _among(address: str, proxies: tuple[Network, ...]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in proxies)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
