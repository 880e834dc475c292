"""The search: pages of hits over the whole stock, other readings, and what else may be meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from itertools import islice
from math import isfinite
from typing import Final

from gdtbridge.database import Connection, Database
from gdtbridge.day.day import Day
from gdtbridge.day.linking import LineFacts
from gdtbridge.day.model import DayLine, LineState, ShownDevice
from gdtbridge.day.search import sounds
from gdtbridge.day.search.candidates import latest_with_any, patients_like, with_exam_or_order
from gdtbridge.day.search.exam_stock import ExamStock
from gdtbridge.day.search.grammar import read_search
from gdtbridge.day.search.matching import Said, is_hit
from gdtbridge.day.search.model import (
    Condition,
    ConditionKind,
    OtherReading,
    SearchPage,
    SearchQuery,
)
from gdtbridge.day.search.order_stock import OrderStock, unsettled_orders
from gdtbridge.day.search.stock import PossibleHit, SearchPlace, Stock, spellings_of
from gdtbridge.devices import DeviceDirectory
from gdtbridge.orders.patient_moves import moves_of
from gdtbridge.people import Patient
from gdtbridge.results.deliveries import exams_in_trouble

PAGE: Final = 50
"""Hits of a page."""
OTHER_HITS: Final = 5
"""Hits that are shown of another reading."""
MOST_OTHERS: Final = 4
"""Other readings that are tried."""
MOST_COUNTED: Final = 20
"""Hits that are counted of a search without one of its tokens."""
MOST_LOOKED_AT: Final = 500
"""Candidates that are compared for one page; where few are hits, a page has fewer."""
_PERSONAL: Final = {ConditionKind.WORD, ConditionKind.BIRTH, ConditionKind.NUMBER}
"""Conditions that master data can fulfil."""


@dataclass(frozen=True, slots=True)
class _Stocks:
    """Both stocks, as one search looks through them."""

    exams: ExamStock
    orders: OrderStock
    has_orders: bool = True
    """Whether orders are looked through, too, or exams alone."""


@dataclass(frozen=True, slots=True)
class _Hits:
    """Hits, and where the next ones begin; no cursor where there are none."""

    lines: tuple[DayLine, ...]
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """Finds exams, orders and patients by what people type. Thread-safe."""

    database: Database
    day: Day
    devices: DeviceDirectory

    def read(self, text: str) -> SearchQuery:
        """Return how a search is read; never raises."""
        shown = (ShownDevice(one.aet, one.name) for one in self.devices.devices if one.aet)
        return read_search(text, self.day.today, tuple(shown))

    def find(self, query: SearchQuery, cursor: str = "", most: int = PAGE) -> SearchPage:
        """Return a page of hits, of exams and orders; raise a `BridgeError`.

        Without any condition that is everything. A cursor is that of the page before.
        """
        with self.database.read() as connection:
            query = self._completed(connection, query)
            stocks = self._stocks(connection, query, has_orders=bool(query.tokens))
            found = self._found(connection, stocks, query.conditions, cursor, most)
            page = SearchPage(query=query, lines=found.lines, cursor=found.cursor)
            if query.tokens and not page.cursor:
                patients = tuple(self._patients(connection, query.conditions, most))
                page = replace(page, patients=patients)
            if cursor or not query.tokens:
                return page
            page = replace(page, others=tuple(self._others(connection, query)))
            if not page.is_empty:
                return page
            return replace(
                page,
                without=tuple(self._without(connection, query)),
                similar=tuple(sounds.similar_names(connection, query)),
            )

    def suggestions(self, text: str, most: int = 8) -> SearchPage:
        """Return the first hits of what is being typed, without anything else."""
        query = self.read(text)
        if not query.tokens:
            return SearchPage(query=query)
        with self.database.read() as connection:
            query = self._completed(connection, query)
            stocks = self._stocks(connection, query)
            found = self._found(connection, stocks, query.conditions, "", most)
            room = most - len(found.lines)
            patients = tuple(self._patients(connection, query.conditions, room)) if room else ()
        return SearchPage(query=query, lines=found.lines, patients=patients)

    def _stocks(
        self, connection: Connection, query: SearchQuery, *, has_orders: bool = True
    ) -> _Stocks:
        wants = any(LineState.NEEDS_YOU in one.states for one in query.conditions)
        now = self.day.clock.utc()
        troubled = exams_in_trouble(connection, now) if wants else set()
        unsettled = unsettled_orders(connection) if has_orders else ()
        return _Stocks(ExamStock(troubled), OrderStock(unsettled), has_orders)

    def _completed(self, connection: Connection, query: SearchQuery) -> SearchQuery:
        """Return a query with what is looked up: the latest year of a day, numbers of a chart."""

        def completed(one: Condition) -> Condition:
            if one.kind is ConditionKind.NUMBER:
                return replace(one, numbers=_numbers_of_chart(connection, one.word))
            if len(one.days) < 2:
                return one
            return replace(one, days=(latest_with_any(connection, one.days) or one.days[0],))

        tokens = (
            replace(token, readings=tuple(map(completed, token.readings))) for token in query.tokens
        )
        return SearchQuery(tuple(tokens), tuple(map(completed, query.filters)))

    def _found(
        self,
        connection: Connection,
        stocks: _Stocks,
        conditions: Sequence[Condition],
        cursor: str,
        most: int,
    ) -> _Hits:
        """Return hits behind a cursor, today's first, then the newest."""
        reader = _CandidateReader(connection, stocks, conditions, cursor, most)
        hits: dict[str, DayLine] = {}
        for batch in reader.batches():
            lines = self._lines(connection, stocks, batch, conditions)
            for one in batch:
                reader.take(one)
                if (line := lines.get(one)) is not None:
                    hits.setdefault(line.key, line)
                if len(hits) == most:
                    return _Hits(self._sorted(hits.values()), reader.cursor)
        cursor = reader.cursor if reader.is_given_up else ""
        return _Hits(self._sorted(hits.values()), cursor)

    def _sorted(self, lines: Iterable[DayLine]) -> tuple[DayLine, ...]:
        today = self.day.today
        newest = sorted(lines, key=lambda one: (one.at, one.key), reverse=True)
        return tuple(sorted(newest, key=lambda one: one.at.date() != today))

    def _lines(
        self,
        connection: Connection,
        stocks: _Stocks,
        batch: Sequence[PossibleHit],
        conditions: Sequence[Condition],
    ) -> dict[PossibleHit, DayLine]:
        """Return the hits of some candidates, each line once: by its newest exam, else its order.

        So a line that is found by its order and by its exam is on one page alone.
        """
        by_id = {(one.is_order, one.id): one for one in batch}
        about = self.day.lines_about(
            connection,
            [one.id for one in batch if one.is_order],
            [one.id for one in batch if not one.is_order],
        )
        about = [pair for pair in about if is_hit(*pair, conditions)]
        exams = {part.facts.exam.id for line, _ in about for part in line.parts}
        found = stocks.exams.among(connection, exams, conditions)
        owners = ((by_id.get(_owner(line, found)), shown) for line, shown in about)
        return {owner: shown for owner, shown in owners if owner is not None}

    def _patients(
        self, connection: Connection, conditions: Sequence[Condition], most: int
    ) -> Iterator[Patient]:
        """Yield the patients known by master data alone."""
        if not conditions or any(one.kind not in _PERSONAL for one in conditions):
            return
        kept = islice(patients_like(connection, conditions, most * 4), most * 4)
        known = [
            Patient.of_parts(
                one.patient_id, (one.family_name, one.given_name), one.birth_date, one.sex or None
            )
            for one in kept
        ]
        hits = [
            one
            for one in known
            if all(Said((one,), frozenset({one.id})).fulfils(said) for said in conditions)
        ]
        others = with_exam_or_order(connection, [one.id for one in hits])
        yield from islice((one for one in hits if one.id not in others), most)

    def _others(self, connection: Connection, query: SearchQuery) -> Iterator[OtherReading]:
        """Yield the other readings that find something."""
        readings = (
            (place, one) for place, token in enumerate(query.tokens) for one in token.readings[1:]
        )
        for place, one in islice(readings, MOST_OTHERS):
            other = query.read_otherwise(place, one)
            stocks = self._stocks(connection, other)
            found = self._found(connection, stocks, other.conditions, "", OTHER_HITS)
            patients = tuple(self._patients(connection, other.conditions, OTHER_HITS))
            if found.lines or patients:
                text = query.tokens[place].text
                yield OtherReading(text, one, found.lines, patients, bool(found.cursor))

    def _without(self, connection: Connection, query: SearchQuery) -> Iterator[tuple[str, int]]:
        """Yield each token without which something is found, and how much."""
        if len(query.tokens) < 2:
            return
        for place, token in enumerate(query.tokens):
            rest = query.without(place)
            stocks = self._stocks(connection, rest)
            found = self._found(connection, stocks, rest.conditions, "", MOST_COUNTED)
            patients = self._patients(connection, rest.conditions, MOST_COUNTED)
            if count := len(found.lines) + sum(1 for _ in patients):
                yield token.text, min(count, MOST_COUNTED)


