"""The GDT language: fields, record types, character sets, reader, writer, dialects.

Bytes in, bytes out. One dialect for each family of practice software, as a table of rows that one
interpreter writes. What must not live here: DICOM, files and folders, clocks, settings. Imports
the standard library, chardet and `gdtbridge.people`.
"""

from gdtbridge.gdt.errors import GdtError, GdtWriteError, NotGdtError
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.read.record import WARNINGS, GdtWarning, Line, Record
from gdtbridge.gdt.read.structure import what_is_missing
from gdtbridge.gdt.tables.charsets import CHARSETS
from gdtbridge.gdt.tables.dates import parse_clock, parse_date, parse_time
from gdtbridge.gdt.tables.dialects import DIALECTS, Dialect, dialect_named
from gdtbridge.gdt.tables.fields import FIELDS, field_length
from gdtbridge.gdt.tables.options import LinkPlace, ValueForm, checked_pattern, names_apart
from gdtbridge.gdt.tables.patient_fields import BIRTH_DATES, FAMILY_NAMES, GIVEN_NAMES, PATIENT_IDS
from gdtbridge.gdt.tables.practice_dialects import CHANGES, derive, dialects_with
from gdtbridge.gdt.tables.record_types import RECORD_TYPES, RecordType
from gdtbridge.gdt.text import printable
from gdtbridge.gdt.tools.conformance import CHECK_FINDINGS, check_record
from gdtbridge.gdt.tools.convert import convert
from gdtbridge.gdt.tools.show import findings_to_text, record_to_json, record_to_text
from gdtbridge.gdt.write.file_names import file_name
from gdtbridge.gdt.write.results import (
    Attachment,
    GdtFile,
    Identification,
    OrderReference,
    Revision,
    StudyResult,
    TestValue,
    ValueResult,
)
from gdtbridge.gdt.write.writer import (
    render_master_data,
    render_order_answer,
    render_study,
    render_values,
)

__all__ = [
    "BIRTH_DATES",
    "CHANGES",
    "CHARSETS",
    "CHECK_FINDINGS",
    "DIALECTS",
    "FAMILY_NAMES",
    "FIELDS",
    "GIVEN_NAMES",
    "PATIENT_IDS",
    "RECORD_TYPES",
    "WARNINGS",
    "Attachment",
    "Dialect",
    "GdtError",
    "GdtFile",
    "GdtWarning",
    "GdtWriteError",
    "Identification",
    "Line",
    "LinkPlace",
    "NotGdtError",
    "OrderReference",
    "Record",
    "RecordType",
    "Revision",
    "StudyResult",
    "TestValue",
    "ValueForm",
    "ValueResult",
    "check_record",
    "checked_pattern",
    "convert",
    "derive",
    "dialect_named",
    "dialects_with",
    "field_length",
    "file_name",
    "findings_to_text",
    "names_apart",
    "parse_clock",
    "parse_date",
    "parse_time",
    "printable",
    "read_records",
    "record_to_json",
    "record_to_text",
    "render_master_data",
    "render_order_answer",
    "render_study",
    "render_values",
    "what_is_missing",
]
