"""Pages of other servers: asked before they call, told also when they are refused."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient
from pydicom import dcmread

from gdtbridge.errors import SettingsError
from gdtbridge.service import web_ports
from gdtbridge.settings import load_settings
from gdtbridge.web import create_app
from tests.dicomweb.conftest import STUDY, Archive, Services
from tests.dicomweb.test_frames import loop, shades
from tests.dicomweb.test_retrieving import parts_of

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


def test_each_request_of_stone(archive: Archive) -> None:
    """As its sources have them (orthanc-stone: StoneWebViewer, Loaders, ParseDicomFromWado)."""
    settings = load_settings(environ={"GDTBRIDGE_HTTP__ALLOWED_ORIGINS": VIEWER})
    client = create_app(settings, web_ports(archive.practice.core), dict).test_client()
    instance = archive.keep(loop(*shades(90, 120)))
    series = instance.partition("/instances")[0]
    study, _, series_uid = series.removeprefix("/dicom-web/studies/").partition("/series/")
    named = f"0020000D={study}&0020000E={series_uid}"
    searches = {
        f"studies?0020000D={study}&includefield=00081030": "0020000D",
        f"series?{named}&includefield=00081030,00200011": "0020000E",
        f"instances?{named}&includefield=00080016&limit=1": "00080016",
    }
    sent = {"Origin": VIEWER, "Sec-Fetch-Site": "cross-site", "Accept": "*/*"}
    for search, wanted in searches.items():
        answer = client.get(f"/dicom-web/{search}", headers=sent)
        assert answer.headers[ALLOW] == VIEWER
        (row,) = answer.json or []
        assert row[wanted]["Value"]
    (told,) = client.get(f"{series}/metadata", headers=sent).json or []
    assert told["00280008"]["Value"] == [2]
    jpegs = sent | {"Accept": "image/jpeg"}
    for path, headers in (
        (f"{series}/rendered?viewport=100,100", jpegs),
        (f"{instance}/frames/1/rendered?viewport=100,100", jpegs),
        (f"{instance}/rendered?window=128,256,linear", jpegs),
        (f"{instance}/frames/2/rendered?window=127.5,255,linear", sent),
    ):
        shown = client.get(path, headers=headers, buffered=True)
        assert (shown.status_code, shown.content_type) == (200, "image/jpeg")
    whole = sent | {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
    fetched = client.get(instance, headers=whole, buffered=True)
    (part,) = parts_of(fetched)
    assert fetched.headers[ALLOW] == VIEWER
    assert dcmread(io.BytesIO(part.content)).SOPInstanceUID == instance.rpartition("/")[2]
