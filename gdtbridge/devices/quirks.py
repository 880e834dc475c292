"""What is put right in an object when it leaves the house: small transformations, a table chooses.

The stored object is never touched: `as_it_leaves` works on a copy. No pixel is changed, nothing of
the patient, and no SOP Instance UID, so that references to an instance stay right; series that an
object names are followed (Referenced Series Sequence, PS3.3 C.17.2.1).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from types import MappingProxyType
from typing import Final
from uuid import NAMESPACE_OID, uuid5

from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.sequence import Sequence

from gdtbridge.dataset.errors import UnreadableDataset
from gdtbridge.dataset.jpeg import LABELS, JpegColours, parse_codestream, with_rgb_mark
from gdtbridge.dataset.values import uid_from
from gdtbridge.sr.model import REPORT_CLASSES
from gdtbridge.tsv import table

Transformation = Callable[[Dataset, str], None]
"""Changes a dataset in place; the second argument is its transfer syntax."""

_JPEG_8_BIT: Final = frozenset({"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"})
"""JPEG Baseline and Extended (PS3.5 8.2.1)."""
_DAMAGED: Final = (UnreadableDataset, ValueError, TypeError, LookupError, EOFError, struct.error)
_OFFSET_TABLES: Final = ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")


@dataclass(frozen=True, slots=True)
class ObjectQuirk:
    """A row of the table: whose objects, what is wrong with them in two languages, the source."""

    name: str
    manufacturers: tuple[str, ...]
    german: str
    english: str
    source: str
    transform: Transformation

    def is_of(self, manufacturer: str) -> bool:
        """Return whether objects of a Manufacturer (0008,0070) have it."""
        return any(fnmatchcase(manufacturer.strip().upper(), one) for one in self.manufacturers)


def known_quirks() -> Mapping[str, ObjectQuirk]:
    """Return the rows of the table by name, in the order they are applied."""
    return _quirks()


def quirks_of(dataset: Dataset, named: Collection[str] = ()) -> tuple[ObjectQuirk, ...]:
    """Return what is put right in an object: by its manufacturer, and what its device names."""
    manufacturer = str(dataset.get("Manufacturer") or "")
    return tuple(one for one in _quirks().values() if one.name in named or one.is_of(manufacturer))


def as_it_leaves(dataset: Dataset, transfer_syntax: str, named: Collection[str] = ()) -> Dataset:
    """Return an object as others shall get it; ``dataset`` itself where it has no quirk.

    ``named`` are the quirks of the device's profile. A dataset that cannot be read as far as a
    quirk looks leaves as it is.
    """
    quirks = quirks_of(dataset, named)
    if not quirks:
        return dataset
    leaving = deepcopy(dataset)
    for one in quirks:
        one.transform(leaving, transfer_syntax)
    return leaving


def frame_as_it_leaves(frame: bytes, manufacturer: str, photometric: str) -> bytes:
    """Return a JPEG codestream as others shall get it, of an object that leaves with such a label.

    It is marked as red, green and blue where it says nothing and the label says that.
    """
    maker = Dataset()
    maker.Manufacturer = manufacturer
    is_put_right = any(one.transform is _tell_colours for one in quirks_of(maker))
    if not is_put_right or LABELS.get(photometric) is not JpegColours.RED_GREEN_BLUE:
        return frame
    try:
        return frame if parse_codestream(frame).colours is not None else with_rgb_mark(frame)
    except _DAMAGED:
        return frame


def report_series(series: str) -> str:
    """Return the UID of the series that reports of an image series stand in, always the same."""
    return uid_from(uuid5(NAMESPACE_OID, f"{series} reports").int)


def _give_reports_a_series(dataset: Dataset, transfer_syntax: str) -> None:  # noqa: ARG001
    if dataset.get("SOPClassUID") in REPORT_CLASSES and dataset.get("SeriesInstanceUID"):
        dataset.SeriesInstanceUID = report_series(str(dataset.SeriesInstanceUID))
        dataset.Modality = "SR"
    _follow_series(dataset)


def _follow_series(dataset: Dataset) -> None:
    """Let references to reports name the series these leave in, at every level."""
    for element in dataset:
        if element.VR != "SQ":
            continue
        if element.keyword == "ReferencedSeriesSequence":
            element.value = Sequence(part for item in element.value for part in _parted(item))
        for item in element.value:
            _follow_series(item)


def _parted(item: Dataset) -> Iterator[Dataset]:
    """Yield an item of a referenced series, its reports as a series of their own."""
    named = item.get("ReferencedSOPSequence") or ()
    reports = [one for one in named if one.get("ReferencedSOPClassUID") in REPORT_CLASSES]
    others = [one for one in named if one not in reports]
    if not reports or not item.get("SeriesInstanceUID"):
        yield item
        return
    if others:
        rest = deepcopy(item)
        rest.ReferencedSOPSequence = Sequence(others)
        yield rest
    item.SeriesInstanceUID = report_series(str(item.SeriesInstanceUID))
    item.ReferencedSOPSequence = Sequence(reports)
    yield item


def _tell_colours(dataset: Dataset, transfer_syntax: str) -> None:
    """Let the label say what the streams say; mark the streams where they say nothing.

    A label of red, green and blue over streams without a mark is believed: such a stream is read
    as luma and chroma by who looks at the stream alone.
    """
    label = LABELS.get(str(dataset.get("PhotometricInterpretation") or ""))
    if transfer_syntax not in _JPEG_8_BIT or label is None or "PixelData" not in dataset:
        return
    try:
        number = int(dataset.get("NumberOfFrames") or 1)
        frames = list(generate_frames(dataset.PixelData, number_of_frames=number))
        streams = [parse_codestream(frame) for frame in frames]
    except _DAMAGED:
        return
    said = {stream.colours for stream in streams}
    if said == {None} and label is JpegColours.RED_GREEN_BLUE:
        dataset.PixelData = encapsulate([with_rgb_mark(frame) for frame in frames])
        for keyword in _OFFSET_TABLES:
            dataset.pop(keyword, None)
    elif said == {JpegColours.LUMA_CHROMA} and label is JpegColours.RED_GREEN_BLUE:
        thinned_out = any(len(set(stream.sampling)) > 1 for stream in streams)
        dataset.PhotometricInterpretation = "YBR_FULL_422" if thinned_out else "YBR_FULL"
    elif said == {JpegColours.RED_GREEN_BLUE} and label is JpegColours.LUMA_CHROMA:
        dataset.PhotometricInterpretation = "RGB"


_TRANSFORMATIONS: Final[Mapping[str, Transformation]] = MappingProxyType(
    {"report-series": _give_reports_a_series, "jpeg-colours": _tell_colours}
)


@cache
def _quirks() -> Mapping[str, ObjectQuirk]:
    return {
        name: ObjectQuirk(
            name,
            tuple(pattern.strip() for pattern in manufacturers.split(",") if pattern.strip()),
            german,
            english,
            source,
            _TRANSFORMATIONS[name],
        )
        for name, manufacturers, german, english, source in table("devices/quirks.tsv")
    }
