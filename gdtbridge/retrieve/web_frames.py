"""The frames of an object for the web (PS3.18 10.4.1.1.6): as stored, or uncompressed.

No header travels with a frame: its metadata says what colours its samples are, and in what order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from gdtbridge.dataset.encoding import EXPLICIT_BIG_ENDIAN, EXPLICIT_LITTLE_ENDIAN
from gdtbridge.devices.quirks import frame_as_it_leaves
from gdtbridge.errors import NotFound
from gdtbridge.pictures.frame_reader import FrameReader
from gdtbridge.pictures.model import AttachmentError, NativeFrames
from gdtbridge.pictures.transfer_syntaxes import JPEG_8_BIT
from gdtbridge.retrieve.leaving import has_quirks
from gdtbridge.retrieve.metadata import ObjectMetadata
from gdtbridge.retrieve.web_archive import NEVER_BY_WEB, WebObject
from gdtbridge.viewing import StoredPictures


@dataclass(frozen=True, slots=True)
class WebFrames:
    """Gives single frames without reading those before them. Thread-safe."""

    pictures: StoredPictures
    reader: FrameReader
    metadata: ObjectMetadata

    def count(self, one: WebObject) -> int:
        """Return how many frames there are; raises as `StoredPictures.describe`."""
        return self.pictures.describe(one.instance_id).frames

    def frame(self, one: WebObject, number: int, syntax: str) -> Iterator[bytes]:
        """Return a frame, counted from 1, piece by piece, in a transfer syntax it can be had in.

        That is the one the object is stored in, or Explicit VR Little Endian. Raises `NotFound` for
        what is not there or cannot be decoded, and `PictureUnavailable`.
        """
        stored = one.stored_syntax
        as_it_is = syntax == stored or stored in NEVER_BY_WEB - {EXPLICIT_BIG_ENDIAN}
        if not as_it_is and syntax == EXPLICIT_LITTLE_ENDIAN:
            return iter((self._decoded(one, number),))
        try:
            found = self.pictures.stored_frame(one.instance_id, number)
        except NotFound:
            if syntax != EXPLICIT_LITTLE_ENDIAN:
                raise
            return iter((self._decoded(one, number),))
        if stored in JPEG_8_BIT and has_quirks(one.leaving):
            frame, label = b"".join(found.pieces(0, found.size)), self._said(one)[0]
            return iter((frame_as_it_leaves(frame, one.leaving.manufacturer, label),))
        return found.pieces(0, found.size)

    def _decoded(self, one: WebObject, number: int) -> bytes:
        label, by_plane = self._said(one)
        try:
            frames = self.reader.native_frames(one.leaving.file, number, 1, label)
        except AttachmentError as error:
            raise NotFound(str(error)) from error
        return _by_plane(frames) if by_plane else frames.data

    def _said(self, one: WebObject) -> tuple[str, bool]:
        """Return what the metadata says of the pixels, as they leave.

        That is the Photometric Interpretation, and whether samples stand plane by plane (Planar
        Configuration 1).
        """
        (text,) = self.metadata.of([(one.leaving, one.path)])
        said = json.loads(text or "{}")
        label, planar = (said.get(tag, {}).get("Value") for tag in ("00280004", "00280006"))
        return str((label or [""])[0]), planar == [1]


def _by_plane(frames: NativeFrames) -> bytes:
    """Return the samples of a frame plane by plane; those of a pixel stand together."""
    samples = memoryview(frames.data).cast("H" if frames.bits_allocated == 16 else "B")
    step = frames.samples_per_pixel
    return b"".join(samples[plane::step].tobytes() for plane in range(step))
