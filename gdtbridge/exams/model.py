"""An exam, its states, and why an exam is held."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gdtbridge.people import Patient


class ExamState(StrEnum):
    """Where an exam stands; `docs/design/architecture.md` has the picture."""

    RECEIVING = "receiving"
    """Instances arrive, or are being waited for."""
    REPORTED = "reported"
    """Its study record is in the outbox; a late report still makes a further value record."""
    HELD = "held"
    """Nothing is sent until a person says whose the exam is."""


class ReportState(StrEnum):
    """Where a Structured Report of an exam stands."""

    PENDING = "pending"
    """Not read yet."""
    REPORTED = "reported"
    """The value record of the report is in the outbox."""
    UNCHANGED = "unchanged"
    """The report holds what an earlier report of the exam held."""
    EMPTY = "empty"
    """The report holds no measurement, or none that is to be sent."""
    OTHER_PATIENT = "other-patient"
    """The report names another patient than a person released the exam for; not sent."""
    UNREADABLE = "unreadable"
    """The report could not be read; the stored file is kept for a person."""


class HoldReason(StrEnum):
    """Why an exam is held."""

    NO_PATIENT_ID = "no-patient-id"
    OTHER_PATIENT = "order-of-other-patient"
    SEVERAL_PATIENTS = "several-patients"
    UNWRITABLE = "unwritable"
    UID_TAKEN = "uid-taken"


HELD_TEXT: Final = {
    HoldReason.NO_PATIENT_ID: "Die Untersuchung nennt keine Patientennummer. / The exam names no"
    " patient number.",
    HoldReason.OTHER_PATIENT: "Der Auftrag der Untersuchung ist für einen anderen Patienten: Die"
    " Nummer ist anders, oder Nachname und Geburtsdatum. / The exam's order is for another patient:"
    " the number differs, or family name and birth date.",
    HoldReason.SEVERAL_PATIENTS: "Die Untersuchung nennt mehrere Patienten: mehrere Nummern, oder"
    " unter einer Nummer mehrere Nachnamen und Geburtsdaten. / The exam names several patients:"
    " several numbers, or under one number several family names and birth dates.",
    HoldReason.UID_TAKEN: "Ein Objekt der Untersuchung trägt eine UID, die eine andere Untersuchung"
    " schon hat. / An object of the exam has a UID that another exam has already.",
    HoldReason.UNWRITABLE: "Aus der Untersuchung lässt sich kein GDT-Satz schreiben. / No GDT"
    " record can be written for the exam.",
}
"""What a person is told of each `HoldReason`."""


PROBLEM_TEXT: Final = {
    "conflict": "anderer Inhalt unter bekannter UID / other content under a known UID",
    "other-patient": "Bericht eines anderen Patienten / report of another patient",
    "incomplete": "Bericht bricht ab / report ends in the middle",
    "unwritable": "als GDT nicht darstellbar / cannot be written as GDT",
    "NotAReportError": "kein lesbarer Bericht / not a readable report",
    "UnreadableReportError": "Bericht nicht lesbar / unreadable report",
    "ReportLimitError": "Bericht zu groß oder zu langsam / report too large or too slow",
}
"""What a person is told of each kind of `ExamProblem`."""


@dataclass(frozen=True, slots=True)
class Exam:
    """One study as far as it is known, in the words of DICOM."""

    id: int
    study_instance_uid: str
    state: ExamState
    held_because: str
    released: bool
    accession_number: str
    patient_id: str
    patient_name: str
    patient_birth_date: str
    patient_sex: str
    modality: str
    study_description: str
    study_date: str
    study_time: str
    instances: int
    first_instance_at: float
    last_instance_at: float
    due_at: float | None
    reported_at: float | None
    sent_patient_id: str = ""
    """The first PatientID the objects named; ``patient_id`` is whose the exam is said to be."""
    mixed: bool = False
    """Whether the objects named several patients."""
    device: str = ""
    """Calling AE title of the device that sent the first object."""
    route: str = ""
    """Name of the route the results went by; empty for ``[gdt]``."""

    @property
    def sent_patient(self) -> Patient:
        """The patient as the objects describe the person, under the number the exam has now."""
        return Patient.from_dicom(
            self.patient_id, self.patient_name, self.patient_birth_date, self.patient_sex
        )

    def is_of(self, patient_id: str) -> bool:
        """Return whether an object with that PatientID may go to this exam's patient."""
        if patient_id == self.patient_id:
            return True
        return not self.mixed and patient_id in {"", self.sent_patient_id}


@dataclass(frozen=True, slots=True)
class ExamProblem:
    """Something received that was not sent, or not all of it; a person has to look at the file."""

    kind: str
    """A key of `PROBLEM_TEXT`."""
    study_instance_uid: str
    sop_instance_uid: str
    file: str
    """Relative to the archive folder."""


@dataclass(frozen=True, slots=True)
class PendingReport:
    """A Structured Report that has not been read."""

    id: int
    instance_id: int
    sop_instance_uid: str
