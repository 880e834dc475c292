"""The HTTP server: waitress in a thread, bounded on every side, stopped without cutting anyone off.

One thread moves the bytes of all connections, `THREADS` others run the application. Calls that come
many at a time have some of their own, and wait for one without being refused: those that read what
is kept (`READERS`), and the pictures of pages (`PICTURE_THREADS`). A slow client therefore occupies
a connection but no thread: what it does not take waits in a file.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final
from wsgiref.types import WSGIApplication

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from gdtbridge.certificates import RenewedContext
from gdtbridge.errors import SettingsError
from gdtbridge.logs import describe
from gdtbridge.settings import Settings
from gdtbridge.web.access.admission import Admission
from gdtbridge.web.access.gate import Gate, GuardGate
from gdtbridge.web.access.guard import Guard
from gdtbridge.web.access.slots import Slots
from gdtbridge.web.app import create_app, local_today
from gdtbridge.web.channel import Phase, WebConnection
from gdtbridge.web.dicomweb.routes import READERS, dicomweb_bodies, is_for_readers
from gdtbridge.web.forms import MAX_BODY
from gdtbridge.web.limits import Limits
from gdtbridge.web.pages.exams.pictures import PICTURE_THREADS, is_picture
from gdtbridge.web.ports import CorePorts, Readiness

log = logging.getLogger(__name__)
_WAITING = log.getChild("waiting")
_WAITING.setLevel(logging.ERROR)

THREADS: Final = 10
"""Those of every call but a reader's (`READERS`) or a picture's (`PICTURE_THREADS`)."""
MAX_HEADER: Final = 32 * 1024
"""Bytes of request line and header."""
TICK_SECONDS: Final = 0.5
"""How often deadlines are looked at while nothing happens."""
NEVER: Final = 10**9


class _WaitedForThreads(ThreadedTaskDispatcher):  # type: ignore[misc]
    """Threads of calls that come many at a time: that they wait is right, and is not logged."""

    queue_logger = _WAITING


class Listener(TcpWSGIServer):  # type: ignore[misc]  # waitress has no types
    """A listening socket whose connections have deadlines and a number."""

    channel_class = WebConnection

    def __init__(
        self,
        *args: object,
        threads_for: Callable[[str, str], ThreadedTaskDispatcher],
        gate: Gate,
        limits: Limits,
        tls: RenewedContext | None,
        **kw: object,
    ) -> None:
        self._threads_for = threads_for
        self.gate = gate
        self.limits = limits
        self.tls = tls
        self._waking = threading.Lock()
        self._awake = True
        super().__init__(*args, **kw)

    def add_task(self, task: WebConnection) -> None:
        """Have the next request of a connection served by the threads that are for it."""
        request = task.requests[0]
        self._threads_for(request.command, request.path).add_task(task)

    def pull_trigger(self, thunk: Callable[[], None] | None = None) -> None:
        """Wake the server's thread, and let it call ``thunk``.

        The trigger writes to a file descriptor by its number, which after the end belongs to
        somebody else; so a thread that finishes late must find it gone, not closed.
        """
        with self._waking:
            if self._awake:
                self.trigger.pull_trigger(thunk)

    def put_to_sleep(self) -> None:
        """Close the trigger."""
        with self._waking:
            self._awake = False
            self.trigger.close()

    def handle_accept(self) -> None:
        """Take a connection; where there are too many, one gives way (`gives_way`)."""
        super().handle_accept()
        channels = list(self.active_channels.values())
        if channels:
            leaving = gives_way(channels, self.limits, time.monotonic())
            if leaving is not None:
                leaving.handle_close()

    def sweep(self, now: float) -> None:
        """Close connections that have had their time."""
        for channel in list(self.active_channels.values()):
            if channel.overdue(now):
                channel.handle_close()


def gives_way(
    channels: Sequence[WebConnection], limits: Limits, now: float
) -> WebConnection | None:
    """Return the connection to close when ``channels`` are too many, the newest being the last.

    Many of one address are no fault: a terminal server is one address. So those that have sent no
    whole request are counted by themselves, and who waits longest gives way, never one at work.
    """
    newest = channels[-1]
    of_address = [c for c in channels if c.addr[0] == newest.addr[0]]
    unserved = [c for c in of_address if c.phase(now) <= Phase.BODY]
    for crowd, most in (
        (unserved, limits.unserved),
        (of_address, limits.per_address),
        (channels, limits.connections),
    ):
        if len(crowd) > most:
            return _least_used(crowd, newest, now)
    return None


def _least_used(
    channels: Sequence[WebConnection], newest: WebConnection, now: float
) -> WebConnection:
    """Return the one that waits longest in the lowest phase, of the address with most of these.

    It is the newest when all others are being served.
    """
    phases = {c: c.phase(now) for c in channels if c is not newest}
    lowest = min(phases.values(), default=Phase.SERVED)
    if lowest is Phase.SERVED:
        return newest
    waiting = [c for c, phase in phases.items() if phase is lowest]
    number = Counter(c.addr[0] for c in waiting)
    return min(waiting, key=lambda c: (-number[c.addr[0]], c.waits_since))


def create_server(
    settings: Settings,
    core: CorePorts,
    readiness: Readiness,
    *,
    today: Callable[[], date] = local_today,
    slots: Slots | None = None,
    limits: Limits | None = None,
    tls: RenewedContext | None = None,
) -> WebServer:
    """Return the server of `gdtbridge.web.app.create_app`, with the application's guard as gate.

    ``tls`` is what it proves itself by where `HttpSettings.tls` says that it speaks TLS.
    """
    guard = Guard(settings.http, Admission(settings, core.access.memory))
    app = create_app(settings, core, readiness, today=today, slots=slots, guard=guard)
    gate = GuardGate(guard, dicomweb_bodies(core))
    return WebServer(app, settings.http.host, settings.http.port, gate, limits, tls)


class WebServer:
    """Serves a WSGI application between `start` and `stop`."""

    def __init__(
        self,
        app: WSGIApplication,
        host: str,
        port: int,
        gate: Gate,
        limits: Limits | None = None,
        tls: RenewedContext | None = None,
    ) -> None:
        self._app = app
        self._gate = gate
        self._tls = tls
        self._limits = limits or Limits()
        self._host = host
        self._port = port
        self._sockets: dict[int, object] = {}
        self._listeners: list[Listener] = []
        self._dispatcher = ThreadedTaskDispatcher()
        self._readers, self._pictures = _WaitedForThreads(), _WaitedForThreads()
        self._stopping = threading.Event()
        self._deadline = 0.0
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """TCP port of the settings; after `start` the port really listened on."""
        return int(self._listeners[0].effective_port) if self._listeners else self._port

    def start(self) -> None:
        """Listen and serve; raise `SettingsError` when the address cannot be had."""
        try:
            self._listen()
        except (OSError, ValueError) as error:
            wasyncore.close_all(self._sockets)
            self._listeners.clear()
            raise SettingsError(
                f"http.host = {self._host}, http.port = {self._port}: nicht verfügbar, vielleicht "
                f"läuft dort schon ein Programm. / not available, perhaps another program uses it."
            ) from error
        self._dispatcher.set_thread_count(THREADS)
        self._readers.set_thread_count(READERS)
        self._pictures.set_thread_count(PICTURE_THREADS)
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)
        self._thread.start()
        log.info("HTTP server listens on %s port %d", self._host, self.port)

    def _listen(self) -> None:
        """Listen on every address the host's name stands for, all on one port."""
        settings = self._adjustments()
        for family, kind, protocol, address in settings.listen:
            port = self.port if self._listeners else address[1]
            place = (address[0], port, *address[2:])
            self._listeners.append(
                Listener(
                    self._app,
                    map=self._sockets,
                    dispatcher=self._dispatcher,
                    threads_for=self._threads_for,
                    adj=settings,
                    sockinfo=(family, kind, protocol, place),
                    gate=self._gate,
                    limits=self._limits,
                    tls=self._tls,
                )
            )

    def _threads_for(self, method: str, path: str) -> ThreadedTaskDispatcher:
        """Return whose threads serve a call; slashes at the beginning count as one (waitress)."""
        path = f"/{path.lstrip('/')}"
        if is_for_readers(method, path):
            return self._readers
        return self._pictures if is_picture(path) else self._dispatcher

    def _adjustments(self) -> Adjustments:
        return Adjustments(
            host=self._host,
            port=self._port,
            ident="gdtbridge",
            threads=THREADS,
            connection_limit=self._limits.connections + 10,  # never reached, see Listener
            max_request_header_size=MAX_HEADER,
            max_request_body_size=MAX_BODY + 1,
            outbuf_high_watermark=self._limits.waiting_bytes,
            # Deadlines are ours: waitress measures them by the wall clock.
            channel_timeout=NEVER,
            cleanup_interval=NEVER,
            log_socket_errors=False,
            # Nobody is believed by them; that they are there says that a proxy stands between.
            clear_untrusted_proxy_headers=False,
        )

    def stop(self, grace: float = 10.0) -> None:
        """Accept no more, finish what was begun within ``grace`` seconds, then close."""
        if self._thread is None:
            return
        self._deadline = time.monotonic() + grace
        self._listeners[0].pull_trigger(self._stopping.set)
        self._thread.join()
        self._thread = None
        log.info("HTTP server stopped")

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._tick(TICK_SECONDS)
        self._tick(0)
        self._close_listeners()
        while self._busy() and time.monotonic() < self._deadline:
            self._tick(0.05)
        self._close_all()

    def _tick(self, seconds: float) -> None:
        """Move what there is to move, for at most ``seconds`` while there is nothing."""
        try:
            wasyncore.loop(timeout=seconds, use_poll=True, map=self._sockets, count=1)
            for listener in self._listeners:
                listener.sweep(time.monotonic())
        except Exception as error:  # noqa: BLE001  # the server outlives any one connection
            log.error("HTTP server: %s", describe(error))
            self._stopping.wait(0.1)

    def _channels(self) -> list[WebConnection]:
        return [c for listener in self._listeners for c in list(listener.active_channels.values())]

    def _busy(self) -> bool:
        """Close connections without a request; return whether others are left."""
        for channel in self._channels():
            if channel.idle:
                channel.handle_close()
        return bool(self._channels())

    def _close_listeners(self) -> None:
        for listener in self._listeners:
            wasyncore.dispatcher.close(listener)

    def _close_all(self) -> None:
        for channel in self._channels():
            channel.handle_close()
        for dispatcher in (self._dispatcher, self._readers, self._pictures):
            dispatcher.shutdown(timeout=max(0.5, self._deadline - time.monotonic()))
        for listener in self._listeners:
            listener.put_to_sleep()
