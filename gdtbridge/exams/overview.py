"""The exams as a person looks at them: the newest, those that wait, what was not sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from gdtbridge.archive import Archive
from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import NotFound
from gdtbridge.exams import claim_store, history_store, report_store, result_store, store
from gdtbridge.exams.held import NO_SUCH_EXAM
from gdtbridge.exams.model import (
    Claim,
    ClaimState,
    Exam,
    ExamEvent,
    ExamProblem,
    ExamResult,
    PatientExam,
    by_person,
)
from gdtbridge.exams.steps import PerformedStep, StepState
from gdtbridge.exams.steps import store as step_store
from gdtbridge.orders.patient_moves import moves_of

OVERDUE_SECONDS: Final = 300
"""An exam not reported so long after it was due is a fault a person has to know of."""


@dataclass(frozen=True, slots=True)
class StepDossier:
    """A performed procedure step, how many instances it announced, and how many are missing."""

    step: PerformedStep
    announced: int
    missing: int


@dataclass(frozen=True, slots=True)
class ExamDossier:
    """Everything known of one exam: its people, what was sent, who decided what and when."""

    exam: Exam
    people: tuple[PatientExam, ...]
    results: tuple[ExamResult, ...]
    """Also those that were withdrawn."""
    events: tuple[ExamEvent, ...]
    steps: tuple[StepDossier, ...] = ()
    """Performed procedure steps of the study, oldest first."""


@dataclass(frozen=True, slots=True)
class ExamOverview:
    """Lists and counts exams and what was not sent; changes nothing."""

    database: Database
    archive: Archive
    clock: Clock

    def exams(self, *, held: bool = False, limit: int = 100) -> list[PatientExam]:
        """Return exams for each of their people, the newest first; only what is held if wanted."""
        with self.database.read() as connection:
            exams = store.list_exams(connection, limit, held=held)
            claims = claim_store.claims_of_exams(connection, [one.id for one in exams])
        of_exam: dict[int, list[Claim]] = {}
        for one in claims:
            if not held or one.state is ClaimState.HELD:
                of_exam.setdefault(one.exam_id, []).append(one)
        found = [person for exam in exams for person in by_person(exam, of_exam.get(exam.id, []))]
        return self._followed(found)

    def _followed(self, found: list[PatientExam]) -> list[PatientExam]:
        """Return exams under the number their patient's chart has now."""
        with self.database.read() as connection:
            moves = moves_of(connection, {one.patient_id for one in found})
        return [replace(one, patient_id=moves.now(one.patient_id)) for one in found]

    def step_states(self, studies: Iterable[str]) -> dict[str, StepState]:
        """Return the state of the newest performed procedure step of some studies that have one."""
        wanted = dict.fromkeys(studies)
        with self.database.read() as connection:
            steps = {study: step_store.of_study(connection, study) for study in wanted}
        return {study: found[-1].state for study, found in steps.items() if found}

    def dossier(self, study_instance_uid: str) -> ExamDossier:
        """Return what is known of one exam; raise `NotFound`."""
        with self.database.read() as connection:
            exam = store.find_exam(connection, study_instance_uid)
            if exam is None:
                raise NotFound(NO_SUCH_EXAM)
            claims = claim_store.claims_of_exams(connection, [exam.id])
            results = result_store.results_of(connection, exam.id, withdrawn=True)
            events = history_store.events_of(connection, exam.id)
            steps = tuple(_steps_of(connection, study_instance_uid))
        people = self._followed(by_person(exam, claims))
        return ExamDossier(exam, tuple(people), tuple(results), tuple(events), steps)

    def attention(self) -> dict[str, int]:
        """Return how much waits for a person, by kind."""
        with self.database.read() as connection:
            since = self.clock.utc() - OVERDUE_SECONDS
            held, overdue, unsent = store.attention(connection, since)
        return {"held": held, "overdue": overdue, "unreadable": unsent}

    def problems(self, limit: int = 100) -> list[ExamProblem]:
        """Return what was received and not (wholly) sent, the newest of each kind first."""
        with self.database.read() as connection:
            held = store.held_problems(connection, limit)
            reports = report_store.report_problems(connection, limit)
        return [*held, *reports]


def _steps_of(connection: Connection, study_instance_uid: str) -> Iterator[StepDossier]:
    steps = step_store.of_study(connection, study_instance_uid)
    announced = step_store.announced(connection, [one.id for one in steps])
    missing = Counter(step_id for step_id, _ in step_store.missing(connection, announced))
    for one in steps:
        yield StepDossier(one, announced.get(one.id, 0), missing[one.id])
