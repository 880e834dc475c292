"""Addresses in answers: what they begin with behind a proxy, and that they lead back."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

from gdtbridge.service import web_ports
from gdtbridge.settings import load_settings
from gdtbridge.web import create_app
from tests.dicomweb.conftest import STUDY, Services
from tests.dicomweb.test_retrieving import ALL, parts_of
from tests.tools.elements import element, identification

PUBLIC = "https://praxis.example/us"
BASE = f"{PUBLIC}/dicom-web"
SERIES = f"/studies/{STUDY}/series/{STUDY}.1"


@pytest.fixture
def client(services: Services) -> FlaskClient:
    """Return a client of services that know how they are called from outside."""
    settings = load_settings(environ={"GDTBRIDGE_HTTP__PUBLIC_URL": f"{PUBLIC}/"})
    return create_app(settings, web_ports(services.practice.core), dict).test_client()


@pytest.mark.parametrize("path", ["/studies", "/series", "/instances", f"/studies/{STUDY}/series"])
def test_where_to_retrieve_is_told_as_others_call_it(client: FlaskClient, path: str) -> None:
    """With the prefix, and also where nothing but a name is asked for (dcm4chee-arc 4062)."""
    query = f"StudyInstanceUID={STUDY}&includedefaults=false&includefield=PatientName"
    rows = client.get(f"/dicom-web{path}?{query}").json

    assert rows
    for row in rows:
        (url,) = row["00081190"]["Value"]
        assert url.startswith(f"{BASE}/studies/{STUDY}")
        there = client.get(f"{url.removeprefix(PUBLIC)}/metadata")
        assert there.status_code == 200


def test_values_and_parts_are_told_as_others_call_them(
    client: FlaskClient, services: Services
) -> None:
    """A long value by its address in the metadata, each part by its own (Weasis 264, 432)."""
    uid = "2.25.4711.77"
    dataset = identification(SOPInstanceUID=uid, StudyInstanceUID="2.25.4711")
    long = element(0x00420011, b"OB", bytes(5000))
    services.practice.send_dataset(dataset + long, SOPInstanceUID=uid)
    services.practice.wait()

    (row,) = json.loads(client.get("/dicom-web/studies/2.25.4711/metadata").data)
    address = row["00420011"]["BulkDataURI"]
    assert address.startswith(f"{BASE}/studies/2.25.4711/series/")
    assert client.get(address.removeprefix(PUBLIC), buffered=True).data == bytes(5000)
    answer = client.get(f"/dicom-web{SERIES}", headers={"Accept": ALL}, buffered=True)
    for part in parts_of(answer):
        assert part.headers["Content-Location"].startswith(f"{BASE}{SERIES}/instances/")
