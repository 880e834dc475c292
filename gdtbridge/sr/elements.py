"""A report's file to the few elements a report needs."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Final

from gdtbridge.dataset.encoding import DEFLATED, EXPLICIT_BIG_ENDIAN, is_explicit
from gdtbridge.dataset.errors import DatasetTooLarge, UnreadableDataset
from gdtbridge.dataset.inflate import InflatedStream
from gdtbridge.dataset.parser import ParsedDataset, WantedElements, parse
from gdtbridge.dataset.part10 import read_file_meta
from gdtbridge.dataset.tags import Tag
from gdtbridge.sr.model import (
    NotAReportError,
    ReportHindered,
    ReportLimitError,
    UnreadableReportError,
)

MAX_BYTES: Final = 32 * 1024 * 1024
"""Of a file and of what it inflates to; a report with 5,000 measurements has 3 MB."""

SEQUENCES: Final = frozenset(int(tag) for tag in Tag if tag.name.endswith("Sequence"))
_OF_OTHERS: Final = {
    Tag.SeriesDate,
    Tag.SeriesTime,
    Tag.AcquisitionDate,
    Tag.AcquisitionTime,
    Tag.Modality,
    Tag.StudyDescription,
    Tag.SeriesInstanceUID,
}
VALUES: Final = frozenset(int(tag) for tag in Tag if tag not in _OF_OTHERS) - SEQUENCES

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
        raise ReportHindered(
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
