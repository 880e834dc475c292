"""The fields of a record that say whom it is about, and the objects they stand in."""

from __future__ import annotations

from typing import Final

PATIENT_IDS: Final = ("3000", "3600", "0193")
FAMILY_NAMES: Final = ("3101", "3301")
GIVEN_NAMES: Final = ("3102", "3302")
BIRTH_DATES: Final = ("3103", "3303")
SEX: Final = "3110"
"""Field of the sex. Each tuple above: the standard's field, then those of dicomPACS, x.concept."""

PATIENT_OBJECTS: Final = frozenset({"obj_patient", "obj_0045"})
"""Names of the patient's object (3.0 and 3.1; 3.5) in small letters; a doctor's object has the
same fields."""
