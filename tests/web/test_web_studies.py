"""``/api/v1/studies`` and ``/studies/open``, answered by a real exam service."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from gdtbridge.web.pages.studies import MOST
from tests.tools.reception import record
from tests.tools.ward import PACS, TOKEN, Ward, link


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    """Return a practice whose viewer is OHIF."""
    ward = Ward(tmp_path)
    yield ward
    ward.close()


# ---------------------------------------------------------------------------- open


def test_the_one_study_opens(ward: Ward) -> None:
    """A redirect to the viewer that says nothing of the patient, and is kept nowhere."""
    uid = ward.study(901, StudyTime="093005.25")
    ward.study(902, StudyTime="101500")
    ward.study(903, StudyTime="093005.25", PatientID="4712")

    answer = ward.open("id=4711&date=15.01.2024&time=09:30:05")

    assert (answer.status_code, answer.headers["Location"]) == (302, link(uid))
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "4711" not in answer.headers["Location"] + answer.text


@pytest.mark.parametrize(
    "query",
    [
        "id=4711",
        "id=%204711%20",
        "id=4711&date=&time=&accession=&case=&study=",
        "id=4711&date=15012024&time=103015",
        "id=4711&date=2024-01-15&time=10:30",
        "id=4711&accession=A1",
        "id=4711&study=2.25.901",
        "id=4711&id=4711",
    ],
)
def test_every_spelling_of_the_question(ward: Ward, query: str) -> None:
    """Scripts pass on what stands in the chart."""
    ward.study(901, AccessionNumber="A1")
    assert ward.open(query).headers["Location"] == link("2.25.901")


def test_weasis_gets_its_command_unharmed(tmp_path: Path) -> None:
    """The redirect to ``weasis://`` is the very URL of the table."""
    ward = Ward(tmp_path, f'kind = "weasis"\nbase = "{PACS}"')
    uid = ward.study(901)
    expected = "weasis://%24dicom%3Ars%20--url%20%22http%3A%2F%2Fpacs%3A8042%2Fdicom-web%22"
    assert ward.open("id=4711").headers["Location"] == (f"{expected}%20-r%20%22studyUID%3D{uid}%22")
    ward.close()


def test_none_is_a_page_that_says_what_was_searched(ward: Ward) -> None:
    """A patient's other studies, and other patients' studies, are not on it."""
    ward.study(901)
    ward.study(902, PatientID="4712", StudyDate="20240116")

    answer = ward.open("id=4711&date=16.01.2024&time=0930")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<h1>Keine passende Untersuchung gefunden</h1>" in answer.text
    for word in ("4711", "16.01.2024", "09:30"):
        assert f"<dd>{word}</dd>" in answer.text
    assert "2.25." not in answer.text
    assert "Location" not in answer.headers


def test_several_are_a_page_of_links(ward: Ward) -> None:
    """Date, time, modality and description tell them apart; the title names nobody."""
    ward.study(901, StudyTime="081500", StudyDescription="Schilddrüse")
    ward.study(902, StudyTime="091500")

    answer = ward.open("id=4711&date=15.01.2024")

    assert answer.status_code == 300
    assert [link(f"2.25.{n}") in answer.text for n in (901, 902)] == [True, True]
    assert "<td>15.01.2024</td><td>09:15:00</td><td>US</td><td>Abdomen</td>" in answer.text
    assert "<td>Schilddrüse</td>" in answer.text
    assert answer.text.index("09:15:00") < answer.text.index("08:15:00")
    assert "<title>Untersuchung öffnen · gdtbridge</title>" in answer.text
    assert "Müller" not in answer.text


def test_what_a_device_wrote_is_never_markup(ward: Ward) -> None:
    """Scripts, quotes and marks of writing direction in descriptions stay text."""
    evil = "<script>alert(1)</script>\"'><img src=x onerror=a>&"
    ward.study(901, StudyDescription=evil, Modality='"><b>')
    ward.study(902)

    answer = ward.open("id=4711")

    assert not re.search(r"<(script|img|b)\b", answer.text)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_what_was_searched_is_never_markup(ward: Ward) -> None:
    """Nor is what the caller sent."""
    answer = ward.open("id=%3Cscript%3Ealert(1)%3C/script%3E&accession=%22%3E%3Cb%3E")
    assert answer.status_code == 404
    assert not re.search(r"<(script|b)\b", answer.text)

    ward.study(901)
    person = "lastname=%3Cscript%3EOmega&firstname=%22%3E%3Cb%3E&birthdate=01.01.1950"
    answer = ward.open(f"id=4711&{person}")
    assert answer.status_code == 409
    assert not re.search(r"<(script|b)\b", answer.text)


