"""Endpoint (R4 8.14): where the objects of a study are to be had."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gdtbridge.fhir.coding import TERMINOLOGY, hl7
from gdtbridge.fhir.elements import Json

ENDPOINTS: Final[Mapping[str, str]] = MappingProxyType(
    {"dicom-wado-rs": "DICOMweb WADO-RS", "dicom-qido-rs": "DICOMweb QIDO-RS"}
)
"""Id of each endpoint, which is its connection type (endpoint-connection-type), and its name."""


def endpoint_resource(id_: str, address: str) -> Json:
    """Return an endpoint; ``address`` is the base, behind which ``/studies/{uid}`` is written."""
    return {
        "resourceType": "Endpoint",
        "id": id_,
        "status": "active",
        "connectionType": {"system": f"{TERMINOLOGY}endpoint-connection-type", "code": id_},
        "name": ENDPOINTS[id_],
        "payloadType": [hl7("endpoint-payload-type", "none")],
        "payloadMimeType": ["application/dicom"],
        "address": address,
    }
