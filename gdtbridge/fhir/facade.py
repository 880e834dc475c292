"""FHIR R4 over the archive: searching and reading. There is no store of resources behind it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import nsmallest
from itertools import islice
from typing import Final

from gdtbridge.fhir.elements import Json
from gdtbridge.fhir.ids import patient_id, uid_of
from gdtbridge.fhir.matching import at_path, matches
from gdtbridge.fhir.query import (
    CURSOR,
    LAST_UPDATED,
    ChainedCondition,
    ResourceQuery,
    ReverseCondition,
    SearchCondition,
    SearchValue,
)
from gdtbridge.fhir.resources.patients import merged_resource
from gdtbridge.fhir.sorting import ranks_of, read_cursor, sorted_cursor
from gdtbridge.fhir.sources import FhirBase, FoundResource, ResourceSources
from gdtbridge.fhir.spans import has_spans, spans_of
from gdtbridge.fhir.store import numbers_now
from gdtbridge.fhir.study_part import StudyPart
from gdtbridge.fhir.subset import with_elements
from gdtbridge.fhir.tables import Include, ParameterKind, parameters
from gdtbridge.retrieve.broad_searches import SearchRun, SearchTooBroad
from gdtbridge.retrieve.finder import Viewer
from gdtbridge.retrieve.query_keys import QueryRefused
from gdtbridge.retrieve.store import Narrowing

MOST_BESIDE: Final = 5_000
"""Resources of a page with what is beside its matches."""
MOST_CHAINED: Final = 100
"""Patients a chained condition may lead to."""
NARROWS: Final = "patient, identifier, started"
"""What makes a search small, for people."""
INCLUDES: Final = "_count, _include, _revinclude"
"""What makes small what is told beside the matches."""


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page of a search.

    ``total`` is None where it was not asked for and the page does not have all; ``cursor`` is where
    the next page begins, empty where there is none.
    """

    matches: tuple[FoundResource, ...]
    included: tuple[Json, ...] = ()
    total: int | None = None
    cursor: str = ""

    @property
    def chart(self) -> str:
        """The number of the one chart all is of; empty where it is of several or of none."""
        charts = {one.chart for one in self.matches}
        return charts.pop() if len(charts) == 1 else ""


