"""The addresses of DICOMweb (PS3.18 Table 10.1-1), below `place.ROOT`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gdtbridge.commitment import LARGEST_REQUEST
from gdtbridge.settings import MEGABYTE
from gdtbridge.web.access.guard import Guard
from gdtbridge.web.access.slots import Slots
from gdtbridge.web.access.titles import TitleRule
from gdtbridge.web.api.worklist import Route
from gdtbridge.web.bodies import BodyRule, BodySpool
from gdtbridge.web.dicomweb.capabilities import CapabilityCalls
from gdtbridge.web.dicomweb.committing import CommitmentCalls
from gdtbridge.web.dicomweb.event_channels import EventChannels
from gdtbridge.web.dicomweb.frames import FrameCalls
from gdtbridge.web.dicomweb.metadata import MetadataCalls
from gdtbridge.web.dicomweb.place import ROOT, WebBase
from gdtbridge.web.dicomweb.rendering import RenderCalls
from gdtbridge.web.dicomweb.retrieving import RetrieveCalls
from gdtbridge.web.dicomweb.searching import SearchCalls
from gdtbridge.web.dicomweb.storing import StoreCalls
from gdtbridge.web.dicomweb.subscribing import CHANNELS, SubscriptionCalls
from gdtbridge.web.dicomweb.uri import ROOT as URI_ROOT
from gdtbridge.web.dicomweb.uri import UriCalls
from gdtbridge.web.dicomweb.work_items import WorkItemCalls
from gdtbridge.web.own_address import OwnAddress
from gdtbridge.web.ports import CorePorts

READ: Final = ("GET", "HEAD")
WRITE: Final = ("POST",)
STORES: Final = 2
COMMITMENTS: Final = 1
"""Calls that store, and that wait for an answer, at a time: the other places are for who reads."""
LARGEST_BODY: Final = 16 * 1024 * MEGABYTE
"""Bytes of the objects of one call, where there is room for twice as many."""
WAITING_PROGRAMS: Final = 1
"""Who may wait for such a place: more that wait would take the threads of the pages."""
READERS: Final = 5
"""Threads of those who read what is kept; they take none of the places of others (`SLOTS`).

