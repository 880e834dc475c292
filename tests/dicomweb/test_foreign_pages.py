"""Pages of other servers: asked before they call, told also when they are refused."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from gdtbridge.errors import SettingsError
from gdtbridge.service import web_ports
from gdtbridge.settings import load_settings
from gdtbridge.web import create_app
from tests.dicomweb.conftest import STUDY, Services

VIEWER = "https://viewer.example"
ALLOW = "Access-Control-Allow-Origin"


@pytest.fixture
def client(services: Services) -> FlaskClient:
    """Return a client of services that know the viewer's page."""
    settings = load_settings(environ={"GDTBRIDGE_HTTP__ALLOWED_ORIGINS": f"{VIEWER}/"})
    return create_app(settings, web_ports(services.practice.core), dict).test_client()


def test_who_asks_first_is_answered(client: FlaskClient) -> None:
    """A preflight needs no token; every header viewers send is allowed."""
    asked = {"Origin": VIEWER, "Access-Control-Request-Method": "GET"}
    answer = client.options("/dicom-web/studies", headers=asked)

    assert answer.status_code == 204
    assert answer.headers[ALLOW] == VIEWER
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert all(name in allowed for name in ("accept", "authorization", "content-type", "range"))
    assert "Access-Control-Allow-Credentials" not in answer.headers
    of_fhir = client.options("/fhir/Patient", headers=asked)
    assert (of_fhir.status_code, of_fhir.headers[ALLOW]) == (204, VIEWER)
    assert "prefer" in allowed
    told = client.get("/fhir/Patient/x", headers={"Origin": VIEWER})
    assert (told.status_code, told.headers[ALLOW]) == (404, VIEWER)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/studies", 200), ("/studies/2.25.1", 404), ("/studies?StudyDate=x", 400)],
)
def test_answers_and_refusals_reach_the_page(client: FlaskClient, path: str, status: int) -> None:
    """A plain refusal must not look like one for the origin's sake."""
    sent = {"Origin": VIEWER, "Sec-Fetch-Site": "cross-site"}
    answer = client.get(f"/dicom-web{path}", headers=sent)

    assert answer.status_code == status
    assert answer.headers[ALLOW] == VIEWER
    assert "origin" in answer.vary


def test_who_shows_no_token_is_told_so_on_the_page(services: Services) -> None:
    """A viewer can ask for one; without the header it would see no more than a failure."""
    environ = {"HTTP__ALLOWED_ORIGINS": VIEWER, "ACCESS__REQUIRED": "yes"}
    settings = load_settings(environ={f"GDTBRIDGE_{name}": on for name, on in environ.items()})
    client = create_app(settings, web_ports(services.practice.core), dict).test_client()
    sent = {"Origin": VIEWER, "Sec-Fetch-Site": "cross-site"}
    answer = client.get("/dicom-web/studies", headers=sent)

    assert (answer.status_code, answer.headers[ALLOW]) == (401, VIEWER)


@pytest.mark.parametrize(
    ("origin", "path"),
    [
        ("https://evil.example", "/dicom-web/studies"),
        ("null", "/dicom-web/studies"),
        ("https://viewer.example.evil", "/dicom-web/studies"),
        (VIEWER, "/api/v1/worklist"),
        (VIEWER, "/dicom-webber"),
        (VIEWER, "/fhirr"),
        ("https://evil.example", "/fhir/Patient"),
    ],
)
def test_others_and_elsewhere_stay_out(client: FlaskClient, origin: str, path: str) -> None:
    """What is let in is this page, for these services."""
    sent = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
    asked = {**sent, "Access-Control-Request-Method": "GET"}
    for answer in (client.get(path, headers=sent), client.options(path, headers=asked)):
        assert answer.status_code >= 400
        assert ALLOW not in answer.headers


@pytest.mark.parametrize("origin", ["*", "viewer.example", "https://a.example/path", "ftp://a"])
def test_an_origin_that_is_none_is_refused(origin: str) -> None:
    """At the start, with the key."""
    with pytest.raises(SettingsError, match="allowed_origins"):
        load_settings(environ={"GDTBRIDGE_HTTP__ALLOWED_ORIGINS": origin})


def test_capabilities_name_every_call(services: Services) -> None:
    """PS3.18 8.9; what is no preflight is answered with what there is."""
    answer = services.client.options("/dicom-web/")

    assert answer.headers["Content-Type"] == "application/vnd.sun.wadl+xml"
    assert 'base="http://localhost/dicom-web"' in answer.text
    assert 'path="studies/{study}/series/{series}/instances/{instance}/metadata"' in answer.text
    assert STUDY not in answer.text


def test_no_foreign_page_shows_what_older_viewers_are_answered(client: FlaskClient) -> None:
    """A picture by WADO-URI is nobody's on a page elsewhere, as none by WADO-RS is."""
    address = f"/wado?requestType=WADO&objectUID={STUDY}.9.1&contentType=application/dicom"
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}

    assert client.get(address, headers=foreign).status_code == 403
    assert client.get(address, buffered=True).status_code == 200
