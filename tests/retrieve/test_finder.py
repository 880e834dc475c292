"""What the archive answers at each level, and what it says to whom."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from gdtbridge.retrieve.finder import Viewer
from gdtbridge.retrieve.query_keys import QueryRefused
from gdtbridge.settings import load_settings
from tests.tools.practice import Practice
from tests.tools.qrscp import query_of

EVERYBODY = Viewer()
DOCTOR = Viewer(sees_held=True)


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    """Return an exam service of whose devices nobody knows anything."""
    practice = Practice(tmp_path, load_settings(environ={}))
    yield practice
    practice.close()


def ask(
    practice: Practice, level: str, viewer: Viewer = EVERYBODY, **keys: object
) -> list[Dataset]:
    """Return the answers to a query for ``keys``."""
    query = query_of({"SpecificCharacterSet": "ISO_IR 192", "QueryRetrieveLevel": level, **keys})
    finder = practice.core.finder
    return [match.dataset for match in finder.find(query, viewer=viewer)]


def exam(practice: Practice, number: int, **values: str | bytes) -> str:
    """Have a device send an exam of two objects in two series, and wait until it is reported."""
    study = f"2.25.{number}000"
    said = {"PatientID": str(number), "StudyInstanceUID": study, "AccessionNumber": "", **values}
    for part in (1, 2):
        practice.send(
            **said, SOPInstanceUID=f"{study}.{part}", SeriesInstanceUID=f"{study}.9.{part}"
        )
    practice.wait()
    return study


def test_each_level_answers_what_it_was_asked(practice: Practice) -> None:
    """Patient, study, series, object: the keys asked for, unique ones and counts."""
    study = exam(practice, 4711)

    (patient,) = ask(practice, "PATIENT", PatientID="4711", NumberOfPatientRelatedInstances="")
    assert (patient.PatientID, patient.NumberOfPatientRelatedInstances) == ("4711", "2")
    (found,) = ask(
        practice,
        "STUDY",
        PatientName="müller*",
        StudyDate="20240101-",
        ModalitiesInStudy="",
        NumberOfStudyRelatedSeries="",
        ReferringPhysicianName="",
    )
    assert (found.StudyInstanceUID, found.ModalitiesInStudy) == (study, "US")
    assert (found.NumberOfStudyRelatedSeries, found.ReferringPhysicianName) == ("2", "")
    assert (found.RetrieveAETitle, found.InstanceAvailability) == ("GDTBRIDGE", "ONLINE")
    series = ask(practice, "SERIES", StudyInstanceUID=study, Modality="US")
    assert sorted(one.SeriesInstanceUID for one in series) == [f"{study}.9.1", f"{study}.9.2"]
    (image,) = ask(practice, "IMAGE", SeriesInstanceUID=f"{study}.9.2", SOPClassUID="")
    assert image.SOPInstanceUID == f"{study}.2"


@pytest.mark.parametrize(
    "keys",
    [
        {"PatientID": "1"},
        {"PatientID": "*12"},
        {"PatientName": "MÜLLER^ANNE"},
        {"StudyDate": "-20231231"},
        {"StudyInstanceUID": "2.25.1"},
        {"AccessionNumber": "X"},
        {"ModalitiesInStudy": "CT"},
        {"PatientBirthDate": "19700101"},
        {"StudyDescription": "Schilddrüse"},
    ],
)
def test_what_does_not_match_is_not_found(practice: Practice, keys: dict[str, Any]) -> None:
    """Each key decides, looked up or compared."""
    exam(practice, 4711)

    assert ask(practice, "STUDY", **keys) == []


@pytest.mark.parametrize(
    "keys",
    [
        {"PatientID": "4711"},
        {"PatientID": "47*"},
        {"PatientName": "müller^änne"},
        {"PatientName": "M?ller*"},
        {"StudyDate": "20240115"},
        {"StudyDate": "20240101-20240131"},
        {"StudyInstanceUID": ["2.25.1", "2.25.4711000"]},
        {"ModalitiesInStudy": ["CT", "US"]},
        {"StudyDescription": "*bdom*"},
        {"StudyTime": "1000-1100"},
        {"AccessionNumber": ""},
    ],
)
def test_what_matches_is_found(practice: Practice, keys: dict[str, Any]) -> None:
    """Nothing that is looked up loses what would match."""
    exam(practice, 4711)

    assert len(ask(practice, "STUDY", **keys)) == 1


@pytest.mark.parametrize(
    ("name", "key", "found"),
    [
        ("Groß^Eva", "GROSS^*", True),
        ("Groß", "GROSS^*", True),  # an empty component at the end is none
        ("Groß^Eva^Maria", "GROSS^EVA^*", True),
        ("Großmann^Eva", "GROSS^*", False),
        ("Großmann^Eva", "GROSS*", True),
    ],
)
def test_names_by_their_beginning(practice: Practice, name: str, key: str, *, found: bool) -> None:
    """A component that is closed is whole; what is looked up loses nothing."""
    exam(practice, 4711, PatientName=name)

    assert bool(ask(practice, "STUDY", PatientName=key)) == found


@pytest.mark.parametrize("level", ["IMAGE", "IMAGES", "INSTANCE", "image "])
def test_a_level_may_be_told_otherwise(practice: Practice, level: str) -> None:
    """As some programs do; the answer names it as the standard does."""
    study = exam(practice, 4711)

    found = ask(practice, level, StudyInstanceUID=study)

    assert [one.QueryRetrieveLevel for one in found] == ["IMAGE", "IMAGE"]


@pytest.mark.parametrize(("modality", "count"), [("US", 1), (["CT", "US"], 1), ("CT", 0)])
def test_modality_of_a_study_is_any_of_its_series(
    practice: Practice, modality: Any, count: int
) -> None:
    """It is not of that level, but asked for there instead of Modalities in Study."""
    exam(practice, 4711)

    assert [one.Modality for one in ask(practice, "STUDY", Modality=modality)] == ["US"] * count


def test_a_patient_is_found_by_each_name(practice: Practice) -> None:
    """Whatever is looked up: the name of before a marriage, that of after; and answered once."""
    for number, name in ((1, "Meier^Anna"), (2, "Schulz^Anna")):
        practice.send(
            PatientID="4711",
            PatientName=name,
            AccessionNumber="",
            StudyInstanceUID=f"2.25.{number}",
        )
        practice.wait()

    for asked, told in (
        ("Meier*", "Meier^Anna"),
        ("*eier*", "Meier^Anna"),
        ("*chulz*", "Schulz^Anna"),
        ("*^Anna", "Schulz^Anna"),
    ):
        found = ask(practice, "PATIENT", DOCTOR, PatientID="", PatientName=asked)
        assert [(one.PatientID, one.PatientName) for one in found] == [("4711", told)], asked


def test_patients_without_a_number_are_not_one(practice: Practice) -> None:
    """Each is told of, to those who may see what is held."""
    for number, name in ((1, "Notfall^1"), (2, "Notfall^2")):
        practice.send(
            PatientID="", PatientName=name, AccessionNumber="", StudyInstanceUID=f"2.25.{number}"
        )
    asked = {"PatientName": "", "NumberOfPatientRelatedStudies": ""}

    found = ask(practice, "PATIENT", DOCTOR, **asked)

    assert sorted(str(one.PatientName) for one in found) == ["Notfall^1", "Notfall^2"]
    assert [one.NumberOfPatientRelatedStudies for one in found] == ["1", "1"]


def test_the_decided_identity_answers(practice: Practice) -> None:
    """What a person released is found under the chart's number and the chart's name, as told."""
    study = exam(practice, 1, PatientID="", PatientName="NOTFALL^1", PatientBirthDate="")
    assert ask(practice, "STUDY", StudyInstanceUID=study) == []  # held: nobody is told
    (seen,) = ask(practice, "STUDY", DOCTOR, StudyInstanceUID=study, PatientName="")
    assert seen.PatientName == "NOTFALL^1"

    practice.core.held.release(study, "504")
    practice.wait()

    (found,) = ask(practice, "STUDY", PatientID="504", PatientName="")
    assert (found.StudyInstanceUID, found.PatientName) == (study, "")
    assert ask(practice, "STUDY", PatientName="NOTFALL*") == []


def test_what_is_not_decided_yet_waits(practice: Practice) -> None:
    """The first picture of an exam is nobody's chart yet; a late one takes no earlier one away."""
    said = {"PatientID": "4711", "StudyInstanceUID": "2.25.77", "AccessionNumber": ""}
    asked: dict[str, Any] = {"StudyInstanceUID": "2.25.77", "NumberOfStudyRelatedInstances": ""}
    practice.send(**said)
    assert ask(practice, "STUDY", **asked) == []
    assert len(ask(practice, "STUDY", DOCTOR, **asked)) == 1
    practice.wait()

    practice.send(**said, PatientName="Mueller^Aenne")

    (found,) = ask(practice, "STUDY", **asked)
    assert found.NumberOfStudyRelatedInstances == "1"
    practice.wait()
    assert ask(practice, "STUDY", **asked)[0].NumberOfStudyRelatedInstances == "2"


