"""The signature of Standard Webhooks 1.0: HMAC-SHA256 over ``id.timestamp.body``."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

PREFIX: Final = "whsec_"
SHORTEST_KEY: Final = 16
"""Bytes; the standard wants 24 to 64, a word a person chose may have fewer."""


def key_of(secret: str) -> bytes:
    """Return the key of a secret: ``whsec_`` and Base64, or any text of 16 bytes or more.

    Raises `ValueError`, which does not quote it.
    """
    try:
        known = secret.startswith(PREFIX)
        key = base64.b64decode(secret[len(PREFIX) :], validate=True) if known else secret.encode()
    except (binascii.Error, ValueError):
        raise ValueError("behind whsec_ there must be Base64") from None
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"a signing secret has at least {SHORTEST_KEY} bytes")
    return key


def signed_headers(event_id: str, timestamp: int, body: bytes, secret: str) -> Mapping[str, str]:
    """Return the headers of a call at ``timestamp`` (UTC seconds); signed if there is a secret."""
    headers = {"webhook-id": event_id, "webhook-timestamp": str(timestamp)}
    if secret:
        content = f"{event_id}.{timestamp}.".encode() + body
        digest = hmac.new(key_of(secret), content, hashlib.sha256).digest()
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers
