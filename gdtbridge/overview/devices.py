"""The devices of a practice as people see them: how each is, what it did, what was refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from enum import StrEnum
from typing import Final

from gdtbridge.attention.refusals import Refusal, RefusalBook, caller_of
from gdtbridge.callers import ActKind, CallerAct, CallerRegister, KnownCaller
from gdtbridge.callers.model import ACCEPTED
from gdtbridge.database import Database
from gdtbridge.dataset.values import da_text, folded_title, titles_in
from gdtbridge.day.store import exams_of_day
from gdtbridge.devices import Caller, ConfiguredDevice, DeviceDirectory, NetworkProfile
from gdtbridge.durable.clock import Clock
from gdtbridge.errors import NotFound
from gdtbridge.overview.store import ReceivedToday, received_by_device
from gdtbridge.queries.model import QueryRecord
from gdtbridge.queries.repair import KeyChange, Repair, key_change, repairs
from gdtbridge.queries.report import DeviceQueries, ListPreview, QueryReports
from gdtbridge.queries.sight import ListSight
from gdtbridge.queries.source import EmptyListSource, missed_entries, shared_causes
from worklist import WorklistError, text_of

CONNECTED_SECONDS: Final = 600.0
"""A device that associated so lately is connected."""
MOST_EXAMS: Final = 2000
STEP_BEGUN: Final = "N-CREATE 1.2.840.10008.3.1.2.3.3"
"""What the register of callers notes of a performed procedure step (PS3.4 F.7.2.1)."""
NO_DEVICE: Final = (
    "Dieses Gerät hat sich nie gemeldet und ist nicht eingetragen. / This device never called and "
    "is not entered."
)


class DeviceState(StrEnum):
    """How a device is, in the order in which it is looked for."""

    LIST_EMPTY = "list-empty"
    """It asked for its list last and got none of what is on it."""
    REFUSED = "refused"
    """Its last association was rejected."""
    RENAMED = "renamed"
    """It calls by another AE title than before from the same address, and nobody entered that."""
    CONNECTED = "connected"
    SEEN = "seen"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device as people see it; times are UTC in seconds."""

    aet: str
    addresses: tuple[str, ...] = ()
    """From which it called, the last one first; else where the settings say it is."""
    name: str = ""
    """The practice's own name; empty where the settings have none."""
    is_entered: bool = False
    """Whether the settings have a table for it."""
    implementation: str = ""
    profile: NetworkProfile
    state: DeviceState = DeviceState.NEVER
    needs_person: bool = False
    """Whether somebody has to look: it was refused, or misses an entry that is for it."""
    last_at: float | None = None
    asked: QueryRecord | None = None
    """Its last query for its whole list."""
    today: ReceivedToday = field(default_factory=ReceivedToday)
    tells_steps: bool = False
    former: str = ""
    """The AE title it called by before."""
    acts: tuple[CallerAct, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def key(self) -> str:
        """What names it in an address: AE title, else IP address."""
        return self.aet or self.addresses[0]

    @property
    def shown(self) -> str:
        """The practice's own name, else the AE title, else the address."""
        return self.name or self.key

    @property
    def is_asking_for_nothing(self) -> bool:
        """Whether its last query got none of what was on the list."""
        asked = self.asked
        return asked is not None and _got_nothing(asked)


@dataclass(frozen=True, slots=True)
class DeviceSheet:
    """Every device, and who was refused: told, and dismissed by a person."""

    devices: tuple[Device, ...]
    refusals: tuple[Refusal, ...]
    dismissed: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class EmptyList:
    """Why a device's last query got nothing: its entries judged, the causes, what would help."""

    found: DeviceQueries
    is_empty: bool
    """Whether it is nothing at all that it got, of what is on the list for the day."""
    change: KeyChange | None = None
    repairs: tuple[Repair, ...] = ()


@dataclass(frozen=True, slots=True)
class DeviceOverview:
    """Tells of the devices; the network is not touched. Thread-safe."""

    database: Database
    callers: CallerRegister
    devices: DeviceDirectory
    refusals: RefusalBook
    reports: QueryReports
    sight: ListSight
    empty: EmptyListSource
    is_peer: Callable[[Caller], bool]
    """Whether a caller is another archive or viewer, and no device."""
    clock: Clock

    def sheet(self) -> DeviceSheet:
        """Return every device, the entered first, and who was refused; raise a `BridgeError`."""
        told, dismissed = self.refusals.recent()
        facts = self._facts(told)
        found = [self._device(one, facts) for one in self._groups(facts.callers)]
        found.sort(key=lambda one: (not one.is_entered, one.shown.casefold()))
        return DeviceSheet(tuple(found), tuple(told), tuple(dismissed))

    def device(self, key: str) -> Device:
        """Return one device by AE title or address; raise `NotFound`."""
        wanted = folded_title(key)
        for one in self.sheet().devices:
            if wanted == folded_title(one.key) or key in one.addresses:
                return one
        raise NotFound(NO_DEVICE)

    def why(self, device: Device) -> EmptyList | None:
        """Return what became of each entry in a device's last query; None where it never asked."""
        if device.asked is None:
            return None
        found = self.reports.judge(device.asked)
        missed = missed_entries(found)
        causes = shared_causes(missed)
        records = self.reports.book.recent(MOST_EXAMS) if causes else []
        changes = (key_change(records, found, one) for one in causes)
        return EmptyList(
            found,
            is_empty=bool(missed),
            change=next(filter(None, changes), None),
            repairs=tuple(repairs(self.reports, found)) if missed else (),
        )

    def preview(self, device: Device) -> ListPreview:
        """Return what a device would see now."""
        return self.reports.preview(device.key)

    def _groups(self, callers: Iterable[KnownCaller]) -> list[_DeviceCallers]:
        """Return the callers of each device: one table of the settings, or one AE title, each."""
        entered = {id(one): _DeviceCallers(one) for one in self.devices.devices}
        others: dict[str, _DeviceCallers] = {}
        for known in callers:
            device = self.devices.device_of(known.caller)
            if device is not None:
                entered[id(device)].callers.append(known)
            elif _came_in(known) and not self.is_peer(known.caller):
                key = folded_title(known.caller.aet)
                others.setdefault(key, _DeviceCallers(None)).callers.append(known)
        return [*entered.values(), *others.values()]

    def _facts(self, told: Sequence[Refusal]) -> _DeviceFacts:
        now, today = self.clock.utc(), self.clock.local().date()
        begin = datetime.combine(today, time()).timestamp()
        with self.database.read() as connection:
            asked = self.sight.asked(connection)
            exams = exams_of_day(connection, da_text(today), begin, now + 1, MOST_EXAMS)
            received = received_by_device(connection, exams, begin)
        silent = frozenset(one.subject for one in self.empty.items())
        awaited = self._awaited(da_text(today)) if any(map(_got_nothing, asked)) else frozenset()
        callers = self.callers.callers()
        return _DeviceFacts(now, begin, asked, received, silent, awaited, told, callers)

    def _awaited(self, day: str) -> frozenset[str]:
        """Return the stations, folded, that entries of a day are for; none if nobody can look."""
        try:
            listed = self.reports.history.listed()
        except WorklistError:
            return frozenset()
        steps = (one.step for one in listed if one.day == day)
        said = (text_of(one, "ScheduledStationAETitle") for one in steps)
        return frozenset(folded_title(title) for text in said for title in titles_in(text))

    def _device(self, group: _DeviceCallers, facts: _DeviceFacts) -> Device:
        entered, callers = group.entered, group.callers
        last = max(callers, key=lambda one: one.last_at, default=None)
        aet = (entered.aet if entered else "") or (last.caller.aet if last else "")
        asked = max(
            (one for one in facts.asked if group.has(one.query.caller)),
            key=lambda one: one.last_at,
            default=None,
        )
        caller = last.caller if last else Caller(aet, entered.host if entered else "")
        former = facts.former(group)
        silent = any(
            f"list:{caller_of(one.caller.aet, one.caller.address)}" in facts.silent
            for one in callers
        )
        acts = tuple(act for one in callers for act in one.acts)
        device = Device(
            aet=aet,
            addresses=tuple(one.caller.address for one in callers) or _host(entered),
            name=entered.name if entered else "",
            is_entered=entered is not None,
            implementation=caller.implementation_version_name or caller.implementation_class_uid,
            profile=self.devices.profile_of(caller),
            last_at=last.last_at if last else None,
            asked=asked,
            today=facts.received.get(aet, ReceivedToday()),
            tells_steps=any(one.what == STEP_BEGUN and one.outcome == "0000" for one in acts),
            former=former,
            acts=acts,
            refusals=tuple(one for one in facts.refusals if group.is_named(one)),
        )
        awaited = folded_title(aet) in facts.awaited
        return _with_state(device, facts, is_missed=silent or awaited)


@dataclass(frozen=True, slots=True)
class _DeviceCallers:
    """The callers that are one device."""

    entered: ConfiguredDevice | None
    callers: list[KnownCaller] = field(default_factory=list)

    def has(self, caller: Caller) -> bool:
        return any(
            folded_title(one.caller.aet) == folded_title(caller.aet)
            and one.caller.address == caller.address
            for one in self.callers
        )

    def is_named(self, refusal: Refusal) -> bool:
        return any(
            caller_of(one.caller.aet, one.caller.address) == refusal.caller for one in self.callers
        )


@dataclass(frozen=True, slots=True)
class _DeviceFacts:
    """What is known of all devices."""

    now: float
    begin: float
    """Of today; UTC seconds."""
    asked: Sequence[QueryRecord]
    received: Mapping[str, ReceivedToday]
    silent: frozenset[str]
    """Subjects of devices whose list stays empty though it should not."""
    awaited: frozenset[str]
    """Folded AE titles that entries of today are for."""
    refusals: Sequence[Refusal]
    callers: Sequence[KnownCaller]

    def former(self, group: _DeviceCallers) -> str:
        """Return by which title a device that nobody entered called before, from its address."""
        if group.entered is not None:
            return ""
        found = [
            other
            for mine in group.callers
            for other in self.callers
            if other.caller.address == mine.caller.address
            and other.last_at < mine.first_at
            and _is_alike(other, mine)
        ]
        last = max(found, key=lambda one: one.last_at, default=None)
        return last.caller.aet if last is not None else ""


def _is_alike(one: KnownCaller, other: KnownCaller) -> bool:
    """Return whether two callers are of one implementation (PS3.7 D.3.3.2)."""
    return one.caller.implementation_class_uid == other.caller.implementation_class_uid


def _got_nothing(record: QueryRecord) -> bool:
    return not record.query.answers and record.listed > 0


def _host(entered: ConfiguredDevice | None) -> tuple[str, ...]:
    return (entered.host,) if entered is not None and entered.host else ()


def _came_in(known: KnownCaller) -> bool:
    return any(one.kind is ActKind.ASSOCIATION and one.outcome == ACCEPTED for one in known.acts)


def _with_state(device: Device, facts: _DeviceFacts, *, is_missed: bool) -> Device:
    associations = [one for one in device.acts if one.kind is ActKind.ASSOCIATION]
    last = max(associations, key=lambda one: one.last_at, default=None)
    lately = device.last_at is not None and facts.now - device.last_at < CONNECTED_SECONDS
    today = device.asked is not None and device.asked.last_at >= facts.begin
    rows = (
        (today and device.is_asking_for_nothing, DeviceState.LIST_EMPTY, is_missed),
        (last is not None and last.outcome != ACCEPTED, DeviceState.REFUSED, True),
        (bool(device.former), DeviceState.RENAMED, False),
        (lately, DeviceState.CONNECTED, False),
        (last is not None, DeviceState.SEEN, False),
        (True, DeviceState.NEVER, False),
    )
    state, needs = next((state, needs) for holds, state, needs in rows if holds)
    return replace(device, state=state, needs_person=needs)
