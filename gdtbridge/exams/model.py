"""An exam, what its objects claim, and what left for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gdtbridge.people import Patient

DOCUMENTS: Final = frozenset({"", "SR", "KO", "PR", "DOC", "OT"})
"""Modalities that say nothing about how the patient was examined (PS3.3 C.7.3.1.1.1)."""


class ExamState(StrEnum):
    """Where an exam stands; `docs/design/architecture.md` has the picture."""

    RECEIVING = "receiving"
    """Instances arrive, or are being waited for."""
    REPORTED = "reported"
    """Everything it has to say is in the outbox; what comes later makes a further record."""
    HELD = "held"
    """Something of it is not sent until a person says whose it is."""
    FETCHED = "fetched"
    """All of it was fetched from another archive: nothing of it is a result."""


class ClaimState(StrEnum):
    """Where a claim of an exam stands."""

    OPEN = "open"
    """Not decided yet."""
    HELD = "held"
    """Nothing of it is sent until a person says whose it is."""
    SETTLED = "settled"
    """Decided: ``number`` says into whose chart it goes."""
    DISCARDED = "discarded"
    """A person said that nothing of it is to be sent, and why."""
    FETCHED = "fetched"
    """Objects fetched from another archive say it: no evidence, no result, nobody's question."""


class ReportState(StrEnum):
    """Where a Structured Report of an exam stands."""

    PENDING = "pending"
    """Not read yet, or its claim is held."""
    REPORTED = "reported"
    """The value record of the report is in the outbox."""
    UNCHANGED = "unchanged"
    """The report holds what an earlier report of the exam held."""
    EMPTY = "empty"
    """The report holds no measurement, or none that is to be sent."""
    UNREADABLE = "unreadable"
    """The report could not be read; the stored file is kept for a person."""
    REPLACED = "replaced"
    """The device sent another content under its UID before it was read."""
    ACCEPTED = "accepted"
    """A person has seen that it could not be sent."""
    RESENT = "resent"
    """No value of it was sent, and the device sent the same bytes again: it is read once more."""


PROBLEM_TEXT: Final = {
    "held": "noch nicht zugeordnet / not assigned yet",
    "incomplete": "Bericht bricht ab / report ends in the middle",
    "losses": "Messwerte nicht lesbar oder unmöglich / measurements unreadable or impossible",
    "unwritable": "als GDT nicht darstellbar / cannot be written as GDT",
    "NotAReportError": "kein lesbarer Bericht / not a readable report",
    "UnreadableReportError": "Bericht nicht lesbar / unreadable report",
    "ReportHindered": "Bericht war nicht zu lesen, die Datei fehlt oder der Rechner war zu"
    " beschäftigt / report could not be read: its file is missing, or the machine was too busy",
    "ReportLimitError": "Bericht zu groß oder zu langsam / report too large or too slow",
}
"""What a person is told of each kind of `ExamProblem`."""


@dataclass(frozen=True, slots=True)
class Exam:
    """One study, whoever it is of; times are UTC in seconds."""

    id: int
    study_instance_uid: str
    state: ExamState
    device: str
    """Calling AE title of the device that sent the first object."""
    instances: int
    first_instance_at: float
    last_instance_at: float
    due_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What objects of an exam say of whom they are, and of what was ordered, in DICOM's words.

    Objects that say the same are one claim. ``person`` numbers the people of the exam from 1; the
    claims of one person have one; it is 0 of what was fetched from another archive, which is of
    none of them. ``modality`` and what follows is of the first object to say it.
    """

    id: int
    exam_id: int
    patient_id: str
    patient_name: str
    patient_birth_date: str
    patient_sex: str
    accession_number: str
    modality: str
    study_description: str
    study_date: str
    study_time: str
    instances: int
    first_at: float
    person: int
    state: ClaimState
    held_because: str
    number: str
    """Into whose chart it goes; empty until that is decided."""
    order_number: str
    """Accession number of the order it met."""
    word: str
    """The patient number a person said; empty when nobody said any."""
    order_word: str
    """Accession number of the order the person said; empty when none was said."""
    of_receipt_day: bool
    """Whether the person said that the day of the receipt is the exam's, not the device's."""
    confirmed: bool
    """Whether the person said it knowing that the number is another person's."""
    unmatched: bool
    """Whether a person said that no open order is meant."""

    @property
    def patient(self) -> Patient:
        """The patient as the objects describe the person."""
        return Patient.from_dicom(
            self.patient_id, self.patient_name, self.patient_birth_date, self.patient_sex
        )

    @property
    def is_active(self) -> bool:
        """Whether anything of it is, was or may be sent."""
        return self.state is not ClaimState.DISCARDED

    @property
    def waits(self) -> bool:
        """Whether its decision is still to come."""
        return self.state in {ClaimState.OPEN, ClaimState.HELD}


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientExam:
    """An exam as far as it is of one of its people, in the words of DICOM.

    ``patient_id`` is whose it is said to be; ``sent_patient_id`` and the name are as sent.
    """

    id: int
    study_instance_uid: str
    device: str = ""
    person: int = 1
    state: ExamState = ExamState.RECEIVING
    held_because: str = ""
    accession_number: str = ""
    patient_id: str = ""
    sent_patient_id: str = ""
    patient_name: str = ""
    patient_birth_date: str = ""
    patient_sex: str = ""
    modality: str = ""
    study_description: str = ""
    study_date: str = ""
    study_time: str = ""
    instances: int = 0
    claims: tuple[Claim, ...] = field(default=(), repr=False)

    @property
    def sent_patient(self) -> Patient:
        """The patient as the objects describe the person, under the number the exam has now."""
        return Patient.from_dicom(
            self.patient_id, self.patient_name, self.patient_birth_date, self.patient_sex
        )


