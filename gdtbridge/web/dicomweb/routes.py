"""The addresses of DICOMweb (PS3.18 Table 10.1-1), below `place.ROOT`."""

from __future__ import annotations

from typing import Final

from gdtbridge.web.access.slots import Slots
from gdtbridge.web.api.worklist import Route
from gdtbridge.web.dicomweb.capabilities import CapabilityCalls
from gdtbridge.web.dicomweb.place import ROOT, WebBase
from gdtbridge.web.dicomweb.retrieving import RetrieveCalls
from gdtbridge.web.dicomweb.searching import SearchCalls
from gdtbridge.web.ports import WebArchivePort

READ: Final = ("GET", "HEAD")
STREAMS: Final = 4
"""Answers that are sent piece by piece at a time: a slow reader keeps one thread, no more."""

STUDY: Final = f"{ROOT}/studies/<study>"
SERIES: Final = f"{STUDY}/series/<series>"
INSTANCE: Final = f"{SERIES}/instances/<instance>"


def dicomweb_routes(archive: WebArchivePort, public_url: str) -> tuple[Route, ...]:
    """Return every call with its endpoint."""
    base = WebBase(public_url)
    search, retrieve = SearchCalls(archive, base), RetrieveCalls(archive, base, Slots(STREAMS))
    services: tuple[Route, ...] = (
        (f"{ROOT}/studies", "dicomweb_studies", search.studies, READ),
        (f"{ROOT}/series", "dicomweb_series", search.series, READ),
        (f"{ROOT}/instances", "dicomweb_instances", search.instances, READ),
        (f"{STUDY}/series", "dicomweb_study_series", search.series, READ),
        (f"{STUDY}/instances", "dicomweb_study_instances", search.instances, READ),
        (f"{SERIES}/instances", "dicomweb_series_instances", search.instances, READ),
        (STUDY, "dicomweb_study", retrieve.objects, READ),
        (SERIES, "dicomweb_one_series", retrieve.objects, READ),
        (INSTANCE, "dicomweb_instance", retrieve.objects, READ),
        (f"{STUDY}/metadata", "dicomweb_study_metadata", retrieve.metadata, READ),
        (f"{SERIES}/metadata", "dicomweb_series_metadata", retrieve.metadata, READ),
        (f"{INSTANCE}/metadata", "dicomweb_instance_metadata", retrieve.metadata, READ),
    )
    capabilities = CapabilityCalls(base, services)
    return (*services, (f"{ROOT}/", "dicomweb_capabilities", capabilities.describe, ("OPTIONS",)))
