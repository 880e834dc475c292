"""Words under which orders and master data are found, those of an older program too."""

from __future__ import annotations

import sqlalchemy as sa

from gdtbridge.orders import patient_store
from gdtbridge.people import Patient
from gdtbridge.schema import order_name, patient_name, study_name
from tests.tools.practice import Practice


def found(practice: Practice, text: str) -> list[str]:
    """Return the family names a search finds."""
    page = practice.core.search.find(practice.core.search.read(text))
    return [one.patient.family_name for one in page.lines] + [
        one.family_name for one in page.patients
    ]


def test_what_an_older_program_entered_is_found_by_and_by(practice: Practice) -> None:
    """Orders, exams and master data without any word get theirs in the background."""
    practice.core.orders.place(practice.order(patient_id="1", family_name="Auftrag"))
    practice.send(PatientID="2", PatientName="Bild^Ida", AccessionNumber="")
    practice.wait()
    with practice.database.write() as connection:
        patient_store.keep_patient(connection, Patient("3", "Kartei"), 0.0)
        for table in (order_name, study_name, patient_name):
            connection.execute(sa.delete(table))
    names = ("Auftrag", "Bild", "Kartei")
    assert [found(practice, name) for name in names] == [[], [], []]
    while not practice.core.filling.is_done:
        practice.core.filling.work()
    assert [found(practice, name) for name in names] == [[name] for name in names]


def test_a_corrected_order_is_found_by_what_it_says_now(practice: Practice) -> None:
    """And not by what it said before."""
    entry = practice.core.orders.place(practice.order(procedure="Abdomen")).entry
    practice.core.orders.change(entry.AccessionNumber, practice.order(procedure="Carotis"))
    assert found(practice, "carotis") == ["Müller"]
    assert found(practice, "abdomen") == []


def test_master_data_are_found_by_their_last_name(practice: Practice) -> None:
    """Who married is found by the new name."""
    for name in ("Kartei", "Neumann"):
        with practice.database.write() as connection:
            patient_store.keep_patient(connection, Patient("3", name), 0.0)
    assert found(practice, "kartei") == []
    assert found(practice, "neumann") == ["Neumann"]