def test_a_script_gets_text(ward: Ward) -> None:
    """Without ``text/html`` in Accept a line for each study, or one line ``error:``."""
    ward.study(901, StudyTime="081500", StudyDescription="a\tb")
    none = ward.open("id=4712", Accept="text/plain")
    assert (none.status_code, none.text.count("\n")) == (404, 1)
    assert none.text.startswith("error: ")

    ward.study(902, StudyTime="091500")
    several = ward.open("id=4711", Accept="*/*")
    assert several.status_code == 300
    assert several.text.splitlines()[0] == f"15.01.2024 09:15:00 US Abdomen {link('2.25.902')}"


def test_without_a_viewer_the_page_says_so(tmp_path: Path) -> None:
    """The study is shown and cannot be clicked."""
    ward = Ward(tmp_path, "")
    ward.study(901)
    answer = ward.open("id=4711")
    assert answer.status_code == 404
    assert "viewer.kind" in answer.text
    assert "<a " not in answer.text
    assert ward.find("patient_id=4711")["studies"][0]["viewer_url"] is None
    ward.close()


@pytest.mark.slow
def test_a_long_list_is_cut(ward: Ward) -> None:
    """The page stays a page."""
    for number in range(MOST + 3):
        ward.practice.send(StudyInstanceUID=f"2.25.{number + 1000}", AccessionNumber="")
    ward.practice.wait()
    answer = ward.open("id=4711")
    assert answer.text.count("<a ") == MOST
    assert "3 weitere" in answer.text
    assert ward.find("patient_id=4711")["total"] == MOST + 3


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("", "id"),
        ("date=15.01.2024", "id"),
        ("id=", "id"),
        ("id=0", "id"),
        ("id=4711&id=4712", "id"),
        ("id=4711%00", None),
        ("id=47%0011", "id"),
        ("id=4711%0D%0ALocation:%20http://evil", "id"),
        ("id=4711%FF%81", "id"),
        ("id=4711&date=32.01.2024", "date"),
        ("id=4711&date=15.01.2024&date=16.01.2024", "date"),
        ("id=4711&time=25:00", "time"),
        ("id=4711&study=http://evil", "study"),
        ("id=4711&birthdate=31.02.1990", "birthdate"),
        ("id=4711&lastname=A&name=B", "lastname"),
        ("id=4711&lastname=M%81ller", "lastname"),
        ("id=4711&datum=15.01.2024", "Unbekannter"),
        ("id=4711&url=http://evil", "Unbekannter"),
    ],
)
def test_what_cannot_be_read_opens_nothing(ward: Ward, query: str, name: str | None) -> None:
    """The one line names the parameter; a NUL at the end of a value is a script's, and harmless."""
    ward.study(901)
    answer = ward.open(query)
    if name is None:
        assert answer.status_code == 302
        return
    assert answer.status_code == 400
    assert answer.text.startswith(f"error: {name}")
    assert answer.text.count("\n") == 1
    assert "evil" not in answer.text + str(answer.headers)


