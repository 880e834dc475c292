"""``/api/v1/worklist``: the JSON calls."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import pytest
import requests

from gdtbridge.errors import DatabaseError, NotFound, OrderError
from worklist import Entry

PATIENT = {
    "id": "12345",
    "family_name": "Müller",
    "given_name": "Jürgen",
    "birth_date": "1980-02-01",
    "sex": "M",
}
FULL = {
    "patient": PATIENT,
    "modality": "US",
    "station": "US02",
    "procedure": "Abdomen",
    "physician": "Mustermann^Max",
    "scheduled": "2026-11-21T08:15:00",
    "details": {"priority": "high", "height": "172.5", "allergies": "Latex; Penicillin"},
}


@pytest.fixture
def api(url: str) -> str:
    """Return the URL of the worklist."""
    return f"{url}/api/v1/worklist"


def post(api: str, body: object) -> requests.Response:
    """Post a JSON body."""
    return requests.post(api, json=body, timeout=60)


def problem(answer: requests.Response, status: int) -> dict[str, Any]:
    """Check that ``answer`` is an RFC 9457 problem and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert (told["type"], told["status"]) == ("about:blank", status)
    assert told["title"]
    assert " / " in told["detail"]
    return told


def fields(answer: requests.Response) -> list[str]:
    """Return the fields a 400 names."""
    return [error["field"] for error in problem(answer, 400)["errors"]]


def test_create_and_read(api: str, orders: Any) -> None:
    """An order is answered with the entry and its place, where it can be read again."""
    answer = post(api, FULL)
    assert answer.status_code == 201
    assert answer.headers["Location"] == "/api/v1/worklist/R0000000001"
    assert answer.headers["Content-Type"] == "application/json"
    entry = answer.json()
    numbers = {"accession_number": "R0000000001", "study_instance_uid": "2.25.1"}
    assert entry == FULL | numbers | {"status": "SCHEDULED"}
    assert requests.get(f"{api}/R0000000001", timeout=60).json() == entry
    assert orders.requests[0].patient.birth_date == date(1980, 2, 1)
    assert orders.requests[0].scheduled == datetime(2026, 11, 21, 8, 15)  # noqa: DTZ001  # local


def test_repeated_click_is_no_second_entry(api: str) -> None:
    """The same order again is answered 200 with the same entry."""
    first, second = post(api, FULL), post(api, FULL)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert first.headers["Location"] == second.headers["Location"]


def test_defaults(api: str, orders: Any) -> None:
    """Only the patient is needed; what is unknown of it is null or empty."""
    patient = PATIENT | {"birth_date": None, "sex": "", "given_name": ""}
    entry = post(api, {"patient": patient}).json()
    assert entry["patient"] == patient
    placed = orders.requests[0]
    assert (placed.modality, placed.station, placed.scheduled) == (None, None, None)


@pytest.mark.parametrize("key", ["modality", "station", "scheduled"])
def test_null_means_default(api: str, orders: Any, key: str) -> None:
    """Null says the same as leaving out."""
    assert post(api, FULL | {key: None}).status_code == 201
    assert getattr(orders.requests[0], key) is None


def test_location_is_built_from_the_public_url(serve: Any) -> None:
    """Behind a proxy the Location is the address the outside knows."""
    port = serve(public_url="https://bridge.example/gdt/").port
    answer = post(f"http://127.0.0.1:{port}/api/v1/worklist", FULL)
    assert answer.headers["Location"] == "https://bridge.example/gdt/api/v1/worklist/R0000000001"


