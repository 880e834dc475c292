"""The head of a DICOM object: who, what and when, without its content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, Literal

from gdtbridge.dataset.errors import DatasetError, UnreadableDataset
from gdtbridge.dataset.parser import ParsedDataset, WantedElements, parse_file
from gdtbridge.dataset.part10 import read_file_meta
from gdtbridge.dataset.tags import Tag
from gdtbridge.dataset.text import TextDecoder

KEYS: Final = ("AccessionNumber", "PatientID", "StudyInstanceUID")
"""What exams and their people are found by."""
LONGEST_KEY: Final = 512
"""Characters of such a value; a longer one (PS3.5 6.2 allows 16 or 64) is taken for absent: cut,
it could equal another one, and no index of PostgreSQL takes it whole."""

_MOST_INFLATED: Final = 16 * 1024 * 1024
"""Bytes of a deflated dataset in which its head must end."""


@dataclass(frozen=True, slots=True)
class Header:
    """Elements of one object, decoded; empty where absent. Named by their DICOM keywords."""

    SOPClassUID: str
    SOPInstanceUID: str
    StudyDate: str
    SeriesDate: str
    AcquisitionDate: str
    ContentDate: str
    StudyTime: str
    SeriesTime: str
    AcquisitionTime: str
    ContentTime: str
    AccessionNumber: str
    Modality: str
    StudyDescription: str
    PatientName: str
    PatientID: str
    PatientBirthDate: str
    PatientSex: str
    StudyInstanceUID: str
    SeriesInstanceUID: str
    # What the object is found and listed by; whatever is wrong with it, the object is taken.
    InstitutionName: str = ""
    ReferringPhysicianName: str = ""
    StationName: str = ""
    Manufacturer: str = ""
    ManufacturerModelName: str = ""
    SeriesDescription: str = ""
    BodyPartExamined: str = ""
    StudyID: str = ""
    SeriesNumber: str = ""
    InstanceNumber: str = ""
    NumberOfFrames: str = ""
    Rows: str = ""
    Columns: str = ""
    BitsAllocated: str = ""
    # What a picture says of itself where a sample audit asks for it (gdtbridge.picture_labels).
    ImageType: str = ""
    AcquisitionDateTime: str = ""
    InstitutionAddress: str = ""
    InstitutionalDepartmentName: str = ""
    PatientAge: str = ""
    DeviceSerialNumber: str = ""
    TransducerData: str = ""
    DepthOfScanField: str = ""
    TransducerType: str = ""
    Laterality: str = ""
    ImageLaterality: str = ""
    BurnedInAnnotation: str = ""


_TAGS: Final = {field.name: Tag[field.name] for field in fields(Header)}
_NUMBERS: Final = frozenset({"Rows", "Columns", "BitsAllocated"})
"""Those of the VR US: two bytes, in the dataset's byte order."""


def _wanted(last: int) -> WantedElements:
    return WantedElements(
        values=frozenset({Tag.SpecificCharacterSet, *_TAGS.values()}),
        last=last,
        longest=64 * 1024,
        most_steps=100_000,
        deepest=100_000,
    )


_WHOLE: Final = _wanted(max(_TAGS.values()))
_IDENTIFYING: Final = _wanted(Tag.SeriesInstanceUID)
"""Without what follows the last identifier, where that is damaged."""


def read_header(path: Path, transfer_syntax_uid: str) -> Header:
    """Return the head of the Part 10 file at ``path``; raise `DatasetError`.

    The time and memory needed do not depend on the object's size or shape.
    """
    with path.open("rb") as file:
        read_file_meta(file)
        return header_at(file, transfer_syntax_uid)


def header_at(file: BinaryIO, transfer_syntax_uid: str, size: int | None = None) -> Header:
    """Return the head of the dataset at whose first byte ``file`` stands; see `read_header`.

    It has ``size`` bytes, or goes to the end of a file of the system's.
    """
    *_, elements = _readings(file, transfer_syntax_uid, size)
    return _header(elements)


def header_in(start: bytes, size: int, transfer_syntax_uid: str) -> Header | None:
    """Return the head of a dataset of ``size`` bytes that begins with ``start``.

    None where more of it is needed, and where `read_header` would raise: every byte that was looked
    at is in ``start``, or the answer is not given.
    """
    file = BytesIO(start)
    try:
        for elements in _readings(file, transfer_syntax_uid, size):
            if file.tell() >= len(start) and size > len(start):
                return None
            if not elements.damaged:
                return _header(elements)
    except DatasetError:
        pass
    return None


def _readings(
    file: BinaryIO, transfer_syntax_uid: str, size: int | None = None
) -> Iterator[ParsedDataset]:
    """Yield the head of the dataset at whose first byte ``file`` stands.

    Where it is damaged, once more without what follows the identifiers: damage there costs what
    stands there, never the object.
    """
    start = file.tell()
    for wanted in (_WHOLE, _IDENTIFYING):
        file.seek(start)
        elements = parse_file(
            file, transfer_syntax_uid, wanted, most_inflated=_MOST_INFLATED, size=size
        )
        yield elements
        if not elements.damaged:
            return


def _header(elements: ParsedDataset) -> Header:
    if elements.damaged:
        raise UnreadableDataset("Die Daten sind beschädigt. / The dataset is damaged.")
    found = elements.root.values
    text = TextDecoder(found.get(Tag.SpecificCharacterSet, b""))
    order: Literal["big", "little"] = "big" if elements.big_endian else "little"
    values = {
        name: _number(found.get(tag, b""), order) if name in _NUMBERS else text(found.get(tag, b""))
        for name, tag in _TAGS.items()
    }
    too_long = {name: "" for name in KEYS if len(values[name]) > LONGEST_KEY}
    return Header(**{**values, **too_long})


def _number(value: bytes, order: Literal["big", "little"]) -> str:
    return str(int.from_bytes(value, order)) if len(value) == 2 else ""
