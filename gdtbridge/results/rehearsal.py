"""What an act of a person would do, found out by doing it where nobody sees it.

The act, the gathering and the settling are those of every day; only the transaction they work in
is rolled back (`Database.rehearsal`). So what is told before is what happens after.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

from gdtbridge.archive import Archive, ArchivedInstance
from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import NotFound, Outdated, ProcessingFailure
from gdtbridge.exams import evidence, store, versions
from gdtbridge.exams.evidence import ExamEvidence, ListedEntries
from gdtbridge.exams.held import NO_SUCH_EXAM
from gdtbridge.orders import store as order_store
from gdtbridge.orders.model import Order
from gdtbridge.people import Patient, are_written_alike
from gdtbridge.pictures import is_candidate
from gdtbridge.results.consequences import (
    ChartConsequence,
    Consequences,
    OrderConsequence,
    OrderOutcome,
)
from gdtbridge.results.gathering import ExamGatherer, GatheredExam, SeenExam
from gdtbridge.results.patience import HINDRANCES
from gdtbridge.results.settling import ExamSettler, SettledExam, SettledResult
from gdtbridge.results.wrong_results import TakenBack
from worklist import FolderError, WorklistFolder

Act = Callable[[Connection], Sequence[TakenBack]]
"""What a person does with an exam, within a write transaction; returns what it takes back."""

MOST_TRIES: Final = 3
"""How often an exam that changes meanwhile is rehearsed anew."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Finds out what acts would do; nothing is written."""

    database: Database
    archive: Archive
    worklist: WorklistFolder
    gatherer: ExamGatherer
    settler: ExamSettler
    clock: Clock

    def of(self, exam_id: int, act: Act) -> Consequences:
        """Return what becomes of an exam by ``act``.

        Reports are read and pictures are made, which may take seconds. Raises what the act raises,
        `NotFound` for an unknown exam and `ProcessingFailure` where the exam keeps changing, or
        cannot be read for now.
        """
        for _ in range(MOST_TRIES):
            compared, seen = self._seen(exam_id, act)
            found = self._settled(exam_id, compared, act, self._read(seen))
            if found is not None:
                return found
        raise ProcessingFailure(
            "Die Untersuchung ändert sich gerade; bitte gleich noch einmal. / The exam is changing;"
            " please try again in a moment."
        )

    def perform(self, exam_id: int, act: Act, mark: str) -> None:
        """Do an act whose consequences somebody was shown; ``mark`` is theirs.

        Looking and doing is one transaction: whatever comes meanwhile is either seen here, or comes
        after. Raises `Outdated` where the act would do something else by now, and what the act
        raises; then nothing is done.
        """
        compared = self._compared(exam_id)
        listed = self._listed(exam_id, compared, act)
        with self.database.write() as connection:
            self._do(connection, exam_id, compared, act)
            found = self.gatherer.evidence(connection, exam_id, listed)
            if found is None or mark_of(found) != mark:
                raise Outdated

    def _read(self, seen: SeenExam) -> GatheredExam:
        try:
            return self.gatherer.read(seen)
        except HINDRANCES as error:
            raise ProcessingFailure(str(error)) from error

    def _seen(self, exam_id: int, act: Act) -> tuple[Mapping[int, int | None], SeenExam]:
        compared = self._compared(exam_id)
        listed = self._listed(exam_id, compared, act)
        with self.database.rehearsal() as connection:
            self._do(connection, exam_id, compared, act)
            seen = self.gatherer.see(connection, exam_id, listed)
        assert seen is not None  # noqa: S101 - the act would have said so
        return compared, seen

    def _compared(self, exam_id: int) -> Mapping[int, int | None]:
        with self.database.read() as connection:
            _, claims = store.exam_with_claims(connection, exam_id)
            objects = self.archive.of_claims(connection, [one.id for one in claims])
        return versions.compare(objects)

    def _listed(self, exam_id: int, compared: Mapping[int, int | None], act: Act) -> ListedEntries:
        """Return what the worklist says of an exam as it would be; nothing where it is away."""
        with self.database.rehearsal() as connection:
            self._do(connection, exam_id, compared, act)
            exam, claims = store.exam_with_claims(connection, exam_id)
        assert exam is not None  # noqa: S101 - the act would have said so
        try:
            return evidence.look_up(exam, claims, self.worklist)
        except FolderError:
            return ListedEntries()

    def _do(
        self, connection: Connection, exam_id: int, compared: Mapping[int, int | None], act: Act
    ) -> Sequence[TakenBack]:
        """Do what the reporter does before it reads an exam, and the act."""
        exam = store.exam_by_id(connection, exam_id)
        if exam is None:
            raise NotFound(NO_SUCH_EXAM)
        versions.settle(connection, self.archive, exam, compared, self.clock.utc())
        return act(connection)

    def _settled(
        self,
        exam_id: int,
        compared: Mapping[int, int | None],
        act: Act,
        gathered: GatheredExam,
    ) -> Consequences | None:
        """Return what becomes of what was gathered; None where something changed meanwhile."""
        with self.database.rehearsal() as connection:
            before = self.gatherer.evidence(connection, exam_id, gathered.listed)
            assert before is not None  # noqa: S101 - or it could not have been gathered
            told = {one.id for one in self._instances(connection, before) if one.told}
            orders = _orders(connection, before)
            taken = self._do(connection, exam_id, compared, act)
            now = self.gatherer.evidence(connection, exam_id, gathered.listed)
            if now is None or _undated(now) != _undated(gathered.evidence):
                return None
            mark = mark_of(now)
            settled = self.settler.settle(connection, gathered, self.clock.utc())
            instances = self._instances(connection, now)
            after = order_store.orders_by_number(connection, orders)
        return Consequences(
            charts=tuple(_charts(settled, instances, told)),
            taken_back=tuple(taken),
            orders=tuple(_order_consequences(before, orders, after)),
            held=settled.held,
            unused=tuple(_unused(gathered, settled)),
            mark=mark,
        )

    def _instances(self, connection: Connection, found: ExamEvidence) -> list[ArchivedInstance]:
        return self.archive.kept_of(connection, [one.id for one in found.claims])


