"""What a person does with what waits, each act with its consequences before it happens.

What somebody was shown is what happens: an act carries the mark of what was shown and is refused
when anything that rests on has changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from gdtbridge.database import Connection, Database
from gdtbridge.errors import AlreadyDecided, NeedsConfirmation, NotFound
from gdtbridge.exams import claim_store, history_store, store
from gdtbridge.exams.held import (
    NO_SUCH_EXAM,
    NOT_HELD,
    HeldExams,
    PersonsWord,
    asks,
    checked_reason,
    meant_of,
)
from gdtbridge.exams.history import DECIDES
from gdtbridge.exams.model import Claim, Exam, ExamEvent, PatientExam, by_person
from gdtbridge.outbox import Outbox
from gdtbridge.results.consequences import Consequences
from gdtbridge.results.corrections import ResultCorrections
from gdtbridge.results.rehearsal import Act, Rehearsal
from gdtbridge.results.wrong_results import TakenBack, all_in_chart

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Assignment:
    """Whose one part of an exam is, as a person says.

    ``person`` is the part, from 1; without a ``number`` it goes on waiting. ``order`` is the
    accession number of the order that is meant; ``claims`` are the ids of claims of other parts
    that belong to this one; ``of_receipt_day`` says that the day of the receipt is the exam's, not
    the device's. ``split`` are objects of the part, by instance, that are of another order of the
    same chart, with its accession number.
    """

    person: int
    number: str
    order: str = ""
    claims: tuple[int, ...] = ()
    of_receipt_day: bool = False
    split: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class NumberDoubt:
    """A number that is known for another person than the objects name; all as lists show them."""

    number: str
    sent: str
    """Whom the objects name."""
    known: tuple[str, ...]
    """Whose the number is, by all that is known."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an act does, and what speaks against it."""

    consequences: Consequences
    doubts: tuple[NumberDoubt, ...] = ()

    @property
    def mark(self) -> str:
        """What the act has to carry."""
        return self.consequences.mark