def test_two_people_of_one_study_never_answer_for_each_other(practice: Practice) -> None:
    """Each is found with the objects of their own, and counted without the other."""
    study = "2.25.77"
    for number, (patient, name) in enumerate((("941", "Erste^Erna"), ("942", "Zweite^Zenzi")), 1):
        practice.send(
            PatientID=patient,
            PatientName=name,
            PatientBirthDate=f"195{number}0101",
            StudyInstanceUID=study,
            AccessionNumber="",
            SOPInstanceUID=f"2.25.77.{number}",
        )
    practice.wait()
    practice.core.held.release(study, "941")
    practice.wait()

    (found,) = ask(practice, "IMAGE", StudyInstanceUID=study, PatientID="")
    assert (found.PatientID, found.SOPInstanceUID) == ("941", "2.25.77.1")
    both = ask(practice, "STUDY", DOCTOR, StudyInstanceUID=study, NumberOfStudyRelatedInstances="")
    assert [one.NumberOfStudyRelatedInstances for one in both] == ["1", "1"]


def test_what_was_corrected_counts_once(practice: Practice) -> None:
    """A version that was superseded is no object any more."""
    study = exam(practice, 4711)
    practice.send(
        PatientID="4711",
        StudyInstanceUID=study,
        AccessionNumber="",
        SOPInstanceUID=f"{study}.1",
        SeriesInstanceUID=f"{study}.9.1",
        StudyDescription="Abdomen, korrigiert",
    )
    practice.wait()

    assert len(ask(practice, "IMAGE", StudyInstanceUID=study)) == 2


def test_more_exams_than_one_page(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a page ends, every exam is found once."""
    monkeypatch.setattr("gdtbridge.retrieve.store.PAGE", 2)
    studies = [exam(practice, number) for number in range(10, 15)]

    found = [one.StudyInstanceUID for one in ask(practice, "STUDY", PatientID="*")]

    assert found == studies[::-1]


@pytest.mark.parametrize("level", ["", "ROOM"])
def test_a_level_there_is_not_is_refused(practice: Practice, level: str) -> None:
    """The error names the attribute."""
    with pytest.raises(QueryRefused, match="QueryRetrieveLevel"):
        ask(practice, level)


def test_a_search_without_matches_can_be_cancelled(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks for a modality nobody has waits for one page of exams, not for all."""
    monkeypatch.setattr("gdtbridge.retrieve.store.PAGE", 1)
    for number in range(10, 14):
        exam(practice, number)
    query, asked = Dataset(), count()
    query.QueryRetrieveLevel, query.ModalitiesInStudy = "STUDY", "MR"

    found = practice.core.finder.find(
        query, viewer=EVERYBODY, is_cancelled=lambda: next(asked) == 2
    )

    assert list(found) == []
    assert next(asked) == 3
