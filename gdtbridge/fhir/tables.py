"""The resources there are, what they are searched by and what can be had beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final

from gdtbridge.tsv import table


class ParameterKind(StrEnum):
    """Types of search parameters (R4 3.1.1.4)."""

    TOKEN = "token"  # noqa: S105 - a code of a concept
    STRING = "string"
    DATE = "date"
    REFERENCE = "reference"
    QUANTITY = "quantity"


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """A search parameter of a resource: its name, its kind, the paths of the elements it is of."""

    name: str
    kind: ParameterKind
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Include:
    """A reference that can be followed: the type that has it, its name, the type it leads to.

    ``path`` is the element it is.
    """

    source: str
    name: str
    target: str
    path: str


RESOURCES: Final = (
    *("Patient", "ServiceRequest", "ImagingStudy", "Endpoint"),
    *("DiagnosticReport", "Observation", "DocumentReference"),
)
"""What can be searched and read; a Binary can be read alone."""


@cache
def parameters() -> Mapping[str, Mapping[str, SearchParameter]]:
    """Return the search parameters by resource and name."""
    found: dict[str, dict[str, SearchParameter]] = {kind: {} for kind in RESOURCES}
    for resource, name, kind, paths in table("fhir/search_parameters.tsv"):
        told = SearchParameter(name, ParameterKind(kind), tuple(paths.split("|")))
        found[resource][name] = told
    return MappingProxyType(found)


@cache
def includes() -> Mapping[str, Sequence[Include]]:
    """Return what can be included, by resource."""
    found: dict[str, list[Include]] = {kind: [] for kind in RESOURCES}
    for one, _ in _includes():
        found[one.source].append(one)
    return MappingProxyType(found)


@cache
def reverse_includes() -> Mapping[str, Sequence[Include]]:
    """Return by which references others can be included, by the resource these lead to."""
    found: dict[str, list[Include]] = {kind: [] for kind in RESOURCES}
    for one, is_indexed in _includes():
        if is_indexed:
            found[one.target].append(one)
    return MappingProxyType(found)


def _includes() -> Iterator[tuple[Include, bool]]:
    """Yield the references, and whether an index leads back."""
    for *columns, reverse in table("fhir/includes.tsv"):
        yield Include(*columns), reverse == "yes"
