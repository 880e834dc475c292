"""What is tried in the set-up: a result for the practice software, a device, an exam of both."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from gdtbridge.dataset.values import folded_title
from gdtbridge.day import Day, DayLine
from gdtbridge.errors import BridgeError
from gdtbridge.gdt.tables.dialects import dialect_named
from gdtbridge.gdt.tables.practice_dialects import dialects_with
from gdtbridge.orders import OrderRequest, PlacedOrder
from gdtbridge.people import Patient
from gdtbridge.queries.book import QueryBook
from gdtbridge.settings import Settings
from gdtbridge.setup.collection import MARK, TEST_PATIENT, CollectionTrial
from gdtbridge.setup.collection import collection_trial as dropped

MOST_SEEN: Final = 8


class PlacePort(Protocol):
    """Puts somebody on the worklist."""

    def place(self, request: OrderRequest) -> PlacedOrder:
        """Put a patient on the worklist; raise `OrderError`."""


@dataclass(frozen=True, slots=True)
class TrialSight:
    """How far the test result is."""

    name: str = ""
    """Of its file; empty where none was written."""
    seconds: float = 0.0
    """Since it was written, or until it was collected."""
    is_collected: bool = False
    left: tuple[str, ...] = ()
    """What is new in the folder since: perhaps the file under another name."""
    hints: tuple[str, ...] = ()
    """German / English: why it may not be collected."""


@dataclass(frozen=True, slots=True)
class DeviceSight:
    """A query of a device since the set-up looks: who asked, when (UTC), what it got."""

    aet: str
    address: str
    at: float
    answers: int
    listed: int
    is_expected: bool
    """Whether it is the device that was entered."""


class SetupTrials:
    """Tries what was entered; keeps in memory what is being tried. Thread-safe."""

    def __init__(
        self,
        orders: PlacePort,
        queries: QueryBook,
        day: Day,
        examine: Callable[[str], None],
        utc: Callable[[], float],
    ) -> None:
        """``examine`` plays a device that examines by an accession number; raises `BridgeError`."""
        self._orders = orders
        self._queries = queries
        self._day = day
        self._examine = examine
        self._utc = utc
        self._lock = threading.Lock()
        self._file: CollectionTrial | None = None
        self._collected: float | None = None
        self._accession = ""
        self._failure = ""

    # ------------------------------------------------------------------ practice software

    def drop(self, settings: Settings, number: str = "") -> None:
        """Write a test result for a patient number where results go; raise `BridgeError`.

        One that lies there still is taken back before.
        """
        dialect = dialect_named(settings.gdt.dialect, dialects_with(settings.dialects))
        with self._lock:
            self._take_back()
            self._file = dropped(settings, dialect, settings.gdt_out, number or TEST_PATIENT)
            self._collected = None

    def take_back(self) -> None:
        """Remove the test result, where it lies still; raise `BridgeError`."""
        with self._lock:
            self._take_back()

    def _take_back(self) -> None:
        if self._file is not None and self._collected is None:
            self._file.take_back()
        self._file = None

    def file(self) -> TrialSight:
        """Return how far the test result is."""
        with self._lock:
            one = self._file
            if one is None:
                return TrialSight()
            if self._collected is None and not one.lies:
                self._collected = time.monotonic() - one.begun
            if self._collected is None:
                hints: list[str] = []
                with suppress(OSError):
                    hints += one.hints()
                return TrialSight(one.path.name, time.monotonic() - one.begun, hints=tuple(hints))
            left: list[str] = []
            with suppress(OSError):
                left += one.left_behind()
            return TrialSight(one.path.name, self._collected, is_collected=True, left=tuple(left))

    # ------------------------------------------------------------------ device

    def queries(self, since: float, expected: str) -> Sequence[DeviceSight]:
        """Return who asked for the list since a moment, the last first."""
        return [
            DeviceSight(
                one.query.caller.aet,
                one.query.caller.address,
                one.last_at,
                one.query.answers,
                one.listed,
                folded_title(one.query.caller.aet) == folded_title(expected),
            )
            for one in self._queries.recent()
            if one.last_at >= since
        ][:MOST_SEEN]

    def place(self, station: str) -> str:
        """Put the test patient on the list of a device; return the accession number.

        Raises `OrderError`.
        """
        patient = Patient(TEST_PATIENT, "Testpatient", "Simulation", date(1900, 1, 1), "O")
        placed = self._orders.place(OrderRequest(patient, station=station, procedure=MARK[:64]))
        with self._lock:
            self._accession = placed.entry.AccessionNumber
            self._failure = ""
            return self._accession

    # ------------------------------------------------------------------ the whole way

    @property
    def accession(self) -> str:
        """The accession number of the test exam; empty where none was ordered."""
        return self._accession

    @property
    def failure(self) -> str:
        """Why the exam that was played came to nothing, German / English."""
        return self._failure

    def examine(self) -> None:
        """Play a device that examines the test patient, in the background."""
        accession = self._accession

        def play() -> None:
            try:
                self._examine(accession)
            except BridgeError as error:
                self._failure = str(error)

        self._failure = ""
        threading.Thread(target=play, name="test exam", daemon=True).start()

    def line(self) -> DayLine | None:
        """Return the line of the test exam of today; None where there is none."""
        if not self._accession:
            return None
        sheet = self._day.lines(self._day.today)
        return next((one for one in sheet.lines if one.order_number == self._accession), None)


def encoding_in_use(settings: Settings) -> str:
    """Return the character set results are written in."""
    dialect = dialect_named(settings.gdt.dialect, dialects_with(settings.dialects))
    return settings.gdt.encoding or dialect.options.encoding