def test_nobody_opens_without_the_token(ward: Ward) -> None:
    """And a foreign page or a prefetching browser opens nothing either."""
    ward.study(901)
    bare = requests.get(f"{ward.url}/studies/open?id=4711", allow_redirects=False, timeout=60)
    assert (bare.status_code, bare.text.count("\n")) == (401, 1)
    assert ward.open("id=4711", **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert ward.open("id=4711", **{"Sec-Purpose": "prefetch"}).status_code == 403
    assert ward.get("patient_id=4711&token=x").status_code == 200
    api = requests.get(f"{ward.url}/api/v1/studies?patient_id=4711&token={TOKEN}", timeout=60)
    assert api.status_code == 401


# ---------------------------------------------------------------------------- another person

OMEGA = "lastname=Omega&firstname=Olga&birthdate=01.01.1950"
ANOTHER = "Die Nummer gehört zu einer anderen Person"


@pytest.mark.parametrize(
    "person",
    [
        "lastname=M%C3%BCller&firstname=%C3%84nne&birthdate=24.12.1958",
        "lastname=M%FCller&birthdate=24121958",
        "name=MUELLER&surname=Anne&birthdate=1958-12-24",
        "lastname=Maier&birthdate=24.12.1958",
        "lastname=Omega&birthdate=00.00.1950",
        "lastname=Omega&birthdate=",
        "birthdate=01.01.1950",
    ],
)
def test_the_patients_own_name_opens(ward: Ward, person: str) -> None:
    """In any usual spelling; one difference or half of the person opens as the number alone."""
    uid = ward.study(901)
    answer = ward.open(f"id=4711&{person}")
    assert (answer.status_code, answer.headers["Location"]) == (302, link(uid))


def test_another_person_is_a_page_of_its_own(ward: Ward) -> None:
    """It repeats what was asked, and says neither whose the number is nor what there is of it."""
    ward.study(901)
    answer = ward.open(f"id=4711&{OMEGA}")
    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert f"<h1>{ANOTHER}</h1>" in answer.text
    for word in ("4711", "Omega, Olga", "01.01.1950"):
        assert f"<dd>{word}</dd>" in answer.text
    for word in ("Müller", "24.12.1958", "2.25.", "Abdomen", "<a "):
        assert word not in answer.text
    assert "Location" not in answer.headers


def test_another_person_is_one_line_for_a_script(ward: Ward) -> None:
    """Other words than for a study that is not there."""
    ward.study(901)
    answer = ward.open(f"id=4711&{OMEGA}", Accept="text/plain")
    assert answer.status_code == 409
    assert answer.content.decode() == (
        f"error: {ANOTHER}: Nachname und Geburtsdatum sind andere. / The number is another"
        " person's: family name and birth date differ.\n"
    )
    assert ward.open(f"id=4712&{OMEGA}", Accept="text/plain").status_code == 404


def test_another_person_finds_nothing_in_the_api(ward: Ward) -> None:
    """By parameters, in JSON and by a GDT file: the same problem (RFC 9457)."""
    ward.study(901)
    body = b'{"patient_id": "4711", "family_name": "Omega", "birth_date": "1950-01-01"}'
    answers = (
        ward.get("patient_id=4711&family_name=Omega&given_name=Olga&birth_date=1950-01-01"),
        ward.post(body, "application/json"),
        ward.post(record("6311", f3101="Omega", f3103="01011950")),
    )
    for answer in answers:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json() == {
            "type": "about:blank",
            "title": "Conflict",
            "status": 409,
            "detail": f"{ANOTHER}: Nachname und Geburtsdatum sind andere. / The number is another"
            " person's: family name and birth date differ.",
        }


def test_the_patients_own_name_finds_in_the_api(ward: Ward) -> None:
    """The same three ways."""
    ward.study(901)
    body = '{"patient_id": "4711", "family_name": "Müller", "birth_date": "1958-12-24"}'
    assert ward.find("patient_id=4711&family_name=Muller&birth_date=1958-12-24")["total"] == 1
    assert ward.post(body.encode(), "application/json").json()["total"] == 1
    assert ward.post(record("6311")).json()["total"] == 1


# ---------------------------------------------------------------------------- API


def test_a_study_as_json(ward: Ward) -> None:
    """Everything a program needs to show and open it."""
    ward.study(901, StudyTime="093005.25", AccessionNumber="A1")
    assert ward.find("patient_id=4711&study_date=2024-01-15&study_time=09:30:05") == {
        "total": 1,
        "studies": [
            {
                "study_instance_uid": "2.25.901",
                "accession_number": "A1",
                "patient_id": "4711",
                "study_date": "2024-01-15",
                "study_time": "09:30:05",
                "modality": "US",
                "description": "Abdomen",
                "instances": 1,
                "viewer_url": link("2.25.901"),
            }
        ],
    }


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("patient_id=4711", 2),
        ("patient_id=4711&study_time=09:30", 1),
        ("patient_id=4711&study_time=09:31", 0),
        ("patient_id=4711&accession_number=A2", 1),
        ("patient_id=4711&case_id=A2", 1),
        ("patient_id=4711&accession_number=A3", 0),
        ("patient_id=4711&study_instance_uid=2.25.903", 0),
        ("patient_id=%25", 0),
        ("patient_id=" + "4" * 20_000, 0),
    ],
)
def test_the_search_by_parameters(ward: Ward, query: str, total: int) -> None:
    """Only what fits counts, and never another patient's."""
    ward.study(901, StudyTime="093000", AccessionNumber="A1")
    ward.study(902, StudyTime="103000", AccessionNumber="A2")
    ward.study(903, PatientID="4712", AccessionNumber="A3")
    assert ward.find(query)["total"] == total


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "patient_id"),
        ("patient_id=", "patient_id"),
        ("patient_id=0", "patient_id"),
        ("patient_id=4711&patient_id=4712", "patient_id"),
        ("patient_id=4711&study_date=gestern", "study_date"),
        ("patient_id=4711&study_time=9", "study_time"),
        ("patient_id=4711&study_instance_uid=x", "study_instance_uid"),
        ("patient_id=4711&birth_date=gestern", "birth_date"),
        ("patient_id=4711&name=Omega", None),
        ("patient_id=4711&studydate=2024-01-15", None),
    ],
)
def test_a_search_that_cannot_be_read(ward: Ward, query: str, field: str | None) -> None:
    """An RFC 9457 problem names the parameter."""
    answer = ward.get(query)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert [e["field"] for e in answer.json().get("errors", [])] == ([field] if field else [])


