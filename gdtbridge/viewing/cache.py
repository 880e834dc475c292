"""A cache on the disk: what was made of objects once need not be made again.

It holds nothing that cannot be made anew, so nothing is synced: an entry gets its name when it is
whole, and one whose bytes do not have the checksum they should is none. The oldest go first.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from gdtbridge.durable.files import delete_leftovers, reason_of, temporary_in
from gdtbridge.errors import StoreError

log = logging.getLogger(__name__)

LARGEST_SHARE: Final = 4
"""An entry takes at most so small a part of the cache: a quarter."""
_HEAD_BYTES: Final = 16


class DiskCache:
    """Bytes by a text that names them, below one folder. Thread-safe; no call ever raises."""

    def __init__(self, folder: Path, most: int, room_for: Callable[[int], None]) -> None:
        """Keep at most ``most`` bytes below ``folder``, 0 for none.

        ``room_for`` raises a `StoreError` where so many bytes would fill the disk; then the cache
        gives back all it has.
        """
        self._folder, self._most, self._room_for = folder, most, room_for
        self._lock = threading.Lock()
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._total = 0
        self._is_failing = False

    @property
    def size(self) -> int:
        """How many bytes it has, as far as is known."""
        return self._total

    def has(self, key: str) -> bool:
        """Return whether it has something under a key, as far as is known without looking."""
        with self._lock:
            return _name(key) in self._sizes

    def get(self, key: str) -> bytes | None:
        """Return what was put under a key; None where that is not there any more."""
        if not self._most:
            return None
        name = _name(key)
        path = self._path(name)
        try:
            data = path.read_bytes()
            os.utime(path)
        except OSError:
            self._forget(name)
            return None
        content = data[_HEAD_BYTES:]
        if data[:_HEAD_BYTES] != _head(content):
            self._remove(name)
            return None
        with self._lock:
            if name in self._sizes:
                self._sizes.move_to_end(name)
        return content

    def put(self, key: str, content: bytes) -> None:
        """Keep bytes under a key; without room for them they are not kept."""
        size = _HEAD_BYTES + len(content)
        if size * LARGEST_SHARE > self._most:
            return
        try:
            self._room_for(size)
        except StoreError:
            if self._total:  # else it has been given back, and looking again takes time
                self.clear()
            return
        name = _name(key)
        try:
            self._write(self._path(name), _head(content) + content)
        except OSError as error:
            if not self._is_failing:
                log.warning("what was made of objects is not kept: %s", reason_of(error))
            self._is_failing = True
            return
        self._is_failing = False
        self._enter(name, size)

    def sweep(self) -> None:
        """Find out what is there, take away what writers left that died, and what is too much."""
        if not self._folder.is_dir():
            return
        found = []
        for folder in (one for one in self._folder.iterdir() if one.is_dir()):
            with suppress(OSError):
                delete_leftovers(folder)
                with os.scandir(folder) as entries:
                    found += [
                        (one.stat().st_mtime, one.name, one.stat().st_size) for one in entries
                    ]
        with self._lock:
            self._sizes = OrderedDict((name, size) for _, name, size in sorted(found))
            self._total = sum(self._sizes.values())
        self._shrink()

    def clear(self) -> None:
        """Give back all of it."""
        self.sweep()
        self._shrink(0)

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = temporary_in(path.parent)
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def _enter(self, name: str, size: int) -> None:
        with self._lock:
            self._total += size - self._sizes.pop(name, 0)
            self._sizes[name] = size
        self._shrink()

    def _shrink(self, most: int | None = None) -> None:
        """Take away the oldest until there are at most so many bytes, `most` of all unless said."""
        most = self._most if most is None else most
        while True:
            with self._lock:
                if self._total <= most or not self._sizes:
                    return
                oldest = next(iter(self._sizes))
            self._remove(oldest)

    def _remove(self, name: str) -> None:
        with suppress(OSError):
            self._path(name).unlink(missing_ok=True)
        self._forget(name)

    def _forget(self, name: str) -> None:
        with self._lock:
            self._total -= self._sizes.pop(name, 0)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name


def _head(content: bytes) -> bytes:
    """Return what stands before the bytes of an entry: their checksum."""
    return hashlib.blake2b(content, digest_size=_HEAD_BYTES).digest()


def _name(key: str) -> str:
    """Return the name of an entry: what a key says stands in no name."""
    return hashlib.sha256(key.encode()).hexdigest()
