"""The simple webhook: a URL of the practice's own network, called with GET for one event."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from urllib.parse import urlsplit

import requests

from gdtbridge.outbox.calling import (
    CONNECT_SECONDS,
    LIFETIME_SECONDS,
    READ_SECONDS,
    TOTAL_SECONDS,
    CallLimits,
    HttpCall,
    answer_to,
    judged,
    unanswered,
)
from gdtbridge.outbox.model import (
    Attempt,
    EventSender,
    OutgoingMessage,
)
from gdtbridge.webhooks import HouseEvent


class Webhook(EventSender):
    """Calls one URL; redirects, proxies and ``.netrc`` are not followed, the answer is not used."""

    def __init__(
        self,
        url: str,
        *,
        events: AbstractSet[str] = frozenset(),
        lifetime: float | None = LIFETIME_SECONDS,
        timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
        total: float = TOTAL_SECONDS,
    ) -> None:
        """Take an http or https URL; raise `ValueError` for another, without quoting it.

        ``timeouts`` are for connecting and for each read, ``total`` for one call, in seconds.
        """
        parts = urlsplit(url)
        if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
            raise ValueError("a webhook needs an http or https URL")
        self.events = frozenset(events)
        self.target = f"{parts.scheme.lower()}://{parts.netloc.rpartition('@')[2]}"
        self.lifetime = lifetime
        self._call = HttpCall("GET", url)
        self._limits = CallLimits(*timeouts, total)

    def key(self, event: HouseEvent) -> str:
        """Return the key of an event's message."""
        return event.key

    def payload(self, event: HouseEvent, event_id: str, now: float) -> bytes:  # noqa: ARG002
        """Return nothing: the address is called as it stands in the settings."""
        return b""

    def attempt(self, message: OutgoingMessage) -> Attempt:  # noqa: ARG002
        """Call the URL once; 2xx is success."""
        try:
            return judged(answer_to(self._call, self._limits))
        except requests.RequestException as error:
            return unanswered(error)
