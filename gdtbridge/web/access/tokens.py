"""The token: who may call. Wrong ones are counted by address, in bounded memory.

The right one is let in whatever others of its address sent: a terminal server is one address, and
so is a reverse proxy. Guessing gains nothing by it, since a token has at least 16 characters.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Sequence
from typing import Final

from gdtbridge.accounts.throttle import Throttle
from gdtbridge.web.problems import refuse

log = logging.getLogger(__name__)

TRIES: Final = 10
"""Wrong tokens an address may send in a row."""
REFILL_SECONDS: Final = 6.0
"""Seconds after which such an address may send one more wrong one."""

_CHALLENGE: Final = ("WWW-Authenticate", 'Bearer realm="gdtbridge"')


class TokenCheck:
    """Compares tokens in constant time; an empty ``token`` lets everybody in."""

    def __init__(self, token: str, throttle: Throttle | None = None) -> None:
        throttle = throttle or Throttle(TRIES, REFILL_SECONDS)
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
        if self._throttle.failed(address):
            log.warning("%s sent %d wrong tokens and has to wait", address, TRIES)
        raise refuse(401, "", (_CHALLENGE[0], _CHALLENGE[1] + ', error="invalid_token"'))


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


def _shown(authorization: str, parameters: Sequence[bytes]) -> bytes | None:
    scheme, _, credentials = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip().encode("latin-1", "replace")
    return parameters[0].strip() if parameters else None
