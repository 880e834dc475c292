"""pynetdicom as a library: its version, its set-up, its log.

pynetdicom gives us associations (PS3.8): PDUs, the state machine, negotiation as a requestor. What
it leaves open to an unauthenticated peer is closed in this package by subclasses, and these use
names that are not promised to stay; a test lists them.
"""

from __future__ import annotations

import logging
from importlib import metadata
from pathlib import Path
from typing import Final

import pynetdicom
from pynetdicom import _config

from gdtbridge.dataset.hardening import harden_pydicom

MINIMUM_VERSION: Final = (3, 0, 4)
"""Before it, a SOP Instance UID could leave the folder (CVE-2026-56445)."""


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
