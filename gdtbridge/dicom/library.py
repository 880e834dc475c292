"""What we need of pynetdicom beyond its documentation, in one list, and how it is set up.

pynetdicom gives us associations (PS3.8): PDUs, the state machine, negotiation as a requestor. What
it leaves open to an unauthenticated peer is closed in `transport` and `association` by subclasses,
and these use names that are not promised to stay. `PRIVATE_NAMES` is all of them.
"""

from __future__ import annotations

import logging
import time
from importlib import metadata
from pathlib import Path
from typing import Final

import pynetdicom
from pynetdicom import AE, _config
from pynetdicom.acse import ACSE
from pynetdicom.association import Association
from pynetdicom.dul import DULServiceProvider
from pynetdicom.timer import Timer
from pynetdicom.transport import AssociationServer, AssociationSocket, RequestHandler

import gdtbridge
from gdtbridge.dataset.hardening import harden_pydicom

IMPLEMENTATION_CLASS_UID: Final = "2.25.213384531378279861352041721331516693815"
"""Identifies our implementation (PS3.7 D.3.3.2); made from a random UUID (PS3.5 B.2)."""
IMPLEMENTATION_VERSION_NAME: Final = "GDTBRIDGE_" + ".".join(gdtbridge.__version__.split(".")[:2])

MINIMUM_VERSION: Final = (3, 0, 4)
"""Before it, a SOP Instance UID could leave the folder (CVE-2026-56445)."""

PRIVATE_NAMES: Final[dict[type, tuple[str, ...]]] = {
    AE: ("_create_socket", "make_server"),
    ACSE: ("_negotiate_as_acceptor", "send_accept", "send_reject", "send_abort"),
    Association: ("_run_reactor", "_serve_request", "run_reactor", "kill", "set_socket"),
    AssociationServer: ("_bind_defaults", "get_request", "process_request", "service_actions"),
    AssociationSocket: ("_shutdown_socket", "ready", "recv", "send", "close"),
    DULServiceProvider: (
        "_is_transport_event",
        "_process_recv_primitive",
        "run_reactor",
        "kill_dul",
        "send_pdu",
        "stop_dul",
        "idle_timer_expired",
    ),
    RequestHandler: ("_create_association", "handle", "local", "remote"),
    Timer: ("remaining", "start", "stop"),
}
"""Methods we override or call that are private or undocumented."""

PRIVATE_ATTRIBUTES: Final[dict[type, tuple[str, ...]]] = {
    Association: ("_accepted_cx", "_rejected_cx", "_kill", "_reactor_checkpoint", "_server"),
    DULServiceProvider: (
        "_idle_timer",
        "_kill_thread",
        "_run_loop_delay",
        "artim_timer",
        "event_queue",
        "state_machine",
        "to_provider_queue",
        "to_user_queue",
    ),
    AssociationSocket: ("_is_connected", "socket"),
    Timer: ("_end_time", "_start_time"),
}
"""Attributes of instances we read or set that are private or undocumented."""


class LibraryLog(logging.Handler):
    """Passes on what pynetdicom logs as place and type alone: its texts quote what peers sent."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log where in the library something happened, at DEBUG."""
        kind = record.exc_info[0] if record.exc_info else None
        place = f"{Path(record.pathname).name}:{record.lineno}"
        _log.debug("pynetdicom %s %s", place, kind.__name__ if kind else record.levelname)


_log = logging.getLogger(__name__)


def set_up() -> None:
    """Prepare pynetdicom and pydicom for foreign data; calling it again does no harm.

    Raises `RuntimeError` for a pynetdicom with a known hole.
    """
    _check_version(metadata.version("pynetdicom"))
    harden_pydicom()
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_REQUEST_IDENTIFIERS = False
    _config.LOG_RESPONSE_IDENTIFIERS = False
    _config.STORE_SEND_CHUNKED_DATASET = True
    logger = logging.getLogger(pynetdicom.__name__)
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    if not any(isinstance(handler, LibraryLog) for handler in logger.handlers):
        logger.handlers = [LibraryLog()]


def _check_version(version: str) -> None:
    found = tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
    if found < MINIMUM_VERSION:
        needed = ".".join(map(str, MINIMUM_VERSION))
        raise RuntimeError(f"pynetdicom {version} has known holes; {needed} or newer is needed")


class MonotonicTimer(Timer):
    """pynetdicom's timer on the monotonic clock: steps of the wall clock do not matter."""

    @property
    def remaining(self) -> float:
        """Seconds left; the whole time before the start, 1 for a timer without end."""
        if self.timeout is None:
            return 1
        if self._start_time is None:
            return self.timeout
        end = time.monotonic() if self._end_time is None else self._end_time
        return self.timeout - (end - self._start_time)

    def start(self) -> None:
        """Start, or start again from the whole time."""
        self._start_time = time.monotonic()
        self._end_time = None

    def stop(self) -> None:
        """Stop where it is."""
        self._end_time = time.monotonic()
