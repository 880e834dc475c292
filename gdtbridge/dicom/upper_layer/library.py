"""pynetdicom as a library: the names used beyond its user's guide, its version, its set-up.

pynetdicom gives us associations (PS3.8): PDUs, the state machine, negotiation as a requestor. What
it leaves open to an unauthenticated peer is closed in this package by subclasses, and these use
names that are not promised to stay. `PRIVATE_NAMES` is all of them.
"""

from __future__ import annotations

import logging
from importlib import metadata
from pathlib import Path
from typing import Final

import pynetdicom
from pynetdicom import AE, _config
from pynetdicom.acse import ACSE
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dul import DULServiceProvider
from pynetdicom.timer import Timer
from pynetdicom.transport import AssociationSocket

from gdtbridge.dataset.hardening import harden_pydicom

MINIMUM_VERSION: Final = (3, 0, 4)
"""Before it, a SOP Instance UID could leave the folder (CVE-2026-56445)."""

PRIVATE_NAMES: Final[dict[type, tuple[str, ...]]] = {
    AE: ("_create_socket",),
    ACSE: ("_negotiate_as_acceptor", "requestor", "send_accept", "send_reject"),
    Association: (
        "_accepted_cx",
        "_rejected_cx",
        "_serve_request",
        "kill",
        "run_reactor",
        "set_socket",
    ),
    AssociationSocket: (
        "_is_connected",
        "_shutdown_socket",
        "assoc",
        "close",
        "event_queue",
        "ready",
        "recv",
        "send",
        "socket",
    ),
    DIMSEServiceProvider: ("get_msg", "msg_queue", "receive_primitive"),
    DULServiceProvider: (
        "_idle_timer",
        "_is_transport_event",
        "_kill_thread",
        "_process_recv_primitive",
        "_run_loop_delay",
        "artim_timer",
        "event_queue",
        "idle_timer_expired",
        "kill_dul",
        "run_reactor",
        "send_pdu",
        "socket",
        "state_machine",
        "stop_dul",
        "to_provider_queue",
        "to_user_queue",
    ),
    Timer: ("_end_time", "_start_time", "remaining", "start", "stop", "timeout"),
}
"""Each method and attribute of pynetdicom's classes used here that no user's guide names."""


class LibraryLogHandler(logging.Handler):
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
    if not any(isinstance(handler, LibraryLogHandler) for handler in logger.handlers):
        logger.handlers = [LibraryLogHandler()]


def _check_version(version: str) -> None:
    found = tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
    if found < MINIMUM_VERSION:
        needed = ".".join(map(str, MINIMUM_VERSION))
        raise RuntimeError(f"pynetdicom {version} has known holes; {needed} or newer is needed")
