"""The options in which dialects differ; a practice may change them in its settings."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Final


class NumberFormat(Enum):
    """Notation of a measured value (field 8420)."""

    SIX_DIGITS = "at most six significant digits, never fewer than stand before the point"
    BINARY_FLOAT = "the shortest decimal that is the same 64-bit floating point number"


class RecordForm(Enum):
    """Grouping of the fields of a record."""

    FLAT = "flat"
    COUNTED_OBJECTS = "8200/8201"
    NAMED_OBJECTS = "8002/8003"
    MEDICAL_OFFICE = "as orthanc-gdt"


VERSIONS: Final[Mapping[RecordForm, tuple[str, ...]]] = MappingProxyType(
    {
        RecordForm.FLAT: ("01.00", "02.00", "02.01", "02.10"),
        RecordForm.COUNTED_OBJECTS: ("03.00", "03.01"),
        RecordForm.NAMED_OBJECTS: ("03.10", "03.1"),
        RecordForm.MEDICAL_OFFICE: ("03.1", "01.0"),
    }
)
"""Field 9218 of each form; Medical Office has one for studies and one for values."""


class ValueForm(StrEnum):
    """Form of measurements: test groups (8410 …), lines of text, or both."""

    GROUPS = "groups"
    TEXT = "text"
    BOTH = "both"


class LinkPlace(StrEnum):
    """Field for the URL of a study: none, 9154, or 6305 as for an attachment."""

    NONE = "none"
    URL = "url"
    ATTACHMENT = "attachment"


class PatientIdRule(StrEnum):
    """Characters a patient number may consist of."""

    ANY = "any"
    DIGITS = "digits"


class ResultObjects(StrEnum):
    """Objects of 3.0 and 3.1 that hold the tests: one for all of a record, or one for each."""

    ONE = "one"
    EACH = "each"


class FileCase(StrEnum):
    """Case of the letters of a file name."""

    KEEP = "keep"
    UPPER = "upper"
    LOWER = "lower"


@dataclass(frozen=True, slots=True, kw_only=True)
class DialectOptions:
    """Everything in which dialects differ.

    ``encoding`` is a name of ``CHARSETS``. ``field_limits`` says whether the lengths of the field
    table bind, or only the 990 bytes a line can hold; ``comment_width`` overrides it for comments.
    ``values_receiver`` is the receiver of value records where it is another. ``findings`` writes
    the lines of values into 6220 as well. ``patient_id_copy`` is a further field that repeats 3000.
    ``device_code`` replaces 8402 of the table for what was not ordered. ``entry`` puts code and
    title of the entry into 6200 and 6201, the code only beside a number in 0193. ``omit`` are
    fields that are left out, ``order`` fields of the body that come first, in that order, ``echo``
    fields that repeat what the order had in them.
    ``announce_lines`` writes 6226 before lines of 6228.
    """

    form: RecordForm = RecordForm.FLAT
    version: str = "02.10"
    encoding: str = "iso8859-1"
    receiver: str = "PRAX_EDV"
    sender: str = "GDTBRIDG"
    values_receiver: str = ""
    field_limits: bool = True
    numbers: NumberFormat = NumberFormat.SIX_DIGITS
    comment_field: str = "6228"
    comment_width: int | None = None
    values: ValueForm = ValueForm.GROUPS
    findings: bool = False
    test_objects: ResultObjects = ResultObjects.EACH
    decimal_sign: str = "."
    attachments: bool = False
    link: LinkPlace = LinkPlace.NONE
    patient_id: PatientIdRule = PatientIdRule.ANY
    patient_id_copy: str = ""
    device_code: str = ""
    entry: bool = False
    announce_lines: bool = False
    omit: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    echo: tuple[str, ...] = ()
    file_name: str = "{accession}.gdt"
    file_case: FileCase = FileCase.KEEP


FILE_NAME_PARTS: Final = ("receiver", "sender", "number", "timestamp", "accession")
"""Placeholders of a pattern."""


def checked_pattern(pattern: str) -> str:
    """Return a pattern made of the known placeholders; raise ValueError with what would be right.

    ``{number}`` stands as it is, the others may be cut (``{sender:.4}``).
    """
    problem = f"{', '.join(FILE_NAME_PARTS)}; kein Pfad / no path"
    try:
        parts = {name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}
        right = bool(pattern) and not {"/", "\\"} & set(pattern) and parts <= set(FILE_NAME_PARTS)
        if right and "{number" not in pattern.replace("{number}", ""):
            pattern.format(**dict.fromkeys(FILE_NAME_PARTS, "x"))
            return pattern
    except ValueError as error:
        raise ValueError(problem) from error
    raise ValueError(problem)


def names_apart(pattern: str) -> bool:
    """Return whether a pattern names each result differently; else each waits for the last."""
    return "{accession" in pattern or "{timestamp" in pattern
