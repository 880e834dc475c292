"""Requests nobody means well with: each is answered, soon, and at the cost of itself."""

from __future__ import annotations

import http.client
import re
import resource
import socket
import time
from urllib.parse import quote

import pytest

from gdtbridge.web import WebServer
from gdtbridge.web.dicomweb.place import ROOT
from tests.dicomweb.conftest import STUDY, Services
from tests.tools.elements import still

PICTURE = "2.25.96000"
"""A study of one object with a picture."""
INSTANCE = f"{ROOT}/studies/{PICTURE}/series/2.25.2000/instances/{PICTURE}.1"
LONG = "1" * 4000
SECONDS = 5.0
"""Of a processor, for one request: a hundred times what the slowest takes."""
GROWTH = 64 * 1024
"""Kilobytes all of them may add to the process."""
TARGETS = {
    "many fields": f"{ROOT}/studies?includefield=" + ",".join(["00100010"] * 3000),
    "a field many times": f"{ROOT}/studies?" + "&".join(["includefield=all"] * 900),
    "many keys": f"{ROOT}/studies?" + "&".join(f"PatientID={n}" for n in range(900)),
    "one key twice": f"{ROOT}/studies?PatientID=4711&PatientID=4712",
    "limits twice": f"{ROOT}/studies?limit=1&limit=x&offset=0&offset=-1",
    "many values": f"{ROOT}/studies?ModalitiesInStudy=" + ",".join(["US"] * 5000),
    "many UIDs": f"{ROOT}/studies?StudyInstanceUID=" + ",".join(f"2.25.{n}" for n in range(2000)),
    "an enormous limit": f"{ROOT}/studies?limit=" + "9" * 4000,
    "an enormous offset": f"{ROOT}/instances?offset=99999999999999999999",
    "digits of another script": f"{ROOT}/studies?limit={quote('٣')}&offset={quote('²')}",
    "an enormous number": f"{ROOT}/instances?Rows={'9' * 4000}",
    "a range of everything": f"{ROOT}/studies?StudyDate=00010101-99991231",
    "a day that is none": f"{ROOT}/studies?StudyDate=20240230-99999999",
    "stars": f"{ROOT}/studies?PatientName=" + "*a" * 3000 + "*b",
    "question marks": f"{ROOT}/studies?StudyDescription=" + "%3F" * 2000,
    "a NUL": f"{ROOT}/studies?PatientName=M%00ller&%00=x",
    "no UTF-8": f"{ROOT}/studies?PatientName=%FF%FE%80&%E9=%C3",
    "half a pair": f"{ROOT}/studies?PatientName=%ED%A0%80",
    "a tag of no kind": f"{ROOT}/studies?FFFFFFFF=1&00000000=1&FFFEE000=1&7FE00010=1",
    "items of an item": f"{ROOT}/studies?" + ".".join(["FFFEE000"] * 60) + "=1",
    "an answer's own": f"{ROOT}/studies?00081190=http://evil.example&00080005=ISO_IR%20100",
    "a start that is none": f"{ROOT}/workitems?00404005=99999999999999-&00741000=x&00741000=y",
    "many fields of work": f"{ROOT}/workitems?includefield=" + ",".join(["00100010"] * 3000),
    "a path upwards": f"{ROOT}/studies/..%2f..%2f..%2fetc%2fpasswd",
    "a path upwards, twice": f"{ROOT}/studies/%2e%2e%252f%2e%2e/metadata",
    "an empty name": f"{ROOT}/studies//series//instances/",
    "a name of stars": f"{ROOT}/studies/*/series/*/metadata",
    "names with commas": f"{ROOT}/studies/{STUDY},{STUDY}/metadata",
    "an endless UID": f"{ROOT}/studies/{LONG}/series/{LONG}/instances/{LONG}",
    "a UID with a NUL": f"{ROOT}/studies/{STUDY}%00/metadata",
    "a UID with a line": f"{ROOT}/studies/{STUDY}%0d%0aX-Evil:%20yes/rendered",
    "frames upwards": f"{INSTANCE}/frames/..%2f..%2f1",
    "many frames": f"{INSTANCE}/frames/" + ",".join(["1"] * 9000),
    "a frame of many digits": f"{INSTANCE}/frames/{LONG}",
    "a value nowhere": f"{INSTANCE}/bulkdata/" + "/".join(["0040A730", "0"] * 900) + "/00420011",
    "a value upwards": f"{INSTANCE}/bulkdata/../../../../etc/passwd",
    "a viewport of many": f"{INSTANCE}/rendered?viewport=" + ",".join(["9"] * 5000),
    "an endless viewport": f"{INSTANCE}/rendered?viewport=1e308,1e308&window=1e308,1e308,linear",
    "a region of everything": f"{INSTANCE}/rendered?viewport=1e308,1e308,0,0,-1e308,1e308",
    "a region beyond": f"{INSTANCE}/rendered?viewport=9,9,1e308,-1e308,5e-324,5e-324",
    "a window too thin": f"{INSTANCE}/rendered?window=1e308,5e-324,sigmoid&quality=100",
    "a window of nothing": f"{INSTANCE}/rendered?window=inf,nan,sigmoid",
    "an accept of many": f"{ROOT}/studies?accept=" + ",".join(["a/b;q=0.1"] * 1500),
    "many parameters": "/wado?requestType=WADO&" + "&".join(f"x{n}=1" for n in range(2000)),
    "everything at once": f"/wado?requestType=WADO&objectUID={PICTURE}.1&rows={LONG}&columns=-1",
    "a region of nothing": f"/wado?requestType=WADO&objectUID={LONG}&frameNumber={LONG}",
}


