"""Which study is meant: the patient's own, and only what fits."""

from __future__ import annotations

from datetime import date

import pytest

from gdtbridge.durable import FolderUnusable
from gdtbridge.errors import AnotherPerson, OrderError, ProcessingFailure
from gdtbridge.exams import StudyQuery
from gdtbridge.gdt.write.results import OrderReference
from gdtbridge.orders import OrderRecord
from gdtbridge.orders import changes as order_changes
from gdtbridge.orders import store as order_store
from gdtbridge.people import Patient
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


@pytest.mark.parametrize("typed", [False, True])
def test_an_order_number_of_another_patient_is_not_shown(
    practice: Practice, *, typed: bool
) -> None:
    """A device kept the number of the patient before; nobody is to open or find those images."""
    other = practice.order(patient_id="4712", family_name="Weiß", birth_date=date(1970, 1, 1))
    number = practice.core.orders.place(other).entry.AccessionNumber
    sent = number.lower().replace("0", "", 1) if typed else number
    uid = study(practice, 911, AccessionNumber=sent)
    practice.wait()
    if not typed:  # what is typed leads nowhere where it does not fit, so nothing is held
        practice.core.held.release(uid, "4711")
        practice.wait()
    (exam,) = practice.core.studies.find(StudyQuery("4711"))
    assert (exam.study_instance_uid, exam.accession_number) == (uid, "")
    assert found(practice, accession_number=number) == []


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
        order_changes.set_reference(connection, order.id, OrderReference(case_id="F-17"), "")
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


# ---------------------------------------------------------------------------- whose number it is

STRANGER = {"family_name": "Omega", "given_name": "Olga", "birth_date": "19500101"}


def master_data(practice: Practice, patient: Patient) -> None:
    """Let the practice software send a patient (6301)."""
    practice.master_data.keep(OrderRecord("t1", 1, "00", "P.GDT", "6301"), patient)


def refusal(practice: Practice, patient_id: str = "4711", **said: str) -> str:
    """Return the sentence that nothing is opened for another person."""
    with pytest.raises(AnotherPerson) as caught:
        found(practice, patient_id, **said)
    return str(caught.value)


@pytest.mark.parametrize(
    "said",
    [
        {"family_name": "Müller", "given_name": "Änne", "birth_date": "19581224"},
        {"family_name": "MUELLER", "birth_date": "19600101"},
        {"family_name": "Maier", "given_name": "Uwe", "birth_date": "19581224"},
        {"family_name": "Omega"},
        {"birth_date": "19500101"},
        {"given_name": "Olga", "birth_date": "19500101"},
        {"family_name": "Notfall", "birth_date": "19500101"},
        {"family_name": "Omega", "birth_date": "19000101"},
    ],
)
def test_one_difference_closes_nothing(practice: Practice, said: dict[str, str]) -> None:
    """Names are spelled in many ways and marry, and what is not said cannot differ."""
    uid = study(practice, 911)
    practice.wait()
    assert found(practice, **said) == [uid]


def test_another_person_opens_nothing(practice: Practice) -> None:
    """Family name and birth date both differ; the sentence does not say whose the number is."""
    study(practice, 912)
    practice.wait()
    told = refusal(practice, **STRANGER)
    assert told.startswith("Die Nummer gehört zu einer anderen Person")
    assert "Müller" not in told
    assert found(practice, study_date="20240116", **STRANGER) == []
    assert found(practice, "4712", **STRANGER) == []


def test_another_person_opens_nothing_while_a_study_comes_in(practice: Practice) -> None:
    """The first image says whose the study is."""
    study(practice, 913)
    refusal(practice, **STRANGER)


def test_two_persons_under_one_number_open_their_own(practice: Practice) -> None:
    """A number that was given twice: each finds the studies that are not the other's."""
    first = study(practice, 914)
    practice.wait()
    omega = {"PatientName": "Omega^Olga", "PatientBirthDate": "19500101"}
    second = study(practice, 915, StudyTime="120000", **omega)
    practice.wait()
    practice.core.held.release(second, "4711", confirmed=True)
    practice.wait()
    assert found(practice, **STRANGER) == [second]
    assert found(practice, family_name="Müller", birth_date="19581224") == [first]
    assert found(practice) == [second, first]


