"""What one connection may take of the server: numbers, seconds and bytes."""

from __future__ import annotations

from dataclasses import dataclass

from gdtbridge.settings import MEGABYTE


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a server; `docs/reference/http.md` lists them."""

    connections: int = 200
    per_address: int = 150
    """Connections of one address: the rest is for the others."""
    unserved: int = 50
    """Of these, connections that have sent no whole request: nobody needs more of them at once."""
    handshake_seconds: float = 10.0
    """From the first byte of a TLS handshake to its end."""
    header_seconds: float = 20.0
    """From the first byte of a request to the end of its header."""
    stall_seconds: float = 20.0
    """Without a single byte of a body, or without a reader taking one of its answer."""
    least_rate: int = 4096
    """Bytes per second a body must come with, and an answer be taken with, on average after
    `stall_seconds`."""
    idle_seconds: float = 30.0
    """How long a connection without a request stays open."""
    waiting_bytes: int = 64 * MEGABYTE
    """Bytes of one answer that wait for a slow reader, on disk from the first megabyte on; an
    answer that is larger keeps its thread until the reader took the rest. Larger than every answer
    there is."""


class Pace:
    """How bytes move one way: since when, how many, and when the last did."""

    def __init__(self, now: float) -> None:
        self.begun = now
        self.moved = now
        self.size = 0

    def note(self, now: float, size: int) -> None:
        """Note that ``size`` bytes moved at ``now``."""
        self.moved = now
        self.size += size

    def is_late(self, now: float, limits: Limits) -> bool:
        """Return whether nothing moved for too long, or too little since the beginning."""
        if now - self.moved > limits.stall_seconds:
            return True
        return now - self.begun > limits.stall_seconds + self.size / limits.least_rate
