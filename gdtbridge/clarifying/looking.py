"""A held exam as a person looks at it who decides: parts, evidence, candidates, revision."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gdtbridge.archive import Archive, ArchivedInstance
from gdtbridge.clarifying.candidates import CandidateRule, KnownPeople
from gdtbridge.clarifying.comparing import SourceWord, compare
from gdtbridge.clarifying.model import (
    Candidate,
    CandidateSource,
    ClarifyingPart,
    ClarifyingView,
    EvidenceSource,
    EvidenceTable,
    PartObject,
)
from gdtbridge.clarifying.reasons import REASONS
from gdtbridge.database import Connection, Database
from gdtbridge.dataset.values import to_date
from gdtbridge.durable.clock import local_time
from gdtbridge.errors import NotFound
from gdtbridge.exams import evidence, history_store, result_store, store
from gdtbridge.exams.decision import Decision, DecisionMaker
from gdtbridge.exams.evidence import ExamEvidence, ListedEntries
from gdtbridge.exams.held import NOT_HELD, asks
from gdtbridge.exams.history import FAULT
from gdtbridge.exams.hold_reasons import HoldReason
from gdtbridge.exams.model import Claim, EventKind, Exam, ExamEvent, PatientExam, by_person
from gdtbridge.exams.person_evidence import PersonEvidence
from gdtbridge.orders import patient_store
from gdtbridge.orders.model import Order
from gdtbridge.orders.patient_moves import moves_of
from gdtbridge.people import Patient
from gdtbridge.pictures.kinds import ObjectKind, kind_of
from worklist import FolderError, WorklistFolder


@dataclass(frozen=True, slots=True)
class ExamLook:
    """Shows held exams; changes nothing."""

    database: Database
    archive: Archive
    worklist: WorklistFolder
    maker: DecisionMaker
    rule: CandidateRule

    def view(self, exam_id: int) -> ClarifyingView:
        """Return what waits of an exam; raise `NotFound` where nothing does.

        A worklist that cannot be read says nothing.
        """
        with self.database.read() as connection:
            exam, claims = store.exam_with_claims(connection, exam_id)
        if exam is None:
            raise NotFound(NOT_HELD)
        listed, entries = self._listed(exam, claims)
        with self.database.read() as connection:
            found = evidence.collect(connection, exam, claims, listed)
            known = KnownPeople(entries, tuple(_born(connection, found)))
            objects = self.archive.kept_of(connection, [one.id for one in claims])
            events = history_store.events_of(connection, exam_id)
        people = by_person(exam, found.claims)
        waiting = [one for one in people if any(map(asks, one.claims))]
        if not waiting:
            raise NotFound(NOT_HELD)
        shown = tuple(_objects(objects, found.claims))
        decisions = {one.person: one for one in self.maker.decide(found)}
        parts = [
            self._part(found, one, decisions[one.person], known, shown, events) for one in waiting
        ]
        return ClarifyingView(
            key=key_of(exam_id),
            exam=exam,
            parts=tuple(_with_pictures(one, parts, found) for one in parts),
            sent=tuple(one.patient for one in found.results),
            began=local_time(exam.first_instance_at),
            ended=local_time(exam.last_instance_at),
            events=tuple(events),
            revision=revision_of(exam, claims, events),
            others=tuple(one for one in people if one not in waiting),
        )

    def charts(self, exam_id: int) -> list[Patient]:
        """Return the charts that have a result of an exam that was not withdrawn, each once."""
        with self.database.read() as connection:
            results = result_store.results_of(connection, exam_id)
            moves = moves_of(connection, {one.patient_id for one in results})
        found = (replace(one.patient, id=moves.now(one.patient_id)) for one in results)
        return list({one.id: one for one in found}.values())

    def _listed(
        self, exam: Exam, claims: Sequence[Claim]
    ) -> tuple[ListedEntries, tuple[Order, ...]]:
        try:
            entries = tuple(map(Order.of, self.worklist.entries()))
            return evidence.look_up(exam, claims, self.worklist), entries
        except FolderError:
            return ListedEntries(), ()

    def _part(
        self,
        found: ExamEvidence,
        exam: PatientExam,
        decision: Decision,
        known: KnownPeople,
        objects: Sequence[PartObject],
        events: Sequence[ExamEvent],
    ) -> ClarifyingPart:
        began = local_time(found.exam.first_instance_at)
        candidates = self.rule.candidates(found, decision, known, began)
        fault = _fault_of(events, exam.person)
        if fault:  # of that number no record can be written, whoever's it is
            candidates = tuple(one for one in candidates if one.patient.id != decision.number)
        alike = [one for one in candidates if one.is_alike]
        reason = exam.held_because or decision.reason or ""
        return ClarifyingPart(
            exam=exam,
            reason=REASONS[reason],
            patients=tuple(dict.fromkeys(one.patient for one in exam.claims)),
            objects=tuple(one for one in objects if one.person == exam.person),
            evidence=_evidence(found, decision, candidates),
            candidates=candidates,
            preselected=alike[0].key if len(alike) == 1 else "",
            received=found.received if reason == HoldReason.FAR_DATE else None,
            orders=_fitting(candidates) if reason == HoldReason.SEVERAL_ORDERS else (),
            is_report=reason == HoldReason.REPORT_OF_OTHER
            and {one.id for one in exam.claims} <= found.reports,
            fault=fault,
        )


def _fitting(candidates: Iterable[Candidate]) -> tuple[Order, ...]:
    """Return the orders to choose from, those of one chart."""
    orders = [one.order for one in candidates if one.order is not None]
    return tuple(one for one in orders if one.patient.id == orders[0].patient.id)


def _with_pictures(
    one: ClarifyingPart, parts: Iterable[ClarifyingPart], found: ExamEvidence
) -> ClarifyingPart:
    """Return a part of reports alone with whom the pictures beside them are of, or were sent for.

    Who may be meant by the report itself is never preselected.
    """
    if not one.is_report:
        return one
    known = {candidate.key for candidate in one.candidates}
    whose = [o for part in parts if not part.is_report for o in part.candidates]
    whose += [Candidate(sent.patient, frozenset()) for sent in found.results]
    source = frozenset({CandidateSource.PICTURES})
    others = {o.key: replace(o, sources=source, is_alike=False) for o in whose}
    added = (other for key, other in others.items() if key not in known)
    return replace(one, candidates=(*one.candidates, *added), preselected="")


def _fault_of(events: Sequence[ExamEvent], person: int) -> str:
    """Return why no record of one of an exam's people can be written, as last decided."""
    decided = (o for o in reversed(events) if o.what is EventKind.DECIDED and o.person == person)
    last = next(decided, None)
    return str(last.detail.get(FAULT, "")) if last is not None else ""


