"""``/worklist/add``: the call of practice software."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests

from gdtbridge.errors import DatabaseError, OutOfResources, ProcessingFailure
from gdtbridge.people import Patient
from worklist import EntryDetails

PATIENT = {
    "id": "12345",
    "lastname": "Doe",
    "firstname": "John",
    "birthdate": "01.01.1900",
    "sex": "1",
}
SEED_CALL = (
    "/worklist/add?id=12345&lastname=Doe&firstname=John&birthdate=01.01.1900&sex=1&modality=US"
    "&scheduledStation=US01&procedure=Abdomen&physician=Mustermann^Max"
)


def call(url: str, **parameters: str) -> requests.Response:
    """Call with the patient's parameters, changed by ``parameters``."""
    return requests.get(f"{url}/worklist/add", params=PATIENT | parameters, timeout=60)


def error_of(answer: requests.Response) -> str:
    """Return the one line of a refusal after ``error:``."""
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    [line] = answer.text.splitlines()
    assert line.startswith("error: ")
    return line.removeprefix("error: ")


def test_documented_example_is_answered_with_a_record(url: str, orders: Any) -> None:
    """The seed's example URL places the order it describes."""
    answer = requests.get(url + SEED_CALL, timeout=60)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=ISO-8859-15"
    assert answer.content.startswith(b"01380006310\r\n")
    [placed] = orders.requests
    assert placed.patient == Patient("12345", "Doe", "John", date(1900, 1, 1), "M")
    assert (placed.modality, placed.station) == ("US", "US01")
    assert (placed.procedure, placed.physician) == ("Abdomen", "Mustermann^Max")


def test_only_the_patient_is_needed(url: str, orders: Any) -> None:
    """What is optional may be left out and is left to the core."""
    assert call(url).status_code == 200
    [placed] = orders.requests
    assert (placed.modality, placed.station, placed.procedure, placed.physician) == (
        None,
        None,
        "",
        "",
    )


def test_empty_options_count_as_left_out(url: str, orders: Any) -> None:
    """``modality=`` means the default, not an empty modality."""
    assert call(url, modality="", scheduledStation=" ").status_code == 200
    assert (orders.requests[0].modality, orders.requests[0].station) == (None, None)


def test_an_order_for_another_day_with_details(url: str, orders: Any) -> None:
    """Day, time and what else is said arrive in the core's words."""
    said = {"date": "24.12.2199", "time": "08:30", "height": "172,5", "priority": "Notfall"}
    assert call(url, **said).status_code == 400  # more than five years ahead
    said["date"] = "23.11.2026"
    assert call(url, **said).status_code == 200
    [placed] = orders.requests
    assert placed.scheduled == datetime.combine(date(2026, 11, 23), time(8, 30))
    assert placed.details == EntryDetails(PatientSize="1.725", RequestedProcedurePriority="STAT")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("date", "heute"),
        ("date", "01.01.2020"),
        ("time", "25:00"),
        ("height", "1,72"),
        ("weight", "zu viel"),
        ("pregnancy", "9"),
        ("lmp", "01.13.2026"),
        ("priority", "gleich"),
    ],
)
def test_a_wrong_detail_is_refused_by_its_name(
    url: str, orders: Any, name: str, value: str
) -> None:
    """And nothing is placed."""
    answer = call(url, **{name: value})
    assert answer.status_code == 400
    assert error_of(answer).startswith(name)
    assert orders.requests == []


def test_older_spelling_of_the_names(url: str, orders: Any) -> None:
    """``name`` is the last name and ``surname`` the first name."""
    query = {k: v for k, v in PATIENT.items() if not k.endswith("name")}
    answer = requests.get(
        f"{url}/worklist/add", params=query | {"name": "Doe", "surname": "John"}, timeout=60
    )
    assert answer.status_code == 200
    assert orders.requests[0].patient.person_name == "Doe^John"


@pytest.mark.parametrize(("given", "meant"), [("0", "O"), ("1", "M"), ("2", "F"), ("3", "O")])
def test_sex_is_medical_offices_number(url: str, orders: Any, given: str, meant: str) -> None:
    """0 and 3 are other, 1 is male, 2 is female."""
    assert call(url, sex=given).status_code == 200
    assert orders.requests[0].patient.sex == meant


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("01.02.1980", date(1980, 2, 1)),
        ("1.2.1980", date(1980, 2, 1)),
        (" 29.02.2000 ", date(2000, 2, 29)),
        ("20.11.2026", date(2026, 11, 20)),
    ],
)
def test_birth_date(url: str, orders: Any, given: str, meant: date) -> None:
    """Day and month may have one digit; a child born today is welcome."""
    assert call(url, birthdate=given).status_code == 200
    assert orders.requests[0].patient.birth_date == meant


