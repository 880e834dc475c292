"""A word that a patient's number became another one (merged, renumbered): a person's, a record's.

What was sent stays as it was sent. From then on everything that knows the former number follows
it: open orders, later objects and reports, the search for studies.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import NeedsConfirmation, OrderError
from gdtbridge.exams import claim_store, history_store, result_store, store
from gdtbridge.exams.completion import DueSignal
from gdtbridge.exams.held import HeldExams
from gdtbridge.exams.model import Claim, EventKind, ExamEvent
from gdtbridge.orders import patient_moves, patient_store
from gdtbridge.orders import store as order_store
from gdtbridge.orders.book import OrderBook
from gdtbridge.orders.patient_moves import NumberMoves, PatientMove, moves_of
from gdtbridge.people import Patient, are_two

log = logging.getLogger(__name__)

SAME: Final = (
    "Beide Nummern gehören schon zu derselben Akte; gdtbridge patients list-moves zeigt, wie. / "
    "Both numbers are of one chart already; gdtbridge patients list-moves shows how."
)
MOVED_ALREADY: Final = (
    "Diese Nummer ist schon zu einer anderen geworden; gdtbridge patients list-moves zeigt, zu "
    "welcher. / This number became another one already; gdtbridge patients list-moves shows which."
)
TWO_PEOPLE: Final = (
    "Die beiden Nummern gehören nach allem, was bekannt ist, zwei Personen. Wenn es trotzdem eine "
    "ist: mit --confirm wiederholen. / By all that is known the two numbers are two people's. If "
    "it is one person all the same, repeat with --confirm."
)
SAID_OTHERWISE: Final = (
    "Umgekehrt ist schon bekannt: Die neue Nummer wurde zu dieser früheren; gdtbridge patients "
    "list-moves zeigt, wie. / The other way round is known already: the new number became this "
    "former one; gdtbridge patients list-moves shows how."
)
UNKNOWN: Final = (
    "Von einer der Nummern ist nichts bekannt. Wenn beide stimmen: mit --confirm wiederholen. / "
    "Nothing is known of one of the numbers. If both are right, repeat with --confirm."
)


@dataclass(frozen=True, slots=True)
class PatientRenumbering:
    """Enters that a number became another one, or takes that back; each is one transaction."""

    database: Database
    book: OrderBook
    held: HeldExams
    due: DueSignal
    clock: Clock
    moved: Callable[[Connection, Collection[int]], None] | None = None
    """Told the exams of a number that became another one, in the transaction that enters it."""

    def moves(self, limit: int = 1000) -> list[PatientMove]:
        """Return the newest moves first, those taken back among them."""
        with self.database.read() as connection:
            return patient_moves.list_moves(connection, limit)

    def renumber(self, old: str, new: str, *, confirmed: bool = False, who: str = "") -> None:
        """Let everything of ``old`` follow to ``new``; said the other way round it is taken back.

        Said twice it does nothing more. Raises `OrderError` for a number that cannot be one or has
        moved already, `NeedsConfirmation` where the two are two people's or nothing is known of
        one, `ProcessingFailure` when the worklist folder cannot be used.
        """
        old, new = (self.held.checked_number(number) for number in (old, new))
        if old == new:
            raise OrderError("new", "Das ist dieselbe Nummer. / That is the same number.")
        with self.book.writing(), self.database.write() as connection:
            self._enter(connection, old, new, confirmed=confirmed, who=who)
        self._follow()

    def _follow(self) -> None:
        self.book.follow_marked()
        self.due.ring()
        log.info("a patient number became another one")

    def renumber_by_record(self, former: str, patient: Patient, who: str) -> None:
        """Let everything of ``former`` follow to a record's patient, as the record says.

        The record's patient counts as known of the new number, and of the former one nothing need
        be known. What is known already, and what a person took back, is not entered again. Raises
        `OrderError` for a number that cannot be one or became another one, `NeedsConfirmation`
        where the two are two people's, `ProcessingFailure` when the worklist folder cannot be used.
        """
        former = self.held.checked_number(former)
        with self.database.read() as connection:
            if not _is_news(connection, former, patient.id):
                return
        with self.book.writing(), self.database.write() as connection:
            if _is_news(connection, former, patient.id):
                moves = moves_of(connection, [former, patient.id])
                _must_not_be_two(connection, former, patient.id, patient)
                self._move(connection, moves, former, patient.id, who, patient)
        self._follow()

    def _enter(
        self, connection: Connection, old: str, new: str, *, confirmed: bool, who: str
    ) -> None:
        moves = moves_of(connection, [old, new])
        if moves.moved.get(old) == new:
            return
        if moves.moved.get(new) == old:
            theirs = _claims_of_former(connection, moves, new)
            patient_moves.undo_move(connection, new, old, self.clock.utc())
            self._tell(connection, theirs, self._event(old, new, who))
            return
        _must_be_free(moves, old, new)
        if not confirmed:
            _must_be_one(connection, old, new)
        self._move(connection, moves, old, new, who)

    def _move(
        self,
        connection: Connection,
        moves: NumberMoves,
        old: str,
        new: str,
        who: str,
        described: Patient | None = None,
    ) -> None:
        theirs = _claims_of_former(connection, moves, old)
        patient_moves.enter_move(connection, old, new, who, self.clock.utc(), described)
        self._tell(connection, theirs, self._event(old, new, who))

    def _event(self, old: str, new: str, who: str) -> ExamEvent:
        detail: dict[str, object] = {"from": old, "to": new}
        return ExamEvent(self.clock.utc(), who, EventKind.MOVED, 0, detail)

    def _tell(self, connection: Connection, claims: Sequence[Claim], event: ExamEvent) -> None:
        """Enter the move into the history of its exams; what waits is sorted and decided anew."""
        exams = dict.fromkeys(one.exam_id for one in claims)
        for exam_id in exams:
            history_store.note_event(connection, exam_id, event)
            claim_store.regroup(connection, exam_id)
        waiting = {one.exam_id for one in claims if one.waits}
        store.wake(connection, waiting, event.at)
        if self.moved is not None:
            self.moved(connection, exams)


def _claims_of_former(connection: Connection, moves: NumberMoves, old: str) -> list[Claim]:
    """Return the claims of a number and of those that became it."""
    numbers = [one for one in moves.moved if old in _path(moves, one)]
    return claim_store.claims_naming(connection, [old, *numbers])


def _path(moves: NumberMoves, number: str) -> list[str]:
    """Return a number and what it became, one after the other."""
    path = [number]
    while path[-1] in moves.moved:
        path.append(moves.moved[path[-1]])
    return path


def _must_be_free(moves: NumberMoves, old: str, new: str) -> None:
    """Raise `OrderError` unless ``old`` never moved and is not what ``new`` became."""
    if moves.now(old) == moves.now(new):
        raise OrderError("new", SAME)
    if old in moves.moved:
        raise OrderError("old", MOVED_ALREADY)


def _is_news(connection: Connection, former: str, now: str) -> bool:
    """Return whether a record that says so is to be followed; raise `OrderError` where others are.

    It is no news where both are of one chart already, or a person took that very move back.
    """
    moves = moves_of(connection, [former, now])
    if former in _path(moves, now):
        raise OrderError("former", SAID_OTHERWISE)
    if moves.now(former) == moves.now(now):
        return False
    if patient_moves.was_undone(connection, former, now):
        return False
    _must_be_free(moves, former, now)
    return True


def _must_be_one(connection: Connection, old: str, new: str) -> None:
    """Raise `NeedsConfirmation` where two people are known, or one number to nobody."""
    mine, theirs = (tuple(known_people(connection, number)) for number in (old, new))
    if not mine or not theirs:
        known = dict.fromkeys(one.listed for one in (*mine, *theirs))
        raise NeedsConfirmation(UNKNOWN, tuple(known))
    _must_not_be_two(connection, old, new)


def _must_not_be_two(connection: Connection, old: str, new: str, *said: Patient) -> None:
    """Raise `NeedsConfirmation` where two people are known; ``said`` says who ``new`` is too."""
    theirs = (*said, *known_people(connection, new))
    for one in known_people(connection, old):
        for other in theirs:
            if are_two(one, other):
                raise NeedsConfirmation(TWO_PEOPLE, (one.listed, other.listed))


def known_people(connection: Connection, number: str) -> Iterable[Patient]:
    """Yield whom orders, master data, results and objects name under a number and former ones."""
    numbers = moves_of(connection, [number]).all_of(number)
    yield from (order.patient for order in order_store.orders_of(connection, number))
    yield from patient_store.kept_patients(connection, numbers).values()
    yield from result_store.earlier_patients(connection, 0, numbers).values()
    sent = claim_store.claims_naming(connection, numbers)
    yield from (one.patient for one in sent if one.patient_id in numbers and not one.word)
