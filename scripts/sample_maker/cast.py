"""The invented patients of the samples and their studies.

Nobody here exists. The names carry what German practices meet every day: umlauts, a sharp s, and a
Polish name that no single-byte character set of GDT can write.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from pydicom.uid import UID

from sample_maker.uids import sample_uid


@dataclass(frozen=True, slots=True)
class Patient:
    """A person who does not exist; ``sex`` is M, F or O (0010,0040)."""

    PatientID: str
    family_name: str
    given_name: str
    birth_date: date
    sex: str

    @property
    def PatientName(self) -> str:  # noqa: N802 - the element's keyword
        """Family^Given (PS3.5 6.2, VR PN)."""
        return f"{self.family_name}^{self.given_name}"


@dataclass(frozen=True, slots=True)
class Study:
    """One examination; ``started`` is local time without zone, as in DICOM and GDT."""

    key: str
    patient: Patient
    AccessionNumber: str
    StudyDescription: str
    started: datetime
    SpecificCharacterSet: str

    @property
    def StudyInstanceUID(self) -> UID:  # noqa: N802 - the element's keyword
        """Derived from the key, so that every run makes the same."""
        return sample_uid(f"study {self.key}")


_local = datetime.fromisoformat

MUELLER: Final = Patient("10042", "Müller", "Änne", date(1958, 3, 12), "F")
WEISS: Final = Patient("30017", "Weiß", "Günther", date(1949, 11, 5), "M")
WOJCIK: Final = Patient("20815", "Wójcik", "Łukasz", date(1971, 7, 30), "M")

ABDOMEN: Final = Study(
    "abdomen", MUELLER, "R0000000042", "Abdomen", _local("2024-01-15T10:30:15"), "ISO_IR 100"
)
THYROID: Final = Study(
    "thyroid", WEISS, "R0000000043", "Schilddrüse", _local("2024-02-06T08:05:00"), "ISO_IR 100"
)
ECHO: Final = Study(
    "echo", WOJCIK, "R0000000044", "Echokardiographie", _local("2024-03-21T14:47:09"), "ISO_IR 192"
)
STUDIES: Final = (ABDOMEN, THYROID, ECHO)
