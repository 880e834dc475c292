"""What was sent to a wrong chart: withdrawn, replaced by a correction, or taken back in time.

All of it is a person's word.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from gdtbridge.archive import Archive, Standing
from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import NotFound, OrderError, TooLate
from gdtbridge.exams import claim_store, history_store, report_store, result_store, store
from gdtbridge.exams.completion import DueSignal
from gdtbridge.exams.held import (
    NO_SUCH_EXAM,
    NOT_HELD,
    HeldExams,
    PersonsWord,
    checked_reason,
    meant_of,
)
from gdtbridge.exams.history import standing_before
from gdtbridge.exams.hold_reasons import HoldReason
from gdtbridge.exams.model import Claim, ClaimState, EventKind, Exam, PatientExam, by_person
from gdtbridge.exams.steps.waiting import accept as accept_steps
from gdtbridge.orders import changes as order_changes
from gdtbridge.orders.patient_moves import moves_of
from gdtbridge.outbox import Outbox
from gdtbridge.results.message_keys import chart_prefixes
from gdtbridge.results.retracting import Retractor
from gdtbridge.results.wrong_results import (
    TakenBack,
    WrongResults,
    all_in_chart,
    replaced_in_charts,
)

log = logging.getLogger(__name__)

NOT_SENT: Final = (
    "Unter dieser Nummer wurde aus der Untersuchung nichts übermittelt. / Nothing of the exam was "
    "sent under that number."
)
NOT_RELEASED: Final = (
    "Von dieser Untersuchung ist nichts freigegeben. / Nothing of this exam has been released."
)
HAS_LEFT: Final = (
    "Es ist schon etwas übermittelt; zurückziehen geht mit: gdtbridge exams withdraw / Something"
    " has left already; it can be withdrawn with: gdtbridge exams withdraw"
)
UNDONE: Final = "Zuordnung zurückgenommen."
"""Reason of a retraction: an assignment was undone in the moment its file was collected."""
NO_CORRECTION: Final = (
    "Das ist keine Korrektur; zuordnen geht mit: gdtbridge exams release / This is no correction; "
    "assign it with: gdtbridge exams release"
)


@dataclass(frozen=True, slots=True)
class ResultCorrections:
    """Takes back, withdraws and replaces results; each call is one transaction."""

    database: Database
    archive: Archive
    outbox: Outbox
    retractor: Retractor
    held: HeldExams
    due: DueSignal
    clock: Clock

    # ------------------------------------------------------------------ withdraw

    def withdraw(
        self,
        study_instance_uid: str,
        number: str,
        reason: str,
        *,
        to: str = "",
        confirmed: bool = False,
        who: str = "",
    ) -> None:
        """Retract everything of an exam that was sent under a wrong number.

        With ``to`` it is sent under that number instead, else it is held. Raises `NotFound` when
        nothing was sent under ``number``, `OrderError` without a reason or for a number that cannot
        be one, `NeedsConfirmation` when ``to`` is known for another person.
        """
        number, reason = number.strip(), checked_reason(reason)
        to = self.held.checked_number(to) if to else ""
        exam, claims = self._known(study_instance_uid)
        with self.database.read() as connection:
            wrong = self._all_of(connection, exam, number)
        _must_be_another_chart(wrong, to)
        if to and wrong.claims and not confirmed:
            self.held.must_not_be_another(exam, claims, wrong.claims, to)
        word = PersonsWord(to, confirmed=confirmed)
        with self.database.write() as connection:
            self.enter_withdrawal(connection, exam, number, reason, word, who)
        self._ring(exam)

    def enter_withdrawal(
        self,
        connection: Connection,
        exam: Exam,
        number: str,
        reason: str,
        word: PersonsWord,
        who: str,
    ) -> TakenBack:
        """Enter that everything a chart got is taken back, and whose it is; see `withdraw`.

        Without a number in ``word`` it is held.
        """
        wrong = self._all_of(connection, exam, number)
        _must_be_another_chart(wrong, word.number)
        taken = self._retract(connection, exam, wrong, reason)
        self._decide_again(
            connection,
            wrong.claims,
            state=ClaimState.OPEN if word.number else ClaimState.HELD,
            held_because="" if word.number else HoldReason.WITHDRAWN,
            word=word.number,
            order_word=word.order,
            confirmed=word.confirmed,
        )
        self._finish(connection, exam, wrong, {"to": word.number, "reason": reason}, who)
        return taken

    def _known(self, study_instance_uid: str) -> tuple[Exam, list[Claim]]:
        with self.database.read() as connection:
            exam, claims = store.study_with_claims(connection, study_instance_uid)
        if exam is None:
            raise NotFound(NO_SUCH_EXAM)
        return exam, claims

    def _all_of(self, connection: Connection, exam: Exam, number: str) -> WrongResults:
        """Return everything a chart got; raise `NotFound` where that is nothing."""
        found = all_in_chart(connection, self.archive, exam, number)
        if not found.results:
            raise NotFound(NOT_SENT)
        return found

    def _decide_again(
        self, connection: Connection, claims: Sequence[Claim], **said: object
    ) -> None:
        """Let claims be open but for what is ``said``, and told to whomever they go then.

        What versions before these said is in no chart any more.
        """
        ids = [one.id for one in claims]
        values = {"state": ClaimState.OPEN, "of_receipt_day": False}
        values |= dict.fromkeys(("number", "order_number", "order_word"), "")
        claim_store.update_claims(connection, ids, **values | said)
        self._send_again(connection, ids)

    def _send_again(self, connection: Connection, claims: Sequence[int]) -> None:
        report_store.forget_reports(connection, self._replaced_versions(connection, claims))
        kept = [one.id for one in self.archive.kept_of(connection, claims)]
        self.archive.tell(connection, kept, told=False)
        report_store.read_again(connection, kept)

    def _replaced_versions(self, connection: Connection, claims: Sequence[int]) -> list[int]:
        every = self.archive.of_claims(connection, claims)
        return [one.id for one in every if one.standing is Standing.SUPERSEDED]

    def _finish(
        self,
        connection: Connection,
        exam: Exam,
        wrong: WrongResults,
        detail: dict[str, object],
        who: str,
    ) -> None:
        """Mark the results, open the orders of the wrong chart again, and write the history."""
        now = self.clock.utc()
        for one in wrong.results:
            result_store.update_result(connection, one.id, withdrawn_at=now)
            order_changes.reopen_order(connection, one.accession_number, wrong.number)
        person = wrong.claims[0].person if wrong.claims else 0
        told = {"number": wrong.number, **detail}
        self.held.note(connection, exam, EventKind.WITHDRAWN, person, told, who)
        store.update_exam(connection, exam.id, due_at=now)

    def _ring(self, exam: Exam) -> None:
        self.outbox.wake()
        self.due.ring()
        log.info("exam %d: a result was withdrawn by a person", exam.id)

    # ------------------------------------------------------------------ accept a correction

    def accept(
        self,
        study_instance_uid: str,
        *,
        person: int = 0,
        number: str = "",
        confirmed: bool = False,
        who: str = "",
    ) -> None:
        """Accept what a device corrected after the report: sent for whom it names now.

        What it replaces in other charts is retracted there. Of an exam of which nothing is held,
        the reports that could not be sent, and its steps, are taken off the list. Raises `NotFound`
        when nothing waits, `OrderError` for what is no correction or a number that cannot be one,
        and `NeedsConfirmation` when the number is known for another person.
        """
        with self.database.read() as connection:
            known, claims = store.study_with_claims(connection, study_instance_uid)
        if known is None or not any(one.waits for one in claims):
            self.dismiss(study_instance_uid, person=person, who=who)
            return
        with self.database.write() as connection:
            accept_steps(connection, study_instance_uid, self.clock.utc())
        exam, claims = self._known(study_instance_uid)
        meant = meant_of(by_person(exam, claims), person, self.held.numbers_of(number.strip()))
        with self.database.read() as connection:
            if not self.is_correction(connection, exam, meant):
                raise OrderError("person", NO_CORRECTION)
        number = self.held.checked_number(number or meant.sent_patient_id)
        if not confirmed:
            self.held.must_not_be_another(exam, claims, meant.claims, number)
        word = PersonsWord(number, confirmed=confirmed)
        with self.database.write() as connection:
            self.enter_acceptance(connection, exam, meant, word, who)
        self._ring(exam)

    def enter_acceptance(
        self,
        connection: Connection,
        exam: Exam,
        meant: PatientExam,
        word: PersonsWord,
        who: str,
    ) -> list[TakenBack]:
        """Enter that what a device corrected counts, and what it replaces goes; see `accept`.

        The chart it goes to keeps what it has: it is told what the device sent last.
        """
        replaced = replaced_in_charts(connection, self.archive, exam, meant)
        wrongs = [one for one in replaced if word.number not in one.numbers]
        taken = [self._replace(connection, exam, one, word.number, who) for one in wrongs]
        self.held.say(connection, exam, meant, word)
        detail: dict[str, object] = {"number": word.number, "confirmed": word.confirmed}
        self.held.note(connection, exam, EventKind.ACCEPTED, meant.person, detail, who)
        return taken

    def is_correction(self, connection: Connection, exam: Exam, meant: PatientExam) -> bool:
        """Return whether an exam came after others were sent; also where it was discarded once."""
        if meant.held_because in {HoldReason.CORRECTION, HoldReason.AFTER_REPORT}:
            return True
        corrected = claim_store.corrected_claims(connection, exam.id)
        return not {one.id for one in meant.claims}.isdisjoint(corrected)

    def _accept_reports(
        self,
        connection: Connection,
        exam: Exam,
        claims: Sequence[Claim],
        person: int,
        who: str,
        steps: int,
    ) -> None:
        of_person = [one.id for one in claims if person in {0, one.person}]
        instances = [one.id for one in self.archive.of_claims(connection, of_person)]
        accepted = report_store.accept_reports(connection, instances)
        if not accepted and not steps:
            raise NotFound(NOT_HELD)
        detail: dict[str, object] = {"reports": accepted, "steps": steps}
        self.held.note(connection, exam, EventKind.ACCEPTED, person, detail, who)

    def dismiss(self, study_instance_uid: str, *, person: int = 0, who: str = "") -> None:
        """Take what could not be sent, or never came, off the list: a person has seen it.

        What is held of the exam stays held. Raises `NotFound` where nothing is on the list.
        """
        with self.database.write() as connection:
            steps = accept_steps(connection, study_instance_uid, self.clock.utc())
            steps += order_changes.accept_without_images(connection, study_instance_uid)
            exam, claims = store.study_with_claims(connection, study_instance_uid)
            if exam is not None:
                self._accept_reports(connection, exam, claims, person, who, steps)
            elif not steps:
                raise NotFound(NO_SUCH_EXAM)

    def _replace(
        self, connection: Connection, exam: Exam, wrong: WrongResults, number: str, who: str
    ) -> TakenBack:
        """Retract what a correction replaces; of a chart that keeps nothing, the whole result."""
        reason = "Am Gerät korrigiert."
        taken = self._retract(connection, exam, wrong, reason)
        ids = [one.id for one in wrong.claims]
        uids = {one.sop_instance_uid for one in wrong.instances}
        for one in wrong.instances:
            self.archive.set_standing(connection, one.id, Standing.SUPERSEDED)
        every = self.archive.of_claims(connection, ids)
        report_store.forget_reports(connection, [v.id for v in every if v.sop_instance_uid in uids])
        if not wrong.whole:
            return taken
        claim_store.update_claims(
            connection,
            ids,
            state=ClaimState.DISCARDED,
            held_because=HoldReason.WITHDRAWN,
            number="",
        )
        self._finish(connection, exam, wrong, {"to": number, "reason": reason}, who)
        return taken

    # ------------------------------------------------------------------ undo

    def undo(self, study_instance_uid: str, *, person: int = 0, who: str = "") -> bool:
        """Take a release back: it is held as it was before, or decided where it was not held.

        Returns whether files lay in a folder, out of which they are taken now; where one is
        collected in that moment, the chart is told that it was sent in error.

        Of what was withdrawn or discarded nothing is sent until a person says whose it is.
        Raises `NotFound` when nothing was released there, `TooLate` once the practice software has
        collected something, or may have.
        """
        exam, claims = self._known(study_instance_uid)
        said = [one for one in by_person(exam, claims) if any(c.word for c in one.claims)]
        meant = [one for one in said if person in {0, one.person}]
        if not meant:
            raise NotFound(NOT_RELEASED)
        if len(meant) > 1:
            meant = [meant_of(meant, person)]
        with self.database.write() as connection:
            recalled = self.enter_undo(connection, exam, meant[0].person, who)
        self.held.go_on()
        return recalled

    def enter_undo(self, connection: Connection, exam: Exam, person: int, who: str) -> bool:
        """Enter that a release of one of an exam's people is taken back; see `undo`.

        What of the person went to another chart, before or without it, stays there.
        """
        claims = claim_store.claims_of(connection, exam.id)
        mine = [one for one in claims if one.person == person and one.is_active]
        number = next((one.word for one in mine if one.word), "")
        if not number:
            raise NotFound(NOT_RELEASED)
        numbers = moves_of(connection, [number]).all_of(number)
        mine = [one for one in mine if one.word or one.waits or one.number in numbers]
        taken, recalled = self._take_back(connection, exam, claims, number)
        standing = standing_before(history_store.events_of(connection, exam.id), person)
        self._decide_again(connection, mine, word="", confirmed=False, **standing)
        self._send_again(connection, taken)
        store.update_exam(connection, exam.id, due_at=self.clock.utc())
        self.held.note(connection, exam, EventKind.UNDONE, person, {"number": number}, who)
        return recalled

    def _take_back(
        self, connection: Connection, exam: Exam, claims: Sequence[Claim], number: str
    ) -> tuple[list[int], bool]:
        """Take back what waits for a chart, or lies in its folder; raise `TooLate` for what left.

        Returns the ids of the claims it was of, for another of the people may be in the same chart,
        and whether files lay there.
        """
        numbers = moves_of(connection, [number]).all_of(number)
        sent = result_store.results_of(connection, exam.id)
        results = [one for one in sent if one.patient_id in numbers]
        if not results:
            return [], False
        settled = [one for one in claims if one.number in numbers]
        ids = [one.id for one in settled]
        if self.outbox.take_back(connection, self._keys(connection, exam, settled, numbers)):
            for one in results:
                order_changes.reopen_order(connection, one.accession_number, number)
                result_store.delete_result(connection, one.id)
            return ids, False
        wrong = all_in_chart(connection, self.archive, exam, number)
        taken = self._retract(connection, exam, wrong, UNDONE)
        if taken.told and not taken.recalled:
            raise TooLate(HAS_LEFT)
        for one in results:
            order_changes.reopen_order(connection, one.accession_number, number)
            result_store.update_result(connection, one.id, withdrawn_at=self.clock.utc())
        return ids, taken.recalled

    def _keys(
        self, connection: Connection, exam: Exam, claims: Sequence[Claim], numbers: Sequence[str]
    ) -> list[str]:
        """Return how the keys of all begin that was put for one chart, by all its numbers."""
        every = self.archive.of_claims(connection, [one.id for one in claims])
        ids = [one.id for one in every]
        study = exam.study_instance_uid
        return [prefix for one in numbers for prefix in chart_prefixes(study, one, ids)]

    def _retract(
        self, connection: Connection, exam: Exam, wrong: WrongResults, reason: str
    ) -> TakenBack:
        """Remove what still waits for a chart that keeps nothing; retract what has gone there.

        Files of it that nobody has collected are taken back.
        """
        keys, recall = self._keys(connection, exam, wrong.claims, wrong.numbers), ""
        begun = wrong.results
        if wrong.whole:
            self.outbox.drop_waiting(connection, keys)
            begun = self.retractor.begun(connection, exam, wrong)
            if not begun:
                return TakenBack(wrong.number, wrong.results)
            recall = self.outbox.recall(connection, keys)
        gone = replace(wrong, results=begun)
        told = self.retractor.retract(connection, exam, gone, reason, keys, recall)
        return TakenBack(wrong.number, wrong.results, tuple(told), recalled=bool(recall))


def _must_be_another_chart(wrong: WrongResults, to: str) -> None:
    if to in wrong.numbers:
        raise OrderError("to", "Das ist dieselbe Akte. / That is the same chart.")
