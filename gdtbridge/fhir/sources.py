"""Where the resources of each type come from: made one after the other as they are asked for.

Each has a place in its sequence, which a page begins behind: exams and orders the newest first, so
that what arrives meanwhile moves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import Final

from gdtbridge.archive.heads import made_at
from gdtbridge.database import Connection, Database
from gdtbridge.dataset.values import is_uid
from gdtbridge.day.exam.recent_reports import RecentReports
from gdtbridge.errors import ProcessingFailure
from gdtbridge.exams import claim_store
from gdtbridge.exams.known_charts import known_charts
from gdtbridge.fhir import store
from gdtbridge.fhir.elements import Json
from gdtbridge.fhir.ids import patient_id, uid_of
from gdtbridge.fhir.narrowing import narrowing_of
from gdtbridge.fhir.patient_index import PatientIndex, candidates
from gdtbridge.fhir.query import CURSOR, LAST_UPDATED, ResourceQuery, changed_since
from gdtbridge.fhir.resources.diagnostic_reports import (
    diagnostic_report_resource,
    document_reference_resource,
    unread_report_resource,
)
from gdtbridge.fhir.resources.endpoints import ENDPOINTS, endpoint_resource
from gdtbridge.fhir.resources.imaging_studies import imaging_study_resource
from gdtbridge.fhir.resources.observation_groups import observations_of
from gdtbridge.fhir.resources.observations import ReportPart
from gdtbridge.fhir.resources.patients import patient_resource
from gdtbridge.fhir.resources.service_requests import STATUSES, service_request_resource
from gdtbridge.fhir.study_part import StudyPart, accession_numbers_of
from gdtbridge.fhir.succession import successions
from gdtbridge.orders import store as order_store
from gdtbridge.orders.model import Order, OrderState
from gdtbridge.orders.patient_moves import moved_at, moves_of
from gdtbridge.people import Patient
from gdtbridge.retrieve.finder import ArchiveFinder, Viewer
from gdtbridge.retrieve.items import ListedStudy, by_chart
from gdtbridge.retrieve.query_keys import QueryRefused
from gdtbridge.retrieve.store import ListedObject, Narrowing
from gdtbridge.sr import Report, ReportError, ReportHindered

PIECE: Final = 20
"""Studies, or orders, that are made ready together."""
MANY: Final = 100
"""The same of patients."""
Place = tuple[int, ...]
"""How far a sequence was looked through."""


@dataclass(frozen=True, slots=True)
class FhirNames:
    """What the practice calls itself, and the URIs of its numbers; empty where it has none."""

    patient_system: str = ""
    order_system: str = ""
    practice: str = ""
    fetal_sex: bool = False
    """Whether what tells the sex of a fetus may be told."""


@dataclass(frozen=True, slots=True)
class FhirBase:
    """The addresses resources name: of this server, and of DICOMweb."""

    fhir: str
    dicomweb: str

    def page(self, part: StudyPart) -> str:
        """Return the address of an exam's page."""
        return f"{self.fhir}/Binary/{part.id}"


@dataclass(frozen=True, slots=True)
class FoundResource:
    """A resource, where it stands in its sequence, and whose it is (the number of a chart)."""

    resource: Json
    place: str
    chart: str = ""


@dataclass(frozen=True, slots=True)
class FiledReport:
    """A Structured Report of a chart, and what it was read to hold; None where it cannot be."""

    part: StudyPart
    listed: ListedObject
    read: ReportPart | None


