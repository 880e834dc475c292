"""People and objects that can be recognised wherever anything of them turns up.

Every word and number of a person, of an order and of an object occurs nowhere else: names, birth
dates, descriptions, procedures, order numbers, measured values, shades of grey.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final

import pydicom
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from gdtbridge.people import Patient

STILL: Final = "1.2.840.10008.5.1.4.1.1.6.1"
REPORT: Final = "1.2.840.10008.5.1.4.1.1.88.33"
KEYS: Final = "1.2.840.10008.5.1.4.1.1.88.59"
FORMS: Final = (
    (ExplicitVRLittleEndian, ""),
    (ImplicitVRLittleEndian, ""),
    (ExplicitVRBigEndian, ""),
    (ExplicitVRLittleEndian, "  "),
)
"""Transfer syntaxes, and what pads the text (PS3.5 6.2: trailing spaces mean nothing)."""
_PADDED: Final = {"PatientID", "PatientName", "AccessionNumber"}
_KEPT: Final = (3, 7)
"""The two measurements of the thyroid sample a marked report has."""
_NAMES: Final = {"10031": "PROBE", "10033": "Probe"}
"""Codes of what SonoScape names a measurement by: its id and its name."""
_VALUE: Final = re.compile(r"(?<![\d.,])\d[.,]\d{3}(?!\d)")
_SHADES: Final = 12
"""Distance of two shades of grey, further than what JPEG makes of one."""
_ROW: Final = 20
"""Shades there are."""


@dataclass(frozen=True)
class MarkedPerson:
    """A person of the practice; ``married`` and ``mistyped`` are what else is written for them."""

    number: str
    family: str
    married: str
    given: str
    born: date
    mistyped: date
    sex: str
    description: str
    modality: str
    """Of the pictures of nobody else."""

    @property
    def patient(self) -> Patient:
        """The person as the practice software knows them."""
        return Patient(self.number, self.family, self.given, self.born, self.sex)

    @property
    def second(self) -> str:
        """Another number of the person's chart, which it may have had or may get."""
        return self.number.replace("731", "741")

    @property
    def marks(self) -> tuple[str, ...]:
        """Everything that is a mark of the person alone, but for the number."""
        forms = ("%d%m%Y", "%d.%m.%Y", "%Y%m%d")
        dates = [day.strftime(form) for day in (self.born, self.mistyped) for form in forms]
        return (self.family, self.married, self.given, *dates)


PEOPLE: Final = tuple(
    MarkedPerson(number, *names, date.fromisoformat(born), date.fromisoformat(mistyped), *rest)
    for number, names, born, mistyped, *rest in (
        (
            "731001",
            ("Amsel", "Specht", "Asta"),
            "1951-01-17",
            "1915-01-17",
            "F",
            "Leberblick",
            "US",
        ),
        (
            "731002",
            ("Buchfink", "Zeisig", "Bodo"),
            "1962-02-18",
            "1926-02-18",
            "M",
            "Nierschau",
            "XA",
        ),
        (
            "731003",
            ("Dohle", "Wachtel", "Edda"),
            "1973-03-19",
            "1937-03-19",
            "F",
            "Milzsicht",
            "MG",
        ),
        ("731004", ("Eisvogel", "Uhu", "Gero"), "1984-04-20", "1948-04-20", "M", "Herzprobe", "DX"),
    )
)


def owner_of(number: str) -> MarkedPerson | None:
    """Return the person whose chart has, had or will have a number."""
    return next((one for one in PEOPLE if number in {one.number, one.second}), None)


def charts_in(text: str) -> str:
    """Return a text with the first number of each chart in place of the second."""
    return re.sub(r"\b741(?=00\d\b)", "731", text)


