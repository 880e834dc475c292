"""The fields of a record that say whom it is about: numbers, objects, codes of the sex."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

NUMBER_ELSEWHERE: Final = "0193"
"""The field x.concept may have a patient's number in instead of 3000."""

PATIENT_IDS: Final = ("3000", "3600", NUMBER_ELSEWHERE)
FAMILY_NAMES: Final = ("3101", "3301")
GIVEN_NAMES: Final = ("3102", "3302")
BIRTH_DATES: Final = ("3103", "3303")
SEX: Final = "3110"
"""Field of the sex. Each tuple above: the standard's field, then those of dicomPACS, x.concept."""

PATIENT_OBJECTS: Final = frozenset({"obj_patient", "obj_0045"})
"""Names of the patient's object (3.0 and 3.1; 3.5) in small letters; a doctor's object has the
same fields."""

SEX_READ: Final[Mapping[str, str | None]] = MappingProxyType(
    {
        **dict.fromkeys(("1", "M", "4", "MÄNNLICH"), "M"),
        **dict.fromkeys(("2", "F", "W", "5", "WEIBLICH"), "F"),
        **dict.fromkeys(("0", "3", "D", "X", "DIVERS"), "O"),
        "U": None,
    }
)
"""Field 3110 (upper case) to the DICOM code M, F, O or None.

1 and 2: GDT 2.1. 0 and 3 (other): Medical Office. M, W, D, X and U (unknown): GDT 3.5. 4, 5 and
the letters of other systems: GNUmed. The words are what they say.
"""

SEX_WRITTEN: Final[Mapping[str, str]] = MappingProxyType({"M": "1", "F": "2"})
"""DICOM Patient's Sex to field 3110 of GDT 2.1, which knows only these two."""
