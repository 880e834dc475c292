"""The GDT language: fields, record types, character sets, reader, writer, dialects.

Bytes in, bytes out. One dialect for each family of practice software, as a table of rows that one
interpreter writes. What must not live here: DICOM, files and folders, clocks, settings. Imports
the standard library, chardet and `gdtbridge.people`.
"""

from gdtbridge.gdt.errors import GdtError, GdtWriteError, NotGdtError
from gdtbridge.gdt.read.findings import WARNINGS
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.records import GdtWarning, Line, Record
from gdtbridge.gdt.results import (
    Attachment,
    Identification,
    OrderReference,
    Rendered,
    Revision,
    StudyResult,
    TestValue,
    ValueResult,
)
from gdtbridge.gdt.tables.charsets import CHARSETS, Charset
from gdtbridge.gdt.tables.codes import DEVICE_CODE_UNSPECIFIED, DEVICE_CODES, SEX_READ, SEX_WRITTEN
from gdtbridge.gdt.tables.derived import CHANGES, derive, dialects_with
from gdtbridge.gdt.tables.dialects import DIALECTS, Dialect, dialect_named
from gdtbridge.gdt.tables.fields import FIELDS, FieldDef, FieldType
from gdtbridge.gdt.tables.record_types import RECORD_TYPES, RecordType
from gdtbridge.gdt.tables.traits import LinkPlace, Traits, ValueForm
from gdtbridge.gdt.tools.convert import convert
from gdtbridge.gdt.tools.judge import JUDGEMENTS, check_record
from gdtbridge.gdt.tools.show import findings_to_text, record_to_json, record_to_text
from gdtbridge.gdt.write.naming import file_name, names_apart
from gdtbridge.gdt.write.writer import render_order_answer, render_study, render_values

__all__ = [
    "CHANGES",
    "CHARSETS",
    "DEVICE_CODES",
    "DEVICE_CODE_UNSPECIFIED",
    "DIALECTS",
    "FIELDS",
    "JUDGEMENTS",
    "RECORD_TYPES",
    "SEX_READ",
    "SEX_WRITTEN",
    "WARNINGS",
    "Attachment",
    "Charset",
    "Dialect",
    "FieldDef",
    "FieldType",
    "GdtError",
    "GdtWarning",
    "GdtWriteError",
    "Identification",
    "Line",
    "LinkPlace",
    "NotGdtError",
    "OrderReference",
    "Record",
    "RecordType",
    "Rendered",
    "Revision",
    "StudyResult",
    "TestValue",
    "Traits",
    "ValueForm",
    "ValueResult",
    "check_record",
    "convert",
    "derive",
    "dialect_named",
    "dialects_with",
    "file_name",
    "findings_to_text",
    "names_apart",
    "read_records",
    "record_to_json",
    "record_to_text",
    "render_order_answer",
    "render_study",
    "render_values",
]
