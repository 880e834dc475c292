"""Waiting for a socket that does not block."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Sequence


def readable(sockets: Sequence[socket.socket], timeout: float) -> list[int]:
    """Return the descriptors of ``sockets`` that have something to read within some seconds.

    Raises `ValueError` or `OSError` for a closed one.
    """
    if hasattr(select, "poll"):
        poll = select.poll()  # select() cannot see descriptors from 1024 on
        for one in sockets:
            poll.register(one, select.POLLIN)
        return [descriptor for descriptor, _ in poll.poll(timeout * 1000)]
    return [one.fileno() for one in select.select(sockets, [], [], timeout)[0]]


def wait_to_send(connection: socket.socket, timeout: float) -> None:
    """Wait until the peer takes more; raise `TimeoutError` after ``timeout`` seconds."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(connection, select.POLLOUT)
        ready: Sequence[object] = poll.poll(max(0.0, timeout) * 1000)
    else:
        ready = select.select([], [connection], [], max(0.0, timeout))[1]
    if timeout <= 0 or not ready:
        raise TimeoutError("peer takes nothing")


def send_all(connection: socket.socket, rest: memoryview, deadline: float) -> None:
    """Send all of ``rest`` until ``deadline`` (monotonic); raise `OSError`, also when late."""
    while rest:
        try:
            rest = rest[connection.send(rest) :]
        except BlockingIOError:
            wait_to_send(connection, deadline - time.monotonic())
