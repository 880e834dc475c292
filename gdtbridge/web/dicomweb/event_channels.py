"""The open event channels (PS3.18 8.10.4): each subscriber's, and the thread that fills them.

A subscriber has one channel, the newest it opened. It is sent the events it still has to get, and
they count as got when it has answered the ping behind them; so a connection that breaks, or a
restart, repeats the last ones instead of losing them. Whoever opened it is asked for the right to
it before anything is sent, and every second: a channel is open no longer than its token is good, or
its person signed in.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gdtbridge.logs import describe
from gdtbridge.retrieve.dicom_json import json_text
from gdtbridge.web.ports import WorkItemPorts
from gdtbridge.web.problems import RETRY_SECONDS, refuse

if TYPE_CHECKING:
    from gdtbridge.web.web_socket import WebSocket

log = logging.getLogger(__name__)

MOST: Final = 20
"""Channels at a time."""
LOOK_SECONDS: Final = 0.25
"""How often is looked for new events while a channel is open."""
RIGHT_SECONDS: Final = 1.0
"""How often is looked whether who opened a channel still may have it."""


class _Channel:
    """A subscriber's channel, how far it was told, and who may have it."""

    def __init__(
        self, aet: str, socket: WebSocket, sent: int, is_permitted: Callable[[], bool]
    ) -> None:
        self.aet = aet
        self.socket = socket
        self.sent = sent
        self.confirmed = sent
        self._is_permitted = is_permitted
        self._looked = time.monotonic()

    def is_refused(self, *, at_once: bool) -> bool:
        """Return whether it may be open no longer; looked at ``at_once`` or when it is time."""
        now = time.monotonic()
        if not at_once and now - self._looked < RIGHT_SECONDS:
            return False
        self._looked = now
        return not self._is_permitted()


class EventChannels:
    """Every open channel. Thread-safe; its thread runs as long as there is one."""

    def __init__(self, ports: WorkItemPorts) -> None:
        self._ports = ports
        self._turn = threading.Condition()
        self._open: dict[str, _Channel] = {}
        self._running = False

    def open(self, aet: str, socket: WebSocket, is_permitted: Callable[[], bool]) -> None:
        """Serve a subscriber by a new channel as long as it ``is_permitted``; one it had is closed.

        Raises `CallRefused` (503) where there are too many.
        """
        with self._turn:
            before = self._open.get(aet)
            if before is None and len(self._open) >= MOST:
                raise refuse(503, "", ("Retry-After", str(RETRY_SECONDS)))
        if before is not None:
            self._confirm(before)
        channel = _Channel(aet, socket, self._ports.events.received(aet), is_permitted)
        with self._turn:
            self._open[aet] = channel
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="event channels", daemon=True).start()
        if before is not None:
            before.socket.close()

    def _run(self) -> None:
        while self._wait():
            for channel in self._current():
                try:
                    self._serve(channel)
                except Exception as error:  # noqa: BLE001 - the others go on; it is opened again
                    log.error("an event channel is closed: %s", describe(error))
                    self._forget(channel)
                    channel.socket.close()

    def _wait(self) -> bool:
        """Wait a moment; return whether a channel is open."""
        with self._turn:
            self._turn.wait(LOOK_SECONDS)
            self._running = bool(self._open)
            return self._running

    def _current(self) -> list[_Channel]:
        with self._turn:
            return list(self._open.values())

    def _confirm(self, channel: _Channel) -> None:
        """Note what a subscriber has got."""
        answered = channel.socket.answered
        if answered > channel.confirmed:
            self._ports.events.confirm(channel.aet, answered)
            channel.confirmed = answered

    def _forget(self, channel: _Channel) -> None:
        with self._turn:
            if self._open.get(channel.aet) is channel:
                del self._open[channel.aet]

    def _serve(self, channel: _Channel) -> None:
        """Note what a subscriber has got, and send it what is new; a closed channel goes."""
        is_closed, events = channel.socket.is_closed, self._ports.events
        self._confirm(channel)
        if is_closed:
            self._forget(channel)
            return
        has_news = channel.sent == channel.confirmed and events.newest() > channel.sent
        if channel.is_refused(at_once=has_news):
            log.info("an event channel is closed: who opened it may not have it any more")
            self._forget(channel)
            channel.socket.close(refused=True)
        elif has_news:
            batch = events.pending(channel.aet, channel.sent)
            channel.sent = batch.last
            channel.socket.tell([json_text(report) for report in batch.reports], batch.last)
        else:
            channel.socket.keep_alive()