def _undated(found: ExamEvidence) -> ExamEvidence:
    """Return evidence without the moment the exam is due: each rehearsal has another one."""
    return replace(found, exam=replace(found.exam, due_at=None))


def mark_of(found: ExamEvidence) -> str:
    """Return 16 hexadecimal digits that stand for evidence: equal evidence decides equally."""
    return hashlib.sha256(repr(_undated(found)).encode()).hexdigest()[:16]


def _orders(connection: Connection, found: ExamEvidence) -> dict[str, Order]:
    """Return the orders an exam has to do with, as they stand, by accession number."""
    numbers = {one.accession_number for one in found.results}
    numbers |= {one.order_number for one in found.claims}
    every = [found.by_study, *found.by_number.values(), *found.typed.values(), *found.of_person]
    every += [order for orders in found.of_number.values() for order in orders]
    numbers |= {order.accession_number for order in every if order is not None}
    return order_store.orders_by_number(connection, numbers - {""})


def _order_consequences(
    found: ExamEvidence, before: Mapping[str, Order], after: Mapping[str, Order]
) -> Iterator[OrderConsequence]:
    """Yield the orders that change, and those that objects lead to and that stay open."""
    led_to = {order.accession_number for one in found.claims for order in found.orders_of(one)}
    for number, order in sorted(after.items()):
        was_open = number in before and before[number].is_open
        if was_open and not order.is_open:
            yield OrderConsequence(order, OrderOutcome.DONE)
        elif order.is_open and not was_open:
            yield OrderConsequence(order, OrderOutcome.REOPENED)
        elif order.is_open and number in led_to:
            yield OrderConsequence(order, OrderOutcome.STAYS)


def _charts(
    settled: SettledExam, instances: Sequence[ArchivedInstance], told: AbstractSet[int]
) -> Iterator[ChartConsequence]:
    """Yield what goes into each chart; ``told`` are the objects records were made with before."""
    for one in settled.results:
        if one.put.is_any:
            claims = one.gathered.planned.claims
            own = [item for item in instances if item.claim_id in claims and item.id not in told]
            yield _chart(one, own)


def _chart(one: SettledResult, own: Sequence[ArchivedInstance]) -> ChartConsequence:
    planned, put = one.gathered.planned, one.put
    return ChartConsequence(
        patient=planned.patient,
        order=planned.order,
        accession_number=planned.shown_accession,
        route=one.gathered.target.name,
        study=put.study,
        values=put.values,
        statements=put.statements,
        reports=len(put.reports),
        pictures=sum(file.attachment.format == "JPG" for file in one.gathered.attached),
        images=sum(is_candidate(item.sop_class_uid) for item in own),
        instances=tuple(item.id for item in own),
        people=tuple(dict.fromkeys(claim.person for claim in planned.exam.claims)),
        remarks=planned.remarks,
    )


def _unused(gathered: GatheredExam, settled: SettledExam) -> Iterable[Patient]:
    """Return whom the objects name that are decided now, where their charts are told another."""
    charts = {
        claim.id: one.gathered.planned.patient
        for one in settled.results
        for claim in one.gathered.planned.exam.claims
    }
    decided = [claim for one in gathered.decisions for claim in one.claims if claim.id in charts]
    sent = ((claim.patient, charts[claim.id]) for claim in decided)
    others = (one for one, chart in sent if one.id != chart.id or not are_written_alike(one, chart))
    return {(one.id, one.listed_name, one.birth_date): one for one in others}.values()
