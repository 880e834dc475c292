"""The metadata of objects as the web gets it (PS3.18 F.4): all but long values, as DICOM JSON.

Heads of foreign files are read in guarded children, many in one call, and what the devices wrote
into them is remembered: a stored file never changes, only whose it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

from gdtbridge.durable.files import reason_of
from gdtbridge.retrieve.correcting import corrected, correction_of
from gdtbridge.retrieve.dicom_json import json_text
from gdtbridge.retrieve.leaving import LeavingObject, file_to_send, has_quirks
from gdtbridge.retrieve.metadata_memory import MetadataMemory
from gdtbridge.retrieve.metadata_room import ITS_URI, HeadFile, MetadataHindered, MetadataReader

AT_ONCE: Final = 50
"""Heads of one call."""
_ITS_URI: Final = ITS_URI.encode()

T = TypeVar("T")


class ObjectMetadata:
    """Tells the metadata of objects, each as it leaves. Thread-safe.

    Copies of what is put right lie in ``folder`` as long as they are read.
    """

    def __init__(self, reader: MetadataReader, memory: MetadataMemory, folder: Path) -> None:
        """Have ``reader`` read what ``memory``, which several may share, does not have."""
        self._reader, self._memory, self._folder = reader, memory, folder

    def unreadable(self, objects: Iterable[LeavingObject]) -> int:
        """Return how many of some objects nobody can read; of the others all is remembered then.

        Raises `MetadataHindered`.
        """
        unknown = (one for one in objects if not self._memory.has(_key(one)))
        return sum(not text for some in _batches(unknown) for text in self._read(some))

    def of(self, objects: Iterable[tuple[LeavingObject, str]]) -> Iterator[bytes]:
        """Yield the metadata of objects at their URIs as JSON; empty for one nobody can read.

        Raises `MetadataHindered`.
        """
        now = datetime.now()  # noqa: DTZ005 - local, as in DICOM
        correction = cache(lambda changes: correction_of(dict(changes), now))
        for some in _batches(objects):
            for (one, uri), kept in zip(some, self._known([one for one, _ in some]), strict=True):
                told = kept.replace(_ITS_URI, json.dumps(uri)[1:-1].encode())
                if kept and (changes := tuple(one.changes.items())):
                    told = json_text(corrected(json.loads(told), correction(changes))).encode()
                yield told

    def sweep(self) -> None:
        """Keep what is remembered within its limits; at the start it finds out what is there."""
        self._memory.cache.sweep()

    def _known(self, objects: Sequence[LeavingObject]) -> Iterator[bytes]:
        """Yield what the files say, remembered or read now."""
        known = [self._memory.get(_key(one)) for one in objects]
        missing = [one for one, kept in zip(objects, known, strict=True) if kept is None]
        read = iter(self._read(missing))
        yield from (next(read) if kept is None else kept for kept in known)

    def _read(self, objects: Sequence[LeavingObject]) -> list[bytes]:
        """Return what the files say, remembering it; empty for one nobody can read."""
        found = dict.fromkeys(range(len(objects)), b"")
        with ExitStack() as copies:
            heads = {}
            for at, one in enumerate(objects):
                if (path := self._readable(one, copies)) is not None:
                    heads[at] = HeadFile(path.absolute(), one.TransferSyntaxUID)
            if heads:
                texts = self._reader.read(list(heads.values()))
                found |= {
                    at: text.encode(errors="replace") for at, text in zip(heads, texts, strict=True)
                }
        for at, one in enumerate(objects):
            if found[at]:
                self._memory.keep(_key(one), found[at])
        return list(found.values())

    def _readable(self, one: LeavingObject, copies: ExitStack) -> Path | None:
        """Return an object's file, or a copy of it that is put right; None where that fails."""
        if not has_quirks(one):
            return one.file
        as_said = replace(one, decided=one.said)
        now = datetime.now()  # noqa: DTZ005 - local, as in DICOM
        try:
            return copies.enter_context(file_to_send(as_said, self._folder, now))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise MetadataHindered(reason_of(error)) from error
        except Exception:  # noqa: BLE001 - a foreign file may raise anything
            return None


def _key(one: LeavingObject) -> str:
    """Return what names an object's bytes, and whether they are put right.

    An object of an older program is known by its maker later than by its bytes.
    """
    return f"{one.key} put right" if has_quirks(one) else one.key


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    waiting = iter(items)
    while some := list(islice(waiting, AT_ONCE)):
        yield some