@dataclass(frozen=True, slots=True)
class FhirFacade:
    """Answers what FHIR asks of the archive. Thread-safe; changes nothing.

    Raises `QueryRefused` for what cannot be asked, `SearchTooBroad` for what takes too long,
    `SearchesBusy` for what takes long while others do.
    """

    sources: ResourceSources
    local: Callable[[], datetime]
    """The wall clock of the practice."""
    monotonic: Callable[[], float] = time.monotonic

    def search(self, query: ResourceQuery, viewer: Viewer, base: FhirBase) -> FoundPage:
        """Return a page of the resources a search is for."""
        with self._run() as run:
            return self._searched(query, viewer, base, run)

    def _run(self) -> SearchRun:
        return self.sources.finder.broad.run(self.monotonic)

    def _searched(
        self, query: ResourceQuery, viewer: Viewer, base: FhirBase, run: SearchRun
    ) -> FoundPage:
        asked = self._resolved(query, viewer, base, run)
        if asked is None:
            return FoundPage((), total=0)
        if not query.count:
            return FoundPage((), total=self._count(asked, viewer, base, run))
        found = list(islice(self._in_order(asked, viewer, base, run), query.count + 1))
        page = found[: query.count]
        has_more = len(found) > len(page)
        total = None if has_more or query.cursor else len(page)
        if total is None and query.wants_total:
            total = self._count(asked, viewer, base, run)
        cursor = _cursor_of(page[-1], asked) if has_more else ""
        included = tuple(self._beside(query, page, viewer, base, run))
        if query.elements:
            page = [
                replace(one, resource=with_elements(one.resource, query.elements)) for one in page
            ]
        return FoundPage(tuple(page), included, total, cursor)

    def read(self, kind: str, id_: str, viewer: Viewer, base: FhirBase) -> FoundResource | None:
        """Return the resource of a type that has an id; None where there is none."""
        if kind == "Patient" and (moved := self._moved(id_)) is not None:
            return moved
        query = _query_of(kind, "_id", [id_])
        with self._run() as run:
            return next(self._matching(query, viewer, base, run), None)

    def part(self, id_: str) -> StudyPart | None:
        """Return the part of a study whose page has an id; None where it is in no chart."""
        narrowing = Narrowing(studies=(uid,)) if (uid := uid_of(id_)) else None
        found = self.sources.parts(narrowing, Viewer())
        return next((one for one in found if one.id == id_ and one.chart), None)

    def _moved(self, id_: str) -> FoundResource | None:
        """Return what is left of a patient whose number became another one."""
        sources = self.sources
        with sources.database.read() as connection:
            number = sources.index.number(connection, id_)
            now = next(iter(numbers_now(connection, [number])), number)
        if now == number:
            return None
        made = merged_resource(number, now, sources.names.patient_system, sources.names.practice)
        return FoundResource(made, id_, now)

    def _matching(
        self, query: ResourceQuery, viewer: Viewer, base: FhirBase, run: SearchRun
    ) -> Iterator[FoundResource]:
        for one in self.sources.of(query, viewer, base):
            if matches(one.resource, query.conditions):
                yield one
            elif run.is_late():
                raise SearchTooBroad(NARROWS)

    def _in_order(
        self, query: ResourceQuery, viewer: Viewer, base: FhirBase, run: SearchRun
    ) -> Iterator[FoundResource]:
        """Yield what matches behind the cursor, as it is to be sorted; raise `QueryRefused`.

        What is sorted is looked through again for each page, and one page is kept.
        """
        if not query.sorting:
            yield from self._matching(query, viewer, base, run)
            return

        def place(one: FoundResource) -> tuple[object, ...]:
            return (*ranks_of(one.resource, query.sorting), one.resource["id"])

        behind = self._behind(query, viewer, base, run) if query.cursor else ()
        wanted = query.count + 1
        for span in self._spans(replace(query, cursor="")):
            found = self._timed(span, viewer, base, run)
            page = nsmallest(wanted, (one for one in found if place(one) > behind), place)
            yield from page
            wanted -= len(page)
            if not wanted:
                return

    def _behind(
        self, query: ResourceQuery, viewer: Viewer, base: FhirBase, run: SearchRun
    ) -> tuple[object, ...]:
        """Return the place a sorted search goes on behind, as it was when the page was made."""
        id_, times = read_cursor(query.cursor, query.sorting)
        if len(times) == len(query.sorting):
            return (*times, id_)
        asked = _query_of(query.kind, "_id", [id_])
        last = next(self._matching(asked, viewer, base, run), None)
        if last is None:  # it is another person's now, or was deleted
            raise QueryRefused(CURSOR)
        was = iter(times)
        ranks = zip(query.sorting, ranks_of(last.resource, query.sorting), strict=True)
        told = (next(was) if key.parameter.name == LAST_UPDATED else now for key, now in ranks)
        return (*told, id_)

    def _spans(self, query: ResourceQuery) -> Iterator[ResourceQuery]:
        """Yield the search, in parts where all exams would have to be looked through."""
        if has_spans(query) and self.sources.is_wide(query):
            yield from spans_of(query, self.local().date())
        else:
            yield query

    def _timed(
        self, query: ResourceQuery, viewer: Viewer, base: FhirBase, run: SearchRun
    ) -> Iterator[FoundResource]:
        """Yield all that matches; raise `SearchTooBroad` when it takes too long."""
        for one in self._matching(query, viewer, base, run):
            yield one
            if run.is_late():
                raise SearchTooBroad(NARROWS)

    def _count(self, query: ResourceQuery, viewer: Viewer, base: FhirBase, run: SearchRun) -> int:
        if query.kind == "Patient" and not query.conditions:
            return self.sources.count_of_patients()
        return sum(1 for _ in self._timed(replace(query, cursor=""), viewer, base, run))

    def _resolved(
        self, query: ResourceQuery, viewer: Viewer, base: FhirBase, run: SearchRun
    ) -> ResourceQuery | None:
        """Return a search with the patients it means; None where what they must be is nobody.

        An id of a chart that became another one means that.
        """
        conditions = [self._of_today(one) for one in query.conditions]
        for one in query.chained:
            meant = self._patients(one, viewer, base, run)
            if not meant:
                return None
            conditions.append(meant[0])
        for has in query.reverse:
            led = self._led_to(has, viewer, base, run)
            if not led:
                return None
            conditions += _query_of(query.kind, "_id", led).conditions
        return replace(query, conditions=tuple(conditions), chained=(), reverse=())

    def _led_to(
        self, has: ReverseCondition, viewer: Viewer, base: FhirBase, run: SearchRun
    ) -> Collection[str]:
        """Return the ids of what the resources lead to that meet a condition."""
        include = has.include
        query = ResourceQuery(kind=include.source, conditions=(self._of_today(has.condition),))
        ids: set[str] = set()
        for one in self._timed(query, viewer, base, run):
            ids.update(_references(one.resource, include))
            if len(ids) > MOST_BESIDE:
                raise SearchTooBroad(NARROWS)
        return sorted(ids)

    def _patients(
        self, chained: ChainedCondition, viewer: Viewer, base: FhirBase, run: SearchRun
    ) -> Sequence[SearchCondition]:
        query = ResourceQuery(kind="Patient", conditions=(chained.condition,))
        values: list[SearchValue] = []
        for one in self._matching(query, viewer, base, run):
            values.append(SearchValue(f"Patient/{one.resource['id']}"))
            if len(values) > MOST_CHAINED:
                raise SearchTooBroad(NARROWS)
        parameter = parameters()["ImagingStudy"]["patient"]
        return [SearchCondition(parameter, tuple(values))] if values else []

    def _of_today(self, condition: SearchCondition) -> SearchCondition:
        name, kind = condition.parameter.name, condition.parameter.kind
        leads = kind is ParameterKind.REFERENCE and name in {"patient", "subject"}
        if not leads or not condition.is_plain:
            return condition
        ids = {text: text.rpartition("/")[2] for text in condition.texts}
        with self.sources.database.read() as connection:
            numbers = self.sources.index.numbers(connection, ids.values())
            now = {
                id_: f"Patient/{patient_id(one)}"
                for id_, number in numbers.items()
                for one in numbers_now(connection, [number])
            }
        values = (replace(one, text=now.get(ids[one.text], one.text)) for one in condition.values)
        return replace(condition, values=tuple(values))

    def _beside(
        self,
        query: ResourceQuery,
        page: Sequence[FoundResource],
        viewer: Viewer,
        base: FhirBase,
        run: SearchRun,
    ) -> Iterator[Json]:
        """Yield what the matches of a page lead to, and what leads to them, each once."""
        told = {f"{query.kind}/{one.resource['id']}" for one in page}
        for wanted in (*_wanted(query, page), *_wanted_back(query, page)):
            for one in self._matching(wanted, viewer, base, run):
                if run.is_late():
                    raise SearchTooBroad(INCLUDES)
                name = f"{wanted.kind}/{one.resource['id']}"
                if name not in told:
                    told.add(name)
                    yield one.resource
                if len(told) > MOST_BESIDE:
                    raise SearchTooBroad(INCLUDES)