def exam_of(exam: Exam, claims: Sequence[Claim]) -> PatientExam:
    """Return the exam as its ``claims`` tell it, which are of one person, in the order received."""
    dated = next((one for one in claims if one.study_date), claims[0])
    return PatientExam(
        id=exam.id,
        study_instance_uid=exam.study_instance_uid,
        device=exam.device,
        person=claims[0].person,
        state=_state_of(exam, claims),
        held_because=next((one.held_because for one in claims if one.held_because), ""),
        patient_id=next((said for one in claims if (said := one.number or one.word)), "")
        or _first(claims, "patient_id"),
        sent_patient_id=_first(claims, "patient_id"),
        patient_name=_first(claims, "patient_name"),
        patient_birth_date=_first(claims, "patient_birth_date"),
        patient_sex=_first(claims, "patient_sex"),
        accession_number=_first(claims, "accession_number"),
        modality=next(
            (one.modality for one in claims if one.modality not in DOCUMENTS), claims[0].modality
        ),
        study_description=_first(claims, "study_description"),
        study_date=dated.study_date,
        study_time=dated.study_time,
        instances=sum(one.instances for one in claims),
        claims=tuple(claims),
    )


def _first(claims: Sequence[Claim], name: str) -> str:
    return next((value for one in claims if (value := str(getattr(one, name)))), "")


def _state_of(exam: Exam, claims: Sequence[Claim]) -> ExamState:
    states = {one.state for one in claims}
    if states == {ClaimState.FETCHED}:
        return ExamState.FETCHED
    if ClaimState.HELD in states:
        return ExamState.HELD
    if ClaimState.OPEN in states or exam.due_at is not None:
        return ExamState.RECEIVING
    return ExamState.REPORTED


def by_person(exam: Exam, claims: Sequence[Claim]) -> list[PatientExam]:
    """Return the exam once for each of its people, in the order they came."""
    return [exam_of(exam, of_one) for of_one in claims_by_person(claims).values()]


def claims_by_person(claims: Iterable[Claim]) -> dict[int, list[Claim]]:
    """Return claims by the person they are of, people and claims in the order they came."""
    people: dict[int, list[Claim]] = {}
    for one in claims:
        people.setdefault(one.person, []).append(one)
    return people


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamResult:
    """What one chart got of an exam for one order (or, without ``accession_number``, for none)."""

    id: int = 0
    exam_id: int
    patient_id: str
    patient_name: str
    patient_birth_date: str
    patient_sex: str
    accession_number: str
    route: str
    reported_at: float
    pictures: int = 0
    """How many pictures were attached until now."""
    withdrawn_at: float | None = None

    @property
    def patient(self) -> Patient:
        """The patient as the records name the person."""
        return Patient.from_dicom(
            self.patient_id, self.patient_name, self.patient_birth_date, self.patient_sex
        )


class EventKind(StrEnum):
    """What somebody, or the decision table, did to an exam."""

    DECIDED = "decided"
    """The table decided: sent or held, and on what grounds."""
    RELEASED = "released"
    """A person said whose it is."""
    UNDONE = "undone"
    """A person took a release back before anything was collected."""
    DISCARDED = "discarded"
    """A person said that it is not to be sent."""
    ACCEPTED = "accepted"
    """A person accepted a correction, or has seen a problem."""
    WITHDRAWN = "withdrawn"
    """A person had a result that was sent retracted."""
    UNMATCHED = "unmatched"
    """A person said that the exam is not the order's."""
    REPLACED = "replaced"
    """The device sent other content under a UID it had used."""
    FETCHED = "fetched"
    """A person fetched objects of it from another archive."""
    MOVED = "moved"
    """The patient's number became another one."""
    SENT_AGAIN = "sent-again"
    """A person had a record sent once more."""


@dataclass(frozen=True, slots=True)
class ExamEvent:
    """One entry of an exam's history; ``person`` is 0 for the whole exam."""

    at: float
    who: str
    what: EventKind
    person: int
    detail: dict[str, object]


@dataclass(frozen=True, slots=True)
class ReportStanding:
    """Where a Structured Report of an exam stands, and what is wrong with it; empty: nothing."""

    exam_id: int
    claim_id: int
    state: ReportState
    problem: str
    """A key of `PROBLEM_TEXT`."""


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
    """A Structured Report that has to be read; ``resent`` as in `ReportState`.

    ``made`` is the sort key of when the device made it, empty where that is not known.
    """

    id: int
    instance_id: int
    sop_instance_uid: str
    claim_id: int
    resent: bool = False
    made: str = ""
