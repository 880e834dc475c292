"""The fields of a record that say whom it is about, and the objects they stand in."""

from __future__ import annotations

from typing import Final

PATIENT_IDS: Final = ("3000", "3600", "0193")
FAMILY_NAMES: Final = ("3101", "3301")
GIVEN_NAMES: Final = ("3102", "3302")
BIRTH_DATES: Final = ("3103", "3303")
SEX: Final = "3110"
"""Where a patient stands: the standard's field, that of the dicomPACS dialect, of x.concept."""

PATIENT_OBJECTS: Final = frozenset({"obj_patient", "obj_0045"})
"""The patient's object in 3.0 and 3.1, in 3.5; in small letters. A doctor's has the same fields."""
