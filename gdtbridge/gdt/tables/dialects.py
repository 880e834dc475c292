"""The dialects: what each family of practice software is sent, as a table of options.

A dialect is its options; :mod:`gdtbridge.gdt.tables.layouts` makes rows of them, and
:mod:`gdtbridge.gdt.write.record_writer` writes those. ``known`` says what public sources tell of
the software, ``assumed`` what was decided without one (`gdtbridge.gdt.tables.evidence`): a practice
changes either in its settings (:func:`gdtbridge.gdt.tables.practice_dialects.derive`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gdtbridge.gdt.errors import GdtError
from gdtbridge.gdt.tables.evidence import ASSUMED, KNOWN, statements
from gdtbridge.gdt.tables.fields import FIELDS, MAX_CONTENT
from gdtbridge.gdt.tables.ids import LONGEST_ID
from gdtbridge.gdt.tables.layouts import layouts_of
from gdtbridge.gdt.tables.options import (
    DialectOptions,
    FileCase,
    LinkPlace,
    NumberFormat,
    PatientIdRule,
    RecordForm,
    ResultObjects,
    ValueForm,
)
from gdtbridge.gdt.tables.rows import (
    SENTENCE_WIDTH,
    SENTENCES,
    TITLES,
    DialectLayouts,
    FieldRow,
)

ENTRY_FIELDS: Final = ("6200", "6201")
"""Fields that hold code and title of an entry where a dialect has ``entry``."""

IDS: Final = ("8315", "8316")
"""Fields of ids, which products fill with more than the tables give them."""

ENTRY_WIDTH: Final = 60
"""Characters of them, as of other texts of 2.1."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A dialect: what one family of practice software reads.

    ``family`` is the name of the built-in dialect it is or was made from.
    """

    name: str
    title: str
    family: str
    options: DialectOptions
    known: str
    assumed: str

    @property
    def layouts(self) -> DialectLayouts:
        """The records of a study, of an order's answer and of values."""
        return layouts_of(self.options)

    @property
    def generation(self) -> str:
        """Return the version whose field table counts: 2.1, 3.0 or 3.1."""
        form = self.options.form
        if form is RecordForm.FLAT:
            return "2.1"
        return "3.0" if form is RecordForm.COUNTED_OBJECTS else "3.1"

    @property
    def needs_birth_date(self) -> bool:
        """Whether its software wants 3103 back: all but Medical Office, which goes by 3000."""
        is_office = self.options.form is RecordForm.MEDICAL_OFFICE
        return not is_office and "3103" not in self.options.omit

    def limit(self, field: str) -> int:
        """Return how many bytes of content ``field`` takes."""
        if field == self.options.comment_field and self.options.comment_width:
            return self.options.comment_width
        if field in IDS:
            return LONGEST_ID
        if self.options.entry and field in ENTRY_FIELDS:
            return ENTRY_WIDTH
        if not self.options.field_limits or field not in FIELDS:
            return MAX_CONTENT
        return FIELDS[field].length_in(self.generation) or MAX_CONTENT

    def width(self, row: FieldRow) -> int:
        """Return how many characters a line of ``row`` takes: its field's, less for prose."""
        limit = self.limit(row.field)
        prose = row.source in SENTENCES and not self.options.comment_width
        return min(limit, SENTENCE_WIDTH) if prose or row.source in TITLES else limit


def _dialect(name: str, title: str, options: DialectOptions) -> Dialect:
    """Return one row of the table."""
    known, assumed = (statements(title, state) for state in (KNOWN, ASSUMED))
    return Dialect(name, title, name, options, known, assumed)


_ROWS: Final = (
    _dialect(
        "gdt21",
        "GDT 2.1",
        DialectOptions(),
    ),
    _dialect(
        "gdt30",
        "GDT 3.0",
        DialectOptions(
            form=RecordForm.COUNTED_OBJECTS,
            version="03.00",
            attachments=True,
            link=LinkPlace.URL,
            announce_lines=True,
            test_objects=ResultObjects.ONE,
        ),
    ),
    _dialect(
        "gdt31",
        "GDT 3.1",
        DialectOptions(
            form=RecordForm.NAMED_OBJECTS, version="03.10", attachments=True, link=LinkPlace.URL
        ),
    ),
    _dialect(
        "medical-office",
        "Medical Office (Indamed)",
        DialectOptions(
            form=RecordForm.MEDICAL_OFFICE,
            version="03.1",
            encoding="iso8859-15",
            sender="ORTHANC",
            values_receiver="MEDOFF",
            field_limits=False,
            numbers=NumberFormat.BINARY_FLOAT,
        ),
    ),
    _dialect(
        "medistar",
        "MEDISTAR (CGM)",
        DialectOptions(values=ValueForm.BOTH, attachments=True),
    ),
    _dialect(
        "turbomed",
        "TURBOMED (CGM)",
        DialectOptions(
            receiver="TURBOMED", values=ValueForm.BOTH, attachments=True, link=LinkPlace.ATTACHMENT
        ),
    ),
    _dialect(
        "tomedo",
        "tomedo (zollsoft)",
        DialectOptions(receiver="TOMEDO", values=ValueForm.BOTH, attachments=True),
    ),
    _dialect(
        "t2med",
        "T2med",
        DialectOptions(
            encoding="cp437",
            receiver="T2MED",
            attachments=True,
            file_name="{receiver:.4}{sender:.4}.gdt",
            file_case=FileCase.UPPER,
        ),
    ),
    _dialect(
        "x-concept",
        "x.concept (medatixx)",
        DialectOptions(comment_width=70, values=ValueForm.TEXT, entry=True),
    ),
    _dialect(
        "x-comfort",
        "x.comfort (medatixx)",
        DialectOptions(
            encoding="cp437",
            comment_field="6227",
            values=ValueForm.TEXT,
            patient_id=PatientIdRule.DIGITS,
            device_code="ALL00",
            omit=("9206",),
        ),
    ),
    _dialect(
        "red-medical",
        "RED medical",
        DialectOptions(
            receiver="REDMED",
            values=ValueForm.BOTH,
            file_name="{receiver}_{sender}.gdt",
            file_case=FileCase.LOWER,
        ),
    ),
    _dialect(
        "quincy",
        "Quincy PCnet",
        DialectOptions(version="02.00", encoding="cp437", values=ValueForm.BOTH, omit=("9206",)),
    ),
)

DIALECTS: Final[Mapping[str, Dialect]] = MappingProxyType({row.name: row for row in _ROWS})
"""By the names of the setting ``gdt.dialect``."""


def dialect_named(name: str, known: Mapping[str, Dialect] = DIALECTS) -> Dialect:
    """Return a dialect; :class:`GdtError` names the known ones."""
    try:
        return known[name]
    except KeyError:
        names = ", ".join(known)
        raise GdtError(
            f"Unbekannter Dialekt; bekannt sind {names}. / Unknown dialect; known are {names}."
        ) from None