def test_values_are_tidied(api: str, orders: Any) -> None:
    """Blanks around a value go, letters are composed, a byte order mark is skipped."""
    body = FULL | {"patient": PATIENT | {"family_name": " Mu\u0308ller\r\n"}}
    data = b"\xef\xbb\xbf" + json.dumps(body).encode()
    headers = {"Content-Type": "application/json; charset=UTF-8"}
    assert requests.post(api, data=data, headers=headers, timeout=60).status_code == 201
    assert orders.requests[0].patient.family_name == "Müller"


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"id": None}, "patient.id"),
        ({"id": ""}, "patient.id"),
        ({"id": 12345}, "patient.id"),
        ({"id": "1\n2"}, "patient.id"),
        ({"family_name": " "}, "patient.family_name"),
        ({"given_name": None}, "patient.given_name"),
        ({"given_name": "x\u0000y"}, "patient.given_name"),
        ({"birth_date": "01.02.1980"}, "patient.birth_date"),
        ({"birth_date": "1980-02-30"}, "patient.birth_date"),
        ({"birth_date": "1980-02-01T00:00:00"}, "patient.birth_date"),
        ({"birth_date": 318211200}, "patient.birth_date"),
        ({"birth_date": "318211200"}, "patient.birth_date"),
        ({"birth_date": ""}, "patient.birth_date"),
        ({"birth_date": "2026-11-21"}, "patient.birth_date"),
        ({"sex": "X"}, "patient.sex"),
        ({"sex": "m"}, "patient.sex"),
        ({"sex": 1}, "patient.sex"),
        ({"sex": None}, "patient.sex"),
        ({"shoe_size": "42"}, "patient"),
    ],
)
def test_wrong_patient(api: str, orders: Any, change: dict[str, Any], wrong: str) -> None:
    """Every wrong value of the patient is named by its place, in German and English."""
    answer = post(api, FULL | {"patient": PATIENT | change})
    assert fields(answer) == [wrong]
    assert " / " in answer.json()["errors"][0]["problem"]
    assert orders.requests == []


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"patient": "Doe"}, "patient"),
        ({"patient": None}, "patient"),
        ({"modality": 1}, "modality"),
        ({"procedure": None}, "procedure"),
        ({"procedure": "a\tb"}, "procedure"),
        ({"physician": ["Max"]}, "physician"),
        ({"scheduled": "2026-11-21"}, "scheduled"),
        ({"scheduled": "2026-11-21T25:00:00"}, "scheduled"),
        ({"scheduled": "2026-11-21T08:15:00Z"}, "scheduled"),
        ({"scheduled": "2026-11-21T08:15:00+01:00"}, "scheduled"),
        ({"scheduled": 1795000000}, "scheduled"),
        ({"accession_number": "R1"}, "body"),
        ({"study_instance_uid": "1.2"}, "body"),
    ],
)
def test_wrong_order(api: str, orders: Any, change: dict[str, Any], wrong: str) -> None:
    """Every wrong value of the order is named; identifiers are ours to give."""
    assert fields(post(api, FULL | change)) == [wrong]
    assert orders.requests == []


@pytest.mark.parametrize("key", ["Doe^John 01.01.1900", "<script>alert(1)</script>", "x" * 100])
def test_nothing_of_the_caller_is_repeated(api: str, key: str) -> None:
    """Neither a key nor a value comes back: it may be a patient's, pasted in the wrong place."""
    odd: list[dict[str, Any]] = [{key: 1}, {"patient": PATIENT | {key: {key: key}}}, {"sex": key}]
    for body in (*odd, {"patient": key}, {"scheduled": key}, {"patient": {"birth_date": key}}):
        answer = post(api, FULL | body)
        assert answer.status_code == 400
        assert key[:9] not in answer.text


def test_all_wrong_fields_are_named_at_once(api: str) -> None:
    """A person can mend everything in one go."""
    assert fields(post(api, {"patient": {"id": 1}, "x": 1})) == [
        "patient.id",
        "patient.family_name",
        "patient.given_name",
        "patient.birth_date",
        "patient.sex",
        "body",
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"patient": NaN}',
        b'{"patient": {"id": "\\ud800"}}',
        json.dumps(FULL).encode("latin-1").replace(b"\\u00fc", b"\xfc"),
        json.dumps(FULL).encode().replace(b'"id"', b'"id": "9", "id"'),
        json.dumps(FULL).encode() + b"x",
    ],
)
def test_bodies_that_are_no_order(api: str, orders: Any, body: bytes) -> None:
    """Broken, foreign, deep or ambiguous JSON is refused."""
    headers = {"Content-Type": "application/json"}
    for answer in (
        requests.post(api, data=body, headers=headers, timeout=60),
        requests.put(f"{api}/R1", data=body, headers=headers, timeout=60),
    ):
        problem(answer, 400)
    assert orders.requests == []


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"],
)
def test_only_json_is_read(api: str, content_type: str) -> None:
    """What a web page could send as a form is not taken for JSON."""
    for method in ("POST", "PUT"):
        answer = requests.request(
            method,
            api if method == "POST" else f"{api}/R1",
            data=json.dumps(FULL),
            headers={"Content-Type": content_type},
            timeout=60,
        )
        problem(answer, 415)


def test_core_refusal_names_the_place(api: str) -> None:
    """The core's field names become places in the JSON."""
    answer = post(api, FULL | {"patient": PATIENT | {"family_name": "x" * 65}})
    assert fields(answer) == ["patient.family_name"]


def test_change_keeps_the_identifiers(api: str, orders: Any) -> None:
    """What was read can be changed and sent back as it is."""
    entry = post(api, FULL).json()
    entry["procedure"] = "Schilddrüse"
    answer = requests.put(f"{api}/R0000000001", json=entry, timeout=60)
    assert answer.status_code == 200
    assert answer.json() == entry
    assert orders.entries["R0000000001"].RequestedProcedureDescription == "Schilddrüse"


@pytest.mark.parametrize("key", ["accession_number", "study_instance_uid", "status"])
def test_identifiers_cannot_be_changed(api: str, orders: Any, key: str) -> None:
    """An entry keeps its identifiers; an attempt changes nothing."""
    entry = post(api, FULL).json()
    answer = requests.put(
        f"{api}/R0000000001", json=entry | {key: "9", "procedure": "x"}, timeout=60
    )
    assert fields(answer) == [key]
    assert orders.entries["R0000000001"].RequestedProcedureDescription == "Abdomen"


