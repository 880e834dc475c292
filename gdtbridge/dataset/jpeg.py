"""A JPEG codestream by its segments (ITU-T T.81 B): frame header, colours, a clean copy.

Encoders of devices put what they like into application and comment segments, also about the
patient; a clean copy has none of them but one of ours that says which colours the samples are.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gdtbridge.dataset.errors import UnreadableDataset

_SOI: Final = b"\xff\xd8"
_EOI: Final = 0xD9
_SOS: Final = 0xDA
_COM: Final = 0xFE
_APP: Final = range(0xE0, 0xF0)
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""SOF markers; among them are DHT, JPG and DAC."""

BASELINE: Final = 0xC0

_AFTER_SCAN: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]", re.DOTALL)
"""What ends entropy-coded data: a marker that is neither stuffing, nor fill, nor RSTn."""

# JFIF 1.02 without a density; Adobe APP14 version 100 with transform 0 (Adobe TN 5116).
_JFIF: Final = b"\xff\xe0\x00\x10JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00"
_ADOBE_RGB: Final = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"


class JpegColours(Enum):
    """Kind of colours of three components."""

    LUMA_CHROMA = "YCbCr"
    RED_GREEN_BLUE = "RGB"


LABELS: Final[dict[str, JpegColours]] = {
    "RGB": JpegColours.RED_GREEN_BLUE,
    "YBR_FULL": JpegColours.LUMA_CHROMA,
    "YBR_FULL_422": JpegColours.LUMA_CHROMA,
    # The decoders of JPEG 2000 undo these (PS3.5 8.2.4).
    "YBR_RCT": JpegColours.RED_GREEN_BLUE,
    "YBR_ICT": JpegColours.RED_GREEN_BLUE,
}
"""Photometric Interpretation (PS3.3 C.7.6.3.1.2): the kind of colours it says."""


def with_rgb_mark(data: bytes) -> bytes:
    """Return a stream marked as red, green and blue; all else in it stays as it is."""
    at = data.find(_SOI) + len(_SOI)
    return data[:at] + _ADOBE_RGB + data[at:]


@dataclass(frozen=True, slots=True)
class JpegCodestream:
    """A JPEG image: frame header (T.81 B.2.2), kind of colours by its markers, clean segments.

    ``colours`` is None where nothing in the stream tells. ``sampling`` has a byte for each
    component: horizontal and vertical factor.
    """

    process: int
    precision: int
    rows: int
    columns: int
    components: bytes
    sampling: bytes
    colours: JpegColours | None
    parts: tuple[bytes, ...]

    def clean(self, colours: JpegColours) -> bytes:
        """Return the stream without foreign metadata, its three components marked as these."""
        marked = _JFIF if colours is JpegColours.LUMA_CHROMA else _ADOBE_RGB
        return b"".join((_SOI, marked, *self.parts))


def parse_codestream(data: bytes) -> JpegCodestream:
    """Return a JPEG stream taken apart; raise `UnreadableDataset` for a damaged stream.

    What follows its end (padding, leftovers) is dropped.
    """
    header, application, parts = b"", [], []
    for marker, segment in _segments(data):
        if marker in _APP:
            application.append(segment[4:])
        elif marker != _COM:
            parts.append(segment)
        if marker in _FRAMES:
            header = segment
    if len(header) < 10 or len(header) < 10 + 3 * header[9]:
        raise UnreadableDataset(
            "Das JPEG-Bild hat keinen Kopf. / The JPEG image has no frame header."
        )
    precision, rows, columns, count = struct.unpack_from(">BHHB", header, 4)
    components, sampling = header[10 : 10 + 3 * count : 3], header[11 : 11 + 3 * count : 3]
    return JpegCodestream(
        process=header[1],
        precision=precision,
        rows=rows,
        columns=columns,
        components=components,
        sampling=sampling,
        colours=_colours(application, components, sampling),
        parts=tuple(parts),
    )


def _colours(application: list[bytes], components: bytes, sampling: bytes) -> JpegColours | None:
    """Return what the stream's own marks say, as libjpeg reads them (jdapimin.c)."""
    if len(set(sampling)) > 1:  # nobody thins out green and blue
        return JpegColours.LUMA_CHROMA
    for content in application:
        if content.startswith(b"JFIF\0"):
            return JpegColours.LUMA_CHROMA
        if content.startswith(b"Adobe") and len(content) >= 12:
            return JpegColours.LUMA_CHROMA if content[11] else JpegColours.RED_GREEN_BLUE
    return JpegColours.RED_GREEN_BLUE if components.upper() == b"RGB" else None


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and bytes of each segment up to EOI, a scan with its entropy-coded data."""
    at = data.find(_SOI) + 2
    if not 2 <= at <= 1024:
        raise UnreadableDataset("Das ist kein JPEG-Bild. / This is no JPEG image.")
    while True:
        while data[at : at + 2] == b"\xff\xff":  # fill bytes
            at += 1
        if len(data) - at < 2 or data[at] != 0xFF:
            raise _cut_off()
        marker = data[at + 1]
        if marker == _EOI:
            yield marker, data[at : at + 2]
            return
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _SOS:
            after = _AFTER_SCAN.search(data, end)
            end = after.start() if after else len(data) + 1
        if not at + 4 <= end <= len(data):
            raise _cut_off()
        yield marker, data[at:end]
        at = end


def _cut_off() -> UnreadableDataset:
    return UnreadableDataset(
        "Das JPEG-Bild ist beschädigt. / The JPEG image is damaged or cut off."
    )
