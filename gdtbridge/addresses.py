"""IP addresses as peers and people write them."""

from __future__ import annotations

import ipaddress
import socket
from typing import Final

_ELSEWHERE: Final = (
    (socket.AF_INET, ("192.0.2.1", 9)),
    (socket.AF_INET6, ("2001:db8::1", 9)),
)
"""Addresses for documentation (RFC 5737, RFC 3849): a route is looked up, nothing is sent."""


def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP address ``text`` is, if it is one; an IPv4-mapped one (RFC 4291) as IPv4.

    The zone of a link-local address (``fe80::1%eth0``) is left out.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def own_addresses() -> tuple[str, ...]:
    """Return the addresses of this machine that others can reach it by, the likeliest first.

    The system is asked which address it would call from; no packet leaves.
    """
    found: list[str] = []
    for family, elsewhere in _ELSEWHERE:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as asked:
                asked.connect(elsewhere)
                found.append(str(asked.getsockname()[0]))
        except OSError:  # no such network here
            continue
    try:
        rows = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
    except OSError:
        rows = []
    found += [str(row[4][0]) for row in rows]
    usable = (one for one in found if (address := address_of(one)) and _is_told(address))
    return tuple(dict.fromkeys(usable))


def _is_told(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return not (address.is_loopback or address.is_link_local or address.is_unspecified)
