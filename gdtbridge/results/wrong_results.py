"""What of an exam is in a wrong chart: everything it got, or what a correction replaces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gdtbridge.archive import Archive, ArchivedInstance
from gdtbridge.database import Connection
from gdtbridge.exams import claim_store, result_store
from gdtbridge.exams.model import Claim, ClaimState, Exam, ExamResult, PatientExam
from gdtbridge.orders.patient_moves import moves_of
from gdtbridge.results.records import Retraction


@dataclass(frozen=True, slots=True)
class WrongResults:
    """What is to be retracted from one chart: objects of some claims, or all of them."""

    number: str
    """What the chart has now; results may have been sent under a former one."""
    numbers: tuple[str, ...]
    """All numbers the chart has or had."""
    results: tuple[ExamResult, ...]
    claims: tuple[Claim, ...]
    instances: tuple[ArchivedInstance, ...]
    whole: bool
    """Whether nothing of the exam is left in the chart."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What is taken back of an exam from one chart.

    ``told`` are the retractions the chart gets; none where nothing has left for it yet. Where
    ``recalled`` its files still lie in the folder and are taken out of it, and the retractions
    leave only if one of them was collected before.
    """

    number: str
    results: tuple[ExamResult, ...]
    told: tuple[Retraction, ...] = ()
    recalled: bool = False


def all_in_chart(connection: Connection, archive: Archive, exam: Exam, number: str) -> WrongResults:
    """Return everything a chart got of an exam; without ``results`` where that is nothing."""
    moves = moves_of(connection, [number])
    numbers = moves.all_of(number)
    sent = result_store.results_of(connection, exam.id)
    settled = _settled_in(claim_store.claims_of(connection, exam.id), numbers)
    kept = archive.kept_of(connection, [one.id for one in settled])
    return WrongResults(
        number=moves.now(number),
        numbers=numbers,
        results=tuple(one for one in sent if one.patient_id in numbers),
        claims=settled,
        instances=tuple(kept),
        whole=True,
    )


def replaced_in_charts(
    connection: Connection, archive: Archive, exam: Exam, corrected: PatientExam
) -> Iterator[WrongResults]:
    """Yield what charts have of the objects that came again for somebody else."""
    new = archive.kept_of(connection, [one.id for one in corrected.claims])
    uids = {one.sop_instance_uid for one in new}
    claims = claim_store.claims_of(connection, exam.id)
    others = [one for one in claims if one.person != corrected.person]
    sent = result_store.results_of(connection, exam.id)
    moves = moves_of(connection, {one.patient_id for one in sent})
    for number in dict.fromkeys(moves.now(one.patient_id) for one in sent):
        numbers = moves.all_of(number)
        settled = _settled_in(others, numbers)
        kept = archive.kept_of(connection, [one.id for one in settled])
        replaced = tuple(one for one in kept if one.sop_instance_uid in uids)
        if replaced:
            yield WrongResults(
                number=number,
                numbers=numbers,
                results=tuple(one for one in sent if one.patient_id in numbers),
                claims=settled,
                instances=replaced,
                whole=len(replaced) == len(kept),
            )


def _settled_in(claims: Sequence[Claim], numbers: Sequence[str]) -> tuple[Claim, ...]:
    """Return the claims that went to the chart of the numbers."""
    return tuple(o for o in claims if o.state is ClaimState.SETTLED and o.number in numbers)
