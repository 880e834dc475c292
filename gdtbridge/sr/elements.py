"""A report's file to the few elements a report needs."""

from __future__ import annotations

from contextlib import suppress
from enum import IntEnum
from io import BytesIO
from pathlib import Path
from typing import Final

from gdtbridge.dataset.encoding import DEFLATED, EXPLICIT_BIG_ENDIAN, is_explicit
from gdtbridge.dataset.errors import DatasetTooLarge, UnreadableDataset
from gdtbridge.dataset.inflate import InflatedStream
from gdtbridge.dataset.parser import ParsedDataset, WantedElements, parse
from gdtbridge.dataset.part10 import read_file_meta
from gdtbridge.sr.model import NotAReportError, ReportLimitError, UnreadableReportError

MAX_BYTES: Final = 32 * 1024 * 1024
"""Of a file and of what it inflates to; a report with 5,000 measurements has 3 MB."""


class Tag(IntEnum):
    """The elements read, by keyword (PS3.6)."""

    SpecificCharacterSet = 0x00080005
    SOPClassUID = 0x00080016
    SOPInstanceUID = 0x00080018
    StudyDate = 0x00080020
    ContentDate = 0x00080023
    StudyTime = 0x00080030
    ContentTime = 0x00080033
    AccessionNumber = 0x00080050
    Manufacturer = 0x00080070
    CodeValue = 0x00080100
    CodingSchemeDesignator = 0x00080102
    CodeMeaning = 0x00080104
    LongCodeValue = 0x00080119
    URNCodeValue = 0x00080120
    StationName = 0x00081010
    ManufacturerModelName = 0x00081090
    ReferencedSOPInstanceUID = 0x00081155
    PatientName = 0x00100010
    PatientID = 0x00100020
    PatientBirthDate = 0x00100030
    StudyInstanceUID = 0x0020000D
    RelationshipType = 0x0040A010
    ObservationDateTime = 0x0040A032
    ValueType = 0x0040A040
    UID = 0x0040A124
    TextValue = 0x0040A160
    NumericValue = 0x0040A30A
    CompletionFlag = 0x0040A491
    TemplateIdentifier = 0x0040DB00
    ReferencedContentItemIdentifier = 0x0040DB73
    # Sequences
    ReferencedSeriesSequence = 0x00081115
    ReferencedSOPSequence = 0x00081199
    MeasurementUnitsCodeSequence = 0x004008EA
    ConceptNameCodeSequence = 0x0040A043
    ConceptCodeSequence = 0x0040A168
    MeasuredValueSequence = 0x0040A300
    NumericValueQualifierCodeSequence = 0x0040A301
    PredecessorDocumentsSequence = 0x0040A360
    ReferencedRequestSequence = 0x0040A370
    ContentTemplateSequence = 0x0040A504
    ContentSequence = 0x0040A730


SEQUENCES: Final = frozenset(
    int(tag)
    for tag in (
        Tag.ReferencedSeriesSequence,
        Tag.ReferencedSOPSequence,
        Tag.MeasurementUnitsCodeSequence,
        Tag.ConceptNameCodeSequence,
        Tag.ConceptCodeSequence,
        Tag.MeasuredValueSequence,
        Tag.NumericValueQualifierCodeSequence,
        Tag.PredecessorDocumentsSequence,
        Tag.ReferencedRequestSequence,
        Tag.ContentTemplateSequence,
        Tag.ContentSequence,
    )
)
VALUES: Final = frozenset(int(tag) for tag in Tag) - SEQUENCES

PRIVATE_GROUP: Final = 0x6005
"""GE's private group, kept as it is where it stands in the dataset itself (`ge_xml`)."""

WANTED: Final = WantedElements(values=VALUES, sequences=SEQUENCES, private_group=PRIVATE_GROUP)
"""Depth and items have their default limits: the deepest real report nests about 15 sequences, one
with 5,000 measurements has 50,000 items."""


def read_elements(path: Path) -> ParsedDataset:
    """Return the wanted elements of the file; raise `ReportError` where there are none."""
    file = BytesIO(_read(path))
    try:
        syntax = read_file_meta(file, lenient=True)
        body, is_whole = _body(file, syntax)
        if not body.strip(b"\0"):
            raise NotAReportError("Die Datei enthält keine Daten. / The file holds no data.")
        elements = parse(
            body,
            WANTED,
            implicit=not is_explicit(body),
            big_endian=syntax == EXPLICIT_BIG_ENDIAN,
        )
    except UnreadableDataset as error:
        raise UnreadableReportError(str(error)) from error
    except DatasetTooLarge as error:
        raise ReportLimitError(str(error)) from error
    elements.cut |= not is_whole
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


def _body(file: BytesIO, syntax: str) -> tuple[bytes, bool]:
    """Return the dataset, inflated as far as it goes, and whether that is all of it."""
    if syntax not in DEFLATED:
        return file.read(), True
    inflated = InflatedStream(file, MAX_BYTES)
    body = bytearray()
    with suppress(UnreadableDataset):
        for piece in inflated.pieces():
            body += piece
    return bytes(body), inflated.is_whole
