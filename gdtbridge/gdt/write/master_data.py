"""The record of a patient's master data (6301), in the form a dialect's results have."""

from __future__ import annotations

from typing import Final

from gdtbridge.gdt.results import Identification, Rendered, StudyResult
from gdtbridge.gdt.tables.dialects import Dialect
from gdtbridge.gdt.tables.layouts import object_rows, record_end, record_start
from gdtbridge.gdt.tables.rows import Layout, Row, Source, constant
from gdtbridge.gdt.tables.traits import Form, Traits
from gdtbridge.gdt.write.contents import study_contents
from gdtbridge.gdt.write.writer import Page, render
from gdtbridge.people import Patient

RECORD_TYPE: Final = "6301"

_PATIENT: Final = (
    Row("3000", Source.PATIENT_ID),
    Row("3101", Source.FAMILY_NAME),
    Row("3102", Source.GIVEN_NAME),
    Row("3103", Source.BIRTH_DATE),
    Row("3110", Source.SEX),
)


def render_master_data(
    patient: Patient, dialect: Dialect, ids: Identification, *, encoding: str | None = None
) -> Rendered:
    """Return the 6301 of a patient; raise `GdtWriteError` when there can be none."""
    layout = _layout(dialect.traits)
    nothing = StudyResult(patient, None, None, "", "", "", test_id="", test_description="")
    page = Page(study_contents(nothing, ids, layout, dialect.traits))
    return render(dialect, layout, page, encoding)


def _layout(traits: Traits) -> Layout:
    """Return header and patient: flat, or as two objects."""
    header = tuple(
        row
        for row in (
            Row("8315", Source.RECEIVER),
            Row("8316", Source.SENDER),
            Row("9206", Source.CHARSET),
            constant("9218", traits.version),
        )
        if row.field not in traits.omit
    )
    if traits.form is Form.FLAT:
        rows = (*record_start(traits.form, RECORD_TYPE), *header, *_PATIENT)
        return Layout(traits.receiver, traits.sender, rows)
    form = Form.COUNTED_OBJECTS if traits.form is Form.COUNTED_OBJECTS else Form.NAMED_OBJECTS
    rows = (
        *record_start(form, RECORD_TYPE),
        *object_rows(form, "Obj_Kopfdaten", header),
        *object_rows(form, "Obj_Patient", _PATIENT),
        *record_end(form, RECORD_TYPE),
    )
    return Layout(traits.receiver, traits.sender, rows)
