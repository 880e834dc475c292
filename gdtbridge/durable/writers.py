"""Whether somebody has a file open, or is still writing it, as far as the system tells.

A program of another machine is not seen; its files are known by their time and their structure.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from contextlib import suppress
from typing import BinaryIO, Final

_HELD: Final = {errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK}

if sys.platform == "linux":
    import fcntl

    def is_being_written(file: BinaryIO, *, is_local: bool) -> bool:
        """Return whether a process has locked a file, or opened it for writing on this machine.

        The latter is asked by a lease (fcntl(2)), which only the file's owner and root may take,
        and only where the file lies on a disk of this machine (``is_local``): of others the system
        says "not now" whenever it cannot know.
        """
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            fcntl.flock(file, fcntl.LOCK_UN)
        except OSError as error:
            return error.errno in _HELD
        return is_local and _has_rival(file, fcntl.F_RDLCK)

    def is_open_elsewhere(file: BinaryIO, *, is_local: bool) -> bool:
        """Return whether somebody else on this machine has a file open; see `is_being_written`."""
        return is_local and _has_rival(file, fcntl.F_WRLCK)

    def _has_rival(file: BinaryIO, lease: int) -> bool:
        """Return whether a lease is refused: for reading because of writers, else of anybody."""
        try:
            # whoever opens it in this moment has us told by a signal; this one does nothing
            fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(file, fcntl.F_SETLEASE, lease)
        except OSError as error:
            return error.errno == errno.EAGAIN
        with suppress(OSError):
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        return False
else:

    def is_being_written(file: BinaryIO, *, is_local: bool) -> bool:  # noqa: ARG001
        """Return whether a process writes a file: not known here; Windows refuses the opening."""
        return False

    def is_open_elsewhere(file: BinaryIO, *, is_local: bool) -> bool:  # noqa: ARG001
        """Return whether somebody has a file open: not known here; Windows refuses the renaming."""
        return False


def has_hole(file: BinaryIO) -> bool:
    """Return whether a part of a file was never written: a copy that reserves its room first.

    Also a file without zeros that was saved sparsely; some file systems know no holes.
    """
    if not hasattr(os, "SEEK_HOLE"):
        return False
    descriptor = file.fileno()
    # not by the file itself: a seek within its buffer would leave the descriptor at the hole, and
    # what is read next would end with the buffer
    at = os.lseek(descriptor, 0, os.SEEK_CUR)
    try:
        return os.lseek(descriptor, 0, os.SEEK_HOLE) < os.fstat(descriptor).st_size
    except OSError:
        return False
    finally:
        os.lseek(descriptor, at, os.SEEK_SET)
