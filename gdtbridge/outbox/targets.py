"""Whom a webhook may call: the host is looked up once, judged, and called at that address."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

MOST_ADDRESSES: Final = 3
"""Addresses of one host that are tried, in the order of the operating system."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class TargetError(Exception):
    """A host must not be called; the text names its address and the setting."""


def addresses_of(url: str, networks: Sequence[str]) -> list[str]:
    """Return the addresses of a URL's host that may be called.

    ``networks`` are those allowed; where none are named, everybody but this machine, link-local
    and multicast addresses. Raises `OSError` where the host is not found, and `TargetError`.
    """
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    may = [one for one in addresses if is_allowed(one, networks)]
    if not may:
        raise TargetError(f"{', '.join(addresses)} is not in webhooks.allowed_networks")
    return may[:MOST_ADDRESSES]


def is_allowed(address: str, networks: Sequence[str]) -> bool:
    """Return whether an address may be called."""
    one = _plain(ipaddress.ip_address(address.partition("%")[0]))
    if networks:
        return any(one in ipaddress.ip_network(network) for network in networks)
    return not (
        one.is_loopback
        or one.is_link_local
        or one.is_multicast
        or one.is_unspecified
        or one.is_reserved
    )


def _plain(address: _Address) -> _Address:
    """Return the IPv4 address that an IPv6 address wraps (RFC 4291 2.5.5.2)."""
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if isinstance(mapped, ipaddress.IPv4Address) else address
