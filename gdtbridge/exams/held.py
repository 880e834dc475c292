"""A person's word whose an exam is: released, discarded, accepted, or not the order's."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from gdtbridge.archive import Archive, Standing
from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import NeedsConfirmation, NotFound, OrderError, ProcessingFailure
from gdtbridge.exams import claim_store, evidence, history_store, report_store, result_store, store
from gdtbridge.exams.completion import DueSignal
from gdtbridge.exams.decision import Decision, DecisionMaker
from gdtbridge.exams.decision_table import Known
from gdtbridge.exams.hold_reasons import HoldReason
from gdtbridge.exams.model import (
    Claim,
    ClaimState,
    EventKind,
    Exam,
    ExamEvent,
    PatientExam,
    by_person,
)
from gdtbridge.exams.patient_numbers import NUMBER_FAULT_TEXT, NumberFault
from gdtbridge.exams.splitting import split
from gdtbridge.orders import changes as order_changes
from gdtbridge.orders import store as order_store
from gdtbridge.orders.patient_moves import moves_of
from gdtbridge.outbox import Outbox
from gdtbridge.people import are_two
from gdtbridge.webhooks import HouseEvent
from worklist import FolderError, WorklistFolder, canonical_number

log = logging.getLogger(__name__)

NO_SUCH_EXAM: Final = "Keine solche Untersuchung. / No such exam."
NOT_HELD: Final = "Keine zurückgehaltene Untersuchung. / No exam is held there."
WHOSE: Final = (
    "Die Untersuchung nennt mehrere Personen; bitte sagen, welche gemeint ist (--person). / The "
    "exam names several people; please say which one is meant (--person)."
)
NOT_GUESSED: Final = (
    "Diese Untersuchung wurde keinem Auftrag von selbst zugeordnet. / This exam was not taken for"
    " any order's."
)
TOLD: Final[Mapping[EventKind, str]] = MappingProxyType(
    {
        EventKind.RELEASED: "exam_released",
        EventKind.DISCARDED: "exam_discarded",
        EventKind.ACCEPTED: "exam_corrected",
        EventKind.WITHDRAWN: "exam_withdrawn",
        EventKind.UNDONE: "exam_undone",
    }
)
"""A person's words of which the house is told, and the event of each."""
CONFIRM: Final = (
    "Die Nummer gehört nach allem, was bekannt ist, einer anderen Person. Wenn sie trotzdem stimmt:"
    " mit --confirm wiederholen. / By all that is known the number is another person's. If it is "
    "right all the same, repeat with --confirm."
)


NOT_ORDERED: Final = (
    "Für diese Patientennummer gibt es den Auftrag nicht. / There is no such order for this "
    "patient number."
)


@dataclass(frozen=True, slots=True)
class PersonsWord:
    """Whose something is, as a person says.

    ``order`` is the accession number of the order that is meant, ``of_receipt_day`` whether the day
    of the receipt is the exam's, ``confirmed`` whether it is known that the number is another
    person's.
    """

    number: str
    order: str = ""
    of_receipt_day: bool = False
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class HeldExams:
    """Shows a person whose a held exam may be, and takes the answer."""

    database: Database
    archive: Archive
    outbox: Outbox
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
        own = exam.claims[0].patient.listed
        lines = dict.fromkeys(one.listed for one in decision.proposed)
        return tuple(line for line in lines if line not in {own, ""})

    def _decision(self, exam: PatientExam) -> Decision | None:
        with self.database.read() as connection:
            row, claims = store.exam_with_claims(connection, exam.id)
        if row is None:
            return None
        decisions = self._decide(row, claims)
        return next((one for one in decisions if one.person == exam.person), None)

    def _decide(self, exam: Exam, claims: Sequence[Claim]) -> tuple[Decision, ...]:
        try:
            listed = evidence.look_up(exam, claims, self.worklist)
        except FolderError:
            listed = evidence.ListedEntries()
        with self.database.read() as connection:
            found = evidence.collect(connection, exam, claims, listed)
        return self.maker.decide(found)

    # ------------------------------------------------------------------ a person's word

    def release(
        self,
        study_instance_uid: str,
        patient_id: str,
        *,
        person: int = 0,
        order: str = "",
        confirmed: bool = False,
        who: str = "",
    ) -> None:
        """Have what is held of an exam reported under the patient number a person names.

        Of an exam of several people, ``person`` says which (from 1, as lists number them); without
        it the one that has ``patient_id`` already, or the only one. ``order`` is the accession
        number of the order that is meant; without it the usual rules find one. Raises
        `NotFound` when nothing is held there, `OrderError` for a number that cannot be one, and
        `NeedsConfirmation` when it is known for another person.
        """
        patient_id = self.checked_number(patient_id)
        exam, claims = self.waiting(study_instance_uid)
        meant = meant_of(by_person(exam, claims), person, self.numbers_of(patient_id))
        if not confirmed:
            self.must_not_be_another(exam, claims, meant.claims, patient_id)
        word = PersonsWord(patient_id, order.strip(), confirmed=confirmed)
        with self.database.write() as connection:
            self.enter_release(connection, exam, meant, word, who)
        self.go_on()
        log.info("exam %d was released by a person", exam.id)

    def enter_release(
        self, connection: Connection, exam: Exam, meant: PatientExam, word: PersonsWord, who: str
    ) -> None:
        """Enter whose what waits of one of an exam's people is; see `release`."""
        self.say(connection, exam, meant, word)
        detail: dict[str, object] = {"number": word.number, "confirmed": word.confirmed}
        if word.order:
            detail["accession_number"] = word.order
        if word.of_receipt_day:
            detail["day"] = "receipt"
        self.note(connection, exam, EventKind.RELEASED, meant.person, detail, who)

    def go_on(self) -> None:
        """Have what was said have its effect, once that is committed."""
        self.outbox.wake()
        self.due.ring()

    def numbers_of(self, patient_id: str) -> tuple[str, ...]:
        """Return every number of the chart a number is of."""
        with self.database.read() as connection:
            return moves_of(connection, [patient_id]).all_of(patient_id)

    def checked_number(self, patient_id: str) -> str:
        """Return a number without blanks around it; raise `OrderError` if it cannot be one."""
        patient_id = patient_id.strip()
        if not patient_id:
            raise OrderError("id", NUMBER_FAULT_TEXT[NumberFault.EMPTY])
        fault = self.maker.numbers.fault_of(patient_id)
        if fault is not None:
            raise OrderError("id", NUMBER_FAULT_TEXT[fault])
        return patient_id

    def must_not_be_another(
        self, exam: Exam, claims: Sequence[Claim], meant: Sequence[Claim], patient_id: str
    ) -> None:
        """Raise `NeedsConfirmation` when a number is known for another person than claims name."""
        said = [
            replace(one, word=patient_id, state=ClaimState.OPEN) if one in meant else one
            for one in claims
        ]
        for decision in self._decide(exam, said):
            if decision.person == meant[0].person and decision.situation.known is Known.TWO:
                numbers = self.numbers_of(patient_id)
                known = [one for one in decision.proposed if one.id in numbers]
                strangers = (c.patient for c in meant if any(are_two(c.patient, k) for k in known))
                own = next(strangers, meant[0].patient).listed
                others = dict.fromkeys(one.listed for one in known if one.listed != own)
                raise NeedsConfirmation(CONFIRM, (own, *others))

    def say(
        self, connection: Connection, exam: Exam, meant: PatientExam, word: PersonsWord
    ) -> None:
        """Enter a person's word for what waits of one of an exam's people.

        Raises `NotFound` or `ProcessingFailure` when that is not what was looked at, and
        `OrderError` where the order is another patient's.
        """
        if word.order:
            self._must_be_ordered_for(connection, word)
        ids = [one.id for one in self._still(connection, exam, meant)]
        claim_store.update_claims(
            connection,
            ids,
            state=ClaimState.OPEN,
            held_because="",
            word=word.number,
            order_word=word.order,
            of_receipt_day=word.of_receipt_day,
            confirmed=word.confirmed,
        )
        store.update_exam(connection, exam.id, due_at=self.clock.utc())

    def enter_split(
        self,
        connection: Connection,
        meant: PatientExam,
        instances: AbstractSet[int],
        word: PersonsWord,
    ) -> None:
        """Enter that objects of what waited of a person are for another order of the same chart."""
        self._must_be_ordered_for(connection, word)
        waited = [one for one in meant.claims if asks(one)]
        split(connection, self.archive, waited, instances, word.order)

    def _must_be_ordered_for(self, connection: Connection, word: PersonsWord) -> None:
        """Raise `OrderError` unless the order that was said is one for the number."""
        order = order_store.order_by_number(connection, word.order)
        numbers = moves_of(connection, [word.number]).all_of(word.number)
        if order is None or order.patient.id not in numbers:
            raise OrderError("order", NOT_ORDERED)

    def discard(
        self, study_instance_uid: str, reason: str, *, person: int = 0, who: str = ""
    ) -> None:
        """Say that what is held of an exam is not to be sent, and why; nothing is deleted.

        Raises `NotFound` when nothing is held there, `OrderError` without a reason.
        """
        reason = checked_reason(reason)
        exam, claims = self.waiting(study_instance_uid)
        meant = meant_of(by_person(exam, claims), person)
        with self.database.write() as connection:
            self.enter_discard(connection, exam, meant, reason, who)
        self.go_on()
        log.info("exam %d: what was held was discarded by a person", exam.id)

    def enter_discard(
        self, connection: Connection, exam: Exam, meant: PatientExam, reason: str, who: str
    ) -> None:
        """Enter that what waits of one of an exam's people is not sent; see `discard`."""
        waiting = self._still(connection, exam, meant)
        reported = [one.id for one in waiting if _was_reported(one)]
        self._leave_reported(connection, reported)
        ids = [one.id for one in waiting if one.id not in reported]
        claim_store.update_claims(
            connection, ids, state=ClaimState.DISCARDED, held_because=HoldReason.WITHDRAWN
        )
        for one in self.archive.kept_of(connection, ids):
            self.archive.set_standing(connection, one.id, Standing.SUPERSEDED)
            report_store.replace_report(connection, one.id)
        detail: dict[str, object] = {"reason": reason}
        self.note(connection, exam, EventKind.DISCARDED, meant.person, detail, who)
        store.update_exam(connection, exam.id, due_at=self.clock.utc())

    def _leave_reported(self, connection: Connection, claims: Sequence[int]) -> None:
        """Enter that what was found of claims a chart has results of was sent to it as well."""
        claim_store.update_claims(connection, claims, state=ClaimState.SETTLED, held_because="")
        found = [one.id for one in self.archive.kept_of(connection, claims) if not one.told]
        self.archive.tell(connection, found)
        for instance_id in found:
            report_store.replace_report(connection, instance_id)

    def waiting(self, study_instance_uid: str) -> tuple[Exam, list[Claim]]:
        """Return an exam of which something waits, and its claims; raise `NotFound`."""
        with self.database.read() as connection:
            exam, claims = store.study_with_claims(connection, study_instance_uid)
        if exam is None or not any(asks(one) for one in claims):
            raise NotFound(NOT_HELD)
        return exam, claims

    def _still(self, connection: Connection, exam: Exam, meant: PatientExam) -> list[Claim]:
        """Return the claims of a person that wait; raise `NotFound` or `ProcessingFailure` else."""
        waiting = [
            one
            for one in claim_store.claims_of(connection, exam.id)
            if asks(one) and one.person == meant.person
        ]
        if not waiting:
            raise NotFound(NOT_HELD)
        known = {one.id for one in meant.claims if asks(one)}
        if {one.id for one in waiting} != known:
            raise ProcessingFailure(
                "Inzwischen kam etwas dazu; bitte noch einmal ansehen. / Something arrived "
                "meanwhile; please look again."
            )
        return waiting

    def note(
        self,
        connection: Connection,
        exam: Exam,
        what: EventKind,
        person: int,
        detail: dict[str, object],
        who: str,
    ) -> None:
        """Enter into an exam's history who did what with one of its people."""
        now = self.clock.utc()
        history_store.note_event(connection, exam.id, ExamEvent(now, who, what, person, detail))
        number = str(detail.get("number", ""))
        if what in TOLD and (number or what is EventKind.DISCARDED):
            facts = {
                "exam": str(exam.id),
                "device": exam.device,
                "study_instance_uid": exam.study_instance_uid,
                "patient_id": number,
            }
            key = f"{what}:{exam.id}:{person}:{number}@{now:.3f}"
            self.outbox.tell(connection, HouseEvent(TOLD[what], key, facts))

    def unmatch(self, study_instance_uid: str, *, who: str = "") -> None:
        """Say that an exam is not that of the open order it was taken for: that is open again.

        The worklist follows with the next look. Raises `NotFound` where no order was met in that
        way; one that the objects name themselves is none.
        """
        with self.database.write() as connection:
            exam, claims = store.study_with_claims(connection, study_instance_uid)
            guessed = [one for one in claims if exam and _is_guess(connection, exam, one)]
            if exam is None or not guessed:
                raise NotFound(NOT_GUESSED)
            for one in guessed:
                order_changes.reopen_order(connection, one.order_number, one.number)
                result_store.part_from_order(connection, exam.id, one.number, one.order_number)
            ids = [one.id for one in guessed]
            claim_store.update_claims(connection, ids, order_number="", unmatched=True)
            for person, number in {(one.person, one.order_number) for one in guessed}:
                detail: dict[str, object] = {"accession_number": number}
                self.note(connection, exam, EventKind.UNMATCHED, person, detail, who)


def _is_guess(connection: Connection, exam: Exam, one: Claim) -> bool:
    """Return whether an order was met without study UID or accession number."""
    if not one.order_number:
        return False
    order = order_store.order_by_number(connection, one.order_number)
    if order is None or order.study_instance_uid == exam.study_instance_uid:
        return False
    sent = {one.accession_number, canonical_number(one.accession_number)}
    return order.accession_number not in sent


def _was_reported(one: Claim) -> bool:
    """Return whether a chart has results of a claim that is asked about since a restore."""
    return one.held_because == HoldReason.INDEX_REBUILT and bool(one.number)


def checked_reason(reason: str) -> str:
    """Return a person's reason without blanks around it; raise `OrderError` if there is none."""
    reason = reason.strip()
    if not reason:
        raise OrderError("reason", "Der Grund fehlt. / The reason is missing.")
    return reason


def asks(one: Claim) -> bool:
    """Return whether a person may still say whose a claim is."""
    return one.waits and not (one.word and one.state is ClaimState.OPEN)


def meant_of(
    people: Sequence[PatientExam], person: int, numbers: Sequence[str] = ()
) -> PatientExam:
    """Return which of an exam's people is meant; raise `OrderError` where nobody can tell.

    ``numbers`` are those of the chart that was named.
    """
    waiting = [one for one in people if any(asks(claim) for claim in one.claims)]
    if person:
        found = [one for one in waiting if one.person == person]
    else:
        named = [one for one in waiting if one.sent_patient_id and one.sent_patient_id in numbers]
        found = named or waiting
    if len(found) != 1:
        raise OrderError("person", WHOSE)
    return found[0]
