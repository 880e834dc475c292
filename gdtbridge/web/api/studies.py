"""``/api/v1/studies`` and ``/studies/open``: from what the chart says to the study in a viewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, time
from typing import Annotated, Final

from flask import Response, request
from pydantic import BaseModel, WithJsonSchema

from gdtbridge.dataset.values import to_date, to_time
from gdtbridge.errors import AnotherPerson, ViewerError
from gdtbridge.exams import PatientExam, StudyQuery, asked
from gdtbridge.web.access.principal import concerns
from gdtbridge.web.api import schema
from gdtbridge.web.api.worklist import Route
from gdtbridge.web.forms import raw_values
from gdtbridge.web.own_address import OwnAddress
from gdtbridge.web.pages.studies import StudiesPage, StudyRow, as_text
from gdtbridge.web.parameters import Parameter, texts_of
from gdtbridge.web.ports import StudyPort
from gdtbridge.web.problems import OPEN_PATH, refuse
from gdtbridge.web.study_viewer import StudyViewer
from gdtbridge.web.viewer_redirect import ViewerRedirect

PATH: Final = "/api/v1/studies"
SEARCH_PATH: Final = f"{PATH}/search"
MOST: Final = 500
"""Studies an answer lists; ``total`` counts all."""

OPEN_PARAMETERS: Final = (
    Parameter("id", "patient_id", required=True, may_be_empty=False),
    Parameter("accession", "accession_number"),
    Parameter("case", "case_id"),
    Parameter("date", "study_date"),
    Parameter("time", "study_time"),
    Parameter("study", "study_instance_uid"),
    Parameter("lastname", "family_name", older="name"),
    Parameter("firstname", "given_name", older="surname"),
    Parameter("birthdate", "birth_date"),
)
"""What may be asked, in the words of ``/worklist/add``."""
API_PARAMETERS: Final = tuple(replace(p, name=p.field, older=None) for p in OPEN_PARAMETERS)
"""The same in the words of the JSON."""

STUDY_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    PATH: {},
    SEARCH_PATH: {},
    OPEN_PATH: {p.field: p.name for p in OPEN_PARAMETERS},
}
"""For each path, the core's field names to the caller's where they differ."""

GDT_TYPES: Final = frozenset({"application/octet-stream", "text/plain"})
TYPES: Final = (
    "Erwartet wird eine GDT-Datei (application/octet-stream, text/plain) oder application/json. / "
    "A GDT file (application/octet-stream, text/plain) or application/json is expected."
)


class StudySearch(schema.RequestBody):
    """What is known of a study; only the patient number is needed."""

    patient_id: schema.Name
    accession_number: schema.Text = ""
    case_id: schema.Text = ""
    study_date: schema.Text = ""
    study_time: schema.Text = ""
    study_instance_uid: schema.Text = ""
    family_name: schema.Text = ""
    given_name: schema.Text = ""
    birth_date: schema.Text = ""

    def query(self) -> StudyQuery:
        """Return the question as the core takes questions; raise `OrderError`."""
        return asked(StudyQuery(**self.model_dump()))


LocalTime = Annotated[
    time, WithJsonSchema({"type": "string", "pattern": r"^\d\d:\d\d:\d\d(\.\d{1,6})?$"})
]
"""A time of day without a zone, which the format ``time`` wants (RFC 3339 5.6)."""


class StudyView(BaseModel):
    """A study; ``viewer_url`` is null when no viewer is set up that could open it."""

    study_instance_uid: str
    accession_number: str
    patient_id: str
    study_date: date | None
    study_time: LocalTime | None
    modality: str
    description: str
    instances: int
    viewer_url: str | None


class StudiesView(BaseModel):
    """The studies that fit, the newest first; ``total`` counts those left out as well."""

    total: int
    studies: list[StudyView]


class StudyCalls:
    """Each call reads the question, asks the core once and puts the answer into words."""

    def __init__(
        self, studies: StudyPort, viewer: StudyViewer, page: StudiesPage, own: OwnAddress
    ) -> None:
        self._studies = studies
        self._page = page
        self._viewer = viewer
        self._own = own

    def routes(self) -> tuple[Route, ...]:
        """Return the calls."""
        return (
            (PATH, "studies_list", self.list, ("GET", "HEAD")),
            (SEARCH_PATH, "studies_search", self.search, ("POST",)),
            (OPEN_PATH, "studies_open", self.open, ("GET",)),
        )

    def list(self) -> Response:
        """Answer with the studies that fit the parameters."""
        return self._answer(_query(API_PARAMETERS))

    def search(self) -> Response:
        """Answer with the studies that fit a GDT file, or a question in JSON."""
        if request.mimetype in GDT_TYPES:
            return self._answer(self._studies.asked_by_file(request.get_data()))
        if request.mimetype == "application/json":
            return self._answer(schema.parse(StudySearch, request.get_data()).query())
        raise refuse(415, TYPES)

    def _answer(self, query: StudyQuery) -> Response:
        found = self._studies.find(query)
        concerns(query.patient_id)
        view = StudiesView(total=len(found), studies=[self._view(exam) for exam in found[:MOST]])
        return Response(view.model_dump_json() + "\n", content_type="application/json")

    def _view(self, exam: PatientExam) -> StudyView:
        return StudyView(
            study_instance_uid=exam.study_instance_uid,
            accession_number=exam.accession_number,
            patient_id=exam.patient_id,
            study_date=to_date(exam.study_date),
            study_time=to_time(exam.study_time),
            modality=exam.modality,
            description=exam.study_description,
            instances=exam.instances,
            viewer_url=self._link(exam)[0],
        )

    def _link(self, exam: PatientExam) -> tuple[str | None, str]:
        """Return the URL that opens a study, or None and the reason why there is no URL."""
        try:
            url = self._viewer.url(exam.study_instance_uid, exam.accession_number)
        except ViewerError as error:
            return None, str(error)
        is_path = url.startswith("/")  # a viewer of ours
        return self._own.absolute(url) if is_path else url, ""

    def open(self) -> Response:
        """Redirect to the viewer when exactly one study fits; else say what there is."""
        query = _query(OPEN_PARAMETERS)
        concerns(query.patient_id)
        try:
            found = self._studies.find(query)
        except AnotherPerson:
            if _wants_html():
                return self._page.another_person(query)
            raise
        return self._opened(query, found)

    def _opened(self, query: StudyQuery, found: Sequence[PatientExam]) -> Response:
        links = [self._link(exam) for exam in found]
        if len(found) == 1 and (url := links[0][0]) is not None:
            return ViewerRedirect(url)
        rows = [
            StudyRow(
                to_date(exam.study_date),
                to_time(exam.study_time),
                exam.modality,
                exam.study_description,
                url,
            )
            for exam, (url, _) in zip(found, links, strict=True)
        ]
        why = next((reason for _, reason in links if reason), "")
        if _wants_html():
            return self._page.choice(query, rows, why)
        return as_text(rows, why)


def _query(parameters: tuple[Parameter, ...]) -> StudyQuery:
    """Return what the parameters of the request ask for.

    An unknown parameter may be a misspelled one that was to narrow the search; raise `CallRefused`.
    """
    values = raw_values(request)
    names = [parameter.name for parameter in parameters]
    older = {parameter.older for parameter in parameters}
    if any(value.name not in {*names, *older, "token"} for value in values):
        known = ", ".join(names)
        raise refuse(400, f"Unbekannter Parameter; es gibt {known}. / Unknown parameter.")
    texts = texts_of(values, parameters)
    return asked(StudyQuery(**{p.field: texts[p.name] for p in parameters if p.name in texts}))


def _wants_html() -> bool:
    """Return whether a browser asks; scripts and curl get text."""
    return "text/html" in request.headers.get("Accept", "").lower()
