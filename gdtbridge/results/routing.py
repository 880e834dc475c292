"""Where results go: which practice software or workplace, in which dialect, under which names."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gdtbridge.catalogue.catalogue import Catalogue
from gdtbridge.dataset.values import titles_in
from gdtbridge.durable import Clock
from gdtbridge.exams.plan import PlannedResult
from gdtbridge.gdt.errors import GdtWriteError
from gdtbridge.gdt.tables.dialects import Dialect, dialect_named
from gdtbridge.gdt.tables.ids import is_id, may_be_id
from gdtbridge.gdt.tables.practice_dialects import dialects_with, with_echo
from gdtbridge.gdt.write.results import Identification, OrderReference
from gdtbridge.orders.model import Order, OrderProgress, OrderRecord
from gdtbridge.outbox import Message
from gdtbridge.people import Patient
from gdtbridge.results.attachments import AttachmentPlace, ExamPaper
from gdtbridge.results.file_names import ResultFileNames
from gdtbridge.results.records import ResultRecords
from gdtbridge.settings import ExchangeSettings, RouteCondition, Settings
from gdtbridge.viewers import ViewerChoice
from worklist import Entry

log = logging.getLogger(__name__)

DESTINATION: Final = "gdt"
"""The outbox's destination of results no route takes; a route adds its name."""
ATTACHMENTS: Final = "attachments"
"""The outbox's destination of attachments no route takes; a route adds its name."""


def destination_of(route: str) -> str:
    """Return the outbox's name for where the results of a route go; an empty one is ``[gdt]``'s."""
    return f"{DESTINATION}:{route}" if route else DESTINATION


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """What a route may ask for; empty where not known."""

    device: str = ""
    """Calling AE title of the device that sent the exam."""
    station: str = ""
    """AE title the order is for, or several (`titles_in`); without an order that of the device.
    """
    modality: str = ""
    codes: tuple[str, ...] = ()
    """8402 and 8410 of the order."""
    ordered_by: str = ""
    """8316 of the order."""
    route: str = ""
    """Name of the route whose folder the order came from."""


@dataclass(frozen=True, slots=True)
class ResultTarget:
    """One practice software or workplace: folders, GDT records and file names."""

    name: str
    """Name of the route; empty for ``[gdt]``."""
    out: Path
    inbox: Path | None
    """Folder orders are dropped in; None where there is none."""
    records: ResultRecords
    names: ResultFileNames
    attachments: AttachmentPlace | None = None
    """Where pictures and documents go; None where none are wanted."""

    @property
    def destination(self) -> str:
        """The outbox's name for the target."""
        return destination_of(self.name)

    @property
    def attachments_destination(self) -> str:
        """The outbox's name for the target's attachments."""
        return f"{ATTACHMENTS}:{self.name}" if self.name else ATTACHMENTS


class Routing:
    """Finds the target of an exam, an order or a record; the first route that fits counts."""

    def __init__(self, settings: Settings) -> None:
        """Take settings that `gdtbridge.settings.refusals` lets pass."""
        dialects = dialects_with(settings.dialects)
        self.catalogue = Catalogue.load(settings.catalogue.cells)
        self._routes = settings.gdt.routes
        self._by_name = {
            exchange.route: _target(
                exchange,
                with_echo(dialect_named(exchange.gdt.dialect, dialects), exchange.gdt.echo),
                settings.workstation_viewer,
                self.catalogue,
                ExamPaper(settings.practice.name, settings.spool_folder),
            )
            for exchange in settings.exchanges
        }
        self.default = self._by_name[""]

    @property
    def targets(self) -> tuple[ResultTarget, ...]:
        """Every target, that of ``[gdt]`` first."""
        return tuple(self._by_name.values())

    def find(self, facts: RouteFacts) -> ResultTarget:
        """Return the target for what is known: the folder an order came from decides first."""
        if facts.route in self._by_name and facts.route:
            return self._by_name[facts.route]
        said = (one for route in self._routes for one in route.when.ordered_by)
        same = is_id if any(is_id(one, facts.ordered_by) for one in said) else may_be_id
        fitting = (route.name for route in self._routes if _fits(route.when, facts, same))
        return self._by_name[next(fitting, "")]

    def of_result(self, planned: PlannedResult) -> ResultTarget:
        """Return where a result goes; what has begun stays where it began."""
        known, exam, order = planned.known, planned.exam, planned.order
        if known is not None and known.route in self._by_name:
            return self._by_name[known.route]
        facts = RouteFacts(device=exam.device, station=exam.device, modality=exam.modality)
        if order is not None:
            facts = _ordered(
                order.reference, order.station, exam.modality, order.route, exam.device
            )
        return self.find(facts)

    def named(self, route: str) -> ResultTarget:
        """Return the target of a route, or that of ``[gdt]`` where there is no such route now."""
        return self._by_name.get(route, self.default)

    def of_entry(
        self, entry: Entry, reference: OrderReference | None = None, route: str = ""
    ) -> ResultTarget:
        """Return where the results of an order are going to go, as far as that can be known."""
        station, modality = entry.ScheduledStationAETitle, entry.Modality
        return self.find(_ordered(reference, station, modality, route, station))


