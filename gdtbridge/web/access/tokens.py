"""The tokens of programs. Wrong ones are counted by address, in bounded memory.

A right one is let in whatever others of its address sent: a terminal server is one address, and
so is a reverse proxy. Guessing gains nothing by it, since a token has at least 16 characters.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Callable, Sequence
from typing import Final

from gdtbridge.accounts import AccessToken
from gdtbridge.accounts.throttle import Throttle
from gdtbridge.web.problems import refuse

log = logging.getLogger(__name__)

TRIES: Final = 10
"""Wrong tokens an address may send in a row."""
REFILL_SECONDS: Final = 6.0
"""Seconds after which such an address may send one more wrong one."""
CHALLENGE: Final = ("WWW-Authenticate", 'Bearer realm="gdtbridge"')


class TokenCheck:
    """Knows tokens: ``http.token`` by comparing in constant time, others by their hash."""

    def __init__(
        self,
        token: str,
        named: Callable[[str], AccessToken | None],
        throttle: Throttle | None = None,
    ) -> None:
        """``token`` is that of the settings, or empty; ``named`` finds the others."""
        self._digest = _digest(token.encode("utf-8")) if token else b""
        self._named = named
        self._throttle = throttle or Throttle(TRIES, REFILL_SECONDS)

    def is_owners(self, shown: bytes) -> bool:
        """Return whether a token is that of the settings."""
        return bool(self._digest) and hmac.compare_digest(_digest(shown), self._digest)

    def named(self, shown: bytes) -> AccessToken | None:
        """Return the token that was made for some scopes; None for none."""
        return self._named(shown.decode("latin-1"))

    def refuse(self, address: str) -> None:
        """Raise `CallRefused` (401 or 429) for a wrong token of an address, and count it."""
        wait = self._throttle.wait(address)
        if wait > 0:
            raise refuse(429, "", ("Retry-After", str(int(wait) + 1)))
        if self._throttle.failed(address):
            log.warning("%s sent %d wrong tokens and has to wait", address, TRIES)
        raise refuse(401, "", (CHALLENGE[0], CHALLENGE[1] + ', error="invalid_token"'))


def shown_token(authorization: str, parameters: Sequence[bytes]) -> bytes | None:
    """Return the token a caller shows: by the header, or by a parameter where that is allowed."""
    scheme, _, credentials = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip().encode("latin-1", "replace")
    return parameters[0].strip() if parameters else None


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
