"""Preamble and File Meta Information of a DICOM file, read and written (PS3.10 7.1)."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

import gdtbridge
from gdtbridge.dataset.encoding import (
    EXPLICIT_LITTLE_ENDIAN,
    IMPLICIT_LITTLE_ENDIAN,
    LONG_VRS,
    is_explicit,
)
from gdtbridge.dataset.errors import UnreadableDataset
from gdtbridge.dataset.text import plain_text

IMPLEMENTATION_CLASS_UID: Final = "2.25.213384531378279861352041721331516693815"
"""Identifies our implementation (PS3.7 D.3.3.2); made from a random UUID (PS3.5 B.2)."""
IMPLEMENTATION_VERSION_NAME: Final = "GDTBRIDGE_" + ".".join(gdtbridge.__version__.split(".")[:2])
MAX_META: Final = 1024 * 1024
"""Bytes the File Meta Information may have; it is mostly 200."""

_PREAMBLE: Final = 128
_MAGIC: Final = b"DICM"
_HEAD: Final = struct.Struct("<HH2sH")
_SOP_CLASS: Final = 0x0002
_SOP_INSTANCE: Final = 0x0003
_TRANSFER_SYNTAX: Final = 0x0010
_SOURCE_TITLE: Final = 0x0016
_DATASET_STARTS: Final = frozenset({b"\2\0", b"\x08\0"})
"""Group 0002 or 0008, little endian: how a file without a preamble begins."""


@dataclass(frozen=True, slots=True)
class FileMeta:
    """What the File Meta Information of a file says, by keyword; empty where it says nothing."""

    MediaStorageSOPClassUID: str
    MediaStorageSOPInstanceUID: str
    TransferSyntaxUID: str
    SourceApplicationEntityTitle: str


def read_file_meta(file: BinaryIO, *, lenient: bool = False) -> str:
    """Place ``file`` at the first byte of its dataset and return its Transfer Syntax UID.

    The group length is not believed: the group ends where another begins. Raises
    `UnreadableDataset` where there is no preamble or no meta information. ``lenient`` takes files
    that lack either, if they begin as a dataset does, for Explicit VR Little Endian.
    """
    start = file.read(_PREAMBLE + len(_MAGIC))
    if start[_PREAMBLE:] != _MAGIC:
        if not lenient or start[:2] not in _DATASET_STARTS or len(start) < _HEAD.size:
            raise UnreadableDataset("Das ist keine DICOM-Datei. / This is no DICOM file.")
        file.seek(0)
    begin = file.tell()
    syntax = _read_group_2(file).get(_TRANSFER_SYNTAX, "")
    if file.tell() == begin and not lenient:
        raise UnreadableDataset("Keine Metainformation. / No File Meta Information.")
    return syntax or EXPLICIT_LITTLE_ENDIAN


def read_announced(file: BinaryIO) -> tuple[str, str, str]:
    """Return SOP Class, SOP Instance and Transfer Syntax UID as the File Meta Information has them.

    ``file`` is then at the first byte of its dataset. Raises `UnreadableDataset`.
    """
    if file.read(_PREAMBLE + len(_MAGIC))[_PREAMBLE:] != _MAGIC:
        raise UnreadableDataset("Das ist keine DICOM-Datei. / This is no DICOM file.")
    found = _read_group_2(file)
    sop_class, sop_instance, syntax = (
        found.get(element, "") for element in (_SOP_CLASS, _SOP_INSTANCE, _TRANSFER_SYNTAX)
    )
    return sop_class, sop_instance, syntax


def read_any_meta(file: BinaryIO) -> FileMeta | None:
    """Return what a file says before its dataset, at whose first byte ``file`` is then.

    Also of files without preamble or meta information, whose transfer syntax the dataset shows;
    None for what does not begin as DICOM. Raises `UnreadableDataset`.
    """
    start = file.read(_PREAMBLE + len(_MAGIC))
    if start[_PREAMBLE:] != _MAGIC:
        if start[:2] not in _DATASET_STARTS or len(start) < _HEAD.size:
            return None
        file.seek(0)
    found = _read_group_2(file)
    at = file.tell()
    explicit = is_explicit(file.read(_HEAD.size))
    file.seek(at)
    usual = EXPLICIT_LITTLE_ENDIAN if explicit else IMPLICIT_LITTLE_ENDIAN
    return FileMeta(
        found.get(_SOP_CLASS, ""),
        found.get(_SOP_INSTANCE, ""),
        found.get(_TRANSFER_SYNTAX, "") or usual,
        found.get(_SOURCE_TITLE, ""),
    )


def _read_group_2(file: BinaryIO) -> dict[int, str]:
    """Read what is wanted of group 0002, always Explicit VR Little Endian, by element number."""
    found: dict[int, str] = {}
    left = MAX_META
    while len(head := file.read(_HEAD.size)) == _HEAD.size:
        group, element, vr, length = _HEAD.unpack(head)
        if group != 2:
            break
        if vr in LONG_VRS:
            length = int.from_bytes(file.read(4), "little")
        left -= _HEAD.size + length
        if left < 0:
            raise UnreadableDataset("Metainformation zu lang. / Too much File Meta Information.")
        value = file.read(length)
        if element in {_SOP_CLASS, _SOP_INSTANCE, _TRANSFER_SYNTAX, _SOURCE_TITLE}:
            found[element] = plain_text(value)
    file.seek(-len(head), io.SEEK_CUR)
    return found


def file_meta(SOPClassUID: str, SOPInstanceUID: str, TransferSyntaxUID: str) -> bytes:  # noqa: N803
    """Return preamble and File Meta Information, in Explicit VR Little Endian, of ASCII values."""
    group = b"".join(
        (
            struct.pack("<HH2sxxL", 0x0002, 0x0001, b"OB", 2) + b"\x00\x01",
            _element(0x0002, b"UI", SOPClassUID),
            _element(0x0003, b"UI", SOPInstanceUID),
            _element(0x0010, b"UI", TransferSyntaxUID),
            _element(0x0012, b"UI", IMPLEMENTATION_CLASS_UID),
            _element(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME),
        )
    )
    length = struct.pack("<HH2sHL", 0x0002, 0x0000, b"UL", 4, len(group))
    return bytes(_PREAMBLE) + _MAGIC + length + group


def _element(element: int, vr: bytes, text: str) -> bytes:
    value = text.encode("ascii")
    value += (b"\0" if vr == b"UI" else b" ") * (len(value) % 2)
    return struct.pack("<HH2sH", 0x0002, element, vr, len(value)) + value
