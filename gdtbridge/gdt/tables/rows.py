"""The types of the dialects' tables: field rows, record layouts, sources of contents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Final


class ContentSource(StrEnum):
    """Source of a field's content; the member's value describes the content."""

    CONSTANT = "the text of the row"
    LENGTH = "bytes of the record, five digits"
    LONG_LENGTH = "bytes of the record, seven digits"
    OBJECT_LINES = "lines of the object, its first and last counted"
    RECORD_LINES = "lines of the record, this one counted"
    RECEIVER = "id of the receiver"
    SENDER = "id of the sender"
    CHARSET = "1 ASCII, 2 code page 437, 3 ANSI"
    PATIENT_ID = "patient's number, never cut; none where it stands in 0193"
    PATIENT_ID_0193 = "the same where the order had it in 0193 only"
    PATIENT_ID_COPY = "patient's number again"
    FAMILY_NAME = "patient's family name"
    GIVEN_NAME = "patient's given name"
    BIRTH_DATE = "patient's birth date"
    SEX = "1 male, 2 female, else left out"
    CASE_ID = "the order's own 8310, never cut"
    CASE_ID_OR_ACCESSION = "the order's own 8310, else the accession number"
    REQUEST_UID = "the order's own 8314, else the accession number"
    DEVICE_CODE = "the order's own 8402, else by kind of exam, e.g. SONO00"
    ORDERED_DEVICE_CODE = "the order's own 8402"
    ECHO = "what the order had in this field"
    DATE = "date of the examination"
    TIME = "time of the examination"
    ENTRY_CODE = "8410 of the order, else 8402; only beside a number in 0193"
    ENTRY_TITLE = "name of the test, of values `Messwerte vom ` and date"
    ACCESSION = "accession number"
    ACCESSION_REMARK = "`Auftragsnummer: ` and accession number"
    COMMENT = "modality and description, e.g. `US: Abdomen`"
    DESCRIPTION = "the requested procedure"
    ACCESSION_AND_COMMENT = "accession number, ` / `, modality and description"
    ACCESSION_AND_DESCRIPTION = "accession number, ` / `, requested procedure"
    CORRECTION = "`Korrigierter Bericht` or `Ergänzender Bericht`, only in a later report"
    STUDY_HEADING = "`Nachtrag: …`, `Korrektur: …` or `Irrtümlich übermittelt: …`, if it is one"
    CHART_REMARKS = "remarks on the whole record, one sentence each"
    RETRACTED = "`Irrtümlich übermittelt, …` in a retraction"
    TEST_ID = "id of the test, never cut"
    TEST_NAME = "name of the test"
    VALUE = "the value as a plain decimal number"
    UNIT = "unit of the value, never cut"
    NORMAL_TEXT = "normal range in words, where the report has it"
    NORMAL_LOWER = "lower limit of the normal range, where the report has it"
    NORMAL_UPPER = "upper limit of the normal range, where the report has it"
    REMARKS = "one remark each, before them the rest of a long name"
    VALUE_TITLE = "`Messwerte vom ` and date of the examination"
    VALUE_LINES = "name, value and unit in columns, above them the group"
    FINDING_LINES = "title and lines of the values, as a finding"
    STATEMENT = "what the report says in words: label, text, one line of it each"
    ATTACHMENT_NAME = "name the attachment is shown under"
    ATTACHMENT_FORMAT = "format, e.g. `PDF`"
    ATTACHMENT_DESCRIPTION = "what the attachment shows"
    ATTACHMENT_PATH = "path the workstation can open, never altered"
    LINK_COUNT = "`0001` where there is a link"
    LINK_TEXT = "`Bilder der Untersuchung` where there is a link"
    LINK = "URL of the study, never altered"


LENGTHS: Final[Mapping[ContentSource, int]] = MappingProxyType(
    {ContentSource.LENGTH: 5, ContentSource.LONG_LENGTH: 7}
)
"""Digits of field 8100."""

PATIENT_IDS: Final = frozenset(
    {ContentSource.PATIENT_ID, ContentSource.PATIENT_ID_0193, ContentSource.PATIENT_ID_COPY}
)
"""Contents that are the patient's number."""