def test_our_own_result_finds_its_study(ward: Ward) -> None:
    """The file in the practice's folder, sent as it is, is the one study."""
    ward.study(901, StudyTime="080000")
    entry = ward.practice.core.orders.place(ward.practice.order()).entry
    ward.practice.send(StudyInstanceUID=entry.StudyInstanceUID, AccessionNumber="")
    ward.practice.wait()
    file = ward.practice.out / f"{entry.AccessionNumber}.gdt"

    for kind in ("application/octet-stream", "text/plain; charset=iso-8859-1"):
        (study,) = ward.post(file.read_bytes(), kind).json()["studies"]
        assert study["study_instance_uid"] == entry.StudyInstanceUID


def test_the_search_in_json(ward: Ward) -> None:
    """The same question without a patient number in an address."""
    ward.study(901)
    found = ward.post(b'{"patient_id": "4711", "study_time": "10:30"}', "application/json")
    assert found.json()["total"] == 1


@pytest.mark.parametrize(
    ("body", "kind", "status", "field"),
    [
        (b"", "text/plain", 400, "file"),
        (b"hello", "text/plain", 400, "file"),
        (b"\0" * 65_000, "application/octet-stream", 400, "file"),
        (b"01380006311\r\n", "text/plain", 400, "3000"),
        (b"01380006311\r\n01092069\r\n01330004711\r\n", "text/plain", 200, None),
        (b"01380006311\r\n01330004711\r\n01330004712\r\n", "text/plain", 400, "3000"),
        (b"01380006311\r\n01330004711\r\n017843215132024\r\n", "text/plain", 400, "8432"),
        (b"{}", "application/json", 400, "patient_id"),
        (b'{"patient_id": 4711}', "application/json", 400, "patient_id"),
        (b'{"patient_id": "47\\u000011"}', "application/json", 400, "patient_id"),
        (b'{"patient_id": "1", "date": "x"}', "application/json", 400, "body"),
        (b'{"patient_id": "1", "birth_date": "x"}', "application/json", 400, "birth_date"),
        (record("6311", f3103="31021990"), "text/plain", 400, "3103"),
        (b"x=1", "application/x-www-form-urlencoded", 415, None),
        (b"x" * 70_000, "text/plain", 413, None),
    ],
)
def test_a_file_that_cannot_be_read(
    ward: Ward, body: bytes, kind: str, status: int, field: str | None
) -> None:
    """A problem that names the field, whatever the bytes; an unknown 9206 is read all the same."""
    answer = ward.post(body, kind)
    assert answer.status_code == status
    assert [e["field"] for e in answer.json().get("errors", [])] == ([field] if field else [])


def test_twenty_megabytes_are_refused(ward: Ward) -> None:
    """Nothing of them is kept, and the next call is answered."""
    with suppress(requests.ConnectionError):  # refused before the last byte was sent
        assert ward.post(bytes(20_000_000)).status_code == 413
    assert ward.find("patient_id=4711")["total"] == 0
