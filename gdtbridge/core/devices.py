"""What is known of the devices: who calls, what they asked, what lists they get."""

from __future__ import annotations

from dataclasses import dataclass

from gdtbridge.callers import CallerRegister
from gdtbridge.core.stores import Stores
from gdtbridge.devices import DeviceDirectory
from gdtbridge.devices.answering import DeviceWorklist
from gdtbridge.durable import SteadyClock
from gdtbridge.parts import archive_peer, directory_of
from gdtbridge.queries.book import QueryBook
from gdtbridge.queries.history import ListHistory
from gdtbridge.queries.report import QueryReports
from gdtbridge.queries.sight import ListSight
from gdtbridge.queries.source import EmptyListSource
from gdtbridge.retrieve.peers import PeerDirectory
from gdtbridge.settings import Settings
from worklist import night_before


@dataclass(frozen=True, slots=True)
class DeviceParts:
    """What is known of the devices, wired."""

    directory: DeviceDirectory
    peers: PeerDirectory
    callers: CallerRegister
    worklist: DeviceWorklist
    queries: QueryBook
    query_reports: QueryReports
    sight: ListSight
    empty_lists: EmptyListSource


def device_parts(settings: Settings, stores: Stores, clock: SteadyClock) -> DeviceParts:
    """Return the devices, who of them calls and asks, and what lists they get."""
    database, worklist, devices = stores.database, stores.worklist, directory_of(settings)
    peers = PeerDirectory([archive_peer(one, stores.encryption) for one in settings.peer])
    refuses_unknown = settings.dicom.unknown_devices == "refuse"
    callers = CallerRegister(
        database, devices, clock, refuses_unknown=refuses_unknown, is_peer=peers.knows
    )
    device_worklist = DeviceWorklist(
        worklist, devices, lambda: night_before(clock.local(), settings.worklist.min_age_hours)
    )
    queries = QueryBook(database, worklist, clock, days=settings.worklist.query_days)
    history = ListHistory(database, worklist)
    query_reports = QueryReports(queries, history, device_worklist, devices, clock)
    return DeviceParts(
        devices,
        peers,
        callers,
        device_worklist,
        queries,
        query_reports,
        ListSight(query_reports, clock),
        EmptyListSource(query_reports),
    )
