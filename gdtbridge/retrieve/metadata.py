"""The metadata of objects as the web gets it (PS3.18 F.4): all but long values, as DICOM JSON.

Heads of foreign files are read in guarded children, many in one call, and what they say is
remembered: a stored file never changes, only whose it is.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Final

from gdtbridge.retrieve.leaving import LeavingObject, file_to_send, has_quirks
from gdtbridge.retrieve.metadata_room import HeadFile, MetadataReader
from gdtbridge.sandbox.room import MEBIBYTE

AT_ONCE: Final = 50
"""Heads of one call."""
MOST_KEPT: Final = 32 * MEBIBYTE
"""Characters of metadata that are remembered."""


class ObjectMetadata:
    """Tells the metadata of objects, each as it leaves. Thread-safe.

    Copies of what is put right lie in ``folder`` as long as they are read.
    """

    def __init__(self, reader: MetadataReader, folder: Path) -> None:
        self._reader, self._folder = reader, folder
        self._turn = threading.Lock()
        self._kept: OrderedDict[object, str] = OrderedDict()
        self._size = 0

    def of(self, objects: Sequence[tuple[LeavingObject, str]]) -> Iterator[str]:
        """Yield the metadata of objects at their URIs as JSON; empty for one nobody can read.

        Raises `MetadataHindered`, and what copying a file raises.
        """
        for first in range(0, len(objects), AT_ONCE):
            some = objects[first : first + AT_ONCE]
            known = [self._remembered(one, uri) for one, uri in some]
            missing = [pair for pair, text in zip(some, known, strict=True) if text is None]
            read = iter(self._read(missing))
            yield from (next(read) if text is None else text for text in known)

    def _read(self, objects: Sequence[tuple[LeavingObject, str]]) -> list[str]:
        if not objects:
            return []
        now = datetime.now()  # noqa: DTZ005 - local, as in DICOM
        with ExitStack() as copies:
            heads = []
            for one, uri in objects:
                path, changes = one.file, one.changes
                if has_quirks(one):
                    path, changes = copies.enter_context(file_to_send(one, self._folder, now)), {}
                path = path.absolute()
                heads.append(HeadFile(path, one.TransferSyntaxUID, changes, now.isoformat(), uri))
            texts = self._reader.read(heads)
        for (one, uri), text in zip(objects, texts, strict=True):
            self._remember(one, uri, text)
        return list(texts)

    def _remembered(self, one: LeavingObject, uri: str) -> str | None:
        key = _key(one, uri)
        with self._turn:
            if (text := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
            return text

    def _remember(self, one: LeavingObject, uri: str, text: str) -> None:
        if not text:
            return
        key = _key(one, uri)
        with self._turn:
            self._size += len(text) - len(self._kept.pop(key, ""))
            self._kept[key] = text
            while self._size > MOST_KEPT:
                _, oldest = self._kept.popitem(last=False)
                self._size -= len(oldest)


def _key(one: LeavingObject, uri: str) -> object:
    return one.file, uri, frozenset(one.changes.items())
