"""The record of a patient's master data."""

from __future__ import annotations

from datetime import date

import pytest

from gdtbridge.gdt.errors import GdtWriteError
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.gdt.tables.dialects import DIALECTS
from gdtbridge.gdt.write.results import Identification
from gdtbridge.gdt.write.writer import render_master_data
from gdtbridge.people import Patient
from tests.gdt.conftest import check_lines

PATIENT = Patient("4711", "Müller", "Änne", date(1958, 12, 24), "F")


@pytest.mark.parametrize("name", DIALECTS)
def test_it_reads_back(name: str) -> None:
    """In every dialect lines, lengths and objects are right and the patient is the same."""
    rendered = render_master_data(PATIENT, DIALECTS[name], Identification("WE", "THEY"))
    (fields,) = check_lines(rendered.data)
    (record,) = read_records(rendered.data)
    assert fields[0] == ("8000", b"6301")
    assert ("8315", b"THEY") in fields
    assert ("8316", b"WE") in fields
    assert record.patient == PATIENT
    assert record.warnings == ()
    assert rendered.losses == ()


def test_a_patient_without_a_number_has_no_record() -> None:
    """3000 is never empty."""
    with pytest.raises(GdtWriteError):
        render_master_data(Patient(" "), DIALECTS["gdt21"], Identification())