@pytest.mark.parametrize(
    "raw",
    [
        quote("Müller-Łęcki"),
        quote("Müller-Łęcki").replace("%C3%BC", "%c3%bc"),
        quote("Mu\u0308ller-Łęcki"),
        "%20Müller-Łęcki%0D%0A",
    ],
)
def test_utf8_names(serve: Any, orders: Any, send_raw: Any, raw: str) -> None:
    """UTF-8 is read, percent-encoded or not, composed or not, with blanks around it."""
    query = urlencode(PATIENT | {"lastname": "@"}).replace("%40", raw)
    head = f"GET /worklist/add?{query} HTTP/1.0\r\n\r\n".encode()
    assert send_raw(serve().port, head).startswith(b"HTTP/1.0 200")
    assert orders.requests[0].patient.family_name == "Müller-Łęcki"


@pytest.mark.parametrize("raw", [b"M%FCller%2DWei%DF", b"M\xfcller-Wei\xdf"])
def test_windows_names(serve: Any, orders: Any, send_raw: Any, raw: bytes) -> None:
    """Windows-1252 is read where the bytes are not UTF-8, value by value."""
    query = urlencode(PATIENT | {"lastname": "@", "procedure": "Schilddrüse"}).encode()
    head = b"GET /worklist/add?" + query.replace(b"%40", raw) + b" HTTP/1.1\r\nHost: localhost\r\n"
    assert send_raw(serve().port, head + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200")
    assert orders.requests[0].patient.family_name == "Müller-Weiß"
    assert orders.requests[0].procedure == "Schilddrüse"


def test_answer_is_in_the_dialects_encoding(url: str) -> None:
    """The record's bytes are what the charset parameter says."""
    answer = call(url, lastname="Müller")
    assert b"M\xfcller" in answer.content
    assert "Müller" in answer.text


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", urlencode(PATIENT | {"lastname": "Groß"}).encode()),
        ("application/x-www-form-urlencoded", b"lastname=Gro%DF&" + urlencode(PATIENT).encode()),
        (
            "multipart/form-data; boundary=x",
            b"".join(
                b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
                % (name.encode(), value.encode("latin-1"))
                for name, value in (PATIENT | {"lastname": "Groß"}).items()
            )
            + b"--x--\r\n",
        ),
    ],
)
def test_forms(url: str, orders: Any, content_type: str, body: bytes) -> None:
    """POST takes both kinds of forms, in UTF-8 or Windows-1252."""
    body = body.replace(b"&lastname=Doe", b"")
    answer = requests.post(
        f"{url}/worklist/add", data=body, headers={"Content-Type": content_type}, timeout=60
    )
    assert answer.status_code == 200, answer.text
    assert orders.requests[0].patient.family_name == "Groß"
    assert orders.requests[0].patient.given_name == "John"


def test_query_and_form_together(url: str, orders: Any) -> None:
    """A POST may carry some values in the address and others in the form."""
    answer = requests.post(
        f"{url}/worklist/add?id=7&sex=2", data=PATIENT | {"id": "7", "sex": "2"}, timeout=60
    )
    assert answer.status_code == 200
    assert (orders.requests[0].patient.id, orders.requests[0].patient.sex) == ("7", "F")


def test_unknown_parameters_are_ignored(url: str, orders: Any) -> None:
    """A script may send more than is asked for."""
    assert call(url, weight="80", ID="9").status_code == 200
    assert orders.requests[0].patient.id == "12345"


@pytest.mark.parametrize("name", PATIENT)
def test_missing_parameter(url: str, orders: Any, name: str) -> None:
    """A parameter that is needed and missing is named."""
    query = {key: value for key, value in PATIENT.items() if key != name}
    answer = requests.get(f"{url}/worklist/add", params=query, timeout=60)
    assert answer.status_code == 400
    assert error_of(answer).startswith(f"{name}: Fehlt. / ")
    assert orders.requests == []


def test_empty_first_name_is_a_statement(url: str, orders: Any) -> None:
    """People with one name exist; the parameter has to be there all the same."""
    assert call(url, firstname="").status_code == 200
    assert orders.requests[0].patient.given_name == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", ""),
        ("id", "   "),
        ("lastname", ""),
        ("birthdate", ""),
        ("sex", ""),
        ("sex", "4"),
        ("sex", "M"),
        ("sex", "01"),
        ("sex", "\u0661"),
        ("birthdate", "31.02.1980"),
        ("birthdate", "29.02.1900"),
        ("birthdate", "1.2.80"),
        ("birthdate", "1980-02-30"),
        ("birthdate", "01.02.1980 09:30"),
        ("birthdate", "00.00.0000"),
        ("birthdate", "01.13.1980"),
        ("birthdate", "\u0660\u0661.\u0660\u0662.\u0661\u0669\u0668\u0660"),
        ("birthdate", "21.11.2026"),
        ("id", "1\n2"),
        ("id", "1\x002"),
        ("lastname", "Doe\r\n0138410X"),
        ("lastname", "Doe\x1b[2J"),
        ("lastname", "Doe\u2028X"),
        ("firstname", "Jo\x85hn"),
        ("procedure", "Abdomen\tlinks"),
        ("physician", "Mustermann\x7f"),
        ("modality", "U\x01S"),
        ("scheduledStation", "US\x9f01"),
        ("lastname", "x" * 65),
    ],
)
def test_wrong_value_is_refused_by_name(url: str, orders: Any, name: str, value: str) -> None:
    """A wrong value gives one line with the parameter's name, and nothing is written."""
    answer = call(url, **{name: value})
    assert answer.status_code == 400
    assert error_of(answer).startswith(f"{name}: ")
    assert " / " in answer.text
    assert orders.requests == []


