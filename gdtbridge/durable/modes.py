"""Who may read files and folders: our own nobody but us, those we share everybody as ever.

The service writes under a umask that keeps everything to its own account (`become_private`). What
others have to read gets its mode explicitly; unless a setting says another, it is the one the
service's account usually gives (POSIX umask). Windows has no modes, its folders pass rights on.
"""

from __future__ import annotations

import logging
import os
import stat
import sys
from pathlib import Path
from typing import Final

from gdtbridge.durable.files import sync_folder

log = logging.getLogger(__name__)

PRIVATE_FILE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700
_PRIVATE_UMASK: Final = 0o077
_usual: list[int] = []
"""The umask before `become_private`, once that was called."""


def become_private() -> None:
    """Let this process from now on make files and folders only its account can use."""
    before = os.umask(_PRIVATE_UMASK)
    if not _usual:
        _usual.append(before)


def shared_file_mode() -> int | None:
    """Return the usual mode of a new file; None while the process gives it by itself."""
    return 0o666 & ~_usual[0] if _usual else None


def make_folder(folder: Path, mode: int | None = None) -> None:
    """Make a folder with its parents; these get the usual mode, and so does it without ``mode``.

    One that is there is left as it is; the names of those made are durable. Raises `OSError`.
    """
    if folder.is_dir():
        return
    if not folder.parent.is_dir():
        make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    wanted = 0o777 & ~_usual[0] if mode is None and _usual else mode
    if wanted is not None:
        folder.chmod(wanted)
    sync_folder(folder.parent)


def set_mode(path: Path, mode: int) -> None:
    """Give a file or folder of ours a mode; a symbolic link is not followed.

    What is not there, is a link or somebody else's stays as it is.
    """
    if sys.platform == "win32":
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return
    try:
        status = os.fstat(descriptor)
        if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) != mode:
            os.fchmod(descriptor, mode)
            log.info("%s: mode %04o, was %04o", path, mode, stat.S_IMODE(status.st_mode))
    except OSError as error:
        log.warning("%s keeps its mode: %s", path, error.strerror)
    finally:
        os.close(descriptor)
