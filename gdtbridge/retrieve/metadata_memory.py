"""What is remembered of objects' metadata: the last of it in memory, all of it on the disk.

It gets there a little later: a viewer that asks for what nobody has read waits for no disk.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from gdtbridge import __version__
from gdtbridge.sandbox.room import MEBIBYTE
from gdtbridge.viewing.cache import DiskCache

MOST_KEPT: Final = 16 * MEBIBYTE
"""Bytes in memory."""
SHARE_OF_PICTURES: Final = 10
"""Pictures have so many times the room on the disk that metadata have."""


class MetadataMemory:
    """Metadata by what names an object's bytes, whoever the object is of. Thread-safe.

    Another version of the program reads anew: it may know more of what devices do wrong.
    """

    def __init__(self, cache: DiskCache) -> None:
        self.cache = cache
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._unwritten: set[str] = set()
        self._size = 0

    def has(self, key: str) -> bool:
        """Return whether an object's metadata are known; on the disk they may be damaged."""
        with self._lock:
            if key in self._kept:
                return True
        return self.cache.has(_edition_of(key)) or self.get(key) is not None

    def get(self, key: str) -> bytes | None:
        """Return an object's metadata; None where they are not known."""
        with self._lock:
            if (kept := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return kept
        found = self.cache.get(_edition_of(key))
        if found is not None:
            with self._lock:
                pushed_out = self._hold(key, found)
            self._put(pushed_out)
        return found

    def keep(self, key: str, content: bytes) -> None:
        """Remember an object's metadata; on the disk from the next `write` on."""
        with self._lock:
            self._unwritten.add(key)
            pushed_out = self._hold(key, content)
        self._put(pushed_out)

    def write(self) -> None:
        """Put on the disk what is in memory alone."""
        with self._lock:
            waiting = {key: self._kept[key] for key in self._unwritten}
            self._unwritten.clear()
        self._put(waiting)

    def _hold(self, key: str, content: bytes) -> dict[str, bytes]:
        """Hold metadata in memory; return what has no room there and is not on the disk."""
        self._size += len(content) - len(self._kept.pop(key, b""))
        self._kept[key] = content
        pushed_out = {}
        while self._size > MOST_KEPT:
            oldest, its = self._kept.popitem(last=False)
            self._size -= len(its)
            if oldest in self._unwritten:
                self._unwritten.remove(oldest)
                pushed_out[oldest] = its
        return pushed_out

    def _put(self, contents: dict[str, bytes]) -> None:
        for key, content in contents.items():
            self.cache.put(_edition_of(key), content)


def _edition_of(key: str) -> str:
    return f"metadata {__version__} {key}"