@dataclass(frozen=True, slots=True)
class Clarifier:
    """Does what a person decided; every act says who did it in the exam's history.

    Acts raise `AlreadyDecided` when somebody was faster, `Outdated` when something came since,
    `OrderError` for a number, an order or a reason that cannot be one; then nothing was done.
    """

    database: Database
    outbox: Outbox
    held: HeldExams
    corrections: ResultCorrections
    rehearsal: Rehearsal

    # ------------------------------------------------------------------ assign, correct

    def foresee(self, exam_id: int, assignments: Sequence[Assignment]) -> Foreseen:
        """Return what becomes of an exam when its parts are whose somebody says."""
        act, doubts = self._assigning(exam_id, assignments, "")
        people = [one.person for one in assignments]
        found = self._once(exam_id, lambda: self.rehearsal.of(exam_id, act), people)
        return Foreseen(found, doubts)

    def assign(self, exam_id: int, assignments: Sequence[Assignment], mark: str, who: str) -> None:
        """Send parts of an exam to charts; what a device corrected goes from where it was."""
        act, _ = self._assigning(exam_id, assignments, who)
        self._do(exam_id, act, mark, [one.person for one in assignments])

    def _assigning(
        self, exam_id: int, assignments: Sequence[Assignment], who: str
    ) -> tuple[Act, tuple[NumberDoubt, ...]]:
        """Return the act, and whom else its numbers are known for."""
        exam, claims = self._known(exam_id)
        self._must_wait(exam, claims, [one.person for one in assignments])
        moved = {claim: one.person for one in assignments for claim in one.claims}
        after = [replace(one, person=moved.get(one.id, one.person)) for one in claims]
        doubts: list[NumberDoubt] = []
        words: dict[int, PersonsWord] = {}
        deciding = [one for one in assignments if one.number]
        for one in deciding:
            number = self.held.checked_number(one.number)
            mine = [claim for claim in after if claim.person == one.person and asks(claim)]
            doubt = self._doubt(exam, after, mine, number)
            doubts += [doubt] if doubt is not None else []
            words[one.person] = PersonsWord(
                number, one.order, one.of_receipt_day, confirmed=doubt is not None
            )

        def act(connection: Connection) -> Sequence[TakenBack]:
            taken: list[TakenBack] = []
            for one in assignments:
                if one.claims:
                    _must_be_movable(claim_store.claims_of(connection, exam.id), one.claims)
                    claim_store.update_claims(connection, one.claims, person=one.person)
            people = by_person(exam, claim_store.claims_of(connection, exam.id))
            for one in deciding:
                meant = _waiting(people, one.person)
                word = words[one.person]
                if self.corrections.is_correction(connection, exam, meant):
                    taken += self.corrections.enter_acceptance(connection, exam, meant, word, who)
                else:
                    self.held.enter_release(connection, exam, meant, word, who)
                for order in dict.fromkeys(number for _, number in one.split):
                    mine = {instance for instance, number in one.split if number == order}
                    self.held.enter_split(connection, meant, mine, replace(word, order=order))
            return taken

        return act, tuple(doubts)

    def _doubt(
        self, exam: Exam, claims: Sequence[Claim], mine: Sequence[Claim], number: str
    ) -> NumberDoubt | None:
        try:
            self.held.must_not_be_another(exam, claims, mine, number)
        except NeedsConfirmation as error:
            sent, *known = error.found
            return NumberDoubt(number, sent, tuple(known))
        return None

    # ------------------------------------------------------------------ discard

    def foresee_discard(self, exam_id: int, people: Sequence[int]) -> Foreseen:
        """Return what becomes of an exam when parts of it are not sent: the rest may be."""
        return Foreseen(self.rehearsal.of(exam_id, self._discarding(exam_id, people, "?", "")))

    def discard(
        self, exam_id: int, people: Sequence[int], reason: str, mark: str, who: str
    ) -> None:
        """Say that parts of an exam are not sent, and why; nothing is deleted."""
        act = self._discarding(exam_id, people, checked_reason(reason), who)
        self._do(exam_id, act, mark, people)

    def _discarding(self, exam_id: int, people: Sequence[int], reason: str, who: str) -> Act:
        exam, claims = self._known(exam_id)
        self._must_wait(exam, claims, people)

        def act(connection: Connection) -> Sequence[TakenBack]:
            every = by_person(exam, claim_store.claims_of(connection, exam.id))
            for person in people:
                meant = _waiting(every, person)
                self.held.enter_discard(connection, exam, meant, reason, who)
            return ()

        return act

    # ------------------------------------------------------------------ withdraw

    def foresee_withdrawal(self, exam_id: int, number: str, to: str = "") -> Foreseen:
        """Return what becomes of an exam when a chart's results are taken back."""
        act = self._withdrawing(exam_id, number, "?", to, "")
        found = self.rehearsal.of(exam_id, act)
        return Foreseen(found, tuple(self._doubts_of(exam_id, number, to.strip())))

    def _doubts_of(self, exam_id: int, number: str, to: str) -> Iterator[NumberDoubt]:
        """Yield whom else ``to`` is known for than the objects that ``number`` has."""
        exam, claims = self._known(exam_id)
        with self.database.read() as connection:
            theirs = all_in_chart(connection, self.corrections.archive, exam, number).claims
        doubt = self._doubt(exam, claims, theirs, to) if to and theirs else None
        if doubt is not None:
            yield doubt

    def withdraw(
        self, exam_id: int, number: str, reason: str, to: str, mark: str, who: str
    ) -> None:
        """Take everything of an exam back that was sent to a chart; ``to`` gets it instead.

        Without ``to`` it is held.
        """
        act = self._withdrawing(exam_id, number, checked_reason(reason), to, who)
        self._do(exam_id, act, mark, ())

    def _withdrawing(self, exam_id: int, number: str, reason: str, to: str, who: str) -> Act:
        exam, _ = self._known(exam_id)
        to = self.held.checked_number(to) if to.strip() else ""
        word = PersonsWord(to, confirmed=bool(to))

        def act(connection: Connection) -> Sequence[TakenBack]:
            taken = self.corrections.enter_withdrawal(connection, exam, number, reason, word, who)
            return (taken,)

        return act

    # ------------------------------------------------------------------ without consequences

    def dismiss(self, exam_id: int, person: int, who: str) -> None:
        """Take what could not be sent off the list: somebody has seen it."""
        exam, _ = self._known(exam_id)
        self._once(exam_id, lambda: self.dismiss_study(exam.study_instance_uid, person, who))

    def dismiss_study(self, study_instance_uid: str, person: int, who: str) -> None:
        """Take what could not be sent, or a step, off the list; raise `NotFound` for nothing."""
        self.corrections.dismiss(study_instance_uid, person=person, who=who)

    def answer(self, question: int, *, arrived: bool) -> None:
        """Say that a delivery arrived, or have it sent again: the chart may then have it twice."""
        try:
            self.outbox.answer(question, arrived=arrived)
        except NotFound:
            raise AlreadyDecided from None

    def undo(self, exam_id: int, person: int, who: str) -> bool:
        """Take back what somebody said of a part; raise `TooLate` once something was collected.

        Returns whether files lay in a folder, out of which they are taken now.
        """
        exam, _ = self._known(exam_id)
        return self.corrections.undo(exam.study_instance_uid, person=person, who=who)

    # ------------------------------------------------------------------ doing

    def _known(self, exam_id: int) -> tuple[Exam, list[Claim]]:
        with self.database.read() as connection:
            exam, claims = store.exam_with_claims(connection, exam_id)
        if exam is None:
            raise NotFound(NO_SUCH_EXAM)
        return exam, claims

    def _must_wait(self, exam: Exam, claims: Iterable[Claim], people: Sequence[int]) -> None:
        """Raise `AlreadyDecided` unless something waits of each part."""
        waiting = {one.person for one in claims if asks(one)}
        if not waiting.issuperset(people) or not people:
            raise self.decided(exam.id, people)

    def decided(self, exam_id: int, people: Sequence[int] = ()) -> AlreadyDecided:
        """Return the error that says who decided last of some parts of an exam, or of all."""
        with self.database.read() as connection:
            events = history_store.events_of(connection, exam_id)
        return decided_by(events, people)

    def _do(self, exam_id: int, act: Act, mark: str, people: Sequence[int]) -> None:
        """Do what was foreseen, unless it would be something else by now."""
        self._once(exam_id, lambda: self.rehearsal.perform(exam_id, act, mark), people)
        self.held.go_on()

    def _once(self, exam_id: int, do: Callable[[], T], people: Sequence[int] = ()) -> T:
        """Do something; raise `AlreadyDecided` where somebody else just did."""
        try:
            return do()
        except NotFound:
            raise self.decided(exam_id, people) from None


def _waiting(people: Sequence[PatientExam], person: int) -> PatientExam:
    """Return one of an exam's people of whom something waits; raise `NotFound`."""
    if not any(asks(claim) for one in people if one.person == person for claim in one.claims):
        raise NotFound(NOT_HELD)
    return meant_of(people, person)


def _must_be_movable(claims: Iterable[Claim], moved: Iterable[int]) -> None:
    """Raise `NotFound` for a claim that is not one of an exam's ``claims``, or does not wait."""
    if not {one.id for one in claims if asks(one)}.issuperset(moved):
        raise NotFound(NOT_HELD)


def decided_by(events: Sequence[ExamEvent], people: Sequence[int]) -> AlreadyDecided:
    """Return the error that says who decided last of some parts; of all where none is named."""
    for one in reversed(events):
        if one.what in DECIDES and (not people or one.person in {0, *people}):
            number = str(one.detail.get("number", ""))
            return AlreadyDecided(one.who, one.at, one.what, number)
    return AlreadyDecided()
