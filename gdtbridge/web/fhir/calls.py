"""The calls: search, read, the capabilities, the page of an exam."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from flask import Response, request

from gdtbridge.fhir.bundles import capability_statement, search_bundle
from gdtbridge.fhir.elements import Json
from gdtbridge.fhir.json_text import json_text
from gdtbridge.fhir.query import ResourceQuery, read_query
from gdtbridge.fhir.sources import FhirBase
from gdtbridge.fhir.tables import RESOURCES
from gdtbridge.handing_out import HandingDesk
from gdtbridge.retrieve.broad_searches import SearchesBusy, SearchTooBroad
from gdtbridge.retrieve.finder import Viewer
from gdtbridge.retrieve.query_keys import QueryRefused
from gdtbridge.web.access.principal import concerns
from gdtbridge.web.dicomweb.compressing import as_accepted
from gdtbridge.web.dicomweb.negotiation import first_of, ranges_of
from gdtbridge.web.dicomweb.place import ROOT as DICOMWEB
from gdtbridge.web.dicomweb.place import sees_held
from gdtbridge.web.fhir.paging import PAGE, Pairs, PostedSearches, links_of, links_of_posted
from gdtbridge.web.fhir.place import MEDIA_TYPE, ROOT
from gdtbridge.web.forms import URLENCODED
from gdtbridge.web.own_address import OwnAddress
from gdtbridge.web.ports import FhirPort
from gdtbridge.web.problems import RETRY_SECONDS, refuse

FORMATS: Final = (MEDIA_TYPE, "application/json", "json", "text/json")
PDF: Final = "application/pdf"
NO_FORMAT: Final = "Nur {0}. / {0} only."
NO_VALUE: Final = "Das wird hier nicht gesucht: {0}. / This is not searched for here: {0}."
BUSY: Final = (
    "Andere Suchen brauchen gerade lange; bitte enger suchen oder noch einmal versuchen. / Other"
    " searches take long at the moment; search for less, or try again."
)
TOO_BROAD: Final = (
    "Die Suche dauert zu lange; bitte enger suchen ({0}). / The search takes too long; search for"
    " less ({0})."
)


@dataclass(frozen=True, slots=True)
class FhirCalls:
    """Each call reads the question, asks, and writes what is found."""

    fhir: FhirPort
    handing: HandingDesk
    own: OwnAddress
    posted: PostedSearches = field(default_factory=PostedSearches)

    def metadata(self) -> Response:
        """Answer with the CapabilityStatement."""
        _must_take(MEDIA_TYPE)
        return _answer(capability_statement(self._base.fhir))

    def search(self, kind: str) -> Response:
        """Answer with a page of a search that stands in the address."""
        name = request.args.get(PAGE)
        if name is not None:
            return self._found(kind, self.posted.found(name), is_posted=True)
        return self._found(kind, list(request.args.items(multi=True)), is_posted=False)

    def posted_search(self, kind: str) -> Response:
        """Answer with a page of a search whose parameters are a form (R4 3.1.1.2)."""
        if request.mimetype not in {URLENCODED, ""}:
            raise refuse(415, NO_FORMAT.format(URLENCODED))
        pairs = [*request.args.items(multi=True), *request.form.items(multi=True)]
        return self._found(kind, pairs, is_posted=True)

    def read(self, kind: str, id_: str) -> Response:
        """Answer with one resource."""
        _must_be_there(kind)
        _must_take(MEDIA_TYPE)
        with _refusing():
            found = self.fhir.read(kind, id_, _viewer(), self._base)
        if found is None:
            raise refuse(404)
        concerns(found.chart)
        return _answer(found.resource)

    def page(self, id_: str) -> Response:
        """Answer with the page of an exam as PDF."""
        _must_take(PDF)
        part = self.fhir.part(id_)
        if part is None:
            raise refuse(404)
        concerns(part.chart)
        exam = self.handing.exams.of_chart(part.uid, part.chart)
        if exam is None:
            raise refuse(404)
        return Response(self.handing.reports.pdf(exam), content_type=PDF)

    @property
    def _base(self) -> FhirBase:
        return FhirBase(self.own.absolute(ROOT), self.own.absolute(DICOMWEB))

    def _found(self, kind: str, pairs: Pairs, *, is_posted: bool) -> Response:
        _must_be_there(kind)
        _must_take(MEDIA_TYPE, pairs)
        base = self._base
        with _refusing():
            query = read_query(kind, pairs, strict=_is_strict())
            page = self.fhir.search(query, _viewer(), base)
        concerns(page.chart)
        links = self._links(f"{base.fhir}/{kind}", query, page.cursor, is_posted=is_posted)
        return _answer(search_bundle(page, links, base.fhir))

    def _links(
        self, address: str, query: ResourceQuery, cursor: str, *, is_posted: bool
    ) -> Mapping[str, str]:
        if is_posted:
            return links_of_posted(address, query.used, cursor, self.posted)
        return links_of(address, query.used, cursor)


def _viewer() -> Viewer:
    return Viewer(sees_held=sees_held())


def _is_strict() -> bool:
    """Return whether unknown parameters are to be refused (R4 3.1.1.3.1)."""
    said = ",".join(request.headers.getlist("Prefer")).replace(" ", "").lower()
    return "handling=strict" in said.replace(";", ",").split(",")


def _must_be_there(kind: str) -> None:
    if kind not in RESOURCES:
        raise refuse(404)


def _must_take(media_type: str, pairs: Sequence[tuple[str, str]] | None = None) -> None:
    """Raise `CallRefused` (406) where the client takes no answer of a type.

    ``_format`` counts before the header (R4 3.1.0.1.11).
    """
    said = dict(pairs if pairs is not None else request.args.items(multi=True))
    wanted = said.get("_format", "").partition(";")[0].strip().replace(" ", "+").lower()
    if wanted:
        takes = media_type == PDF or wanted in FORMATS
    else:
        ranges = ranges_of(",".join(request.headers.getlist("Accept")))
        offered = (media_type,) if media_type == PDF else FORMATS
        takes = first_of(ranges, *offered) is not None
    if not takes:
        raise refuse(406, NO_FORMAT.format(media_type))


@contextmanager
def _refusing() -> Iterator[None]:
    """Tell what cannot be searched for as refusals."""
    try:
        yield
    except SearchTooBroad as error:
        raise refuse(413, TOO_BROAD.format(error)) from None
    except SearchesBusy:
        raise refuse(503, BUSY, ("Retry-After", str(RETRY_SECONDS))) from None
    except QueryRefused as error:
        raise refuse(400, NO_VALUE.format(error)) from None


def _answer(resource: Json) -> Response:
    return as_accepted(request, Response(json_text(resource), content_type=MEDIA_TYPE))
