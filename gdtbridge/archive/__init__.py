"""The archive: received instances, their files, their index, their life time.

A received object is stored as the bytes that came, under a name made of hashes, and entered into
the index in the transaction of whoever keeps it. What an exam is, is not decided here.
"""

from gdtbridge.archive.model import Incoming, Standing
from gdtbridge.archive.store import Archive, Aside, Entered, Kept, StoredFile
from gdtbridge.dataset.header import Header, read_header

__all__ = [
    "Archive",
    "Aside",
    "Entered",
    "Header",
    "Incoming",
    "Kept",
    "Standing",
    "StoredFile",
    "read_header",
]
