"""Exams as far as it is decided whose they are, with their objects as they are to leave."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gdtbridge.database import Database
from gdtbridge.errors import NotFound
from gdtbridge.exams import store as exam_store
from gdtbridge.exams.model import PatientExam
from gdtbridge.orders.patient_moves import moves_of
from gdtbridge.orders.store import order_by_number
from gdtbridge.people import Patient, agree
from gdtbridge.retrieve.finder import ArchiveFinder, Viewer
from gdtbridge.retrieve.items import ListedStudy, in_one_chart
from gdtbridge.retrieve.leaving import LeavingObject
from gdtbridge.retrieve.store import ListedObject, Narrowing

CHANGED: Final = (
    "Die Zuordnung hat sich geändert oder ist noch offen. Bitte die Untersuchung neu öffnen. / "
    "Whose it is has changed or is not decided yet. Please open the exam again."
)


def exam_mark(exam_id: int, person: int, number: str) -> str:
    """Return what names a patient's part of an exam in an address: no part of the number is in it.

    When the part becomes another patient's, nothing has the mark any more.
    """
    return hashlib.sha256(f"{exam_id} {person} {number}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class AssignedExam:
    """An exam as far as it is one patient's: what was decided, and the objects that leave."""

    exam: PatientExam
    objects: tuple[tuple[ListedObject, LeavingObject], ...]
    """In the order received; at least one."""
    procedure: str = ""
    """What was ordered, else the device's word for it."""

    @property
    def patient(self) -> Patient:
        """The patient it was decided to be of."""
        return self.exam.sent_patient

    @property
    def mark(self) -> str:
        """What names it in addresses."""
        return exam_mark(self.exam.id, self.exam.person, self.exam.patient_id)

    @property
    def is_corrected(self) -> bool:
        """Whether the device named the person otherwise, as far as that may matter."""
        return not all(agree(claim.patient, self.patient) for claim in self.exam.claims)


@dataclass(frozen=True, slots=True)
class AssignedExams:
    """Finds what may be handed out; what is held, open or discarded it never finds."""

    database: Database
    finder: ArchiveFinder

    def of_exam(self, exam_id: int) -> tuple[AssignedExam, ...]:
        """Return an exam for each of its patients as far as it is decided; raise `NotFound`."""
        with self.database.read() as connection:
            exam = exam_store.exam_by_id(connection, exam_id)
        if exam is None:
            raise NotFound(CHANGED)
        return self.of_study(exam.study_instance_uid)

    def ids_of(self, studies: Iterable[str]) -> Mapping[str, int]:
        """Return the id of the exam of each study, decided or not; none where there is none."""
        with self.database.read() as connection:
            return exam_store.ids_of_studies(connection, studies)

    def of_study(self, study_instance_uid: str) -> tuple[AssignedExam, ...]:
        """Return an exam for each patient of a study as far as it is decided; none for none."""
        return tuple(self._found(Narrowing(studies=(study_instance_uid,))))

    def of_patient(self, number: str) -> tuple[AssignedExam, ...]:
        """Return all exams of a patient, the newest first; none for an unknown number."""
        with self.database.read() as connection:
            numbers = moves_of(connection, [number]).all_of(number)
        found = self._found(Narrowing(patients=tuple(numbers)))
        mine = [one for one in found if one.exam.patient_id in numbers]
        return tuple(sorted(mine, key=lambda one: one.exam.study_date, reverse=True))

    def of_chart(self, study_instance_uid: str, number: str) -> AssignedExam | None:
        """Return all of a study that is in one chart, whomever the device named; None for none."""
        studies = self.finder.studies(Narrowing(studies=(study_instance_uid,)), Viewer())
        mine = [one for one in studies if one.is_decided and one.patient_id == number]
        return self._assigned(in_one_chart(mine)) if mine else None

    def marked(self, exam_id: int, mark: str) -> AssignedExam:
        """Return the part of an exam that has the mark; raise `NotFound` where none has it."""
        found = next((one for one in self.of_exam(exam_id) if one.mark == mark), None)
        if found is None:
            raise NotFound(CHANGED)
        return found

    def _found(self, narrowing: Narrowing) -> Iterator[AssignedExam]:
        for study in self.finder.studies(narrowing, Viewer()):
            if study.is_decided and study.patient_id:
                yield self._assigned(study)

    def _assigned(self, study: ListedStudy) -> AssignedExam:
        leaving = ((one, self.finder.as_it_leaves(study, one)) for one in study.objects)
        return AssignedExam(study.exam, tuple(leaving), self._procedure(study.exam))

    def _procedure(self, exam: PatientExam) -> str:
        with self.database.read() as connection:
            order = order_by_number(connection, exam.accession_number)
        return (order.procedure if order is not None else "") or exam.study_description