NEVER_ALTERED: Final = PATIENT_IDS | {ContentSource.ATTACHMENT_PATH, ContentSource.LINK}
"""Contents that would name another patient, file or study with another letter."""


NEVER_OMITTED: Final = frozenset(
    {
        ContentSource.CORRECTION,
        ContentSource.STUDY_HEADING,
        ContentSource.CHART_REMARKS,
        ContentSource.STATEMENT,
    }
)
"""Contents without which a record would be taken for another: they are in every dialect."""


SENTENCES: Final = frozenset(
    {ContentSource.STUDY_HEADING, ContentSource.CHART_REMARKS, ContentSource.STATEMENT}
)
"""Contents that are prose: wrapped for the eye where the field itself has no narrow limit."""

TITLES: Final = frozenset({ContentSource.ATTACHMENT_NAME, ContentSource.ATTACHMENT_DESCRIPTION})
"""Contents a chart lists in one line each: narrow in every dialect, and no two alike."""

SENTENCE_WIDTH: Final = 60
"""Characters of a title, and of a line of prose unless the dialect has a width for comments."""


class FieldFit(Enum):
    """Treatment of a content that is longer than its field."""

    WHOLE = "written whole"
    CUT = "cut"
    SHORTENED = "shortened, ends in `...`"
    WRAP = "continued in further fields of the same number"


COMMENT_FIELDS: Final = ("6220", "6227", "6228")
"""Fields a comment may stand in."""

FITS: Final[Mapping[str, FieldFit]] = MappingProxyType(
    {
        **dict.fromkeys(("3101", "3102"), FieldFit.CUT),
        **dict.fromkeys(("6302", "6304", "8411"), FieldFit.SHORTENED),
        **dict.fromkeys((*COMMENT_FIELDS, "6205", "6221", "8460", "8470", "8480"), FieldFit.WRAP),
    }
)
"""Fields that may be cut, shortened or continued; of values the rest of 8411 goes into 8470."""


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of a record."""

    field: str
    source: ContentSource
    text: str = ""


def constant(field: str, text: str) -> FieldRow:
    """Return a row that is always the same."""
    return FieldRow(field, ContentSource.CONSTANT, text)


@dataclass(frozen=True, slots=True)
class RecordLayout:
    """One kind of record, and the default ids.

    In the file's order: ``head`` once, ``text`` for each value, ``stated`` for each statement in
    words, in one order with the values, ``attached`` for each attachment, ``each`` for each value
    between ``each_start`` and ``each_end``, ``tail`` once.
    """

    receiver: str
    sender: str
    head: tuple[FieldRow, ...]
    text: tuple[FieldRow, ...] = ()
    stated: tuple[FieldRow, ...] = ()
    attached: tuple[FieldRow, ...] = ()
    each_start: tuple[FieldRow, ...] = ()
    each: tuple[FieldRow, ...] = ()
    each_end: tuple[FieldRow, ...] = ()
    tail: tuple[FieldRow, ...] = ()

    @property
    def rows(self) -> tuple[FieldRow, ...]:
        """Return all rows in the order of the file."""
        tests = (*self.each_start, *self.each, *self.each_end)
        words = (*self.text, *self.stated)
        return (*self.head, *words, *self.attached, *tests, *self.tail)

    @property
    def length_digits(self) -> int | None:
        """Return the digits of the record's own length (8100), None when it states none."""
        found = (LENGTHS[row.source] for row in self.head if row.source in LENGTHS)
        return next(found, None)


@dataclass(frozen=True, slots=True)
class DialectLayouts:
    """The records a dialect has.

    ``progress``, of an order's state, has no test that could be its result; it is None where
    software takes any record for that.
    """

    study: RecordLayout
    order_answer: RecordLayout
    values: RecordLayout
    master_data: RecordLayout
    progress: RecordLayout | None = None
