"""An archive with orders, exams and reports, and calls of FHIR over it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pydicom
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gdtbridge.service import web_ports
from gdtbridge.settings import load_settings
from gdtbridge.web import create_app
from gdtbridge.web.fhir.place import MEDIA_TYPE, ROOT
from tests.tools.practice import Practice, Reports

STUDY = "2.25.4711000"
"""Four pictures and a report of Änne Müller, in three series, done for an order."""
UNDATED = "2.25.4712000"
"""A report of Berta Özdemir, without a date and a modality."""
HELD = "2.25.99000"
"""One object of nobody the practice knows by a number."""
PATIENTS = "https://praxis.example/patienten"
"""The system of patient numbers."""


@dataclass(frozen=True, slots=True)
class Fhir:
    """FHIR over a practice."""

    practice: Practice
    client: FlaskClient
    accession: str
    """Of Änne Müller's order."""

    def get(self, path: str, **headers: str) -> TestResponse:
        """Call an address below the base."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(ROOT + path, headers=sent)

    def bundle(self, path: str) -> dict[str, Any]:
        """Return the Bundle of a search."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == MEDIA_TYPE
        assert answer.json is not None
        return dict(answer.json)

    def found(self, path: str, mode: str = "match") -> list[dict[str, Any]]:
        """Return the resources a search finds."""
        entries = self.bundle(path).get("entry", [])
        return [one["resource"] for one in entries if one["search"]["mode"] == mode]

    def pages(self, path: str) -> Iterator[list[dict[str, Any]]]:
        """Yield the resources of each page of a search."""
        url: str | None = path
        while url is not None:
            bundle = self.bundle(url)
            yield [one["resource"] for one in bundle.get("entry", [])]
            links = {one["relation"]: one["url"] for one in bundle["link"]}
            url = links["next"].partition(ROOT)[2] if "next" in links else None


def send_undated(project: Path, practice: Practice) -> None:
    """Send a report that says neither when nor by which modality."""
    reports = Reports(project, practice, practice.folder)

    def change(dataset: pydicom.Dataset) -> None:
        dataset.PatientID, dataset.PatientName = "0815", "Özdemir^Berta"
        dataset.PatientBirthDate, dataset.PatientSex = "19900301", "F"
        for keyword in (*("StudyDate", "SeriesDate", "ContentDate", "StudyTime"), "Modality"):
            setattr(dataset, keyword, "")

    reports.send("abdomen.dcm", change, StudyInstanceUID=UNDATED, SOPInstanceUID=f"{UNDATED}.9.1")
    practice.send(
        StudyInstanceUID=UNDATED,
        SeriesInstanceUID=f"{UNDATED}.1",
        SOPInstanceUID=f"{UNDATED}.9.2",
        PatientID="0815",
        PatientName="Özdemir^Berta",
        PatientBirthDate="19900301",
        AccessionNumber="",
        StudyDate="",
        StudyTime="",
        Modality="",
    )


@pytest.fixture(scope="module")
def fhir(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[Fhir]:
    """Return FHIR over an archive nobody adds to."""
    folder: Path = tmp_path_factory.mktemp("fhir")
    settings = load_settings(environ={"GDTBRIDGE_FHIR__PATIENT_SYSTEM": PATIENTS})
    practice = Practice(folder, settings)
    placed = practice.core.orders.place(practice.order()).entry
    practice.core.orders.place(
        practice.order(
            patient_id="0815",
            family_name="Özdemir",
            given_name="Berta",
            birth_date=date(1990, 3, 1),
            procedure="Niere",
        )
    )
    for number in range(1, 5):
        practice.send(
            AccessionNumber=placed.AccessionNumber,
            StudyInstanceUID=STUDY,
            SeriesInstanceUID=f"{STUDY}.{1 + number % 2}",
            SOPInstanceUID=f"{STUDY}.9.{number}",
            StudyDescription="Oberbauch",
        )
    Reports(project, practice, folder).send(
        "echo.dcm",
        StudyInstanceUID=STUDY,
        SOPInstanceUID=f"{STUDY}.9.9",
        AccessionNumber=placed.AccessionNumber,
        PatientID="4711",
        PatientSex="F",
    )
    send_undated(project, practice)
    practice.send(
        StudyInstanceUID=HELD,
        SeriesInstanceUID=f"{HELD}.1",
        SOPInstanceUID=f"{HELD}.9.1",
        PatientID="",
        PatientName="NOTFALL",
        AccessionNumber=placed.AccessionNumber,
    )
    practice.wait()
    app = create_app(settings, web_ports(practice.core), dict)
    yield Fhir(practice, app.test_client(), placed.AccessionNumber)
    practice.close()
