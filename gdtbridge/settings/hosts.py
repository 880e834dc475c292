"""Addresses a server is bound to: who reaches it, by which names, and how from this machine."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

HOST: Final = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^\s\[\]/@,:]+)(?::[0-9]{1,5})?")
"""A name or address with or without a port, as in the header ``Host`` (RFC 9110 7.2)."""


def host_name(text: str) -> str:
    """Return the bare name of a host: small letters, no brackets, port or dot of the root."""
    match = HOST.fullmatch(text)
    return (match["name"] if match else text).strip("[]").rstrip(".").lower()


def is_loopback(host: str) -> bool:
    """Return whether a server bound to ``host`` is reachable from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def reachable(host: str) -> str:
    """Return the address by which a server bound to ``host`` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
