"""Objects of a simulated device as its habits make them, and objects it makes of others."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from pydicom.dataset import Dataset
from pydicom.uid import UID

from gdtbridge.dataset.values import new_uid
from gdtbridge.simulator.exam import LATIN_1, TEXTS, UTF_8
from gdtbridge.simulator.habits import Habits


def spoil(objects: Sequence[Dataset], habits: Habits) -> None:
    """Change the objects of one exam as the device's habits do, in place."""
    study = UID(new_uid())
    for ds in objects:
        if habits & {"own-study-uid", "unscheduled"}:
            ds.StudyInstanceUID = study
        if habits & {"no-accession", "unscheduled"}:
            ds.AccessionNumber = ""
        if "accession-typed" in habits:
            ds.AccessionNumber = typed(str(ds.AccessionNumber))
        _spoil_letters(ds, habits)
    if "report-in-image-series" in habits:
        images = [ds.SeriesInstanceUID for ds in objects if "ContentSequence" not in ds]
        for ds in objects:
            ds.SeriesInstanceUID = images[0] if images else ds.SeriesInstanceUID


def typed(accession: str) -> str:
    """Return an accession number as somebody types it: the digits that count."""
    digits = accession.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return digits.lstrip("0") or accession


def _spoil_letters(ds: Dataset, habits: Habits) -> None:
    """Write the texts in another character set than the one that fits them, or name another."""
    if "utf-8" in habits:
        ds.SpecificCharacterSet = UTF_8
    elif "utf-8-as-latin-1" in habits:
        for keyword in TEXTS:
            setattr(ds, keyword, str(ds.get(keyword) or "").encode().decode("latin-1"))
        ds.SpecificCharacterSet = LATIN_1
    elif "undeclared-latin-1" in habits and ds.SpecificCharacterSet == LATIN_1:
        del ds.SpecificCharacterSet  # pydicom then writes Latin-1 all the same


def changed(ds: Dataset) -> Dataset:
    """Return an object with the same UIDs and another last sample of its pixels."""
    other = copy.deepcopy(ds)
    pixels = bytearray(other.PixelData)
    pixels[-1] ^= 0xFF
    other.PixelData = bytes(pixels)
    return other


def further(ds: Dataset) -> Dataset:
    """Return one more image of the series of ``ds``."""
    other = copy.deepcopy(ds)
    other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = UID(new_uid())
    other.InstanceNumber = int(ds.get("InstanceNumber") or 0) + 1000
    return other
