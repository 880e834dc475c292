"""The webhook of a table ``[[webhook]]``: method, templates, proof of who calls."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NewConnectionError

from gdtbridge.errors import SettingsError
from gdtbridge.outbox.calling import (
    LIFETIME_SECONDS,
    CallLimits,
    HttpCall,
    answer_to,
    judged,
    unanswered,
)
from gdtbridge.outbox.model import (
    Attempt,
    AttemptResult,
    EventSender,
    OutgoingMessage,
)
from gdtbridge.outbox.targets import TargetError, addresses_of
from gdtbridge.settings import HouseWebhookSettings
from gdtbridge.settings.secret import value_of
from gdtbridge.webhooks import HouseEvent
from gdtbridge.webhooks.events import sayable
from gdtbridge.webhooks.signature import signed_headers
from gdtbridge.webhooks.templates import TOKEN, fill_body, fill_url, plain_body

HOUSE: Final = "webhook:"
"""How the outbox's destinations of the tables begin."""


class HouseWebhook(EventSender):
    """Calls what a table says, for every event it names.

    What is said of an event is fixed when it happens, and is no more than the table allows then;
    how it is said is read from the settings when it leaves.
    """

    def __init__(
        self,
        settings: HouseWebhookSettings,
        base: Path,
        networks: Sequence[str],
        now: Callable[[], float] = time.time,
    ) -> None:
        """Take files from ``base``, call ``networks`` only; ``now`` is UTC for the signature."""
        self.settings = settings
        self.events = frozenset(settings.events)
        self.lifetime = LIFETIME_SECONDS
        parts = urlsplit(settings.url)
        self.target = f"{parts.scheme}://{parts.netloc}"
        self._base = base
        self._networks = networks
        self._now = now
        self._limits = CallLimits(total=settings.timeout_seconds)

    def key(self, event: HouseEvent) -> str:
        """Return the key of an event's message: two events may be about the same thing."""
        return f"{event.key}#{event.name}"

    def payload(self, event: HouseEvent, event_id: str, now: float) -> bytes:
        """Return what the house may know of an event, as JSON."""
        said = sayable(event, self.settings.fields)
        at = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
        return json.dumps({**said, "event": event.name, "id": event_id, "time": at}).encode()

    def attempt(self, message: OutgoingMessage) -> Attempt:
        """Call once; 2xx is success."""
        try:
            call = self._call(json.loads(message.payload))
            addresses = addresses_of(call.url, self._networks)
        except (SettingsError, TargetError) as error:
            return Attempt(AttemptResult.FAILED, str(error))
        except (OSError, UnicodeError):
            return Attempt(AttemptResult.LATER, "the host is not found", away=True)
        return self._first_answer([replace(call, address=one) for one in addresses])

    def _first_answer(self, calls: Sequence[HttpCall]) -> Attempt:
        """Return what came of the first address that lets itself be called."""
        for call in calls[:-1]:
            try:
                return judged(answer_to(call, self._limits))
            except requests.exceptions.ConnectTimeout:
                continue
            except requests.ConnectionError as error:
                if not _was_refused(error):
                    return unanswered(error)
            except requests.RequestException as error:
                return unanswered(error)
        return self._answer(calls[-1])

    def _answer(self, call: HttpCall) -> Attempt:
        try:
            return judged(answer_to(call, self._limits))
        except requests.RequestException as error:
            return unanswered(error)
        except OSError as error:  # the library's own word for a file of certificates that is away
            reason = f"ca_file {self.settings.ca_file}: {type(error).__name__}"
            return Attempt(AttemptResult.FAILED, reason)

    def _call(self, values: Mapping[str, str]) -> HttpCall:
        """Return the call for an event; raise `SettingsError` where a secret is missing."""
        said, token = self.settings, self._secret("token")
        in_url = f"{{{TOKEN}}}" in said.url
        body = self._body(values)
        headers = {name: value_of(value, self._base) for name, value in said.headers.items()}
        if token and not in_url:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            headers["Content-Type"] = f"{said.content_type}; charset=utf-8"
        return HttpCall(
            said.method,
            fill_url(said.url, {**values, TOKEN: token} if in_url else values),
            {**headers, **self._proof(values["id"], body or b"")},
            body,
            (said.user, self._secret("password")) if said.user else None,
            str(self._base / said.ca_file) if said.ca_file is not None else True,
        )

    def _proof(self, event_id: str, body: bytes) -> Mapping[str, str]:
        """Return the headers that name and sign a call; raise `SettingsError` for a secret."""
        secret = self._secret("signing_secret")
        try:
            return signed_headers(event_id, int(self._now()), body, secret)
        except ValueError as error:
            raise SettingsError(f"signing_secret: {error}") from error

    def _body(self, values: Mapping[str, str]) -> bytes | None:
        said = self.settings
        if said.method == "GET":
            return None
        if said.body is None:
            return plain_body(values)
        return fill_body(said.body, said.content_type, values)

    def _secret(self, key: str) -> str:
        secret = getattr(self.settings, key)
        try:
            return "" if secret is None else value_of(secret, self._base)
        except SettingsError as error:
            raise SettingsError(f"{key}: {error}") from error


def _was_refused(error: requests.ConnectionError) -> bool:
    """Return whether nobody listened at an address: nothing was asked of anybody yet."""
    cause = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(cause, NewConnectionError)