def key_of(exam_id: int) -> str:
    """Return what a held exam is called in a URL."""
    return f"exam-{exam_id}"


def revision_of(exam: Exam, claims: Iterable[Claim], events: Sequence[ExamEvent]) -> str:
    """Return 16 hexadecimal digits that are others once anything was decided, or came."""
    said = [
        (one.id, one.person, one.state, one.held_because, one.word, one.number, one.instances)
        for one in claims
    ]
    people = [(one.at, one.what) for one in events if one.who]
    return hashlib.sha256(repr((exam.id, exam.instances, said, people)).encode()).hexdigest()[:16]


def _born(connection: Connection, found: ExamEvidence) -> list[Patient]:
    """Return the patients of master data and results with a birth date the objects say."""
    births = sorted({one.patient.birth_date_da for one in found.claims if one.patient.birth_date})
    known = patient_store.kept_born(connection, births)
    known += result_store.patients_born(connection, births)
    return [replace(one, id=found.moves.now(one.id)) for one in known]


def _objects(
    instances: Iterable[ArchivedInstance], claims: Iterable[Claim]
) -> Iterator[PartObject]:
    """Yield the objects in the order received, the pictures counted from 1."""
    people = {one.id: one.person for one in claims}
    pictures = 0
    for one in sorted(instances, key=lambda instance: (instance.received_at, instance.id)):
        kind = kind_of(one.sop_class_uid)
        is_picture = kind in {ObjectKind.IMAGE, ObjectKind.CLIP}
        pictures += is_picture
        yield PartObject(
            one.id,
            kind,
            pictures if is_picture else 0,
            one.received_at,
            one.claim_id or 0,
            people.get(one.claim_id or 0, 0),
        )


def _evidence(
    found: ExamEvidence, decision: Decision, candidates: Sequence[Candidate]
) -> EvidenceTable:
    """Return what device, order, practice software, earlier exam and step say side by side."""
    claim = decision.claims[0]
    day = to_date(claim.study_date)
    times = local_time(found.exam.first_instance_at), local_time(found.exam.last_instance_at)
    words = {EvidenceSource.DEVICE: SourceWord(claim.patient, claim.accession_number, day, times)}
    order = _order_of(found, decision, candidates)
    if order is not None:
        at = order.scheduled
        words[EvidenceSource.ORDER] = SourceWord(
            order.patient,
            order.accession_number,
            at.date() if at is not None else None,
            (at, at) if at is not None else None,
        )
    number = decision.number or (order.patient.id if order is not None else "")
    if number in found.master_data:
        words[EvidenceSource.MASTER_DATA] = SourceWord(found.master_data[number])
    if number in found.earlier:
        words[EvidenceSource.EARLIER] = SourceWord(found.earlier[number])
    if found.steps and any(one.patient != claim.patient for one in found.steps):
        words[EvidenceSource.STEP] = SourceWord(found.steps[-1].patient)
    if found.results:
        sent = found.results[-1]
        words[EvidenceSource.ALREADY_SENT] = SourceWord(sent.patient, sent.accession_number)
    return compare(words)


def _order_of(
    found: ExamEvidence, decision: Decision, candidates: Sequence[Candidate]
) -> Order | None:
    """Return the order that says most: the objects', else an open one of the only person it may be.

    Of several people nobody is held beside the device as if it were known: they are choices, and
    so are several orders of one, of which it is the person alone.
    """
    own = PersonEvidence(found, decision.claims).orders
    if own:
        return own[0]
    ordered = [one for one in candidates if one.order is not None]
    likely = [one for one in ordered if one.is_alike] or ordered
    if len({one.patient.id for one in likely}) != 1:
        return None
    order = likely[0].order
    several = order is not None and len(likely) > 1
    return replace(order, accession_number="", scheduled=None) if order and several else order