@pytest.mark.parametrize(
    ("name", "born"), [("NOTFALL^1", ""), ("NOTFALL^1", "19700101"), ("Omega^Olga", "19000101")]
)
def test_an_order_says_whose_a_nameless_study_is(practice: Practice, name: str, born: str) -> None:
    """What the device left out is taken from the practice's own order."""
    entry = practice.core.orders.place(practice.order()).entry
    nameless = {"PatientName": name, "PatientBirthDate": born}
    uid = study(practice, 916, AccessionNumber=entry.AccessionNumber, **nameless)
    practice.wait()
    refusal(practice, **STRANGER)
    assert found(practice, family_name="Müller", birth_date="19581224") == [uid]


@pytest.mark.parametrize("by", ["StudyInstanceUID", "AccessionNumber"])
def test_the_order_of_a_study_comes_before_other_orders(practice: Practice, by: str) -> None:
    """The number's next order, for somebody else, says nothing of a nameless study."""
    entry = practice.core.orders.place(practice.order()).entry
    omega = {"family_name": "Omega", "given_name": "Olga", "birth_date": date(1950, 1, 1)}
    practice.core.orders.place(practice.order(**omega))
    met = {"AccessionNumber": "", by: str(getattr(entry, by))}
    uid = study(practice, 921, PatientName="NOTFALL", PatientBirthDate="", **met)
    practice.wait()
    refusal(practice, **STRANGER)
    uid = met.get("StudyInstanceUID", uid)
    assert found(practice, family_name="Müller", birth_date="19581224") == [uid]


def test_master_data_say_whose_a_nameless_study_is(practice: Practice) -> None:
    """So do the master data of the number; with nothing known the number decides."""
    uid = study(practice, 917, PatientName="", PatientBirthDate="")
    practice.wait()
    assert found(practice, **STRANGER) == [uid]
    master_data(practice, Patient("4711", "Müller", "Änne", date(1958, 12, 24), "F"))
    refusal(practice, **STRANGER)


def test_a_study_is_its_own_persons_whatever_is_known_of_the_number(practice: Practice) -> None:
    """Pictures of Omega stay closed to whom the practice software knows by Omega's number."""
    omega = {"PatientName": "Omega^Olga", "PatientBirthDate": "19500101"}
    uid = study(practice, 918, **omega)
    practice.wait()
    master_data(practice, Patient("4711", "Müller", "Änne", date(1958, 12, 24), "F"))
    refusal(practice, family_name="Müller", birth_date="19581224")
    assert found(practice, **STRANGER) == [uid]


def test_a_released_study_is_the_one_of_the_number(practice: Practice) -> None:
    """A person released an exam of another number: what its objects said is not the patient's."""
    uid = study(practice, 919, PatientID="4712")
    practice.send(StudyInstanceUID=uid, PatientID="4713", AccessionNumber="")
    practice.wait()
    practice.core.held.release(uid, "4714", person=1)
    practice.wait()
    assert found(practice, "4714", **STRANGER) == [uid]

    master_data(practice, Patient("4714", "Klein", "Karl", date(1960, 2, 2), "M"))
    refusal(practice, "4714", **STRANGER)
    refusal(practice, "4714", family_name="Müller", birth_date="19581224")
    assert found(practice, "4714", family_name="Klein", birth_date="19600202") == [uid]


def test_a_released_number_is_known_by_its_order_first(practice: Practice) -> None:
    """Omega's objects under Müller's number, released for it: Müller's chart opens them."""
    entry = practice.core.orders.place(practice.order()).entry
    omega = {"PatientName": "Omega^Olga", "PatientBirthDate": "19500101"}
    uid = study(practice, 920, AccessionNumber=entry.AccessionNumber, **omega)
    practice.wait()
    practice.core.held.release(uid, "4711", confirmed=True)
    practice.wait()
    assert found(practice, family_name="Müller", birth_date="19581224") == [uid]
    refusal(practice, **STRANGER)
