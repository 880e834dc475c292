"""The archive: received instances, their files, their index, their life time.

A received object is stored as the bytes that came, under a name made of hashes, and entered into
the index in the transaction of whoever keeps it. What an exam is, is not decided here.
"""

from gdtbridge.archive.model import (
    NOT_SENT,
    SHOWN,
    ArchivedInstance,
    IncomingInstance,
    Receipt,
    ReceiptStatus,
    SpooledDataset,
    Standing,
    StoredFile,
)
from gdtbridge.archive.store import Archive

__all__ = [
    "NOT_SENT",
    "SHOWN",
    "Archive",
    "ArchivedInstance",
    "IncomingInstance",
    "Receipt",
    "ReceiptStatus",
    "SpooledDataset",
    "Standing",
    "StoredFile",
]
