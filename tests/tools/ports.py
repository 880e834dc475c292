"""Ports of this machine for servers that must be told theirs."""

from __future__ import annotations

import random
import socket
from contextlib import suppress

FIRST, BEYOND = 20_000, 32_000
"""Below those the system gives to who asks for any (ip(7), ``ip_local_port_range``): a connection
of another test could have one of them before its server starts, maybe minutes later."""


def free_port() -> int:
    """Return a port nobody listens on; processes that ask at the same time get different ones."""
    while True:
        port = random.SystemRandom().randrange(FIRST, BEYOND)  # `random` is seeded for each test
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
