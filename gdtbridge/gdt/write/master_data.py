"""The record of a patient's master data (6301), in the form a dialect's results have."""

from __future__ import annotations

from typing import Final

from gdtbridge.gdt.tables.dialects import Dialect
from gdtbridge.gdt.tables.layouts import object_rows, record_end, record_start
from gdtbridge.gdt.tables.options import DialectOptions, RecordForm
from gdtbridge.gdt.tables.rows import ContentSource, FieldRow, RecordLayout, constant
from gdtbridge.gdt.write.field_contents import study_contents
from gdtbridge.gdt.write.results import GdtFile, Identification, StudyResult
from gdtbridge.gdt.write.writer import RecordContents, render
from gdtbridge.people import Patient

RECORD_TYPE: Final = "6301"

_PATIENT: Final = (
    FieldRow("3000", ContentSource.PATIENT_ID),
    FieldRow("3101", ContentSource.FAMILY_NAME),
    FieldRow("3102", ContentSource.GIVEN_NAME),
    FieldRow("3103", ContentSource.BIRTH_DATE),
    FieldRow("3110", ContentSource.SEX),
)


def render_master_data(
    patient: Patient, dialect: Dialect, ids: Identification, *, encoding: str | None = None
) -> GdtFile:
    """Return the 6301 of a patient; raise `GdtWriteError` when there can be none."""
    layout = _layout(dialect.options)
    nothing = StudyResult(patient, None, None, "", "", "", test_id="", test_description="")
    page = RecordContents(study_contents(nothing, ids, layout, dialect.options))
    return render(dialect, layout, page, encoding)


def _layout(options: DialectOptions) -> RecordLayout:
    """Return header and patient: flat, or as two objects."""
    header = tuple(
        row
        for row in (
            FieldRow("8315", ContentSource.RECEIVER),
            FieldRow("8316", ContentSource.SENDER),
            FieldRow("9206", ContentSource.CHARSET),
            constant("9218", options.version),
        )
        if row.field not in options.omit
    )
    if options.form is RecordForm.FLAT:
        rows = (*record_start(options.form, RECORD_TYPE), *header, *_PATIENT)
        return RecordLayout(options.receiver, options.sender, rows)
    form = (
        RecordForm.COUNTED_OBJECTS
        if options.form is RecordForm.COUNTED_OBJECTS
        else RecordForm.NAMED_OBJECTS
    )
    rows = (
        *record_start(form, RECORD_TYPE),
        *object_rows(form, "Obj_Kopfdaten", header),
        *object_rows(form, "Obj_Patient", _PATIENT),
        *record_end(form, RECORD_TYPE),
    )
    return RecordLayout(options.receiver, options.sender, rows)