@pytest.mark.parametrize("raw", ["M%81ller", "J%84ger", "%99ztal", "Br%94sel", "A%8Db%FC"])
def test_unclear_encoding_is_refused(url: str, orders: Any, raw: str) -> None:
    """DOS umlauts would become a wrong name, so they are refused."""
    query = urlencode(PATIENT).replace("Doe", raw)
    answer = requests.get(f"{url}/worklist/add?{query}", timeout=60)
    assert answer.status_code == 400
    assert error_of(answer).startswith("lastname: Zeichensatz unklar")
    assert orders.requests == []


@pytest.mark.parametrize(
    ("more", "name"),
    [("id=54321", "id"), ("name=Other", "lastname"), ("surname=Jane", "firstname")],
)
def test_contradiction_is_refused(url: str, orders: Any, more: str, name: str) -> None:
    """Two different values for one thing are not chosen from."""
    answer = requests.get(f"{url}/worklist/add?{urlencode(PATIENT)}&{more}", timeout=60)
    assert answer.status_code == 400
    assert error_of(answer).startswith(f"{name}: Mehrfach")
    assert orders.requests == []


def test_same_value_twice_is_no_contradiction(url: str) -> None:
    """Old and new spelling may be sent together."""
    answer = requests.get(f"{url}/worklist/add?{urlencode(PATIENT)}&id=12345&name=Doe", timeout=60)
    assert answer.status_code == 200


def test_core_refusal_is_one_line_under_the_callers_name(url: str) -> None:
    """The core's field names become the parameters', its line breaks blanks."""
    assert error_of(call(url, lastname="x" * 65)) == "lastname: Zu lang. Wirklich. / Too long."


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (DatabaseError("Die Datenbank fehlt. / No database."), 503, "Die Datenbank fehlt."),
        (ProcessingFailure("Ordner weg. / Folder gone."), 503, "Ordner weg."),
        (OutOfResources("Platte voll. / Disk full."), 507, "Platte voll."),
        (RuntimeError("Doe, John"), 500, "In gdtbridge"),
    ],
)
def test_core_failure(url: str, orders: Any, error: Exception, status: int, text: str) -> None:
    """A failure of ours is a line too, and says nothing of the patient."""
    orders.error = error
    answer = call(url)
    assert answer.status_code == status
    assert error_of(answer).startswith(text)
    assert "Doe" not in answer.text


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_place_no_order(url: str, orders: Any, method: str) -> None:
    """Who only looks (HEAD) or asks for more than there is places nothing."""
    answer = requests.request(method, url + SEED_CALL, timeout=60)
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "POST"}
    assert orders.requests == []


@pytest.mark.parametrize(
    ("content_type", "status"), [("application/json", 415), ("text/plain", 415)]
)
def test_other_bodies_are_refused(url: str, content_type: str, status: int) -> None:
    """A POST carries a form or nothing."""
    answer = requests.post(
        url + SEED_CALL, data="{}", headers={"Content-Type": content_type}, timeout=60
    )
    assert answer.status_code == status
    assert error_of(answer).startswith("Erwartet wird")


@pytest.mark.parametrize("body", [b"--y\r\nbroken", b"--x\r\n\r\n", b"x" * 100])
def test_broken_multipart_is_refused(url: str, body: bytes) -> None:
    """A form that cannot be read gives a line, not a fault."""
    answer = requests.post(
        f"{url}/worklist/add",
        data=body,
        headers={"Content-Type": "multipart/form-data; boundary=x"},
        timeout=60,
    )
    assert answer.status_code == 400
    assert error_of(answer)


def test_too_many_parameters(url: str, orders: Any) -> None:
    """Thousands of parameters are refused before they are looked at."""
    answer = requests.get(f"{url}/worklist/add?{urlencode(PATIENT)}{'&a=1' * 200}", timeout=60)
    assert answer.status_code == 400
    assert error_of(answer).startswith("Zu viele Parameter.")


def test_huge_value_in_the_form(url: str, orders: Any) -> None:
    """Three megabytes in a form are refused with a line the caller gets to see."""
    answer = requests.post(
        f"{url}/worklist/add", data=PATIENT | {"procedure": "x" * 3_000_000}, timeout=60
    )
    assert answer.status_code == 413
    assert error_of(answer).startswith("Die Anfrage ist zu groß.")
    assert orders.requests == []


def test_huge_value_in_the_address(url: str, orders: Any) -> None:
    """Three megabytes in the address are refused with a line the caller gets to see."""
    answer = call(url, procedure="x" * 3_000_000)
    assert answer.status_code == 431
    assert error_of(answer).startswith("Die Adresse")
    assert orders.requests == []
