"""The heads of foreign files as DICOM JSON (PS3.18 F.4), in a child process."""

from __future__ import annotations

import secrets
from typing import BinaryIO, Final

from pydicom.dataset import Dataset

from gdtbridge.dataset.encoding import DEFLATED
from gdtbridge.dataset.hardening import harden_pydicom
from gdtbridge.retrieve.dicom_json import BulkLocator, Place, json_dataset, json_text
from gdtbridge.retrieve.leaving import bounded_head
from gdtbridge.retrieve.metadata_room import ITS_URI, HeadFile, HeadTexts
from gdtbridge.retrieve.pixel_element import ElementEncoding, read_pixel_element
from worklist.item import item_from

MOST_LEVELS: Final = 64
"""Levels of sequences that are written; reports nest about fifteen."""
LONGEST_READ: Final = 64 * 1024
"""Bytes of a value that is looked at; longer ones can be had by themselves."""
PIXEL_DATA: Final = "7FE00010"


def metadata_of(heads: tuple[HeadFile, ...]) -> HeadTexts:
    """Return the metadata of files; one that cannot be read does not stop the others."""
    harden_pydicom()
    uri = secrets.token_hex(16)  # what no file can say
    texts = (_text_of(head, uri) for head in heads)
    return HeadTexts(tuple(text.replace(uri, ITS_URI) for text in texts))


def _text_of(head: HeadFile, uri: str) -> str:
    locate = _locator(uri)
    try:
        with head.file.open("rb") as file:
            dataset = bounded_head(file, head.syntax, LONGEST_READ)
            pixels = "" if head.syntax in DEFLATED else _pixels_vr(file, dataset)
            written = json_dataset(item_from(dataset, levels=MOST_LEVELS), locate)
    except Exception:  # noqa: BLE001 - a foreign file may raise anything
        return ""
    if pixels:
        written[PIXEL_DATA] = {"vr": pixels, "BulkDataURI": f"{uri}/bulkdata/{PIXEL_DATA}"}
    return json_text(written)


def _pixels_vr(file: BinaryIO, dataset: Dataset) -> str:
    """Return the VR of the pixels the file stands at; empty where there are none."""
    element = read_pixel_element(file, ElementEncoding(*dataset.original_encoding))
    if element is None:
        return ""
    return "OB" if element.length is None else element.vr or "OW"


def _locator(uri: str) -> BulkLocator:
    def where(place: Place) -> str:
        names = (f"{one:08X}" if at % 2 == 0 else str(one) for at, one in enumerate(place))
        return f"{uri}/bulkdata/" + "/".join(names)

    return where
