"""What the edges are given of the core: DIMSE services, folders, the web server."""

from __future__ import annotations

from collections.abc import Callable

from gdtbridge.administration import setup_of, system_of
from gdtbridge.archive.picked_files import PickupMemory
from gdtbridge.archive.taking import ObjectTaker
from gdtbridge.core import Core
from gdtbridge.dicom.archive_get import get_services
from gdtbridge.dicom.archive_move import MoveParts, move_services
from gdtbridge.dicom.archive_query import query_services
from gdtbridge.dicom.commitment import commitment_services
from gdtbridge.dicom.commitment_result import result_services
from gdtbridge.dicom.device_echo import DeviceEcho
from gdtbridge.dicom.performed_step import step_services
from gdtbridge.dicom.service import ServiceTable
from gdtbridge.folders.pickup import PickupWatch
from gdtbridge.ohif import OhifFolder
from gdtbridge.settings import MEGABYTE
from gdtbridge.web import CorePorts
from gdtbridge.web.ports import DeliveryPorts, DevicePorts, ExamSendingPorts, WorkItemPorts
from gdtbridge.work_items.subscriptions import WorkItemSubscriptions


def dimse_services(core: Core) -> ServiceTable:
    """Return the services beside storage and worklist."""
    devices = core.devices
    commitment = commitment_services(
        core.commitments,
        core.reporter.channels,
        lambda caller: devices.profile_of(caller).commitment == "same",
    )
    queries = query_services(core.finder, core.peers, core.refusals)
    aet = core.settings.dicom.aet
    moves = move_services(MoveParts(core.finder, core.peers, core.refusals, core.transcoder, aet))
    gets = get_services(core.finder, core.peers, core.refusals, core.transcoder)
    results = result_services(core.confirmations, core.refusals)
    return {**step_services(core.steps), **commitment, **results, **queries, **moves, **gets}


def object_taker(core: Core) -> ObjectTaker:
    """Return who takes objects that come as files."""
    settings, titles = core.settings, {core.settings.dicom.aet}
    return ObjectTaker(
        core.receiving,
        core.commitments.arrivals,
        settings.file_spool,
        settings.dicom.max_object_mb * MEGABYTE,
        frozenset(titles.union(one.aet for one in settings.peer)),
    )


def pickup_watches(core: Core) -> dict[str, PickupWatch]:
    """Return who takes files from the folders of ``[[pickup]]``, by its part of readiness."""
    settings, taker = core.settings, object_taker(core)
    memory = PickupMemory(core.database)
    return {
        f"pickup:{number}": PickupWatch(f"pickup:{number}", one, taker, memory, core.clock)
        for number, one in enumerate(settings.pickups, 1)
    }


def _do_nothing() -> None:
    """Stand for a restart where nothing runs."""


def web_ports(
    core: Core, restart: Callable[[], None] = _do_nothing, port: Callable[[], int] = int
) -> CorePorts:
    """Return what the web server asks of the core; ``port`` is that of the DICOM server."""
    echo = DeviceEcho(core.devices, core.encryption, core.settings.dicom.aet)
    return CorePorts(
        core.orders,
        core.routing.default.records,
        core.studies,
        core.query_reports,
        deliveries=DeliveryPorts(core.deliveries, core.outbox, core.webhooks, core.forward),
        devices=DevicePorts(core.device_overview, core.refusals, echo, core.clock.utc, port),
        system=system_of(core),
        access=core.access,
        audit=core.audit,
        setup=setup_of(core, restart, port),
        editing=core.editor,
        day=core.day,
        outlook=core.outlook,
        patients=core.known_patients,
        clarifying=core.clarifying,
        search=core.search,
        exams=core.exams,
        trends=core.trends,
        sending=ExamSendingPorts(core.exam_deliveries, core.exam_deliveries.records, core.forward),
        pictures=core.pictures,
        sample=core.sample,
        archive=core.web_archive,
        frames=core.web_frames,
        taker=object_taker(core),
        commitments=core.commitments,
        work_items=WorkItemPorts(
            core.work_items, core.work_item_search, WorkItemSubscriptions(core.database)
        ),
        handing=core.handing,
        ohif=OhifFolder(core.settings.ohif_folder),
        fhir=core.fhir,
        revision=lambda: core.revision.number,
    )