@dataclass(frozen=True, kw_only=True)
class MarkedObject:
    """An object a device sends of ``person``; ``said`` is what it says of whom it is.

    ``mark`` counts all objects; its values and its picture are made of it. ``form`` is how it is
    """

    person: MarkedPerson
    kind: str
    mark: int
    study: str
    uid: str
    said: tuple[tuple[str, str], ...]
    device: str
    day: str
    named: tuple[str, ...] = field(default=(), repr=False)
    """UIDs a Key Object Selection names."""
    form: int = 0

    @property
    def words(self) -> dict[str, str]:
        """What it says of whom it is, and of what was ordered, by keyword."""
        return dict(self.said)

    @property
    def sop_class(self) -> str:
        """Its SOP Class UID."""
        return {"picture": STILL, "report": REPORT, "keys": KEYS}[self.kind]

    @property
    def values(self) -> tuple[str, ...]:
        """The values of a report, as a record writes them."""
        return tuple(f"{1 + self.mark // 50}.{place + self.mark % 50}" for place in (101, 501))

    @property
    def shades(self) -> tuple[int, int]:
        """The two shades of a picture."""
        return tuple(  # type: ignore[return-value]
            6 + one * _SHADES for one in (self.mark % _ROW, self.mark // _ROW % _ROW)
        )

    def write(self, path: Path, samples: Path) -> None:
        """Write the object as a Part 10 file."""
        dataset = getattr(self, f"_{self.kind}")(samples)
        _, padding = FORMS[self.form]
        for keyword, value in self.said:
            padded = value and keyword in _PADDED
            setattr(dataset, keyword, f"{value}{padding}" if padded else value)
        dataset.SpecificCharacterSet = "ISO_IR 100"
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = self.study, f"{self.study}.1"
        dataset.SOPClassUID, dataset.SOPInstanceUID = self.sop_class, self.uid
        dataset.StudyDate, dataset.StudyTime = self.day, "101500"
        dataset.StudyDescription = self.person.description
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = self.transfer_syntax
        dataset.save_as(path, enforce_file_format=True)

    @property
    def transfer_syntax(self) -> str:
        """UID of how it is encoded."""
        return FORMS[self.form][0]

    def _picture(self, _samples: Path) -> Dataset:
        left, right = self.shades
        picture = Dataset()
        picture.Modality = self.person.modality
        picture.Rows, picture.Columns = 16, 32
        picture.SamplesPerPixel, picture.PhotometricInterpretation = 1, "MONOCHROME2"
        picture.BitsAllocated = picture.BitsStored = 8
        picture.HighBit, picture.PixelRepresentation = 7, 0
        picture.PixelData = (bytes([left]) * 16 + bytes([right]) * 16) * 16
        return picture

    def _report(self, samples: Path) -> Dataset:
        report = pydicom.Dataset.from_json(_sample(samples))
        for item, value in zip(report.ContentSequence[0].ContentSequence, self.values, strict=True):
            number = next(one for one in item.ContentSequence if one.ValueType == "NUM")
            number.MeasuredValueSequence[0].NumericValue = value
        return report

    def _keys(self, _samples: Path) -> Dataset:
        selection = Dataset()
        selection.Modality, selection.ValueType = "KO", "CONTAINER"
        items = []
        for uid in self.named:
            referenced = Dataset()
            referenced.ReferencedSOPClassUID, referenced.ReferencedSOPInstanceUID = STILL, uid
            item = Dataset()
            item.RelationshipType, item.ValueType = "CONTAINS", "IMAGE"
            item.ReferencedSOPSequence = pydicom.Sequence([referenced])
            items.append(item)
        selection.ContentSequence = pydicom.Sequence(items)
        return selection


@lru_cache(maxsize=1)
def _sample(samples: Path) -> str:
    """Return the thyroid sample with two measurements, as DICOM JSON.

    They are the device's own and in no catalogue, so that no decimal of a mark is rounded
    away; four digits are told as they are.
    """
    report = pydicom.dcmread(samples / "thyroid.dcm")
    part = report.ContentSequence[0]
    part.ContentSequence = pydicom.Sequence([part.ContentSequence[place] for place in _KEPT])
    for letter, row in zip("AB", part.ContentSequence, strict=True):
        for item in row.ContentSequence:
            code = item.ConceptNameCodeSequence[0].CodeValue
            if code in _NAMES:
                item.TextValue = f"{_NAMES[code]} {letter}"
    return report.to_json()


def values_in(text: str) -> set[str]:
    """Return the marked values a text has, with a decimal point."""
    return {one.replace(",", ".") for one in _VALUE.findall(text)}


def shades_in(picture: bytes) -> tuple[int, int]:
    """Return the two shades of a JPEG, each rounded to one a picture may have."""
    image = Image.open(io.BytesIO(picture)).convert("L")
    return tuple(  # type: ignore[return-value]
        6 + round((image.getpixel((x, image.height // 2)) - 6) / _SHADES) * _SHADES  # type: ignore[operator]
        for x in (image.width // 4, 3 * image.width // 4)
    )
