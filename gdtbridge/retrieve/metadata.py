"""The metadata of objects as the web gets it (PS3.18 F.4): all but long values, as DICOM JSON.

Heads of foreign files are read in guarded children, many in one call, and what they say is
remembered: a stored file never changes, only whose it is.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from pydicom.dataset import Dataset

from gdtbridge.dataset.encoding import DEFLATED
from gdtbridge.dataset.hardening import harden_pydicom
from gdtbridge.errors import BridgeError
from gdtbridge.retrieve.dicom_json import BulkLocator, Place, json_dataset
from gdtbridge.retrieve.leaving import LeavingObject, file_to_send, has_quirks, head_that_leaves
from gdtbridge.retrieve.pixel_element import ElementEncoding, read_pixel_element
from gdtbridge.sandbox.client import SandboxClient
from gdtbridge.sandbox.room import MEBIBYTE, SandboxRoom, SandboxTask, SandboxTexts
from worklist.item import item_from

MOST_LEVELS: Final = 64
"""Levels of sequences that are written; reports nest about fifteen."""
LONGEST_READ: Final = 64 * 1024
"""Bytes of a value that is looked at; longer ones can be had by themselves."""
AT_ONCE: Final = 50
"""Heads of one call."""
MOST_KEPT: Final = 32 * MEBIBYTE
"""Characters of metadata that are remembered."""
PIXEL_DATA: Final = "7FE00010"


@dataclass(frozen=True, slots=True)
class HeadFile:
    """A file whose head is to be written, what it has to say instead, and the object's URI.

    ``now`` is when that was decided, ISO 8601, local.
    """

    file: Path
    syntax: str
    changes: dict[str, str]
    now: str
    uri: str


@dataclass(frozen=True, slots=True)
class HeadTexts:
    """The metadata of each file as JSON; empty where it cannot be read."""

    texts: tuple[str, ...]


class MetadataUnreadable(BridgeError):
    """Heads cannot be read; the text names the cause."""


class MetadataHindered(MetadataUnreadable):
    """The machine was in the way; later they may be read."""

    retriable = True


def metadata_of(heads: tuple[HeadFile, ...]) -> HeadTexts:
    """Return the metadata of files; one that cannot be read does not stop the others."""
    harden_pydicom()
    return HeadTexts(tuple(map(_text_of, heads)))


def _text_of(head: HeadFile) -> str:
    locate = _locator(head.uri)
    try:
        with head.file.open("rb") as file:
            now = datetime.fromisoformat(head.now)
            dataset = head_that_leaves(file, head.syntax, head.changes, now, LONGEST_READ)
            pixels = "" if head.syntax in DEFLATED else _pixels_vr(file, dataset)
            written = json_dataset(item_from(dataset, levels=MOST_LEVELS), locate)
    except Exception:  # noqa: BLE001 - a foreign file may raise anything
        return ""
    if pixels:
        written[PIXEL_DATA] = {"vr": pixels, "BulkDataURI": f"{head.uri}/bulkdata/{PIXEL_DATA}"}
    return json.dumps(written, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _pixels_vr(file: BinaryIO, dataset: Dataset) -> str:
    """Return the VR of the pixels the file stands at; empty where there are none."""
    element = read_pixel_element(file, ElementEncoding(*dataset.original_encoding))
    if element is None:
        return ""
    return "OB" if element.length is None else element.vr or "OW"


def _locator(uri: str) -> BulkLocator:
    def where(place: Place) -> str:
        names = (f"{one:08X}" if at % 2 == 0 else str(one) for at, one in enumerate(place))
        return f"{uri}/bulkdata/" + "/".join(names)

    return where


READ: Final = SandboxTask(f"{__name__}:metadata_of", HeadTexts)

METADATA: Final = SandboxRoom(
    place=f"{__name__}:METADATA",
    tasks=(READ,),
    errors=(MetadataUnreadable, MetadataHindered),
    damage=MetadataUnreadable,
    limit=MetadataUnreadable,
    hindered=MetadataHindered,
    texts=SandboxTexts(
        failed="Die Objekte lassen sich nicht lesen. / Cannot be read: ",
        memory="Die Objekte brauchen zu viel Speicher. / Too much memory needed.",
        too_large="Die Objekte sagen zu viel. / The objects say too much.",
        nonsense="Der Leseprozess antwortet Unsinn. / The reading process answers nonsense.",
    ),
    prepare="gdtbridge.dataset.image_libraries:keep_image_libraries_out",
    max_text=64 * MEBIBYTE,
)


class MetadataReader(SandboxClient):
    """Reads heads in child processes; threads may share one object."""

    room = METADATA

    def read(self, heads: Sequence[HeadFile]) -> tuple[str, ...]:
        """Return the metadata of each as JSON, empty where that cannot be read.

        Raises `MetadataHindered` and nothing else: of heads that are too much together each is
        read by itself.
        """
        try:
            return self.call(READ, heads=tuple(heads)).texts
        except MetadataHindered:
            raise
        except MetadataUnreadable:
            if len(heads) == 1:
                return ("",)
        return tuple(text for one in heads for text in self.read([one]))


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
