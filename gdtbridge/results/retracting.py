"""Retractions on their way: the records that tell a chart what does not belong into it.

A chart takes nothing back, so a retraction is a record of its own; the person whose results they
are occurs nowhere in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gdtbridge.database import Connection
from gdtbridge.durable.clock import Clock, local_time
from gdtbridge.exams import history_store
from gdtbridge.exams.evidence import ExamEvidence, ListedEntries
from gdtbridge.exams.model import Exam, ExamResult, PatientExam, exam_of
from gdtbridge.exams.naming import named
from gdtbridge.orders import store as order_store
from gdtbridge.orders.model import Order
from gdtbridge.outbox import Message, Outbox
from gdtbridge.people import Patient
from gdtbridge.pictures import is_candidate
from gdtbridge.results import store as result_store
from gdtbridge.results.gathering import ExamGatherer
from gdtbridge.results.message_keys import (
    chart_mark,
    digest,
    order_of,
    retraction_key,
    study_prefix,
    turn_of,
)
from gdtbridge.results.records import Retraction
from gdtbridge.results.routing import Routing
from gdtbridge.results.wrong_results import WrongResults


@dataclass(frozen=True, slots=True)
class Retractor:
    """Puts retractions into the outbox, each on the route its result went."""

    outbox: Outbox
    routing: Routing
    gatherer: ExamGatherer
    clock: Clock

    def begun(
        self, connection: Connection, exam: Exam, wrong: WrongResults
    ) -> tuple[ExamResult, ...]:
        """Return the results of a chart of which a study record has gone, or is just going.

        Of what went before results were last taken back the chart has been told. Where a record
        names an order of none of them (a person parted the two since), all count.
        """
        of_study = study_prefix(exam.study_instance_uid)
        orders = {
            order_of(key)
            for number in wrong.numbers
            for key in self.outbox.keys_put(connection, [f"{of_study}{digest(number)}:"])
            if turn_of(key) >= history_store.withdrawals(connection, exam.id, number)
        }
        if not orders <= {one.accession_number for one in wrong.results}:
            return wrong.results
        return tuple(one for one in wrong.results if one.accession_number in orders)

    def retract(
        self,
        connection: Connection,
        exam: Exam,
        wrong: WrongResults,
        reason: str,
        sent: Sequence[str],
        recall: str = "",
    ) -> list[Retraction]:
        """Put a retraction for each result of a chart, within the caller's write transaction.

        Of a chart that keeps something of the exam it is one. ``reason`` stands in it. It never
        overtakes what is on its way, whose keys begin with ``sent``; with ``recall`` it leaves only
        where the files could not be taken back. Returns what the records say; raises
        `GdtWriteError`.
        """
        told: list[Retraction] = []
        turn = history_store.withdrawals(connection, exam.id, wrong.number)
        objects = None if wrong.whole else [one.sop_instance_uid for one in wrong.instances]
        for retraction, result in self._retractions(connection, exam, wrong, reason):
            target = self.routing.named(result.route)
            order = retraction.order
            accession = order.accession_number if order is not None else ""
            key = retraction_key(
                exam.study_instance_uid, wrong.number, result.accession_number, turn, objects
            )
            message = Message(
                kind="gdt",
                destination=target.destination,
                key=self.outbox.next_key(connection, target.destination, key),
                name=target.names.study(accession, exam.id, self.clock.local()),
                payload=target.records.retraction(retraction),
                after_id=self.outbox.last_open(connection, target.destination, sent),
                recall=recall,
            )
            self.outbox.put(connection, message)
            told.append(retraction)
        return told

    def _retractions(
        self, connection: Connection, exam: Exam, wrong: WrongResults, reason: str
    ) -> Iterator[tuple[Retraction, ExamResult]]:
        """Yield what each record says and the result it is of; the first has all values."""
        patient = _chart_of(self.gatherer.evidence(connection, exam.id, ListedEntries()), wrong)
        values = _values(connection, wrong)
        for result in _by_order(wrong.results) if wrong.whole else wrong.results[:1]:
            retraction = Retraction(
                exam=exam_of(exam, wrong.claims) if wrong.claims else _bare(exam),
                patient=patient,
                order=_own_order(connection, result, wrong),
                sent=local_time(result.reported_at),
                study_record=wrong.whole,
                values=values,
                pictures=result.pictures if wrong.whole else _pictures(wrong),
                reason=reason,
            )
            yield retraction, result
            values = 0


def _by_order(results: Iterable[ExamResult]) -> list[ExamResult]:
    """Return one result for each order and route, the oldest with the pictures of all.

    A chart whose number changed may have got one under each number.
    """
    found: dict[tuple[str, str], ExamResult] = {}
    for one in results:
        first = found.setdefault((one.accession_number, one.route), one)
        if first is not one:
            both = replace(first, pictures=first.pictures + one.pictures)
            found[one.accession_number, one.route] = both
    return list(found.values())


def _chart_of(found: ExamEvidence | None, wrong: WrongResults) -> Patient:
    """Return what is known of a wrong chart's number without the objects that are not its own."""
    if found is None:
        return Patient(wrong.number)
    taken = {one.person for one in wrong.claims if wrong.whole}
    others = tuple(one for one in found.claims if one.person not in taken)
    return named(replace(found, claims=others, by_study=None), wrong.number, (), None)


def _own_order(connection: Connection, result: ExamResult, wrong: WrongResults) -> Order | None:
    """Return the order a result was sent for, if it is one for the chart."""
    order = order_store.order_by_number(connection, result.accession_number)
    return order if order is not None and order.patient.id in wrong.numbers else None


def _values(connection: Connection, wrong: WrongResults) -> int:
    """Return how many values of the objects the chart got."""
    instances = [one.id for one in wrong.instances]
    return result_store.count_sent(connection, instances, list(map(chart_mark, wrong.numbers)))


def _pictures(wrong: WrongResults) -> int:
    return sum(is_candidate(one.sop_class_uid) for one in wrong.instances)


def _bare(exam: Exam) -> PatientExam:
    return PatientExam(id=exam.id, study_instance_uid=exam.study_instance_uid)
