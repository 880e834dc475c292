"""Bundle (R4 2.36) and CapabilityStatement (5.3): what there is, and what can be asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from gdtbridge.fhir.elements import Json, said
from gdtbridge.fhir.facade import FoundPage
from gdtbridge.fhir.tables import RESOURCES, Include, includes, parameters, reverse_includes

FHIR_VERSION: Final = "4.0.1"
STATED: Final = "2026-12-01"
"""The day the capabilities changed last."""
FORMATS: Final = ("application/fhir+json", "json")
CONTROLS: Final = (
    *(("_count", "number"), ("_sort", "string"), ("_include", "string"), ("_revinclude", "string")),
    *(("_summary", "string"), ("_total", "string"), ("_elements", "string")),
)
"""What every search may say of its answer, and the type of each that comes nearest."""
NOTE: Final = "Read only; what was decided, as it is now. Nothing is stored as a resource."


def search_bundle(page: FoundPage, links: Mapping[str, str], base: str) -> Json:
    """Return a page of a search; ``links`` are ``self`` and ``next``, below ``base``."""
    entries = [*_entries([one.resource for one in page.matches], base, "match")]
    entries += _entries(list(page.included), base, "include")
    return said(
        resourceType="Bundle",
        type="searchset",
        total=page.total,
        link=[{"relation": name, "url": url} for name, url in links.items()],
        entry=entries,
    )


def _entries(resources: list[Json], base: str, mode: str) -> Iterator[Json]:
    for one in resources:
        url = f"{base}/{one['resourceType']}/{one['id']}"
        yield {"fullUrl": url, "resource": one, "search": {"mode": mode}}


def capability_statement(base: str) -> Json:
    """Return what the server can do."""
    resources = [_resource(kind) for kind in RESOURCES]
    resources.append({"type": "Binary", "interaction": [{"code": "read"}]})
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": STATED,
        "kind": "instance",
        "software": {"name": "gdtbridge"},
        "implementation": {"description": NOTE, "url": base},
        "fhirVersion": FHIR_VERSION,
        "format": list(FORMATS),
        "rest": [
            {
                "mode": "server",
                "documentation": NOTE,
                "security": {"cors": True, "description": "Authorization: Bearer, scope fhir"},
                "resource": resources,
                "searchParam": [{"name": name, "type": kind} for name, kind in CONTROLS],
            }
        ],
    }


def _names(told: Iterable[Include]) -> list[str]:
    return list(dict.fromkeys(f"{one.source}:{one.name}" for one in told))


def _resource(kind: str) -> Json:
    known = parameters()[kind].values()
    return said(
        type=kind,
        interaction=[{"code": "read"}, {"code": "search-type"}],
        versioning="no-version",
        searchInclude=_names(includes()[kind]),
        searchRevInclude=_names(reverse_includes()[kind]),
        searchParam=[{"name": one.name, "type": one.kind.value} for one in known],
    )
