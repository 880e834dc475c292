"""The archive for the web (DICOMweb): what is found, what objects say, and the objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydicom import uid

from gdtbridge.dataset.encoding import (
    EXPLICIT_BIG_ENDIAN,
    EXPLICIT_LITTLE_ENDIAN,
    IMPLICIT_LITTLE_ENDIAN,
)
from gdtbridge.pictures.transfer_syntaxes import ALWAYS_LOSSY, is_decodable
from gdtbridge.retrieve.dicom_json import JsonDataset
from gdtbridge.retrieve.finder import ArchiveFinder, OneStudy, Viewer
from gdtbridge.retrieve.items import ListedStudy
from gdtbridge.retrieve.leaving import LeavingObject
from gdtbridge.retrieve.metadata import ObjectMetadata
from gdtbridge.retrieve.store import ListedObject
from gdtbridge.retrieve.transcoding import Transcoder
from gdtbridge.retrieve.web_search import WebQuery, WebSearch
from worklist.item import Element, tag_of

NEVER_BY_WEB: Final = frozenset({IMPLICIT_LITTLE_ENDIAN, EXPLICIT_BIG_ENDIAN})
"""Transfer syntaxes that are not sent by web (PS3.18 8.7.3)."""
AS_STORED: Final = "*"
KEPT: Final = frozenset({*ALWAYS_LOSSY, uid.JPEG2000, uid.HTJ2K})
"""What is sent as it is stored unless somebody wants it otherwise: it has lost already what
compressing takes, and would only grow (PS3.18 8.7.3)."""


@dataclass(frozen=True, slots=True)
class WebObject:
    """An object as it leaves, whose it is, its study's UID, its path below the services' base."""

    instance_id: int
    leaving: LeavingObject
    patient_id: str
    study: str
    path: str

    @property
    def stored_syntax(self) -> str:
        """The transfer syntax it was received in."""
        return self.leaving.TransferSyntaxUID


@dataclass(frozen=True, slots=True)
class WebArchive:
    """What DICOMweb asks of the archive. Thread-safe."""

    search: WebSearch
    finder: ArchiveFinder
    metadata: ObjectMetadata
    transcoder: Transcoder

    def find(
        self, query: WebQuery, *, sees_held: bool, only: OneStudy | None = None
    ) -> Iterator[JsonDataset]:
        """Return the matches of a search; see `WebSearch.find`."""
        return self.search.find(query, sees_held=sees_held, only=only)

    def objects(
        self, path: Mapping[str, str], *, sees_held: bool, only: OneStudy | None = None
    ) -> list[WebObject]:
        """Return the objects below what UIDs by keyword name, each as it leaves; none for nothing.

        Raises `QueryRefused` for what is no UID, and a `StoreError`.
        """
        keys = {tag_of(word): Element("UI", texts=(uid,)) for word, uid in path.items()}
        found = self.finder.named(keys, viewer=Viewer(sees_held, only=only))
        return [_object(study, listed, leaving) for study, listed, leaving in found]

    def here(self, objects: Sequence[WebObject]) -> list[WebObject]:
        """Return the objects whose files are there."""
        return [one for one in objects if one.leaving.file.exists()]

    def opened(self, one: WebObject, syntax: str) -> AbstractContextManager[Path]:
        """Open the Part 10 file of an object in a transfer syntax; see `Transcoder.opened`."""
        return self.transcoder.opened(one.leaving, syntax)

    def unreadable(self, objects: Sequence[WebObject]) -> int:
        """Return of how many objects there are no metadata; see `ObjectMetadata.unreadable`."""
        return self.metadata.unreadable(one.leaving for one in objects)

    def metadata_of(self, objects: Sequence[WebObject], base: str) -> Iterator[bytes]:
        """Return the metadata of objects below a base URI; see `ObjectMetadata.of`."""
        return self.metadata.of((one.leaving, base + one.path) for one in objects)


def _object(study: ListedStudy, listed: ListedObject, leaving: LeavingObject) -> WebObject:
    uid = study.exam.study_instance_uid
    path = f"/series/{listed.SeriesInstanceUID}/instances/{listed.SOPInstanceUID}"
    return WebObject(listed.instance_id, leaving, study.patient_id, uid, f"/studies/{uid}{path}")


def syntax_for(stored: str, wanted: Sequence[str]) -> str | None:
    """Return the transfer syntax an object is sent in; None where none that is wanted can be had.

    ``wanted`` are UIDs, the best first, or `AS_STORED` for any. Without any an object is sent in
    Explicit VR Little Endian, but for what is `KEPT` and what cannot be decoded.
    """
    as_stored = EXPLICIT_LITTLE_ENDIAN if stored in NEVER_BY_WEB else stored
    can_be_native = as_stored == EXPLICIT_LITTLE_ENDIAN or is_decodable(stored)
    if not wanted:
        keeps = stored in KEPT or not can_be_native
        return as_stored if keeps else EXPLICIT_LITTLE_ENDIAN
    for one in wanted:
        if one in {AS_STORED, as_stored}:
            return as_stored
        if one == EXPLICIT_LITTLE_ENDIAN and can_be_native:
            return one
    return None
