"""Running the bridge until somebody ends it."""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from gdtbridge.database import sqlite_file
from gdtbridge.durable.modes import PRIVATE_FILE, become_private, set_mode
from gdtbridge.first_start import COMPANIONS, begin_anew
from gdtbridge.logs import keep_tail
from gdtbridge.service.alone import alone
from gdtbridge.service.bridge import Bridge
from gdtbridge.service.jobs import TICK_SECONDS
from gdtbridge.settings import Settings

log = logging.getLogger(__name__)

SWITCH_SECONDS: Final = 0.0005
"""How long a thread that computes keeps the interpreter when others wait: eight devices that send
at once must not make a page wait for each of them (Python's default is 0.005)."""


def _close_files(settings: Settings) -> None:
    """Keep the database and the settings an older program or a person left open to ourselves."""
    file = sqlite_file(settings.database_url)
    if file is not None:
        for ending in (*COMPANIONS, ".lock"):
            set_mode(file.with_name(file.name + ending), PRIVATE_FILE)
    set_mode(Path(settings.origin), PRIVATE_FILE)


def serve(
    settings: Settings,
    stop: threading.Event,
    *,
    anew: bool = False,
    invite: Callable[[str], None] | None = None,
) -> bool:
    """Run the bridge until ``stop`` is set, ``anew`` without the database that is lost.

    Returns whether it ended because a person wants it to begin again with changed settings.

    While there is no account, ``invite`` is given the path of a one-time link that makes the first
    one; it shows it to a person and writes it nowhere. Raises what keeps it from starting.
    """
    become_private()
    _close_files(settings)
    if anew:
        # A service that runs would lose the name of its database; without a root there is none.
        with alone(settings.root) if settings.root.is_dir() else nullcontext():
            begin_anew(settings)
    sys.setswitchinterval(SWITCH_SECONDS)
    bridge = Bridge(settings)
    keep_tail(settings.log_tail, bridge.words)
    bridge.start()
    gc.freeze()  # what lives as long as the service is not looked through again and again
    log.info("DICOM %s port %d", settings.dicom.plain_host, bridge.dicom_port)
    if (tls_port := bridge.dicom_tls_port) is not None:
        log.info("DICOM-TLS %s port %d", settings.dicom.host, tls_port)
    log.info("%s %s port %d", settings.http.scheme.upper(), settings.http.host, bridge.http_port)
    if not bridge.has_accounts:
        log.info("no account yet: gdtbridge access link makes a one-time link for the first one")
        if invite is not None:
            invite(bridge.first_link())
    log.info("bereit, Strg+C beendet / ready, Ctrl+C stops")
    while not (stop.wait(TICK_SECONDS) or bridge.again.is_set()):
        pass  # Windows interrupts no wait without an end
    log.info("stopping")
    bridge.stop()
    return not stop.is_set()