@pytest.fixture(scope="module", autouse=True)
def picture(services: Services) -> None:
    """Have the picture received."""
    uid = f"{PICTURE}.1"
    dataset = still(3, StudyInstanceUID=PICTURE, SOPInstanceUID=uid)
    services.practice.send_dataset(dataset, SOPInstanceUID=uid)
    services.practice.wait()


def ask(server: WebServer, target: str, *headers: str) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of the answer to a request written as it is."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        lines = [f"GET {target} HTTP/1.1", "Host: localhost", *headers, "Connection: close", "", ""]
        connection.sendall("\r\n".join(lines).encode("latin-1"))
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, dict(answer.getheaders()), answer.read()


@pytest.mark.parametrize("what", TARGETS)
def test_a_request_costs_itself_only(server: WebServer, what: str) -> None:
    """No failure, no other's headers, nothing of the file system, a bounded time."""
    begun = time.process_time()
    status, headers, body = ask(server, TARGETS[what])

    assert status < 500, body[:300]
    assert time.process_time() - begun < SECONDS
    assert "X-Evil" not in headers
    assert b"root:" not in body


def test_all_of_them_take_no_memory(server: WebServer) -> None:
    """Again and again the process stays as large as it is."""
    targets = list(TARGETS.values())
    for target in targets:
        ask(server, target)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for target in targets:
        ask(server, target)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < GROWTH


@pytest.mark.parametrize(
    "header",
    [
        "Accept: " + "multipart/related; type=" * 800,
        "Accept: " + ",".join(["*/*;q=0.1"] * 1500),
        "Accept: " + '"' * 8000,
        "Accept: \xff\xfe, application/dicom+json",
        "Accept: application/dicom+json;q=" + "9" * 8000,
        "Accept-Encoding: " + "gzip;q=0.1," * 1500,
        "If-None-Match: " + 'W/"x",' * 2500,
        "Range: bytes=" + ",".join(f"{n}-{n}" for n in range(2000)),
        "X-Forwarded-Host: evil.example",
        "Forwarded: host=evil.example;proto=https",
        "Origin: \xff",
        "Authorization: Bearer \xff\xfe" + "x" * 5000,
    ],
    ids=lambda header: re.sub(r"\W", "", header[:24]),
)
def test_a_header_costs_itself_only(server: WebServer, header: str) -> None:
    """Whatever it says; addresses in the answer are the server's own."""
    begun = time.process_time()
    status, _, body = ask(server, f"{ROOT}/studies/{STUDY}/metadata", header)

    assert status < 500, body[:300]
    assert time.process_time() - begun < SECONDS
    assert b"evil.example" not in body
