"""Datasets made by hand, element by element, so that no library decides what is valid."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
US_IMAGE = "1.2.840.10008.5.1.4.1.1.6.1"
LONG = {b"OB", b"OW", b"SQ", b"UN", b"UT"}
UNDEFINED = 0xFFFFFFFF


def element(
    tag: int, vr: bytes, value: bytes | str, *, ts: str = EXPLICIT, length: int | None = None
) -> bytes:
    """Return one encoded element; ``length`` may lie."""
    data = value.encode("latin-1") if isinstance(value, str) else value
    data += b"\0" * (len(data) % 2) if vr == b"UI" else b" " * (len(data) % 2)
    size = len(data) if length is None else length
    order = ">" if ts == BIG_ENDIAN else "<"
    head = struct.pack(f"{order}HH", tag >> 16, tag & 0xFFFF)
    if ts == IMPLICIT:
        return head + struct.pack("<L", size) + data
    if vr in LONG:
        return head + vr + b"\0\0" + struct.pack(f"{order}L", size) + data
    return head + vr + struct.pack(f"{order}H", size) + data


def item(content: bytes, *, undefined: bool = False) -> bytes:
    """Return a sequence item (little endian)."""
    if undefined:
        return struct.pack("<HHL", 0xFFFE, 0xE000, UNDEFINED) + content + delimiter(0xE00D)
    return struct.pack("<HHL", 0xFFFE, 0xE000, len(content)) + content


def delimiter(element_number: int) -> bytes:
    """Return an item (E00D) or sequence (E0DD) delimitation item."""
    return struct.pack("<HHL", 0xFFFE, element_number, 0)


PERSON = {"PatientName": "Müller^Änne", "PatientBirthDate": "19581224"}
"""Whom `identification` names, with number 4711; for reports of the same patient."""


def identification(ts: str = EXPLICIT, /, **values: str | bytes) -> bytes:
    """Return the elements that identify an object, in order; keywords override."""
    rows: list[tuple[str, int, bytes, str | bytes]] = [
        ("SpecificCharacterSet", 0x00080005, b"CS", "ISO_IR 100"),
        ("SOPClassUID", 0x00080016, b"UI", US_IMAGE),
        ("SOPInstanceUID", 0x00080018, b"UI", "2.25.1"),
        ("StudyDate", 0x00080020, b"DA", "20240115"),
        ("StudyTime", 0x00080030, b"TM", "103015"),
        ("AccessionNumber", 0x00080050, b"SH", "R0000000042"),
        ("Modality", 0x00080060, b"CS", "US"),
        ("StudyDescription", 0x00081030, b"LO", "Abdomen"),
        ("PatientName", 0x00100010, b"PN", PERSON["PatientName"]),
        ("PatientID", 0x00100020, b"LO", "4711"),
        ("PatientBirthDate", 0x00100030, b"DA", PERSON["PatientBirthDate"]),
        ("PatientSex", 0x00100040, b"CS", "F"),
        ("StudyInstanceUID", 0x0020000D, b"UI", "2.25.1000"),
        ("SeriesInstanceUID", 0x0020000E, b"UI", "2.25.2000"),
    ]
    return b"".join(
        element(tag, vr, values.get(name, value), ts=ts) for name, tag, vr, value in rows
    )


def still(shade: int, **values: str | bytes) -> bytes:
    """Return a whole object with a small picture of one grey, which no other shade looks like."""
    rows: list[tuple[int, bytes, bytes | str]] = [
        (0x00280002, b"US", struct.pack("<H", 1)),
        (0x00280004, b"CS", "MONOCHROME2"),
        (0x00280010, b"US", struct.pack("<H", 16)),
        (0x00280011, b"US", struct.pack("<H", 16)),
        (0x00280100, b"US", struct.pack("<H", 8)),
        (0x00280101, b"US", struct.pack("<H", 8)),
        (0x00280102, b"US", struct.pack("<H", 7)),
        (0x00280103, b"US", struct.pack("<H", 0)),
        (0x7FE00010, b"OB", bytes([shade]) * 256),
    ]
    return identification(**values) + b"".join(element(*row) for row in rows)


def part10(path: Path, dataset: bytes, ts: str = EXPLICIT, *, sop_uid: str = "") -> Path:
    """Write a Part 10 file around ``dataset`` (deflated where the syntax says so).

    Its meta information is no more than the transfer syntax, unless ``sop_uid`` tells whose it is:
    that of an ultrasound image.
    """
    if ts == DEFLATED:
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        dataset = packer.compress(dataset) + packer.flush()
    meta = element(0x00020010, b"UI", ts)
    if sop_uid:
        meta = element(0x00020002, b"UI", US_IMAGE) + element(0x00020003, b"UI", sop_uid) + meta
    group = element(0x00020000, b"UL", struct.pack("<L", len(meta)))
    path.write_bytes(b"\0" * 128 + b"DICM" + group + meta + dataset)
    return path
