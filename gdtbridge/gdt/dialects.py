"""The dialects: what each family of practice software is sent, as tables.

A row says which field is written and where its content comes from; the rows' order is the order
in the file. A field without content is left out. :mod:`gdtbridge.gdt.writer` interprets them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Final

from gdtbridge.gdt.errors import GdtError
from gdtbridge.gdt.fields import FIELDS, MAX_CONTENT


class Source(StrEnum):
    """Where the content of a field comes from; the value is its description."""

    CONSTANT = "the text of the row"
    LENGTH = "bytes of the record, five digits"
    RECEIVER = "id of the receiver"
    SENDER = "id of the sender"
    CHARSET = "1 ASCII, 2 code page 437, 3 ANSI"
    PATIENT_ID = "patient's id, never cut"
    FAMILY_NAME = "patient's family name"
    GIVEN_NAME = "patient's given name"
    BIRTH_DATE = "patient's birth date"
    SEX = "1 male, 2 female, else left out"
    DEVICE_CODE = "SONO00 for modality US, else ALLG00"
    DATE = "date of the examination"
    TIME = "time of the examination"
    ACCESSION = "accession number"
    ACCESSION_REMARK = "`Auftragsnummer: ` and accession number"
    COMMENT = "modality and description, e.g. `US: Abdomen`"
    DESCRIPTION = "the requested procedure"
    ACCESSION_AND_COMMENT = "accession number, ` / `, modality and description"
    ACCESSION_AND_DESCRIPTION = "accession number, ` / `, requested procedure"
    TEST_ID = "id of the test, never cut"
    TEST_NAME = "name of the test"
    VALUE = "the value as a plain decimal number"
    UNIT = "unit of the value, never cut"
    REMARKS = "one remark each, before them the rest of a long name"


class Numbers(Enum):
    """How field 8420 is written."""

    SIX_DIGITS = "at most six significant digits, never fewer than stand before the point"
    BINARY_FLOAT = "the shortest decimal that is the same 64-bit floating point number"


class Fit(Enum):
    """What happens to a content longer than the field."""

    WHOLE = "written whole"
    CUT = "cut"
    WRAP = "continued in further fields of the same number"


FITS: Final[Mapping[str, Fit]] = MappingProxyType(
    {
        **dict.fromkeys(("3101", "3102"), Fit.CUT),
        **dict.fromkeys(("6227", "6228", "8470"), Fit.WRAP),
    }
)
"""Fields that need not be whole; 8411 is shortened by the writer, its rest goes to 8470."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field of a record."""

    field: str
    source: Source
    text: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of record: rows before, for each value, and after; the default ids."""

    receiver: str
    sender: str
    head: tuple[Row, ...]
    each: tuple[Row, ...] = ()
    tail: tuple[Row, ...] = ()

    @property
    def has_length(self) -> bool:
        """Say whether the record states its own length (8100)."""
        return any(row.source is Source.LENGTH for row in self.head)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one family of practice software reads.

    ``field_limits`` says whether the lengths of the field table bind, or only the 990 bytes a line
    can hold. ``encoding`` is a name of ``CHARSETS``.
    """

    name: str
    title: str
    version: str
    encoding: str
    field_limits: bool
    numbers: Numbers
    study: Layout
    order_answer: Layout
    values: Layout

    def limit(self, field: str) -> int:
        """Return how many bytes of content ``field`` takes."""
        limit = FIELDS[field].max_length if self.field_limits else None
        return limit or MAX_CONTENT


def _constant(field: str, text: str) -> Row:
    """Return a row that is always the same."""
    return Row(field, Source.CONSTANT, text)


# --- GDT 2.1; order of fields: record table of 6310 ----------------------------------------------

_GDT21_HEAD: Final = (
    _constant("8000", "6310"),
    Row("8100", Source.LENGTH),
    Row("8315", Source.RECEIVER),
    Row("8316", Source.SENDER),
    Row("9206", Source.CHARSET),
    _constant("9218", "02.10"),
    Row("3000", Source.PATIENT_ID),
    Row("3101", Source.FAMILY_NAME),
    Row("3102", Source.GIVEN_NAME),
    Row("3103", Source.BIRTH_DATE),
    Row("3110", Source.SEX),
    Row("8402", Source.DEVICE_CODE),
    Row("6200", Source.DATE),
    Row("6201", Source.TIME),
    Row("6227", Source.ACCESSION_REMARK),
)


