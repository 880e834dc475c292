"""The metadata of objects as the web gets it (PS3.18 F.4): all but long values, as DICOM JSON.

What the devices wrote is read once and remembered: a stored file never changes, only whose it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from gdtbridge.durable.files import reason_of
from gdtbridge.errors import BridgeError
from gdtbridge.retrieve.correcting import corrected, correction_of
from gdtbridge.retrieve.dicom_json import json_text
from gdtbridge.retrieve.leaving import LeavingObject, file_to_send, has_quirks
from gdtbridge.retrieve.metadata_memory import MetadataMemory
from gdtbridge.retrieve.metadata_reading import ITS_URI, metadata_in

_ITS_URI: Final = ITS_URI.encode()


class MetadataHindered(BridgeError):
    """The disk was in the way of reading an object; later it may be read."""

    retriable = True


class ObjectMetadata:
    """Tells the metadata of objects, each as it leaves. Thread-safe.

    Copies of what is put right lie in ``folder`` as long as they are read.
    """

    def __init__(self, memory: MetadataMemory, folder: Path) -> None:
        self._memory, self._folder = memory, folder

    def unreadable(self, objects: Iterable[LeavingObject]) -> int:
        """Return how many of some objects nobody can read; of the others all is remembered then.

        Raises `MetadataHindered`.
        """
        unknown = (one for one in objects if not self._memory.has(_key(one)))
        return sum(not self._read(one) for one in unknown)

    def of(self, objects: Iterable[tuple[LeavingObject, str]]) -> Iterator[bytes]:
        """Yield the metadata of objects at their URIs as JSON; empty for one nobody can read.

        Raises `MetadataHindered`.
        """
        now = datetime.now()  # noqa: DTZ005 - local, as in DICOM
        correction = cache(lambda changes: correction_of(dict(changes), now))
        for one, uri in objects:
            kept = self._memory.get(_key(one))
            said = self._read(one) if kept is None else kept
            told = said.replace(_ITS_URI, json.dumps(uri)[1:-1].encode())
            if said and (changes := tuple(one.changes.items())):
                told = json_text(corrected(json.loads(told), correction(changes))).encode()
            yield told

    def write(self) -> None:
        """Put on the disk what was read since."""
        self._memory.write()

    def sweep(self) -> None:
        """Keep what is remembered within its limits; at the start it finds out what is there."""
        self._memory.cache.sweep()

    def _read(self, one: LeavingObject) -> bytes:
        """Return what an object's file says, remembering it; empty where nobody can read it."""
        as_said = replace(one, decided=one.said)
        now = datetime.now()  # noqa: DTZ005 - local, as in DICOM
        try:
            with file_to_send(as_said, self._folder, now) as path:
                text = metadata_in(path, one.TransferSyntaxUID)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise MetadataHindered(reason_of(error)) from error
        except Exception:  # noqa: BLE001 - what is put right may raise anything
            return b""
        said = text.encode(errors="replace")
        self._memory.keep(_key(one), said)
        return said


def _key(one: LeavingObject) -> str:
    """Return what names an object's bytes, and whether they are put right.

    An object of an older program is known by its maker later than by its bytes.
    """
    return f"{one.key} put right" if has_quirks(one) else one.key
