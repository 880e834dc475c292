"""A file to its dataset: preamble, meta information, transfer syntax, deflate (PS3.10, PS3.5 A.5).

Bounded: a file and what it inflates to may each have `MAX_BYTES`.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gdtbridge.sr.elements import Elements, parse
from gdtbridge.sr.model import NotAReportError, ReportLimitError, UnreadableReportError

MAX_BYTES: Final = 32 * 1024 * 1024
"""A report with 5,000 measurements has 3 MB."""

IMPLICIT_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2"
EXPLICIT_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
DEFLATED_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"

_MAGIC: Final = b"DICM"
_HEADER: Final = struct.Struct("<HH2sH")
_LONG: Final = struct.Struct("<L")


@dataclass(frozen=True, slots=True)
class _Meta:
    """What the meta information says, and where the dataset starts."""

    TransferSyntaxUID: str
    dataset_at: int


def read_elements(path: Path) -> Elements:
    """Return the wanted elements of the file; raise `ReportError` where there are none."""
    data = _read(path)
    meta = _read_meta(data)
    body, cut = data[meta.dataset_at :], False
    if meta.TransferSyntaxUID == DEFLATED_LITTLE_ENDIAN:
        body, cut = _inflate(body)
    if not body.strip(b"\0"):
        raise NotAReportError("Die Datei enthält keine Daten. / The file holds no data.")
    big_endian = meta.TransferSyntaxUID == EXPLICIT_BIG_ENDIAN
    elements = parse(body, implicit=not _looks_explicit(body), big_endian=big_endian)
    elements.cut |= cut
    return elements


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableReportError(
            f"Die Datei lässt sich nicht lesen. / The file cannot be read: {error.strerror}."
        ) from error
    if len(data) > MAX_BYTES:
        raise ReportLimitError("Die Datei ist zu groß. / The file is too large.")
    return data


def _read_meta(data: bytes) -> _Meta:
    """Read group 0002, always explicit little endian; be content with less than PS3.10 asks."""
    at = 132 if data[128:132] == _MAGIC else 0
    if not at and not _starts_like_dicom(data):
        raise UnreadableReportError("Das ist keine DICOM-Datei. / This is no DICOM file.")
    syntax = EXPLICIT_LITTLE_ENDIAN
    while len(data) - at >= 8:
        group, element, vr, length = _HEADER.unpack_from(data, at)
        if group != 2:
            break
        value_at = at + 8
        if vr in {b"OB", b"OW", b"UN", b"UT", b"SQ"}:
            if len(data) - at < 12:
                break
            (length,) = _LONG.unpack_from(data, at + 8)
            value_at = at + 12
        if element == 0x0010:
            raw = data[value_at : value_at + length]
            syntax = raw.decode("latin_1").strip("\0 ")
        at = value_at + length
    return _Meta(syntax, at)


def _starts_like_dicom(data: bytes) -> bool:
    """Return whether a file without preamble starts with group 0002 or 0008."""
    return len(data) >= 8 and data[:2] in {b"\2\0", b"\x08\0"}


def _looks_explicit(body: bytes) -> bool:
    """Return whether the first element carries a VR; devices mislabel implicit and explicit."""
    vr = body[4:6]
    return vr.isalpha() and vr.isupper()


def _inflate(body: bytes) -> tuple[bytes, bool]:
    """Return the inflated bytes and whether the stream ended early."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated = bytearray()
    try:
        while not inflater.eof:
            part = inflater.decompress(body, 1024 * 1024)
            body = inflater.unconsumed_tail
            inflated += part
            if len(inflated) > MAX_BYTES:
                raise ReportLimitError("Entpackt zu groß. / Too large when inflated.")
            if not part and not body:
                break
    except zlib.error:
        return bytes(inflated), True
    return bytes(inflated), not inflater.eof