Further readers wait before they have a thread, however many they are: Weasis asks for twelve
objects at once, does not come back when it is refused (503), and shows the exam without them.
"""

STUDY: Final = f"{ROOT}/studies/<study>"
SERIES: Final = f"{STUDY}/series/<series>"
INSTANCE: Final = f"{SERIES}/instances/<instance>"
WORK_ITEMS: Final = f"{ROOT}/workitems"
WORK_ITEM: Final = f"{WORK_ITEMS}/<uid>"


def dicomweb_routes(core: CorePorts, own: OwnAddress, guard: Guard) -> tuple[Route, ...]:
    """Return every call with its endpoint; ``guard`` is asked again by what lasts."""
    base, titles = WebBase(own), TitleRule(core.access.memory)
    search = SearchCalls(core.archive, base)
    retrieve = RetrieveCalls(core.archive, base)
    render = RenderCalls(retrieve, core.pictures)
    by_parameters = UriCalls(retrieve, render).retrieve_object
    channels = EventChannels(core.work_items)
    subscriptions = SubscriptionCalls(core.work_items, channels, base, titles, guard)
    services = (
        *_searches(search),
        *_objects(retrieve),
        *_frames(FrameCalls(retrieve, core.frames)),
        *_pictures(render),
        *_work_items(WorkItemCalls(core.work_items, base, titles)),
        *_changes(core, base),
        *_subscriptions(subscriptions),
    )
    capabilities = CapabilityCalls(base, services)
    return (
        *services,
        (f"{ROOT}/", "dicomweb_capabilities", capabilities.describe, ("OPTIONS",)),
        (URI_ROOT, "dicomweb_uri", by_parameters, READ),
    )


def is_for_readers(method: str, path: str) -> bool:
    """Return whether a call is one of `READERS`: it reads something of a study, or an object."""
    return method in READ and (path == URI_ROOT or path.startswith(f"{ROOT}/studies/"))


def dicomweb_bodies(core: CorePorts) -> Mapping[str, BodyRule]:
    """Return the rules of calls with large bodies, by endpoint."""
    objects = BodyRule(LARGEST_BODY, BodySpool(core.taker.spool, core.taker.port.room_for))
    return {
        "dicomweb_store": objects,
        "dicomweb_store_study": objects,
        "dicomweb_commitment_ask": BodyRule(LARGEST_REQUEST),
    }


def _changes(core: CorePorts, base: WebBase) -> tuple[Route, ...]:
    store = StoreCalls(core.taker, base, Slots(STORES, most_waiting=WAITING_PROGRAMS))
    commitment = CommitmentCalls(
        core.commitments, Slots(COMMITMENTS, most_waiting=WAITING_PROGRAMS)
    )
    transaction = f"{ROOT}/commitment-requests/<transaction>"
    return (
        (f"{ROOT}/studies", "dicomweb_store", store.store, WRITE),
        (STUDY, "dicomweb_store_study", store.store, WRITE),
        (transaction, "dicomweb_commitment_ask", commitment.ask, WRITE),
        (transaction, "dicomweb_commitment", commitment.answer, READ),
    )


def _searches(search: SearchCalls) -> tuple[Route, ...]:
    return (
        (f"{ROOT}/studies", "dicomweb_studies", search.studies, READ),
        (f"{ROOT}/series", "dicomweb_series", search.series, READ),
        (f"{ROOT}/instances", "dicomweb_instances", search.instances, READ),
        (f"{STUDY}/series", "dicomweb_study_series", search.series, READ),
        (f"{STUDY}/instances", "dicomweb_study_instances", search.instances, READ),
        (f"{SERIES}/instances", "dicomweb_series_instances", search.instances, READ),
    )


def _objects(retrieve: RetrieveCalls) -> tuple[Route, ...]:
    tell = MetadataCalls(retrieve)
    return (
        (STUDY, "dicomweb_study", retrieve.objects, READ),
        (SERIES, "dicomweb_one_series", retrieve.objects, READ),
        (INSTANCE, "dicomweb_instance", retrieve.objects, READ),
        (f"{STUDY}/metadata", "dicomweb_study_metadata", tell.metadata, READ),
        (f"{SERIES}/metadata", "dicomweb_series_metadata", tell.metadata, READ),
        (f"{INSTANCE}/metadata", "dicomweb_instance_metadata", tell.metadata, READ),
        (f"{INSTANCE}/bulkdata/<path:place>", "dicomweb_bulk", retrieve.bulk, READ),
    )


def _frames(frames: FrameCalls) -> tuple[Route, ...]:
    return (
        (f"{INSTANCE}/frames", "dicomweb_frames", frames.all, READ),
        (f"{INSTANCE}/frames/<numbers>", "dicomweb_some_frames", frames.some, READ),
        (f"{INSTANCE}/pixeldata", "dicomweb_pixels", frames.all, READ),
        (f"{INSTANCE}/bulkdata/7FE00010", "dicomweb_bulk_pixels", frames.all, READ),
    )


def _pictures(render: RenderCalls) -> tuple[Route, ...]:
    frame = f"{INSTANCE}/frames/<number>"
    return (
        (f"{STUDY}/rendered", "dicomweb_study_rendered", render.rendered, READ),
        (f"{SERIES}/rendered", "dicomweb_series_rendered", render.rendered, READ),
        (f"{INSTANCE}/rendered", "dicomweb_instance_rendered", render.rendered, READ),
        (f"{frame}/rendered", "dicomweb_frame_rendered", render.rendered_frame, READ),
        (f"{STUDY}/thumbnail", "dicomweb_study_thumbnail", render.thumbnail, READ),
        (f"{SERIES}/thumbnail", "dicomweb_series_thumbnail", render.thumbnail, READ),
        (f"{INSTANCE}/thumbnail", "dicomweb_instance_thumbnail", render.thumbnail, READ),
        (f"{frame}/thumbnail", "dicomweb_frame_thumbnail", render.thumbnail, READ),
    )


def _work_items(items: WorkItemCalls) -> tuple[Route, ...]:
    return (
        (WORK_ITEMS, "workitems_search", items.search, READ),
        (WORK_ITEMS, "workitems_create", items.create, ("POST",)),
        (WORK_ITEM, "workitem_read", items.retrieve, READ),
        (WORK_ITEM, "workitem_update", items.update, ("POST",)),
        (f"{WORK_ITEM}/state", "workitem_state", items.change_state, ("PUT",)),
        (f"{WORK_ITEM}/state/<aet>", "workitem_state_by", items.change_state, ("PUT",)),
        (f"{WORK_ITEM}/cancelrequest", "workitem_cancel", items.request_cancel, ("POST",)),
        (f"{WORK_ITEM}/cancelrequest/<aet>", "workitem_cancel_by", items.request_cancel, ("POST",)),
    )


def _subscriptions(calls: SubscriptionCalls) -> tuple[Route, ...]:
    subscriber = f"{WORK_ITEM}/{CHANNELS}/<aet>"
    return (
        (subscriber, "workitem_subscribe", calls.subscribe, ("POST",)),
        (subscriber, "workitem_unsubscribe", calls.unsubscribe, ("DELETE",)),
        (f"{subscriber}/suspend", "workitem_suspend", calls.suspend, ("POST",)),
        (f"{ROOT}/{CHANNELS}/<aet>", "workitem_events", calls.open, ("GET",)),
    )
