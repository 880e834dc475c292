"""Which study is meant: the patient's own, and only what fits."""

from __future__ import annotations

import pytest

from gdtbridge.durable import FolderUnusable
from gdtbridge.errors import OrderError, ProcessingFailure
from gdtbridge.exams import StudyQuery
from gdtbridge.gdt.write.results import OrderReference
from gdtbridge.orders import store as order_store
from tests.tools.practice import Practice
from worklist import FolderError


def study(practice: Practice, number: int, **values: str) -> str:
    """Let a device send a study; return its UID."""
    uid = f"2.25.{number}"
    practice.send(**{"StudyInstanceUID": uid, "AccessionNumber": "", **values})
    return uid


def found(practice: Practice, patient_id: str = "4711", **said: str) -> list[str]:
    """Return the UIDs of the studies a query finds."""
    query = StudyQuery(patient_id, **said)
    return [exam.study_instance_uid for exam in practice.core.studies.find(query)]


@pytest.fixture
def studies(practice: Practice) -> dict[str, str]:
    """Return the UIDs of a patient's studies, and of one of somebody else."""
    sent = {
        "morning": study(practice, 901, StudyTime="081500.250000", AccessionNumber="A1"),
        "noon": study(practice, 902, StudyTime="1200", AccessionNumber="A2"),
        "later": study(practice, 903, StudyTime="081530"),
        "yesterday": study(practice, 904, StudyDate="20240114"),
        "undated": study(practice, 905, StudyDate="", StudyTime=""),
        "neighbour": study(practice, 906, PatientID="4712", AccessionNumber="A6"),
    }
    practice.wait()
    return sent


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, ["noon", "later", "morning", "yesterday", "undated"]),
        ({"study_date": "20240115"}, ["noon", "later", "morning"]),
        ({"study_date": "20240115", "study_time": "1200"}, ["noon"]),
        ({"study_date": "20240115", "study_time": "120000"}, ["noon"]),
        ({"study_date": "20240115", "study_time": "081530"}, ["later"]),
        # 08:15:00, or all that is left of 08:15:30 in the practice software?
        ({"study_date": "20240115", "study_time": "081500"}, ["later", "morning"]),
        ({"study_date": "20240115", "study_time": "0815"}, ["later", "morning"]),
        ({"study_date": "20240115", "study_time": "081531"}, []),
        ({"study_date": "20240116"}, []),
        ({"study_date": "20240116", "study_time": "1200"}, []),
        ({"accession_number": "A1"}, ["morning"]),
        ({"accession_number": "A1", "study_time": "1200"}, []),
        ({"accession_number": "a1"}, []),
        ({"accession_number": "A6"}, []),
        ({"case_id": "F-17"}, []),
        ({"case_id": "A2"}, ["noon"]),
        ({"study_instance_uid": "2.25.903"}, ["later"]),
        ({"study_instance_uid": "2.25.906"}, []),
        ({"study_instance_uid": "2.25.90"}, []),
    ],
)
def test_what_is_said_narrows(
    practice: Practice, studies: dict[str, str], said: dict[str, str], expected: list[str]
) -> None:
    """What fits, the newest first; a field that fits nothing finds nothing."""
    assert found(practice, **said) == [studies[name] for name in expected]


@pytest.mark.parametrize("patient_id", ["47", "4711 ", "04711", "4711%", "471_", "", "4711'"])
def test_only_the_patients_own(
    practice: Practice, studies: dict[str, str], patient_id: str
) -> None:
    """The number is compared letter by letter, and nothing is found without one."""
    if patient_id:
        assert found(practice, patient_id) == []
        return
    with pytest.raises(OrderError):
        found(practice, "", study_instance_uid=studies["morning"])


def test_an_orders_own_number_finds_its_study(practice: Practice) -> None:
    """The chart has our number, whatever the device made of it."""
    entry = practice.core.orders.place(practice.order()).entry
    uid = entry.StudyInstanceUID
    practice.send(StudyInstanceUID=uid, AccessionNumber="DEVICE")
    practice.wait()

    assert found(practice, accession_number=entry.AccessionNumber) == [uid]
    assert found(practice, accession_number="DEVICE") == [uid]


def test_an_order_of_another_patient_names_nothing(practice: Practice) -> None:
    """A study released for its real patient is not found by the other's order number."""
    entry = practice.core.orders.place(practice.order(patient_id="4712")).entry
    practice.send(StudyInstanceUID=entry.StudyInstanceUID, AccessionNumber="")
    practice.wait()
    assert found(practice) == []
    assert found(practice, "4712") == []

    practice.core.held.release(entry.StudyInstanceUID, "4711")
    practice.wait()
    assert found(practice) == [entry.StudyInstanceUID]
    assert found(practice, accession_number=entry.AccessionNumber) == []
    assert found(practice, "4712", accession_number=entry.AccessionNumber) == []


def test_a_held_study_is_never_found(practice: Practice) -> None:
    """Objects of two patients: nobody sees it until a person has decided."""
    uid = study(practice, 907)
    practice.send(StudyInstanceUID=uid, PatientID="4712")
    practice.wait()

    assert found(practice) == []
    assert found(practice, "4712", study_instance_uid=uid) == []


def test_a_study_is_found_while_it_comes_in(practice: Practice) -> None:
    """The doctor need not wait for the last image, where nobody else may claim the study."""
    uid = study(practice, 908)
    assert found(practice) == [uid]


def test_a_study_that_will_be_held_is_not_found_while_it_comes_in(practice: Practice) -> None:
    """The order it answers is another patient's."""
    entry = practice.core.orders.place(practice.order(patient_id="4712")).entry
    practice.send(StudyInstanceUID=entry.StudyInstanceUID, AccessionNumber="")

    assert found(practice) == []


def test_a_case_is_its_orders_and_nobody_elses(practice: Practice) -> None:
    """A study that has a case of its own is not found by another that looks like its number."""
    entry = practice.core.orders.place(practice.order()).entry
    with practice.database.write() as connection:
        order = order_store.order_by_number(connection, entry.AccessionNumber)
        assert order is not None
        order_store.set_reference(connection, order.id, OrderReference(case_id="F-17"), "")
    practice.send(StudyInstanceUID=entry.StudyInstanceUID, AccessionNumber="F-18")
    practice.wait()

    assert found(practice, case_id="F-17") == [entry.StudyInstanceUID]
    assert found(practice, case_id="F-18") == []
    assert found(practice, case_id=entry.AccessionNumber) == []


def test_a_reported_study_needs_no_worklist(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder may be away; only whose a study is that still comes in cannot be said then."""

    def away(_uid: str) -> None:
        raise FolderError(FolderUnusable(practice.worklist.path, "weg", "away"))

    uid = study(practice, 909)
    practice.wait()
    monkeypatch.setattr(practice.worklist, "by_study_uid", away)
    assert found(practice) == [uid]

    study(practice, 910)
    with pytest.raises(ProcessingFailure):
        found(practice)
