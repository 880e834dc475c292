"""An archive with some exams, and calls of its web services."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydicom import Dataset, uid
from werkzeug.test import TestResponse

from gdtbridge.service import web_ports
from gdtbridge.settings import Settings
from gdtbridge.web import WebServer, create_app, create_server
from gdtbridge.web.dicomweb.place import ROOT
from tests.pictures.builder import write
from tests.tools.practice import Practice

STUDY = "2.25.4711000"
"""Four objects of Änne Müller, in two series."""
OCTETS = "multipart/related; type=application/octet-stream; transfer-syntax=*"
HELD = "2.25.99000"
"""One object of nobody the practice knows by a number."""


@dataclass(frozen=True, slots=True)
class Services:
    """The web services over a practice."""

    practice: Practice
    client: FlaskClient

    def get(self, path: str, accept: str | None = None, **headers: str) -> TestResponse:
        """Call an address below the services' root."""
        sent = {**headers, **({"Accept": accept} if accept is not None else {})}
        return self.client.get(ROOT + path, headers=sent, buffered=True)

    def found(self, path: str) -> list[dict[str, Any]]:
        """Return what a search finds."""
        answer = self.get(path)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/dicom+json"
        assert answer.json is not None
        return list(answer.json)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Return the services over an archive nobody adds to."""
    folder: Path = tmp_path_factory.mktemp("services")
    settings = Settings(base=folder)
    practice = Practice(folder, settings)
    for number in range(1, 5):
        practice.send(
            StudyInstanceUID=STUDY,
            SeriesInstanceUID=f"{STUDY}.{1 + number % 2}",
            SOPInstanceUID=f"{STUDY}.9.{number}",
            StudyDescription="Schilddrüse",
        )
    practice.send(
        StudyInstanceUID=HELD,
        SeriesInstanceUID=f"{HELD}.1",
        SOPInstanceUID=f"{HELD}.9.1",
        PatientID="",
        PatientName="NOTFALL",
    )
    practice.wait()
    app = create_app(settings, web_ports(practice.core), dict)
    yield Services(practice, app.test_client())
    practice.close()


@pytest.fixture(scope="module")
def server(services: Services) -> Iterator[WebServer]:
    """Return a server of the services."""
    settings = services.practice.settings
    http = settings.http.model_copy(update={"port": 0})
    running = create_server(
        settings.model_copy(update={"http": http}), web_ports(services.practice.core), dict
    )
    running.start()
    yield running
    running.stop(grace=2)


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive that takes any object, and the addresses of what it has."""

    practice: Practice
    client: FlaskClient
    folder: Path

    def keep(self, made: Dataset, study: str = "", series: str = "") -> str:
        """Have an object received; return its address."""
        made.StudyInstanceUID = study or uid.generate_uid()
        made.SeriesInstanceUID = series or uid.generate_uid()
        return self.keep_file(write(made, self.folder / "sent.dcm"), made)

    def keep_file(self, path: Path, made: Dataset) -> str:
        """Have a file received; return its address."""
        self.practice.arriving = {"TransferSyntaxUID": str(made.file_meta.TransferSyntaxUID)}
        self.practice.send_file(path, made.SOPClassUID, made.SOPInstanceUID)
        study, series = made.StudyInstanceUID, made.SeriesInstanceUID
        return f"/dicom-web/studies/{study}/series/{series}/instances/{made.SOPInstanceUID}"

    def get(self, address: str, accept: str = OCTETS) -> TestResponse:
        """Call an address."""
        return self.client.get(address, headers={"Accept": accept}, buffered=True)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Return the archive of this file."""
    folder = tmp_path_factory.mktemp("archive")
    settings = Settings(base=folder)
    practice = Practice(folder, settings)
    app = create_app(settings, web_ports(practice.core), dict)
    yield Archive(practice, app.test_client(), folder)
    practice.close()