_OF_LIST: Final = frozenset({OrderProgress.ACCEPTED, OrderProgress.CANCELLED})
"""States an order may come into again: whoever removed it brought it back."""


@dataclass(frozen=True, slots=True)
class OrderAnswers:
    """The GDT records orders are answered with: `gdtbridge.orders.ports.OrderAnswerPort`."""

    routing: Routing
    clock: Clock

    def must_be_writable(self, entry: Entry, reference: OrderReference, route: str) -> None:
        """Raise `GdtWriteError` when no record of that order can be written."""
        self.routing.of_entry(entry, reference, route).records.answer(entry)

    def needs_birth_date(self, entry: Entry, reference: OrderReference, route: str) -> bool:
        """Return whether who gets the results of that order wants a birth date in them."""
        return self.routing.of_entry(entry, reference, route).records.needs_birth_date

    def progress(self, order: Order, progress: OrderProgress) -> Message | None:
        """Return the message that tells an order's state; None where that is not wanted.

        An order whose state cannot be written has its result, or its refusal, all the same.
        """
        facts = _ordered(order.reference, order.station, order.modality, order.route, order.station)
        target = self.routing.find(facts)
        try:
            payload = target.records.progress(order, progress, self.clock.local())
        except GdtWriteError as error:
            log.warning("order %s: its state is not told: %s", order.accession_number, error)
            return None
        if payload is None:
            return None
        told = ["state", order.accession_number, progress.name.lower()]
        came_back = order.unlisted_at or order.changed_at
        if came_back is not None and progress in _OF_LIST:  # off the list or back on it once more
            told.append(f"{came_back:.0f}")
        key = "-".join(told)
        return Message(
            kind="gdt",
            destination=target.destination,
            key=key,
            name=target.names.other(key, self.clock.local()),
            payload=payload,
        )

    def master_data(self, record: OrderRecord, patient: Patient) -> Message:
        """Return the message (6301) for whoever sent ``record``; raise `GdtWriteError`."""
        target = self.routing.find(RouteFacts(route=record.route, ordered_by=record.sender))
        key = f"stammdaten-{record.token}-{record.position}"
        return Message(
            kind="gdt",
            destination=target.destination,
            key=key,
            name=target.names.other(key, self.clock.local()),
            payload=target.records.master_data(patient, record),
        )


def _target(
    exchange: ExchangeSettings,
    dialect: Dialect,
    viewer: ViewerChoice,
    catalogue: Catalogue,
    paper: ExamPaper,
) -> ResultTarget:
    settings = exchange.gdt
    ids = Identification(settings.sender, settings.receiver)
    return ResultTarget(
        exchange.route,
        exchange.out,
        exchange.inbox,
        ResultRecords(settings, dialect, ids, viewer, catalogue),
        ResultFileNames(settings, dialect, ids),
        _place(exchange, paper),
    )


def _place(exchange: ExchangeSettings, paper: ExamPaper) -> AttachmentPlace | None:
    folder, settings = exchange.attachments, exchange.gdt
    if folder is None:
        return None
    return AttachmentPlace(
        folder,
        settings.attachments_path or str(folder),
        settings.attachments_most,
        reports=settings.report_attachment,
        fetal_sex=settings.fetal_sex,
        exam=paper if settings.exam_attachment else None,
    )


def _ordered(
    reference: OrderReference | None, station: str, modality: str, route: str, device: str
) -> RouteFacts:
    known = reference or OrderReference()
    codes = (known.device_code, known.test_id)
    return RouteFacts(device, station, modality, codes, known.ordered_by, route)


def _fits(when: RouteCondition, facts: RouteFacts, same: Callable[[str, str], bool]) -> bool:
    """Return whether every list that says something has what is known.

    ``same`` compares the id of who ordered.
    """
    wanted = (
        (when.device, (facts.device,)),
        (when.station, titles_in(facts.station)),
        (when.modality, (facts.modality,)),
        (when.code, facts.codes),
    )
    fits = [_shares(values, known) for values, known in wanted if values]
    if when.ordered_by:
        fits.append(any(same(one, facts.ordered_by) for one in when.ordered_by))
    return bool(fits) and all(fits)


def _shares(values: Iterable[str], known: Iterable[str]) -> bool:
    folded = {one.strip().casefold() for one in known} - {""}
    return any(value.strip().casefold() in folded for value in values)
