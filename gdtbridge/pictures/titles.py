"""Titles of attachments in the chart: one short line without patient data."""

from __future__ import annotations

import re
from typing import Final

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from gdtbridge.dataset.text import TextDecoder, one_line

MAX_TITLE: Final = 60

_DOCUMENT: Final = ("DocumentTitle", "SeriesDescription")
_IMAGE: Final = ("SeriesDescription", "StudyDescription")
_PERSONAL: Final = (
    "PatientName",
    "OtherPatientNames",
    "PatientBirthName",
    "PatientMotherBirthName",
    "PatientID",
    "PatientBirthDate",
)


def document_title(dataset: Dataset) -> str:
    """Return the document's title, else the description of the series, else nothing."""
    return _title(dataset, _DOCUMENT)


def image_title(dataset: Dataset) -> str:
    """Return the description of the image's series, else of the study, else nothing."""
    return _title(dataset, _IMAGE)


def _title(dataset: Dataset, keywords: tuple[str, ...]) -> str:
    personal = _personal(dataset)
    for keyword in keywords:
        text = " ".join(_text(dataset, keyword).split())
        if text and not personal.intersection(_words(text)):
            return text[:MAX_TITLE].rstrip()
    return ""


def _text(dataset: Dataset, keyword: str) -> str:
    """Return a text as every room reads it (`TextDecoder`), not as pydicom does."""
    element: object = dataset.get_item(keyword)
    label: object = dataset.get_item("SpecificCharacterSet")
    if not isinstance(element, RawDataElement):
        return one_line(str(dataset.get(keyword) or ""))
    declared = label.value if isinstance(label, RawDataElement) else None
    return TextDecoder(declared or b"")(element.value or b"")


def _personal(dataset: Dataset) -> set[str]:
    """Return the words that say who the patient is: names, numbers, the birth date both ways."""
    words: set[str] = set()
    for keyword in _PERSONAL:
        words.update(_words(_text(dataset, keyword)))
    birth = _text(dataset, "PatientBirthDate")
    if len(birth) == 8:
        words.update((f"{birth[6:]}{birth[4:6]}{birth[:4]}", f"{birth[:4]}{birth[4:]}"))
    return words


def _words(text: str) -> set[str]:
    """Return the words of three letters and more, and runs of digits as if without separators."""
    digits = re.sub(r"(?<=\d)[.\-/](?=\d)", "", text)
    return {word for word in re.split(r"[\W_]+", digits.casefold()) if len(word) > 2}
