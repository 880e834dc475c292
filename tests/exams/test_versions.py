"""Versions of one object: what the device sent last is what a chart gets, whoever it named."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from gdtbridge.archive import ReceiptStatus, Standing
from tests.sr.builder import measured
from tests.tools.practice import Practice, Reports

STUDY = "2.25.1000"
UID = "2.25.77"
ANNA = {"PatientID": "4711", "PatientName": "Muster^Anna", "PatientBirthDate": "19500101"}
EMERGENCY = {"PatientID": "20240115-093015", "PatientName": "NOTFALL^1", "PatientBirthDate": ""}


class Device:
    """Sends one report again and again: of whom, with which value."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports

    def send(self, value: str, **said: str) -> None:
        """Send the report with a value, of whom it is."""

        def change(dataset: pydicom.Dataset) -> None:
            number = dataset.ContentSequence[4].ContentSequence[1].ContentSequence[3]
            number.MeasuredValueSequence = [measured(value, "mm")]

        names = {"StudyInstanceUID": STUDY, "SOPInstanceUID": UID}
        self._reports.send("echo.dcm", change, **names, **said)


@pytest.fixture
def device(project: Path, practice: Practice, tmp_path: Path) -> Device:
    """Return a device that corrects itself."""
    return Device(Reports(project, practice, tmp_path))


def values(practice: Practice, number: str) -> set[str]:
    """Return the values of the changed measurement in a chart."""
    found = {
        value
        for record in practice.records().values()
        if record.patient.id == number
        for value in record.all("8420")
    }
    return found & {"11.1", "12.2"}


def standings(practice: Practice) -> list[Standing]:
    """Return how each version counts, in the order they came first."""
    with practice.database.read() as connection:
        return [one.standing for one in practice.archive.of_claims(connection, range(1, 9))]


def test_what_comes_again_is_the_last_word(practice: Practice) -> None:
    """A, B of another order and A again, before anybody compared them: A counts."""
    for number in ("A1", "B2", "A1"):
        practice.send(SOPInstanceUID=UID, AccessionNumber=number)
    practice.wait()

    assert standings(practice) == [Standing.CURRENT, Standing.SUPERSEDED]


def test_another_writing_that_comes_again_is_the_last_word(practice: Practice) -> None:
    """A, the same padded, B, and the padded one again after B was compared: that counts."""
    padded = {"SOPInstanceUID": UID, "StudyDescription": "A  "}
    practice.send(SOPInstanceUID=UID, StudyDescription="A")
    practice.send(**padded)
    practice.send(SOPInstanceUID=UID, StudyDescription="B")
    practice.wait()
    assert standings(practice) == [Standing.SUPERSEDED, Standing.REPEATED, Standing.CURRENT]

    assert practice.send(**padded) is ReceiptStatus.CONFLICT
    practice.wait()
    assert standings(practice) == [Standing.SUPERSEDED, Standing.CURRENT, Standing.SUPERSEDED]
    assert practice.send(**padded) is ReceiptStatus.SAME


def test_a_chart_gets_of_two_peoples_versions_the_last(practice: Practice, device: Device) -> None:
    """The emergency got a name at the device, and a person says that both are her."""
    device.send("11.1", **EMERGENCY)
    device.send("12.2", **ANNA)
    practice.wait()
    for person in (1, 2):
        practice.core.held.release(STUDY, "4711", person=person)
    practice.wait()

    assert values(practice, "4711") == {"12.2"}
    assert practice.core.overview.problems() == []


def test_an_older_version_adds_nothing_to_a_chart_that_has_the_newer(
    practice: Practice, device: Device
) -> None:
    """The newer one was released first; what moves to another chart is the newer one as well."""
    device.send("11.1", **EMERGENCY)
    device.send("12.2", **ANNA)
    practice.wait()
    practice.core.held.release(STUDY, "4711", person=2)
    practice.wait()
    before = practice.files()
    practice.core.held.release(STUDY, "4711", person=1)
    practice.wait()
    assert practice.files() == before

    practice.core.corrections.withdraw(STUDY, "4711", "Test", to="815")
    practice.wait()
    assert values(practice, "815") == {"12.2"}
