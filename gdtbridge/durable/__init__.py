"""Files that are there whole or not at all, locks between processes, clocks.

``files`` writes, names, moves, compares and deletes, and tells versions of a file apart; nothing
else in the product syncs. ``lock`` keeps processes apart, ``clock`` tells the time. What is written
is not known here.
"""

from gdtbridge.durable.clock import Clock, SteadyClock, SystemClock
from gdtbridge.durable.errors import FolderSilent, FolderUnusable, LockBusy
from gdtbridge.durable.files import FileStamp
from gdtbridge.durable.lock import FileLock

__all__ = [
    "Clock",
    "FileLock",
    "FileStamp",
    "FolderSilent",
    "FolderUnusable",
    "LockBusy",
    "SteadyClock",
    "SystemClock",
]
