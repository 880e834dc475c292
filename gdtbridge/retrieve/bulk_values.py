"""One long value of an object as it leaves (PS3.18 10.4.1.1.5), by where it is in the dataset."""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from pathlib import Path
from typing import Final

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from gdtbridge.dataset.encoding import DEFLATED
from gdtbridge.errors import NotFound
from gdtbridge.retrieve.leaving import read_head
from gdtbridge.viewing import MediaContent
from worklist.item import vr_of

BYTES: Final = "application/octet-stream"
LONGEST_READ: Final = 64 * 1024
"""Bytes of a value that is read with the dataset; longer ones are sent from the file."""
NO_VALUE: Final = "Diesen Wert gibt es nicht. / There is no such value."


def bulk_value(path: Path, syntax: str, place: Sequence[int]) -> MediaContent:
    """Return the bytes of a value of a Part 10 file, as they are encoded there.

    ``place`` has tags, and between them numbers of items from 0. The file is read while the value
    is taken. Raises `NotFound` where there is no value of bytes, and what reading raises.
    """
    with path.open("rb") as file:
        dataset = read_head(file, longest=None if syntax in DEFLATED else LONGEST_READ)
    *above, tag = place
    for sequence, number in zip(above[::2], above[1::2], strict=True):
        items = dataset[sequence].value if sequence in dataset else None
        if not isinstance(items, MutableSequence) or number >= len(items):
            raise NotFound(NO_VALUE)
        dataset = items[number]
    element: object = dataset.get_item(tag, keep_deferred=True) if tag in dataset else None
    if isinstance(element, RawDataElement) and element.value is None and not above:
        start = element.value_tell
        return MediaContent.of_file(BYTES, path, [(start, start + element.length)])
    value = _value_of(dataset, tag, element)
    if not isinstance(value, bytes):
        raise NotFound(NO_VALUE)
    return MediaContent.of_bytes(BYTES, value)


def _value_of(dataset: Dataset, tag: int, element: object) -> object:
    """Return an element's value; its bytes also where pydicom knows its VR better than the file."""
    if isinstance(element, RawDataElement) and element.VR in {None, "UN"} and vr_of(tag) == "UN":
        return element.value
    return dataset[tag].value if element is not None else None