@dataclass(frozen=True, slots=True)
class ResourceSources:
    """Makes resources. Thread-safe."""

    database: Database
    finder: ArchiveFinder
    reports: RecentReports
    names: FhirNames
    index: PatientIndex = field(default_factory=PatientIndex)

    def of(self, query: ResourceQuery, viewer: Viewer, base: FhirBase) -> Iterator[FoundResource]:
        """Yield what may be meant by a search, behind its cursor; raise `QueryRefused`."""
        made: dict[str, Callable[[], Iterator[FoundResource]]] = {
            "Patient": lambda: self._patients(query),
            "ServiceRequest": lambda: self._orders(query),
            "ImagingStudy": lambda: self._studies(query, viewer),
            "DiagnosticReport": lambda: self._reports(query, base),
            "Observation": lambda: self._observations(query),
            "DocumentReference": lambda: self._documents(query, base),
            "Endpoint": lambda: self._endpoints(query, base),
        }
        return made[query.kind]()

    def parts(
        self, narrowing: Narrowing | None, viewer: Viewer, behind: Place = ()
    ) -> Iterator[StudyPart]:
        """Yield the parts of studies, from the one at a place on; none without a narrowing.

        When an exam changed, and whose it was decided to be, is as old as what is told of it: what
        changes meanwhile is told to who asks what changed since.
        """
        if narrowing is None:
            return
        before = behind[0] + 1 if behind else None
        changed: dict[int, float] = {}
        decided: dict[int, str] = {}

        def note(connection: Connection, exams: Sequence[int]) -> None:
            changed.update(store.exams_changed(connection, exams))
            claims = claim_store.claims_of_exams(connection, exams)
            decided.update({one.id: one.number for one in claims})

        studies = self.finder.studies(narrowing, viewer, before=before, beside=note)
        numbered = _numbered(one for one in studies if is_uid(one.exam.study_instance_uid))
        while piece := list(islice(numbered, PIECE)):
            wanted = {one for _, study in piece for one in accession_numbers_of(study)}
            with self.database.read() as connection:
                orders = order_store.orders_by_number(connection, wanted)
            for place, study in piece:
                known = {
                    number: orders[number]
                    for number in (accession_numbers_of(study) if study.chart else ())
                    if number in orders
                }
                numbers = (decided.get(one.id, "") for one in study.exam.claims)
                first = next(filter(None, numbers), "")
                at = changed.get(study.exam.id, 0.0)
                part = StudyPart(study, place, known, self.names.order_system, first, at)
                if part.chart:
                    self.index.tell(part.chart)
                if not behind or _is_from(place, behind):
                    yield part

    def _narrowing(self, query: ResourceQuery) -> Narrowing | None:
        with self.database.read() as connection:
            return narrowing_of(connection, self.index, query)

    def is_wide(self, query: ResourceQuery) -> bool:
        """Return whether a search names no patient, order or object: any exam may match."""
        found = self._narrowing(query)
        if found is None:
            return False
        named = (found.studies, found.patients, found.accessions, found.series, found.instances)
        return not any(named)

    def _studies(self, query: ResourceQuery, viewer: Viewer) -> Iterator[FoundResource]:
        behind = _place(query.cursor, 2)
        for part in self.parts(self._narrowing(query), viewer, behind):
            if part.place != behind[:2]:
                yield FoundResource(imaging_study_resource(part), _text(part.place), part.chart)

    def _documents(self, query: ResourceQuery, base: FhirBase) -> Iterator[FoundResource]:
        behind = _place(query.cursor, 2)
        for part in self.parts(self._narrowing(query), Viewer(), behind):
            if part.place != behind[:2] and part.chart:
                page = base.page(part)
                made = document_reference_resource(part, page, self.names.practice)
                yield FoundResource(made, _text(part.place), part.chart)

    def _filed(self, query: ResourceQuery, behind: Place) -> Iterator[tuple[FiledReport, Place]]:
        """Yield the reports of charts with their places, from the one at a place on."""
        for part in self.parts(self._narrowing(query), Viewer(), behind):
            for one in self._read_together(part) if part.chart else ():
                place = (*part.place, one.listed.instance_id)
                if place >= behind[:3] or part.place != behind[:2]:
                    yield one, place

    def _reports(self, query: ResourceQuery, base: FhirBase) -> Iterator[FoundResource]:
        behind = _place(query.cursor, 3)
        for one, place in self._filed(query, behind):
            if place == behind[:3]:
                continue
            part, page = one.part, base.page(one.part)
            if one.read is None:
                made = unread_report_resource(part, one.listed, page)
            else:
                made = diagnostic_report_resource(one.read, page)
            yield FoundResource(made, _text(place), part.chart)

    def _observations(self, query: ResourceQuery) -> Iterator[FoundResource]:
        behind = _place(query.cursor, 4)
        wanted = {text for one in query.of("_id") for text in one.texts}
        for one, place in self._filed(query, behind):
            for number, fact in enumerate(
                observations_of(one.read) if one.read is not None else ()
            ):
                is_behind = place != behind[:3] or number > behind[3]
                if is_behind and (not wanted or fact.id in wanted):
                    yield FoundResource(fact.made(), _text((*place, number)), one.part.chart)

    def _read_together(self, part: StudyPart) -> Iterator[FiledReport]:
        """Yield the reports of a part, each with what it is to the others for the same order."""
        listed = part.reports
        read = {one.SOPInstanceUID: self._read(part, one) for one in listed}
        of_order: dict[str, dict[str, Report]] = {}
        for one in sorted(listed, key=lambda one: made_at(one.head)):
            if (report := read[one.SOPInstanceUID]) is not None:
                of_order.setdefault(part.number_of(one), {})[one.SOPInstanceUID] = report
        told = {uid: said for some in of_order.values() for uid, said in successions(some).items()}
        for one in listed:
            uid = one.SOPInstanceUID
            report, found = read[uid], None
            if report is not None:
                found = ReportPart(part, one, report, self.names.fetal_sex, told[uid])
            yield FiledReport(part, one, found)

    def _read(self, part: StudyPart, one: ListedObject) -> Report | None:
        """Return a report; None where it cannot be read."""
        file = self.finder.as_it_leaves(part.study, one).file
        try:
            return self.reports.read(one.instance_id, file)
        except ReportHindered as error:
            raise ProcessingFailure(str(error)) from error
        except (ReportError, OSError):
            return None

    def _orders(self, query: ResourceQuery) -> Iterator[FoundResource]:
        before = (_place(query.cursor, 1) or (2**62,))[0]
        while True:
            with self.database.read() as connection:
                found, ends = self._some_orders(connection, query, before)
                numbers = [one.patient.id for one in found]
                moves = moves_of(connection, numbers)
                every = {other for one in numbers for other in moves.all_of(one)}
                moved = moved_at(connection, every)
            for one in found:
                chart = moves.now(one.patient.id)
                self.index.tell(chart)
                at = max(moved.get(other, 0.0) for other in moves.all_of(one.patient.id))
                made = service_request_resource(one, chart, self.names.order_system, at)
                yield FoundResource(made, _text((one.id,)), chart)
            if ends:
                return
            before = found[-1].id

    def _some_orders(
        self, connection: Connection, query: ResourceQuery, before: int
    ) -> tuple[list[Order], bool]:
        """Return orders placed before one, and whether there are no further ones."""
        named: set[str] | None = None
        for one in query.of("_id"):
            named = {uid_of(text) for text in one.texts}
        if named is not None:
            some = order_store.orders_of_studies(connection, named - {""})
            return [one for one in some if one.id < before], True
        for one in query.of("identifier"):
            texts = [text.removeprefix("urn:oid:") for text in one.texts]
            some = [
                *order_store.orders_by_number(connection, texts).values(),
                *order_store.orders_of_studies(connection, texts),
            ]
            by_id = {order.id: order for order in some if order.id < before}
            return sorted(by_id.values(), key=lambda order: -order.id), True
        numbers: list[str] | None = None
        for one in query.of("patient", "subject"):
            ids = [text.rpartition("/")[2] for text in one.texts]
            known = list(self.index.numbers(connection, ids).values())
            moves = moves_of(connection, known)
            numbers = [other for number in known if number for other in moves.all_of(number)]
        if numbers == []:
            return [], True
        since = changed_since(query.of(LAST_UPDATED))
        found = order_store.older_orders(connection, before, PIECE, numbers, _states(query), since)
        return found, len(found) < PIECE

    def _patients(self, query: ResourceQuery) -> Iterator[FoundResource]:
        with self.database.read() as connection:
            numbers = candidates(connection, self.index, query.conditions)
        ordered = sorted((patient_id(one), one) for one in numbers)
        rest = iter([number for id_, number in ordered if id_ > query.cursor])
        while piece := list(islice(rest, MANY)):
            for patient, former, changed in self._charts(piece):
                id_ = self.index.tell(patient.id)
                made = patient_resource(
                    patient, former, self.names.patient_system, self.names.practice, changed
                )
                yield FoundResource(made, id_, patient.id)

    def count_of_patients(self) -> int:
        """Return how many patients there are, without making them."""
        with self.database.read() as connection:
            known = store.known_numbers(connection)
            every = store.numbers_now(connection, store.all_numbers(connection))
        return len(known) + sum(1 for _ in self._charts(sorted(every - known)))

    def _charts(self, numbers: Sequence[str]) -> Iterator[tuple[Patient, list[str], float]]:
        """Yield the patients of charts, their former numbers, and when they changed last.

        Who is known by none is left out. The numbers are those of today.
        """
        with self.database.read() as connection:
            known = {one.id: one for one in known_charts(connection, numbers)}
            moves = moves_of(connection, numbers)
            charts = {number: moves.all_of(number) for number in numbers}
            every = [one for numbers in charts.values() for one in numbers]
            changed = store.patients_changed(connection, every)
        for number, numbers_of in charts.items():
            patient = known.get(number) or self._as_fetched(number)
            if patient is not None:
                at = max(changed.get(one, 0.0) for one in numbers_of)
                yield patient, [one for one in numbers_of if one != number], at

    def _as_fetched(self, number: str) -> Patient | None:
        """Return whom an archive names of whose exams somebody said that they are this number's."""
        for study in self.finder.studies(Narrowing(patients=(number,)), Viewer()):
            if study.chart == number:
                return study.exam.sent_patient
        return None

    def _endpoints(self, query: ResourceQuery, base: FhirBase) -> Iterator[FoundResource]:
        for id_ in sorted(ENDPOINTS):
            if id_ > query.cursor:
                yield FoundResource(endpoint_resource(id_, base.dicomweb), id_)