def _cursor_of(last: FoundResource, query: ResourceQuery) -> str:
    """Return what says that the next page begins behind a resource."""
    return sorted_cursor(last.resource, query.sorting) if query.sorting else last.place


def _wanted(query: ResourceQuery, page: Sequence[FoundResource]) -> Iterator[ResourceQuery]:
    """Yield searches for what the matches of a page lead to."""
    ids: dict[str, dict[str, None]] = {}
    for include in query.includes:
        for one in page:
            found = ids.setdefault(include.target, {})
            found |= dict.fromkeys(_references(one.resource, include))
    for kind, found in ids.items():
        if found:
            yield _query_of(kind, "_id", found)


def _references(resource: Json, include: Include) -> Iterator[str]:
    """Yield the ids of what a resource leads to by a reference."""
    for element in at_path(resource, include.path):
        kind, _, id_ = element.get("reference", "").partition("/")
        if kind == include.target:
            yield id_


def _wanted_back(query: ResourceQuery, page: Sequence[FoundResource]) -> Iterator[ResourceQuery]:
    """Yield searches for what leads to the matches of a page."""
    ids = [f"{query.kind}/{one.resource['id']}" for one in page]
    for include in query.reverse_includes if ids else ():
        yield _query_of(include.source, include.name, ids)


def _query_of(kind: str, name: str, texts: Iterable[str]) -> ResourceQuery:
    values = tuple(map(SearchValue, texts))
    return ResourceQuery(kind=kind, conditions=(SearchCondition(parameters()[kind][name], values),))
