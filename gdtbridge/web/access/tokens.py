"""The token: who may call. Wrong ones are counted by address, in bounded memory.

The right one is let in whatever others of its address sent: a terminal server is one address, and
so is a reverse proxy. Guessing gains nothing by it, since a token has at least 16 characters.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gdtbridge.web.problems import refuse

log = logging.getLogger(__name__)

TRIES: Final = 10
"""Wrong tokens an address may send in a row."""
REFILL_SECONDS: Final = 6.0
"""Seconds after which such an address may send one more wrong one."""
MAX_ADDRESSES: Final = 1024

_CHALLENGE: Final = ("WWW-Authenticate", 'Bearer realm="gdtbridge"')


@dataclass(slots=True)
class _WrongTokens:
    tries: float
    at: float


class Throttle:
    """Counts wrong tokens: a bucket of `TRIES` for each address, refilled with time.

    At most `MAX_ADDRESSES` are remembered, the longest silent one is forgotten first. A network of
    IPv6 addresses (/64) counts as one address, since one machine owns all of it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[str, _WrongTokens] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, address: str) -> float:
        """Return the seconds until ``address`` may try again; 0 for at once."""
        with self._lock:
            count = self._counts.get(_who(address))
            if count is None:
                return 0.0
            return max(0.0, (1.0 - self._tries(count)) * REFILL_SECONDS)

    def failed(self, address: str) -> None:
        """Count a wrong token of an address."""
        key = _who(address)
        with self._lock:
            now = self._clock()
            count = self._counts.pop(key, _WrongTokens(float(TRIES), now))
            left = self._tries(count) - 1.0
            self._counts[key] = _WrongTokens(left, now)
            while len(self._counts) > MAX_ADDRESSES:
                self._counts.popitem(last=False)
        if left < 1.0:
            log.warning("%s sent %d wrong tokens and has to wait", address, TRIES)

    def _tries(self, count: _WrongTokens) -> float:
        return min(float(TRIES), count.tries + (self._clock() - count.at) / REFILL_SECONDS)

    def __len__(self) -> int:
        """Return the number of addresses remembered."""
        return len(self._counts)


def _who(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if ip.version == 6:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return address


class TokenCheck:
    """Compares tokens in constant time; an empty ``token`` lets everybody in."""

    def __init__(self, token: str, throttle: Throttle) -> None:
        self._digest = _digest(token.encode("utf-8")) if token else b""
        self._throttle = throttle

    @property
    def is_needed(self) -> bool:
        """Whether callers have to show a token."""
        return bool(self._digest)

    def check(self, address: str, authorization: str, parameters: Sequence[bytes]) -> None:
        """Raise `CallRefused` (401 or 429) unless the caller shows the token.

        ``authorization`` is the header's value, ``parameters`` are the values of ``token=`` where
        the call may carry it there.
        """
        if not self._digest:
            return
        shown = _shown(authorization, parameters)
        if shown is None:
            raise refuse(401, "", _CHALLENGE)
        if hmac.compare_digest(_digest(shown), self._digest):
            return
        wait = self._throttle.wait(address)
        if wait > 0:
            raise refuse(429, "", ("Retry-After", str(int(wait) + 1)))
        self._throttle.failed(address)
        raise refuse(401, "", (_CHALLENGE[0], _CHALLENGE[1] + ', error="invalid_token"'))


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


def _shown(authorization: str, parameters: Sequence[bytes]) -> bytes | None:
    scheme, _, credentials = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip().encode("latin-1", "replace")
    return parameters[0].strip() if parameters else None