def test_cancel(api: str) -> None:
    """A cancelled entry is gone, and cancelling it again says so."""
    post(api, FULL)
    answer = requests.delete(f"{api}/R0000000001", timeout=60)
    assert (answer.status_code, answer.content) == (204, b"")
    problem(requests.delete(f"{api}/R0000000001", timeout=60), 404)
    problem(requests.get(f"{api}/R0000000001", timeout=60), 404)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("accession", ["R9", "..%2F..%2Fetc%2Fpasswd", "%00", "ä", "a//b", "<b>"])
def test_nothing_under_that_number(api: str, method: str, accession: str) -> None:
    """An unknown accession number is 404 whatever it looks like, and is not repeated."""
    answer = requests.request(method, f"{api}/{accession}", json=FULL, timeout=60)
    assert "<b>" not in problem(answer, 404)["detail"]


def test_list_is_paged(api: str) -> None:
    """The list has its total, a limit and an offset."""
    for number in range(5):
        post(api, FULL | {"procedure": str(number)})
    everything = requests.get(api, timeout=60).json()
    assert (everything["total"], len(everything["entries"])) == (5, 5)
    page = requests.get(api, params={"limit": 2, "offset": 3}, timeout=60).json()
    assert page == {"total": 5, "entries": everything["entries"][3:5]}


@pytest.mark.parametrize(
    ("name", "value"), [("limit", "1001"), ("limit", "-1"), ("limit", "x"), ("offset", "٣")]
)
def test_wrong_page(api: str, name: str, value: str) -> None:
    """A limit or offset that is no permitted number is named."""
    assert fields(requests.get(api, params={name: value}, timeout=60)) == [name]


def test_foreign_entry_is_shown(api: str, orders: Any) -> None:
    """An entry another program wrote may have any name and a number with a slash."""
    orders.entries["A/1"] = Entry(
        AccessionNumber="A/1",
        StudyInstanceUID="",
        PatientID="",
        PatientName="Doe^John^Robert^Dr.=X^Y",
        scheduled=datetime(2026, 11, 20, 9, 30, 15, 500),  # noqa: DTZ001  # local
    )
    [entry] = requests.get(api, timeout=60).json()["entries"]
    assert entry["patient"] == {
        "id": "",
        "family_name": "Doe",
        "given_name": "John Robert",
        "birth_date": None,
        "sex": "",
    }
    assert entry["scheduled"] == "2026-11-20T09:30:15"
    assert requests.get(f"{api}/A%2F1", timeout=60).json() == entry


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OrderError("station", "Unbekannt. / Unknown."), 400),
        (NotFound("Weg. / Gone."), 404),
        (DatabaseError("Gesperrt. / Locked."), 503),
        (KeyError("Doe"), 500),
    ],
)
def test_core_errors(api: str, orders: Any, error: Exception, status: int) -> None:
    """Each error of the core has its status."""
    orders.error = error
    answer = post(api, FULL)
    assert "Doe" not in json.dumps(problem(answer, status))
    assert ("Retry-After" in answer.headers) == (status == 503)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "", {"GET", "HEAD", "POST"}),
        ("OPTIONS", "", {"GET", "HEAD", "POST"}),
        ("POST", "/R1", {"GET", "HEAD", "PUT", "DELETE"}),
    ],
)
def test_wrong_method(api: str, method: str, path: str, allowed: set[str]) -> None:
    """A method that is not there names those that are."""
    answer = requests.request(method, api + path, timeout=60)
    problem(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "path", ["/nowhere", "/api/v1/worklist/", "/worklist", "/%00", "/static/x"]
)
def test_unknown_path(url: str, path: str) -> None:
    """What does not exist is a problem in JSON as well."""
    problem(requests.get(url + path, timeout=60), 404)


def test_too_large_a_body(api: str) -> None:
    """A body beyond 64 KiB is refused, and the caller gets to see it."""
    problem(post(api, FULL | {"procedure": "x" * 3_000_000}), 413)


def test_openapi_describes_the_calls(url: str) -> None:
    """The description names every call and the shapes it takes and gives."""
    told = requests.get(f"{url}/api/v1/openapi.json", timeout=60).json()
    assert told["openapi"].startswith("3.1")
    assert set(told["paths"]["/api/v1/worklist/{accession}"]) == {
        "parameters",
        "get",
        "put",
        "delete",
    }
    order = told["components"]["schemas"]["Order"]
    assert order["additionalProperties"] is False
    assert set(order["properties"]) == set(FULL)
    for shape in ("Order", "Change", "EntryView", "ListView", "Patient", "PatientView"):
        assert shape in told["components"]["schemas"]
