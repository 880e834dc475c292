"""A person's word whose an exam is: released, discarded, accepted, or not the order's."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from gdtbridge.archive import Archive, Standing
from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import Clock, local_time
from gdtbridge.errors import NeedsConfirmation, NotFound, OrderError, ProcessingFailure
from gdtbridge.exams import claim_store, evidence, store
from gdtbridge.exams.completion import DueSignal
from gdtbridge.exams.decision import Decision, DecisionMaker, Known
from gdtbridge.exams.model import (
    Claim,
    ClaimState,
    EventKind,
    Exam,
    ExamEvent,
    PatientExam,
    by_person,
)
from gdtbridge.exams.patient_numbers import NUMBER_FAULT_TEXT
from gdtbridge.people import Patient
from worklist import FolderError, WorklistFolder

log = logging.getLogger(__name__)

NOT_HELD: Final = "Keine zurückgehaltene Untersuchung. / No exam is held there."
WHOSE: Final = (
    "Die Untersuchung nennt mehrere Personen; bitte sagen, welche gemeint ist (--person). / The "
    "exam names several people; please say which one is meant (--person)."
)
CONFIRM: Final = (
    "Die Nummer gehört nach allem, was bekannt ist, einer anderen Person. Wenn sie trotzdem stimmt:"
    " mit --confirm wiederholen. / By all that is known the number is another person's. If it is "
    "right all the same, repeat with --confirm."
)


@dataclass(frozen=True, slots=True)
class HeldExams:
    """Shows a person whose a held exam may be, and takes the answer."""

    database: Database
    archive: Archive
    worklist: WorklistFolder
    maker: DecisionMaker
    due: DueSignal
    clock: Clock

    # ------------------------------------------------------------------ looking

    def claimants(self, exam: PatientExam) -> tuple[str, ...]:
        """Return number, name and birth date of everybody the evidence names, as a person reads it.

        A worklist that cannot be read names nobody.
        """
        decision = self._decision(exam)
        if decision is None:
            return ()
        own = line_of(exam.claims[0].patient)
        lines = dict.fromkeys(line_of(one) for one in decision.proposed)
        return tuple(line for line in lines if line not in {own, ""})

    def _decision(self, exam: PatientExam) -> Decision | None:
        with self.database.read() as connection:
            row = store.exam_by_id(connection, exam.id)
            claims = claim_store.claims_of(connection, exam.id)
        if row is None:
            return None
        decisions = self._decide(row, claims)
        return next((one for one in decisions if one.person == exam.person), None)

    def _decide(self, exam: Exam, claims: Sequence[Claim]) -> tuple[Decision, ...]:
        try:
            listed = evidence.look_up(exam, claims, self.worklist)
        except FolderError:
            listed = evidence.ListedEntries()
        received = local_time(exam.first_instance_at).date()
        with self.database.read() as connection:
            found = evidence.collect(connection, exam, claims, listed, received)
        return self.maker.decide(found)

    # ------------------------------------------------------------------ a person's word

    def release(
        self,
        study_instance_uid: str,
        patient_id: str,
        *,
        person: int = 0,
        confirmed: bool = False,
        who: str = "",
    ) -> None:
        """Have what is held of an exam reported under the patient number a person names.

        Of an exam of several people, ``person`` says which (from 1, as lists number them); without
        it the one that has ``patient_id`` already, or the only one. Raises
        `NotFound` when nothing is held there, `OrderError` for a number that cannot be one, and
        `NeedsConfirmation` when it is known for another person.
        """
        patient_id = patient_id.strip()
        self._check_number(patient_id)
        exam, claims = self._waiting(study_instance_uid)
        meant = _meant(by_person(exam, claims), person, patient_id)
        if not confirmed:
            self._must_not_be_another(exam, claims, meant, patient_id)
        with self.database.write() as connection:
            ids = [one.id for one in self._still(connection, exam, meant)]
            claim_store.update_claims(
                connection,
                ids,
                state=ClaimState.OPEN,
                held_because="",
                word=patient_id,
                confirmed=confirmed,
            )
            store.update_exam(connection, exam.id, due_at=self.clock.utc())
            detail: dict[str, object] = {"number": patient_id, "confirmed": confirmed}
            self._note(connection, exam, meant, EventKind.RELEASED, detail, who)
        self.due.ring()
        log.info("exam %d was released by a person", exam.id)

    def _check_number(self, patient_id: str) -> None:
        if not patient_id:
            raise OrderError("id", "Die Patientennummer fehlt. / The patient number is missing.")
        fault = self.maker.numbers.fault_of(patient_id)
        if fault is not None:
            raise OrderError("id", NUMBER_FAULT_TEXT[fault])

    def _must_not_be_another(
        self, exam: Exam, claims: Sequence[Claim], meant: PatientExam, patient_id: str
    ) -> None:
        """Raise `NeedsConfirmation` when the number is known for another person."""
        said = [replace(one, word=patient_id) if one in meant.claims else one for one in claims]
        for decision in self._decide(exam, said):
            if decision.person == meant.person and decision.situation.known is Known.TWO:
                people = dict.fromkeys(
                    line_of(one) for one in decision.proposed if one.id == patient_id
                )
                own = line_of(meant.claims[0].patient)
                raise NeedsConfirmation(CONFIRM, (own, *(one for one in people if one != own)))

    def discard(
        self, study_instance_uid: str, reason: str, *, person: int = 0, who: str = ""
    ) -> None:
        """Say that what is held of an exam is not to be sent, and why; nothing is deleted.

        Raises `NotFound` when nothing is held there, `OrderError` without a reason.
        """
        reason = reason.strip()
        if not reason:
            raise OrderError("reason", "Der Grund fehlt. / The reason is missing.")
        exam, claims = self._waiting(study_instance_uid)
        meant = _meant(by_person(exam, claims), person, "")
        with self.database.write() as connection:
            ids = [one.id for one in self._still(connection, exam, meant)]
            claim_store.update_claims(connection, ids, state=ClaimState.DISCARDED, held_because="")
            for one in self.archive.kept_of(connection, ids):
                self.archive.set_standing(connection, one.id, Standing.SUPERSEDED)
                store.replace_report(connection, one.id)
            detail: dict[str, object] = {"reason": reason}
            self._note(connection, exam, meant, EventKind.DISCARDED, detail, who)
            store.update_exam(connection, exam.id, due_at=self.clock.utc())
        self.due.ring()
        log.info("exam %d: what was held was discarded by a person", exam.id)

    def _waiting(self, study_instance_uid: str) -> tuple[Exam, list[Claim]]:
        """Return an exam of which something waits, and its claims; raise `NotFound`."""
        with self.database.read() as connection:
            exam = store.find_exam(connection, study_instance_uid)
            claims = claim_store.claims_of(connection, exam.id) if exam is not None else []
        if exam is None or not any(_asks(one) for one in claims):
            raise NotFound(NOT_HELD)
        return exam, claims

    def _still(self, connection: Connection, exam: Exam, meant: PatientExam) -> list[Claim]:
        """Return the claims of a person that wait; raise `NotFound` or `ProcessingFailure` else."""
        waiting = [
            one
            for one in claim_store.claims_of(connection, exam.id)
            if _asks(one) and one.person == meant.person
        ]
        if not waiting:
            raise NotFound(NOT_HELD)
        known = {one.id for one in meant.claims if _asks(one)}
        if {one.id for one in waiting} != known:
            raise ProcessingFailure(
                "Inzwischen kam etwas dazu; bitte noch einmal ansehen. / Something arrived "
                "meanwhile; please look again."
            )
        return waiting

    def _note(
        self,
        connection: Connection,
        exam: Exam,
        meant: PatientExam,
        what: EventKind,
        detail: dict[str, object],
        who: str,
    ) -> None:
        event = ExamEvent(self.clock.utc(), who, what, meant.person, detail)
        claim_store.note_event(connection, exam.id, event)


def _asks(one: Claim) -> bool:
    """Return whether a person may still say whose a claim is."""
    return one.waits and not (one.word and one.state is ClaimState.OPEN)


def _meant(people: Sequence[PatientExam], person: int, patient_id: str) -> PatientExam:
    """Return which of an exam's people is meant; raise `OrderError` where nobody can tell."""
    waiting = [one for one in people if any(_asks(claim) for claim in one.claims)]
    if person:
        found = [one for one in waiting if one.person == person]
    else:
        named = [one for one in waiting if patient_id and one.sent_patient_id == patient_id]
        found = named or waiting
    if len(found) != 1:
        raise OrderError("person", WHOSE)
    return found[0]


def line_of(one: Patient) -> str:
    """Return number, name and birth date of a patient in one line."""
    return " ".join(part for part in (one.id, one.person_name, one.birth_date_da) if part)
