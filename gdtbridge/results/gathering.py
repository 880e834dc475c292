"""What reporting an exam needs, read outside of any transaction: reading may hang."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from gdtbridge.archive import Archive, ArchivedInstance, Standing
from gdtbridge.database import Connection, Database
from gdtbridge.durable.clock import Clock
from gdtbridge.exams import evidence, store, versions
from gdtbridge.exams.completion import CompletionRule
from gdtbridge.exams.decision import Decision, DecisionMaker
from gdtbridge.exams.evidence import ExamEvidence, ListedEntries
from gdtbridge.exams.hold_reasons import HoldReason
from gdtbridge.exams.model import Claim, ClaimState, Exam, PendingReport
from gdtbridge.exams.plan import PlannedResult, plan
from gdtbridge.pictures import AttachmentReader, is_candidate
from gdtbridge.report_page import PagePrinter
from gdtbridge.results import store as result_store
from gdtbridge.results.attachments import AttachedFile, AttachmentBuilder, AttachmentPlace
from gdtbridge.results.patience import ReadingPatience
from gdtbridge.results.routing import ResultTarget, Routing
from gdtbridge.sr import Report, ReportError, ReportHindered, ReportLimitError
from gdtbridge.trends import ReportValue
from gdtbridge.trends.keeping import ValueKeeper
from worklist import WorklistFolder

log = logging.getLogger(__name__)


class ReportOpener(Protocol):
    """Port: reads Structured Reports within limits (`gdtbridge.sr.ReportReader`)."""

    def read(self, path: Path) -> Report:
        """Return the report in the file; raise `ReportError`."""


@dataclass(frozen=True, slots=True)
class ObjectOpeners:
    """Who opens received files, each within limits."""

    reports: ReportOpener
    pictures: AttachmentReader
    sheets: PagePrinter


@dataclass(frozen=True, slots=True)
class ReadReport:
    """A Structured Report, how reading it went, and its page where one is wanted.

    ``values`` are its measurements as the curves of its patient keep them.
    """

    pending: PendingReport
    report: Report | None
    problem: str
    sheet: AttachedFile | None = None
    values: tuple[ReportValue, ...] = ()


@dataclass(frozen=True, slots=True)
class GatheredResult:
    """One result as read before it is written: its reports, its files, and what they show.

    ``told`` are the ids of the instances its records are made with, or without on purpose.
    ``corrects`` says that all its pictures replace some the chart has, ``older`` are the reports of
    which the chart gets a later version, ``unmade`` counts the files that could not be made.
    """

    planned: PlannedResult
    target: ResultTarget
    read: tuple[ReadReport, ...]
    attached: tuple[AttachedFile, ...]
    told: tuple[int, ...]
    corrects: bool = False
    older: tuple[PendingReport, ...] = ()
    unmade: int = 0


@dataclass(frozen=True, slots=True)
class SeenExam:
    """An exam as one transaction sees it; its files are not read yet."""

    evidence: ExamEvidence
    listed: ListedEntries
    pending: tuple[PendingReport, ...]
    objects: tuple[ArchivedInstance, ...]
    """Every version of its objects."""


@dataclass(frozen=True, slots=True)
class GatheredExam:
    """An exam as read before its results are written.

    ``pause_at`` is when late pictures are told (UTC); None where none wait.
    """

    evidence: ExamEvidence
    listed: ListedEntries
    decisions: tuple[Decision, ...]
    results: tuple[GatheredResult, ...]
    pause_at: float | None

    @property
    def exam(self) -> Exam:
        """The exam as it was when it was read."""
        return self.evidence.exam


@dataclass(frozen=True, slots=True)
class _ExamObjects:
    """Every version of an exam's objects; of several that count, a chart gets the last one sent.

    Two may count that name two people, who are the same to whoever says whose the exam is.
    """

    every: Sequence[ArchivedInstance]
    older: frozenset[int]
    """Ids of those that count and of which the same chart gets a later version."""

    @classmethod
    def of(
        cls, every: Sequence[ArchivedInstance], planned: Sequence[PlannedResult]
    ) -> _ExamObjects:
        """Return the objects of an exam, whose charts are planned."""
        charts = {claim: one.number for one in planned for claim in one.claims}
        last: dict[tuple[str, str], ArchivedInstance] = {}
        older = set()
        for one in sorted(_current(every), key=lambda version: version.last_sent):
            if one.claim_id in charts:
                place = (charts[one.claim_id], one.sop_instance_uid)
                older |= {last[place].id} if place in last else set()
                last[place] = one
        return cls(every, frozenset(older))

    def used(self, claims: Sequence[int]) -> list[ArchivedInstance]:
        """Return the objects of some claims that records are made with."""
        return [one for one in self.counting(claims) if one.id not in self.older]

    def counting(self, claims: Sequence[int]) -> list[ArchivedInstance]:
        """Return the objects of some claims that count."""
        return [one for one in _current(self.every) if one.claim_id in claims]

    def corrects(self, own: Sequence[ArchivedInstance]) -> bool:
        """Return whether all that is to be attached replaces something a record was made with."""
        replaced = {
            one.sop_instance_uid
            for one in self.every
            if one.told and (one.standing is Standing.SUPERSEDED or one.id in self.older)
        }
        new = [one for one in own if not one.told and is_candidate(one.sop_class_uid)]
        return all(one.sop_instance_uid in replaced for one in new)


class ExamGatherer:
    """Reads reports, pictures and the worklist for an exam that is due."""

    def __init__(
        self,
        routing: Routing,
        database: Database,
        archive: Archive,
        worklist: WorklistFolder,
        openers: ObjectOpeners,
        rules: tuple[DecisionMaker, CompletionRule],
        values: ValueKeeper,
        clock: Clock,
    ) -> None:
        self._routing = routing
        self._database = database
        self._archive = archive
        self._worklist = worklist
        self._reader = openers.reports
        self._patience = ReadingPatience(clock)
        self._attachments = AttachmentBuilder(
            openers.pictures, openers.sheets, routing.catalogue, self._patience
        )
        self._maker, self._completion = rules
        self._values = values
        self._clock = clock

    def gather(self, exam_id: int) -> GatheredExam | None:
        """Return what there is of an exam that waits to be reported; None when none does.

        What came again with other bytes is compared before, and the newest content counts. Of an
        exam of which something came meanwhile, uncompared and not looked up, there is nothing until
        the next time. Where the machine keeps something from being read, that is raised
        (`HINDRANCES`); until it is to be tried again there is nothing of the exam either.
        """
        if self._patience.waits(exam_id):
            return None
        exam, claims, objects = self._compared(exam_id)
        if exam is None or exam.due_at is None:
            return None
        listed = evidence.look_up(exam, claims, self._worklist)
        with self._database.read() as connection:
            seen = self.see(connection, exam_id, listed)
        if seen is None or seen.objects != tuple(objects) or not _are_compared(objects):
            return None
        with self._patience.reading(exam_id):
            return self.read(seen)

    def see(self, connection: Connection, exam_id: int, listed: ListedEntries) -> SeenExam | None:
        """Return an exam as it is within the caller's transaction."""
        found = self.evidence(connection, exam_id, listed)
        if found is None:
            return None
        pending = result_store.pending_reports(connection, exam_id)
        objects = self._archive.of_claims(connection, [one.id for one in found.claims])
        return SeenExam(found, listed, tuple(pending), tuple(objects))

    def read(self, seen: SeenExam) -> GatheredExam:
        """Return what an exam has to say: its reports are read, its pictures made.

        Outside of a transaction: reading may take seconds. Raises a hindrance (`HINDRANCES`), as
        long as it is waited for.
        """
        found, objects = seen.evidence, seen.objects
        decisions = self._maker.decide(found)
        planned = plan(found, decisions, self._maker.dates)
        kept = _current(objects)
        pause_at = self._pause_at(found.exam, kept)
        wanted = {claim for one in planned for claim in one.claims}
        files = {one.id: one.path for one in objects}
        versions_of = _ExamObjects.of(objects, planned)
        waiting = [
            one for one in seen.pending if one.claim_id in wanted and one.instance_id in files
        ]
        older = [one for one in waiting if one.instance_id in versions_of.older]
        read = [
            self._read(found.exam, one, files[one.instance_id])
            for one in waiting
            if one not in older
        ]
        results = tuple(
            replace(
                self._gathered(found, one, read, versions_of, pause_at),
                older=tuple(pending for pending in older if pending.claim_id in one.claims),
            )
            for one in planned
        )
        return GatheredExam(found, seen.listed, decisions, results, _waits(results, kept, pause_at))

    def _compared(self, exam_id: int) -> tuple[Exam | None, list[Claim], list[ArchivedInstance]]:
        """Return an exam with its claims and every version of its objects, each compared."""
        exam, claims, objects = self._as_entered(exam_id)
        compared = versions.compare(objects)
        if exam is None or not compared:
            return exam, claims, objects
        with self._database.write() as connection:
            versions.settle(connection, self._archive, exam, compared, self._clock.utc())
        return self._as_entered(exam_id)

    def _as_entered(self, exam_id: int) -> tuple[Exam | None, list[Claim], list[ArchivedInstance]]:
        with self._database.read() as connection:
            exam, claims = store.exam_with_claims(connection, exam_id)
            if exam is None:
                return None, [], []
            return exam, claims, self._archive.of_claims(connection, [one.id for one in claims])

    def decides_anew(self, exam_id: int) -> bool:
        """Return whether what is held of an exam would be decided otherwise now.

        What no record can be written of stays held until a person looks.
        """
        with self._database.read() as connection:
            exam, claims = store.exam_with_claims(connection, exam_id)
        if exam is None or exam.due_at is not None:
            return False
        listed = evidence.look_up(exam, claims, self._worklist)
        with self._database.read() as connection:
            found = self.evidence(connection, exam_id, listed)
        decisions = self._maker.decide(found) if found is not None else ()
        return any(
            one.held_because not in {decision.reason, HoldReason.UNWRITABLE}
            for decision in decisions
            for one in decision.claims
            if one.state is ClaimState.HELD
        )

    def evidence(
        self, connection: Connection, exam_id: int, listed: ListedEntries
    ) -> ExamEvidence | None:
        """Return the evidence of an exam as it is within the caller's transaction."""
        exam, claims = store.exam_with_claims(connection, exam_id)
        if exam is None:
            return None
        return evidence.collect(connection, exam, claims, listed)

    def _pause_at(self, exam: Exam, kept: Sequence[ArchivedInstance]) -> float:
        """Return when the device has been silent long enough for late pictures (UTC)."""
        late = min((one.received_at for one in kept if not one.told), default=0.0)
        return self._completion.quiet_at(exam.last_instance_at, late)

    def _is_paused(self, pause_at: float) -> bool:
        """Return whether late pictures wait; a longer pause is from before the clock went back."""
        now = self._clock.utc()
        return now < pause_at <= now + self._completion.longest_wait

    def _gathered(
        self,
        found: ExamEvidence,
        planned: PlannedResult,
        read: Sequence[ReadReport],
        objects: _ExamObjects,
        pause_at: float,
    ) -> GatheredResult:
        target = self._routing.of_result(planned)
        untold = tuple(one.id for one in objects.counting(planned.claims) if not one.told)
        reports = tuple(one for one in read if one.pending.claim_id in planned.claims)
        place = target.attachments
        if place is None:
            return GatheredResult(planned, target, reports, (), untold)
        if planned.known is not None and self._is_paused(pause_at):
            return GatheredResult(planned, target, self._sheets(reports, planned, place), (), ())
        own = objects.used(planned.claims)
        already = _pictures(found, planned.number)
        attached, unmade = self._attachments.files(planned, own, place, already)
        whole = None
        if planned.known is None:
            told = [one.report for one in reports if one.report and one.report.has_results]
            whole = self._attachments.exam(planned, told, attached, place)
        if whole is None:
            reports = self._sheets(reports, planned, place)
        else:
            attached = (whole, *attached)
        corrects = objects.corrects(own)
        return GatheredResult(planned, target, reports, attached, untold, corrects, unmade=unmade)

    def _sheets(
        self, read: Sequence[ReadReport], planned: PlannedResult, place: AttachmentPlace
    ) -> tuple[ReadReport, ...]:
        """Return the reports, each that has something to say with its page where one is wanted."""
        if not (place.reports or place.exam):
            return tuple(read)
        return tuple(
            replace(one, sheet=self._attachments.sheet(planned, one.report, place))
            if one.report is not None and one.report.has_results
            else one
            for one in read
        )

    def _read(self, exam: Exam, pending: PendingReport, file: Path) -> ReadReport:
        try:
            report = self._read_twice(file)
            return ReadReport(pending, report, "", values=self._values.values_of(report))
        except ReportError as error:
            self._patience.bear(exam.id, error)
            log.warning("report %d cannot be read: %s", pending.id, type(error).__name__)
            return ReadReport(pending, None, type(error).__name__)

    def _read_twice(self, file: Path) -> Report:
        try:
            return self._reader.read(file)
        except ReportHindered:  # later
            raise
        except ReportLimitError:  # of the file's making, as far as can be seen: once more
            return self._reader.read(file)


def _current(objects: Sequence[ArchivedInstance]) -> list[ArchivedInstance]:
    return [one for one in objects if one.standing is Standing.CURRENT]


def _are_compared(objects: Sequence[ArchivedInstance]) -> bool:
    return all(one.standing is not Standing.UNCOMPARED for one in objects)


def _waits(
    results: Sequence[GatheredResult], kept: Sequence[ArchivedInstance], pause_at: float
) -> float | None:
    """Return when pictures that are not told now are to be looked at again."""
    told = {instance for one in results for instance in one.told}
    claims = {claim for one in results for claim in one.planned.claims}
    late = any(one.claim_id in claims and not one.told and one.id not in told for one in kept)
    return pause_at if late else None


def _pictures(found: ExamEvidence, number: str) -> int:
    """Return how many pictures of the exam a chart has."""
    return sum(one.pictures for one in found.results_for(number))
