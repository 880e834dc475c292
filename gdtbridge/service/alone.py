"""One service for the files of an installation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from gdtbridge.durable import FileLock, FolderUnusable, LockBusy
from gdtbridge.errors import SettingsError

SERVICE_LOCK: Final = "service.lock"


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Keep a second service off the same files; raise `SettingsError` where one runs."""
    lock = FileLock(root / SERVICE_LOCK, timeout=1)  # `is_running` may hold it for a moment
    with ExitStack() as held:
        try:
            held.enter_context(lock.hold())
        except LockBusy as error:
            raise SettingsError(
                f"storage.root: In {root} läuft schon ein Dienst. / A service is already running "
                f"in {root}."
            ) from error
        yield


def is_running(root: Path) -> bool:
    """Return whether a service holds the files below ``root``; no file is made to find out."""
    if not (root / SERVICE_LOCK).exists():
        return False
    try:
        with FileLock(root / SERVICE_LOCK, timeout=0).hold():
            return False
    except FolderUnusable:
        return True
