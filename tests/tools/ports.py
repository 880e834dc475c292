"""Ports of this machine for servers that must be told theirs."""

from __future__ import annotations

import socket


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
