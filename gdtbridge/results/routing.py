"""Where results go: which practice software or workplace, in which dialect, under which names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gdtbridge import gdt
from gdtbridge.catalogue.catalogue import Catalogue
from gdtbridge.catalogue.rows import CatalogueError
from gdtbridge.errors import SettingsError
from gdtbridge.exams.model import Exam
from gdtbridge.gdt import OrderReference
from gdtbridge.orders.model import Order
from gdtbridge.outbox import FileNaming
from gdtbridge.results.attaching import AttachmentPlace
from gdtbridge.results.names import NameMaker
from gdtbridge.results.records import Records
from gdtbridge.settings import Gdt, Route, Settings, When
from gdtbridge.viewers import ViewerChoice
from worklist import Entry

DESTINATION: Final = "gdt"
"""The outbox's destination of what no route takes; those of routes add their names."""
ATTACHMENTS: Final = "attachments"
"""The same for the attachments."""
_OF_A_DIALECT: Final = frozenset({"encoding", "sender", "receiver", "file_name"})
"""What a route with a dialect of its own does not take over from ``[gdt]``."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a route may ask for; empty where it is not known."""

    device: str = ""
    """Calling AE title of the device that sent the exam."""
    station: str = ""
    """AE title the order is for; without an order that of the device."""
    modality: str = ""
    codes: tuple[str, ...] = ()
    """8402 and 8410 of the order."""
    ordered_by: str = ""
    """8316 of the order."""
    route: str = ""
    """Name of the route whose folder the order came from."""


@dataclass(frozen=True, slots=True)
class Target:
    """One practice software or workplace: its folders, and how it is written to."""

    name: str
    """The route's; empty for what no route takes."""
    out: Path
    inbox: Path | None
    """Where it drops orders; None where it has no folder of its own."""
    records: Records
    names: NameMaker
    attachments: AttachmentPlace | None = None
    """Where pictures and documents go; None where none are wanted."""

    @property
    def destination(self) -> str:
        """The outbox's name for it."""
        return f"{DESTINATION}:{self.name}" if self.name else DESTINATION

    @property
    def attachments_destination(self) -> str:
        """The outbox's name for its attachments."""
        return f"{ATTACHMENTS}:{self.name}" if self.name else ATTACHMENTS

    @property
    def naming(self) -> FileNaming:
        """Whether each file has a name of its own."""
        return self.names.naming


