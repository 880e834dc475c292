"""What of the steps waits for a person: instances that never came, and whom a step contradicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gdtbridge.database import Connection
from gdtbridge.durable.clock import DAY_SECONDS
from gdtbridge.exams import store as exam_store
from gdtbridge.exams.steps import store
from gdtbridge.exams.steps.model import PerformedStep, StepState
from gdtbridge.orders.model import IMAGES_SECONDS
from gdtbridge.orders.patient_moves import NumberMoves, moves_of

TOLD_SECONDS: Final = 7 * DAY_SECONDS
"""A step is told for so long after its beginning, unless a person accepts it before."""
MOST: Final = 10_000
"""Steps looked at when one of them is accepted."""
TOOK_BACK: Final = (
    "Am Gerät wurde der falsche Eintrag gewählt; das Ergebnis ging schon an die Praxissoftware. /"
    " The wrong entry was selected at the device; the result was sent already."
)
NAMES_ANOTHER: Final = (
    "Das Gerät meldet eine andere Person, als das Ergebnis nennt, das schon gesendet wurde. / The"
    " device tells of another person than the result that was sent already."
)


class StepProblem(StrEnum):
    """Kinds of what waits, as the table of `gdtbridge.attention` names them."""

    MISSING = "step-instances-missing"
    CONTRADICTED = "step-contradicts"


@dataclass(frozen=True, slots=True)
class WaitingStep:
    """A step a person has to look at, and why (German / English); ``study`` may be its own UID."""

    problem: StepProblem
    step: PerformedStep
    study: str
    detail: str


def waiting_steps(connection: Connection, now: float, most: int) -> list[WaitingStep]:
    """Return the steps of the last days, at most so many, that wait for a person at ``now``."""
    return problems_of(connection, store.begun_since(connection, now - TOLD_SECONDS, most), now)


def problems_of(
    connection: Connection, steps: Sequence[PerformedStep], now: float
) -> list[WaitingStep]:
    """Return what of some steps waits for a person at ``now`` (UTC seconds)."""
    return [*_missing(connection, steps, now), *_contradicted(connection, steps)]


def accept(connection: Connection, uid: str, now: float) -> int:
    """Take what waits of a study, or of a step by its own UID, off the list; return how much."""
    found = {one.step.id for one in waiting_steps(connection, now, MOST) if one.study == uid}
    for step_id in found:
        store.update(connection, step_id, accepted=True)
    return len(found)


def _missing(
    connection: Connection, steps: Sequence[PerformedStep], now: float
) -> Iterator[WaitingStep]:
    ended = [one for one in steps if one.state is not StepState.IN_PROGRESS]
    counts = Counter(step_id for step_id, _ in store.missing(connection, [o.id for o in ended]))
    for one in ended:
        count = counts[one.id]
        if count and _is_given_up(connection, one, now):
            detail = (
                f"{count} angekündigte Objekte fehlen. / {count} announced objects are missing."
            )
            yield WaitingStep(StepProblem.MISSING, one, _study(connection, one), detail)


def _is_given_up(connection: Connection, step: PerformedStep, now: float) -> bool:
    """Return whether nobody waits for the instances of a step any more."""
    studies = store.studies_of(connection, step.id)
    exams = [found for uid in studies if (found := exam_store.find_exam(connection, uid))]
    if exams:
        return all(one.due_at is None for one in exams)
    return (step.ended_at or now) < now - IMAGES_SECONDS


def _contradicted(connection: Connection, steps: Sequence[PerformedStep]) -> Iterator[WaitingStep]:
    """Yield the steps that name nobody a result of their study went to, or took it back.

    A person who said whose an exam is knows better than its device.
    """
    sent = store.results_beside(connection, [one.id for one in steps])
    numbers = {number for found in sent.values() for number in found}
    moves = moves_of(connection, numbers | {one.patient_id for one in steps})
    for one in steps:
        found = sent.get(one.id, ())
        if found and (one.is_wrong_entry or not _is_of(moves, one.patient_id, found)):
            detail = TOOK_BACK if one.is_wrong_entry else NAMES_ANOTHER
            yield WaitingStep(StepProblem.CONTRADICTED, one, _study(connection, one), detail)


def _is_of(moves: NumberMoves, number: str, sent: Sequence[str]) -> bool:
    return not number or moves.now(number) in {moves.now(one) for one in sent}


def _study(connection: Connection, step: PerformedStep) -> str:
    return next(iter(store.studies_of(connection, step.id)), step.sop_instance_uid)
