"""The addresses of FHIR (R4 3.1.0), below `place.ROOT`."""

from __future__ import annotations

from typing import Final

from gdtbridge.web.api.worklist import Route
from gdtbridge.web.fhir.calls import FhirCalls
from gdtbridge.web.fhir.place import ROOT
from gdtbridge.web.own_address import OwnAddress
from gdtbridge.web.ports import CorePorts

READ: Final = ("GET", "HEAD")


def fhir_routes(core: CorePorts, own: OwnAddress) -> tuple[Route, ...]:
    """Return every call with its endpoint."""
    calls = FhirCalls(core.fhir, core.handing, own)
    return (
        (f"{ROOT}/metadata", "fhir_metadata", calls.metadata, READ),
        (f"{ROOT}/<kind>", "fhir_search", calls.search, READ),
        (f"{ROOT}/<kind>/_search", "fhir_posted_search", calls.posted_search, ("POST",)),
        (f"{ROOT}/<kind>/<id_>", "fhir_read", calls.read, READ),
        (f"{ROOT}/Binary/<id_>", "fhir_page", calls.page, READ),
    )