class Routing:
    """Finds the target of an exam, an order or a record; the first route that fits counts."""

    def __init__(self, settings: Settings) -> None:
        """Raise `SettingsError` when a dialect or a row of the catalogue cannot be."""
        try:
            known = gdt.dialects_with(settings.dialects)
        except gdt.GdtError as error:
            raise SettingsError(f"dialects.{error}") from error
        try:
            shared = _Shared(known, settings.viewer, Catalogue.load(settings.catalogue.cells))
        except CatalogueError as error:
            raise SettingsError(str(error)) from error
        self._routes = settings.gdt.routes
        base = settings.base
        folders = (base, settings.gdt_out, settings.gdt_in)
        self.default = _target("gdt", "", settings.gdt, folders, shared)
        own = (
            _target(
                f"gdt.routes ({route.name})",
                route.name,
                gdt_of(settings.gdt, route),
                (base, base / route.out, base / route.in_ if route.in_ is not None else None),
                shared,
            )
            for route in self._routes
        )
        self._by_name = {target.name: target for target in (self.default, *own)}

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every target, that of ``[gdt]`` first."""
        return tuple(self._by_name.values())

    @property
    def folders(self) -> Iterator[tuple[str, Path]]:
        """The folders shared with practice software, each with the setting that names it."""
        for target in self.targets:
            place = f"gdt.routes ({target.name})" if target.name else "gdt"
            yield f"{place}.out", target.out
            if target.inbox is not None:
                yield f"{place}.in", target.inbox
            if target.attachments is not None:
                yield f"{place}.attachments_folder", target.attachments.folder

    def find(self, facts: Facts) -> Target:
        """Return the target for what is known: the folder an order came from decides first."""
        if facts.route in self._by_name and facts.route:
            return self._by_name[facts.route]
        fitting = (route.name for route in self._routes if _fits(route.when, facts))
        return self._by_name[next(fitting, "")]

    def of_exam(self, exam: Exam, order: Order | None) -> Target:
        """Return where an exam's results go; what has begun stays where it began."""
        if exam.reported_at is not None and exam.route in self._by_name:
            return self._by_name[exam.route]
        facts = Facts(device=exam.device, station=exam.device, modality=exam.modality)
        if order is not None:
            facts = _ordered(
                order.reference, order.station, exam.modality, order.route, exam.device
            )
        return self.find(facts)

    def of_entry(
        self, entry: Entry, reference: OrderReference | None = None, route: str = ""
    ) -> Target:
        """Return where the results of an order are going to go, as far as that can be known."""
        station, modality = entry.ScheduledStationAETitle, entry.Modality
        return self.find(_ordered(reference, station, modality, route, station))


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all targets have in common."""

    dialects: Mapping[str, gdt.Dialect]
    viewer: ViewerChoice
    catalogue: Catalogue


def gdt_of(default: Gdt, route: Route) -> Gdt:
    """Return ``[gdt]`` as it is for a route."""
    said = {
        key: getattr(route, key)
        for key in Gdt.model_fields.keys() & Route.model_fields.keys() & route.model_fields_set
    }
    dropped = dict.fromkeys(_OF_A_DIALECT) if "dialect" in said else {}
    return default.model_copy(update={**dropped, **said})


def _target(
    key: str,
    name: str,
    settings: Gdt,
    folders: tuple[Path, Path, Path | None],
    shared: _Shared,
) -> Target:
    base, out, inbox = folders
    try:
        dialect = gdt.dialect_named(settings.dialect, shared.dialects)
    except gdt.GdtError as error:
        raise SettingsError(f"{key}.dialect: {error}") from error
    ids = gdt.Identification(settings.sender, settings.receiver)
    return Target(
        name,
        out,
        inbox,
        Records(settings, dialect, ids, shared.viewer, shared.catalogue),
        NameMaker(settings, dialect, ids),
        _place(key, settings, base, dialect),
    )


def _place(key: str, settings: Gdt, base: Path, dialect: gdt.Dialect) -> AttachmentPlace | None:
    if settings.attachments_folder is None:
        if settings.report_attachment:
            raise SettingsError(
                f"{key}.report_attachment: Setzen Sie attachments_folder auf den Ordner für die "
                "Berichte. / set attachments_folder to the folder the reports belong in."
            )
        return None
    if not dialect.options.attachments:
        raise SettingsError(
            f"{key}.attachments_folder: Der Dialekt {dialect.name} hat keinen Platz für Anhänge; "
            f"nimmt Ihre Praxissoftware welche, setzen Sie [dialects.{dialect.name}] attachments = "
            "true. / This dialect has no place for attachments; if your software takes them, set "
            "attachments = true for it."
        )
    folder = base / settings.attachments_folder
    return AttachmentPlace(
        folder,
        settings.attachments_path or str(folder),
        settings.attachments_most,
        reports=settings.report_attachment,
    )


def _ordered(
    reference: OrderReference | None, station: str, modality: str, route: str, device: str
) -> Facts:
    known = reference or OrderReference()
    codes = (known.device_code, known.test_id)
    return Facts(device, station, modality, codes, known.ordered_by, route)


def _fits(when: When, facts: Facts) -> bool:
    """Return whether every list that says something has what is known."""
    wanted = (
        (when.device, (facts.device,)),
        (when.station, (facts.station,)),
        (when.modality, (facts.modality,)),
        (when.code, facts.codes),
        (when.ordered_by, (facts.ordered_by,)),
    )
    said = [(values, known) for values, known in wanted if values]
    return bool(said) and all(_shares(values, known) for values, known in said)


def _shares(values: Iterable[str], known: Iterable[str]) -> bool:
    folded = {one.strip().casefold() for one in known} - {""}
    return any(value.strip().casefold() in folded for value in values)