def _gdt21_study(comment: Source) -> Layout:
    """Return the study record, whose comment is the study's or the order's."""
    return Layout(
        receiver="PRAX_EDV",
        sender="GDTBRIDG",
        head=(
            *_GDT21_HEAD,
            Row("6228", comment),
            Row("8410", Source.TEST_ID),
            Row("8411", Source.TEST_NAME),
            Row("8432", Source.DATE),
            Row("8439", Source.TIME),
            Row("8470", Source.ACCESSION_REMARK),
        ),
    )


_VALUE_ROWS: Final = (
    Row("8410", Source.TEST_ID),
    Row("8411", Source.TEST_NAME),
    Row("8420", Source.VALUE),
    Row("8421", Source.UNIT),
    Row("8432", Source.DATE),
    Row("8439", Source.TIME),
    Row("8470", Source.REMARKS),
)

_GDT21: Final = Dialect(
    name="gdt21",
    title="GDT 2.1",
    version="02.10",
    encoding="iso8859-1",
    field_limits=True,
    numbers=Numbers.SIX_DIGITS,
    study=_gdt21_study(Source.COMMENT),
    order_answer=_gdt21_study(Source.DESCRIPTION),
    values=Layout(receiver="PRAX_EDV", sender="GDTBRIDG", head=_GDT21_HEAD, each=_VALUE_ROWS),
)

# --- Medical Office (Indamed); what orthanc-gdt wrote and Medical Office is known to import -------


def _medical_office_study(comment: Source) -> Layout:
    """Return the study record in objects, with 8001 at its end."""
    return Layout(
        receiver="PRAX_EDV",
        sender="ORTHANC",
        head=(
            _constant("8000", "6310"),
            _constant("8002", "Obj_Kopfdaten"),
            Row("8315", Source.RECEIVER),
            Row("8316", Source.SENDER),
            _constant("9218", "03.1"),
            _constant("8003", "Obj_Kopfdaten"),
            _constant("8002", "Obj_Patient"),
            Row("3000", Source.PATIENT_ID),
            _constant("8003", "Obj_Patient"),
            _constant("8002", "Obj_Untersuchung"),
            Row("8410", Source.TEST_ID),
            Row("8411", Source.TEST_NAME),
            Row("8413", Source.ACCESSION),
            Row("8428", Source.ACCESSION),
            Row("8432", Source.DATE),
            Row("8439", Source.TIME),
            Row("6228", comment),
            _constant("8003", "Obj_Untersuchung"),
            _constant("8001", "6310"),
        ),
    )


_MEDICAL_OFFICE: Final = Dialect(
    name="medical-office",
    title="Medical Office (Indamed)",
    version="03.1",
    encoding="iso8859-15",
    field_limits=False,
    numbers=Numbers.BINARY_FLOAT,
    study=_medical_office_study(Source.ACCESSION_AND_COMMENT),
    order_answer=_medical_office_study(Source.ACCESSION_AND_DESCRIPTION),
    values=Layout(
        receiver="MEDOFF",
        sender="ORTHANC",
        head=(
            _constant("8000", "6310"),
            Row("8315", Source.RECEIVER),
            Row("8316", Source.SENDER),
            _constant("9218", "01.0"),
            Row("3000", Source.PATIENT_ID),
            Row("6200", Source.DATE),
        ),
        each=_VALUE_ROWS,
        tail=(_constant("8001", "6310"),),
    ),
)

DIALECTS: Final[Mapping[str, Dialect]] = MappingProxyType(
    {dialect.name: dialect for dialect in (_GDT21, _MEDICAL_OFFICE)}
)
"""By the names of the setting ``gdt.dialect``."""


def dialect_named(name: str) -> Dialect:
    """Return a dialect; :class:`GdtError` names the known ones."""
    try:
        return DIALECTS[name]
    except KeyError:
        known = ", ".join(DIALECTS)
        raise GdtError(
            f"Unbekannter Dialekt; bekannt sind {known}. / Unknown dialect; known are {known}."
        ) from None