def _numbers_of_chart(connection: Connection, typed: str) -> frozenset[str]:
    """Return every number of the charts a typed one may be of, former ones too."""
    spelt = spellings_of(typed)
    moves = moves_of(connection, spelt)
    return frozenset(number for one in spelt for number in moves.all_of(one))


def _owner(line: LineFacts, found: set[int]) -> tuple[bool, int]:
    """Return which candidate brings a line: its newest exam that is found, else its order."""
    exams = [part.facts.exam for part in line.parts if part.facts.exam.id in found]
    if exams:
        newest = max(exams, key=lambda one: (one.first_instance_at, one.id))
        return False, newest.id
    return True, line.order.id if line.order is not None else 0


class _CandidateReader:
    """Reads the candidates of both stocks in one order, the newest first, in batches."""

    def __init__(
        self,
        connection: Connection,
        stocks: _Stocks,
        conditions: Sequence[Condition],
        cursor: str,
        most: int,
    ) -> None:
        self._connection = connection
        self._conditions = conditions
        self._size = most + most // 4 + 1
        self._stocks: dict[bool, Stock] = {False: stocks.exams}
        if stocks.has_orders:
            self._stocks[True] = stocks.orders
        self._places = _places(cursor)
        self.is_given_up = False

    @property
    def cursor(self) -> str:
        """Where whoever reads on begins."""
        said = (self._places.get(one, SearchPlace()) for one in (False, True))
        return "~".join(f"{one.mark}~{one.id}" for one in said)

    def take(self, candidate: PossibleHit) -> None:
        """Note that a candidate was looked at."""
        self._places[candidate.is_order] = SearchPlace(candidate.mark, candidate.id)

    def batches(self) -> Iterator[list[PossibleHit]]:
        """Yield candidates; each is to be taken before the next batch is read."""
        looked_at = 0
        while looked_at < MOST_LOOKED_AT:
            streams = [
                stock.newest(
                    self._connection,
                    self._conditions,
                    self._places.get(is_order, SearchPlace()),
                    self._size,
                )
                for is_order, stock in self._stocks.items()
            ]
            merged = merge(*streams, key=lambda one: (one.at, one.id), reverse=True)
            batch = list(islice(merged, self._size))
            if not batch:
                return
            yield batch
            looked_at += len(batch)
            if all(len(stream) < self._size for stream in streams) and len(batch) == sum(
                map(len, streams)
            ):
                return
        self.is_given_up = True


def _places(cursor: str) -> dict[bool, SearchPlace]:
    """Return the places a cursor names; none where it is none of ours."""
    parts = cursor.split("~")
    if len(parts) != 4 or not all(one.isdigit() for one in parts[1::2]):
        return {}
    try:
        seconds = float(parts[0] or 0)
    except ValueError:
        return {}
    if not isfinite(seconds):
        return {}
    return {False: SearchPlace(parts[0], int(parts[1])), True: SearchPlace(parts[2], int(parts[3]))}