def _numbered(studies: Iterable[ListedStudy]) -> Iterator[tuple[tuple[int, int], ListedStudy]]:
    """Yield studies with their places: the exam, and which part of it, in the order found.

    A chart has one part of an exam, whomever the device named.
    """
    for exam_id, found in groupby(by_chart(studies), key=lambda one: one.exam.id):
        for number, one in enumerate(found):
            yield (exam_id, number), one


def _is_from(place: tuple[int, int], behind: Place) -> bool:
    """Return whether a part stands at a place or behind it: exams go down, their parts up."""
    return place[0] < behind[0] or place[1] >= behind[1]


def _states(query: ResourceQuery) -> list[OrderState] | None:
    """Return the states of orders a search is for; None for all."""
    found: list[OrderState] | None = None
    for one in query.of("status"):
        found = [state for state, status in STATUSES.items() if status in one.texts]
    return found


def _place(cursor: str, length: int) -> Place:
    """Return the place a cursor names; raise `QueryRefused` for none of ours."""
    parts = cursor.split(".") if cursor else []
    numbers = [int(one) for one in parts if one.isascii() and one.isdecimal() and len(one) < 19]
    if len(numbers) != len(parts) or len(parts) not in {0, length}:
        raise QueryRefused(CURSOR)
    return tuple(numbers)


def _text(place: Place) -> str:
    return ".".join(map(str, place))
