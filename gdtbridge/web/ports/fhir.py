"""FHIR over the archive."""

from __future__ import annotations

from typing import Protocol

from gdtbridge.fhir.facade import FoundPage
from gdtbridge.fhir.query import ResourceQuery
from gdtbridge.fhir.sources import FhirBase, FoundResource
from gdtbridge.fhir.study_part import StudyPart
from gdtbridge.retrieve.finder import Viewer


class FhirPort(Protocol):
    """Resources made of what was decided; `gdtbridge.fhir` has them.

    Raises `QueryRefused`, and `SearchTooBroad` for what takes too long.
    """

    def search(self, query: ResourceQuery, viewer: Viewer, base: FhirBase) -> FoundPage:
        """Return a page of a search."""

    def read(self, kind: str, id_: str, viewer: Viewer, base: FhirBase) -> FoundResource | None:
        """Return one resource; None where there is none."""

    def part(self, id_: str) -> StudyPart | None:
        """Return the part of a study whose page has an id; None for none."""
