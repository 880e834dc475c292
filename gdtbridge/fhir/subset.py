"""Resources with the elements alone that a client asks for (``_elements``, R4 3.1.1.5.9)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from gdtbridge.fhir.coding import TERMINOLOGY
from gdtbridge.fhir.elements import Json

SUBSETTED: Final = {"system": f"{TERMINOLOGY}v3-ObservationValue", "code": "SUBSETTED"}
"""Tag of a resource that is not whole: nobody may store it as if it were."""
ALWAYS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "Patient": frozenset({"active", "link"}),
        "ServiceRequest": frozenset({"status", "intent", "subject"}),
        "ImagingStudy": frozenset({"status", "subject"}),
        "Endpoint": frozenset({"status", "connectionType", "payloadType", "address"}),
        "DiagnosticReport": frozenset({"status", "code"}),
        "Observation": frozenset({"status", "code", "focus"}),
        "DocumentReference": frozenset({"status", "content"}),
    }
)
"""Elements that R4 demands, those that change what others mean (is-modifier), and of the value of
a child that it is not the mother's."""
_OF_ALL: Final = frozenset({"resourceType", "id", "meta"})


def with_elements(resource: Json, wanted: Collection[str]) -> Json:
    """Return a resource with some elements, those that must not be missing, and a tag."""
    names = _OF_ALL | ALWAYS[resource["resourceType"]] | set(wanted)
    told = {name: one for name, one in resource.items() if name in names}
    meta = told.get("meta", {})
    told["meta"] = meta | {"tag": [*meta.get("tag", ()), SUBSETTED]}
    return told
