"""Stored objects: pictures, and the archive on the web."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from gdtbridge.commitment import CommitmentReport, CommitmentRequest
from gdtbridge.retrieve.dicom_json import JsonDataset
from gdtbridge.retrieve.finder import OneStudy
from gdtbridge.retrieve.web_archive import WebObject
from gdtbridge.retrieve.web_search import WebQuery
from gdtbridge.viewing import AS_STORED, FrameLook, MediaContent, PictureDescription, ShownFrame


class PicturePort(Protocol):
    """What of stored objects can be looked at; `gdtbridge.viewing` has it.

    Whether the caller may look is asked by ``exam_id`` and ``person`` of the description.
    """

    def describe(self, instance_id: int) -> PictureDescription:
        """Return what an object has to show; raise `NotFound` or `PictureUnavailable`."""

    def frames(
        self, instance_id: int, first: int = 1, count: int = 1, look: FrameLook = AS_STORED
    ) -> Iterator[ShownFrame]:
        """Return frames from ``first`` on, counted from 1, a few made ahead of being taken.

        No more than there are; one that cannot be shown has its problem. Raises as `describe`, also
        while they are taken.
        """

    def thumbnail(self, instance_id: int, size: int = 320) -> ShownFrame:
        """Return the frame that stands for an object as a small JPEG; raises as `describe`."""

    def content(self, instance_id: int) -> MediaContent:
        """Return a video or a document whole; raises as `describe`."""


class WebArchivePort(Protocol):
    """The archive for DICOMweb; `gdtbridge.retrieve` has it."""

    def find(
        self, query: WebQuery, *, sees_held: bool, only: OneStudy | None = None
    ) -> Iterator[JsonDataset]:
        """Return the matches of a search; raise `QueryRefused`."""

    def objects(
        self, path: Mapping[str, str], *, sees_held: bool, only: OneStudy | None = None
    ) -> Sequence[WebObject]:
        """Return the objects below what UIDs by keyword name; raise `QueryRefused`."""

    def here(self, objects: Sequence[WebObject]) -> Sequence[WebObject]:
        """Return the objects whose files are there."""

    def opened(self, one: WebObject, syntax: str) -> AbstractContextManager[Path]:
        """Open the file of an object in a transfer syntax."""

    def unreadable(self, objects: Sequence[WebObject]) -> int:
        """Return of how many objects there are no metadata: nobody can read them."""

    def metadata_of(self, objects: Sequence[WebObject], base: str) -> Iterator[bytes]:
        """Return the metadata of objects below a base URI as DICOM JSON; empty without any."""


class WebCommitmentPort(Protocol):
    """Storage commitment for who asks by the web; `gdtbridge.commitment` has it."""

    def request(self, asked: CommitmentRequest) -> None:
        """Take a request; durable when it returns.

        Raises `DuplicateTransaction`, `TooManyCommitments` or `BridgeError`.
        """

    def ring(self) -> None:
        """Have requests looked at; returns at once."""

    def answer(
        self, transaction_uid: str, aet: str, seconds: float = 0.0
    ) -> CommitmentReport | None:
        """Return an answer, waiting so long for it; None: not yet. Raises `NotFound`."""


class WebFramePort(Protocol):
    """Single frames for DICOMweb; `gdtbridge.retrieve` has them."""

    def count(self, one: WebObject) -> int:
        """Return how many frames an object has."""

    def frame(self, one: WebObject, number: int, syntax: str) -> Iterator[bytes]:
        """Return a frame in a transfer syntax it can be had in; raise `NotFound`."""
