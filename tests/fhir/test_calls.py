"""FHIR over HTTP: what is found and read, how it is paged, and what is refused."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from dataclasses import replace
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from gdtbridge.accounts import SCOPES
from gdtbridge.audit import Actor, ActorKind
from gdtbridge.database import Connection
from gdtbridge.day.exam import RecentReports
from gdtbridge.fhir.outcomes import ISSUES
from gdtbridge.fhir.query import read_query
from gdtbridge.fhir.sources import FhirBase
from gdtbridge.fhir.store import all_numbers
from gdtbridge.handing_out import ExamReports
from gdtbridge.retrieve import broad_searches
from gdtbridge.retrieve.broad_searches import BROAD, SearchTooBroad
from gdtbridge.retrieve.finder import Viewer
from gdtbridge.schema import placed_order
from gdtbridge.sr import Report, ReportError, ReportHindered
from gdtbridge.sr.model import UnreadableReportError
from tests.fhir.conftest import HELD, PATIENTS, STUDY, UNDATED, Fhir
from tests.tools.foreign import PEERS, PROGRAMS

TOKEN = "Authorization"


def test_a_patient_is_found_by_what_people_know(fhir: Fhir) -> None:
    """Number, name as it sounds in writing, birth date; the same id each time."""
    (patient,) = fhir.found("/Patient?identifier=4711")

    assert patient["identifier"][0]["value"] == "4711"
    assert patient["identifier"][0]["system"] == PATIENTS
    assert patient["name"][0]["family"] == "Müller"
    assert patient["birthDate"] == "1958-12-24"
    assert patient["gender"] == "female"
    assert "4711" not in patient["id"]
    for query in (
        *(f"identifier={PATIENTS}|4711", "family=mueller", "name=%C3%84nne", "given=anne"),
        *("name=muller&birthdate=1958-12-24", "birthdate=ge1958&birthdate=lt1959", "gender=female"),
        *("family:exact=M%C3%BCller", "name:contains=%C3%BClle", f"_id={patient['id']}"),
        "family=Nobody,M%C3%BCller",
    ):
        assert patient in fhir.found(f"/Patient?{query}"), query
    for query in (
        *("identifier=https://other.example|4711", "identifier=47110", "family=ller"),
        *("birthdate=1958-12-25", "birthdate=ne1958", "name=muller&gender=male", "_id=x"),
    ):
        assert patient not in fhir.found(f"/Patient?{query}"), query


@pytest.mark.parametrize(
    "identifier",
    [
        *(f"urn:dicom:uid|urn:oid:{STUDY}", f"urn:dicom:uid|{STUDY}", STUDY, f"urn:oid:{STUDY}"),
        *(f"urn:dicom:uid%7C{STUDY}", f"2.25.1,{STUDY}"),
    ],
)
def test_a_study_is_found_by_every_spelling_of_its_uid(fhir: Fhir, identifier: str) -> None:
    """As servers and clients differ (ARC, SMART Imaging, MADO)."""
    (study,) = fhir.found(f"/ImagingStudy?identifier={identifier}")

    assert study["identifier"][0]["value"] == f"urn:oid:{STUDY}"
    assert study["numberOfSeries"] == len(study["series"]) == 3
    assert study["numberOfInstances"] == 5
    assert {one["uid"] for one in study["series"][0]["instance"]} <= {
        f"{STUDY}.9.{number}" for number in range(10)
    }


def test_the_studies_of_a_patient(fhir: Fhir) -> None:
    """By id, by number in a chain, by order; with patient and endpoints beside."""
    (patient,) = fhir.found("/Patient?identifier=4711")
    (order,) = fhir.found(f"/ServiceRequest?identifier={fhir.accession}")
    (study,) = fhir.found(f"/ImagingStudy?patient={patient['id']}")

    assert study["subject"]["reference"] == f"Patient/{patient['id']}"
    assert study["basedOn"][0]["reference"] == f"ServiceRequest/{order['id']}"
    assert study["started"].startswith("2024-01-15T10:30:15")
    assert order["status"] == "completed"
    for query in (
        *(f"subject=Patient/{patient['id']}", f"patient=http://x/fhir/Patient/{patient['id']}"),
        *("patient.identifier=4711", f"subject:Patient.identifier={PATIENTS}|4711"),
        *("patient:identifier=4711", "patient.family=m%C3%BCller", f"identifier={fhir.accession}"),
        *("started=2024-01-15&modality=US", "started=ge2024-01-15&started=lt2024-01-16"),
        *(f"basedon=ServiceRequest/{order['id']}", f"instance={STUDY}.9.1", "status=available"),
        f"_id={study['id']}",
    ):
        assert study["id"] in [one["id"] for one in fhir.found(f"/ImagingStudy?{query}")], query
    for query in ("patient.identifier=1", "patient=x", "started=2024-01-16", "modality=CT&_id="):
        assert study not in fhir.found(f"/ImagingStudy?{query}"), query
    beside = "_include=ImagingStudy:patient&_include=ImagingStudy:endpoint"
    kinds = [one["resourceType"] for one in fhir.found(f"/ImagingStudy?{beside}", "include")]
    assert sorted(kinds) == ["Endpoint", "Endpoint", "Patient", "Patient"]
    (wado,) = fhir.found("/Endpoint?connection-type=dicom-wado-rs")
    assert wado["address"] == "http://localhost/dicom-web"


def test_what_r4_demands_is_there_where_dicom_has_nothing(fhir: Fhir) -> None:
    """A series without a modality has one, a study without a date none that is made up."""
    (study,) = fhir.found(f"/ImagingStudy?identifier={UNDATED}")

    assert [one["modality"]["code"] for one in study["series"]] == ["SR", "OT"]
    assert "started" not in study


def test_a_report_nobody_can_read_is_there_without_values(
    fhir: Fhir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that is too busy is something else: the client is to come back."""
    (read,) = fhir.found(f"/DiagnosticReport?identifier={STUDY}.9.9")

    def unread(error: ReportError) -> None:
        def read(*_: object) -> Report:
            raise error

        monkeypatch.setattr(RecentReports, "read", read)

    unread(UnreadableReportError(""))
    (report,) = fhir.found(f"/DiagnosticReport?identifier={STUDY}.9.9")
    assert (report["status"], "result" in report) == ("unknown", False)
    assert (report["id"], report["subject"]) == (read["id"], read["subject"])
    assert fhir.found("/Observation?patient.identifier=4711") == []
    unread(ReportHindered(""))
    assert fhir.get("/Observation?patient.identifier=4711").status_code == 503


def test_what_is_held_is_nobodys(fhir: Fhir) -> None:
    """Who may see it finds it without a patient or an order; a token for FHIR alone does not."""
    (study,) = fhir.found(f"/ImagingStudy?identifier={HELD}")
    assert "reference" not in study["subject"]
    assert "reference" not in study["basedOn"][0]
    assert (study["status"], study["meta"]["tag"][0]["code"]) == ("unknown", "not-assigned")

    actor = Actor(ActorKind.COMMAND, "test")
    tokens = fhir.practice.core.access.tokens
    by_scope = {}
    for scopes in (["fhir"], ["fhir", "dicomweb-held"], ["dicomweb"]):
        secret = tokens.make("+".join(scopes), scopes, actor).secret
        headers = {TOKEN: f"Bearer {secret}"}
        by_scope[len(scopes), scopes[0]] = (
            fhir.get(f"/ImagingStudy?identifier={HELD}&_summary=count", **headers),
            fhir.get(f"/ImagingStudy/{study['id']}", **headers),
        )
    assert [one.status_code for one in by_scope[1, "fhir"]] == [200, 404]
    assert by_scope[1, "fhir"][0].json == by_scope[1, "fhir"][0].json | {"total": 0}  # type: ignore[operator]
    assert by_scope[2, "fhir"][0].json["total"] == 1  # type: ignore[index]
    assert by_scope[1, "dicomweb"][0].status_code == 403
    assert "fhir" in SCOPES


def test_values_are_told_as_they_were_sent(fhir: Fhir) -> None:
    """Code, number with its digits, unit of UCUM, where, by which mode; of whom and what for."""
    (report,) = fhir.found("/DiagnosticReport?patient.identifier=4711&_include=x")
    values = fhir.found("/Observation?patient.identifier=4711&_count=100")

    assert [one["reference"] for one in report["result"]] == [
        f"Observation/{one['id']}" for one in values
    ]
    assert fhir.bundle("/Observation?patient.identifier=4711&_summary=count")["total"] == len(
        values
    )
    by_code = {one["code"]["coding"][0]["code"]: one for one in values}
    one = by_code["29436-3"]
    assert one["code"]["coding"][0]["system"] == "http://loinc.org"
    assert one["valueQuantity"]["system"] == "http://unitsofmeasure.org"
    assert one["valueQuantity"]["code"] == one["valueQuantity"]["unit"]
    assert one["partOf"][0]["reference"] == report["imagingStudy"][0]["reference"]
    assert one["basedOn"] == report["basedOn"]
    assert one["subject"] == report["subject"]
    assert fhir.found("/Observation?code=http://loinc.org|29436-3") == [one]
    assert one in fhir.found("/Observation?code=29436-3&category=imaging&date=2024")
    assert fhir.found("/Observation?code=http://snomed.info/sct|29436-3") == []
    assert fhir.get(f"/Observation/{one['id']}").json == one


def test_the_page_of_an_exam_is_a_document(fhir: Fhir, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PDF of that patient's, named by the DocumentReference and the DiagnosticReport."""
    (document,) = fhir.found("/DocumentReference?patient.identifier=4711")
    (report,) = fhir.found("/DiagnosticReport?patient.identifier=4711")
    url = document["content"][0]["attachment"]["url"]
    monkeypatch.setattr(ExamReports, "pdf", lambda _self, exam: exam.patient.id.encode())
    page = fhir.get(url.partition("/fhir")[2], Accept="application/pdf")

    assert report["presentedForm"][0]["url"] == url
    assert (page.headers["Content-Type"], page.data) == ("application/pdf", b"4711")
    assert fhir.get("/Binary/x").status_code == 404


def test_everything_is_r4(fhir: Fhir) -> None:
    """By the schema HL7 publishes and by its structure definitions, as two packages bring them."""
    program, node = PROGRAMS / "fhir_validator.js", shutil.which("node")
    modules = PEERS / "node_modules"
    if node is None or not (modules / "fhir").is_dir():
        pytest.skip("fhir is not installed (scripts/test installs it where there is npm)")
    kinds = ("Patient", "ServiceRequest", "ImagingStudy", "Endpoint", "DiagnosticReport")
    answers = [fhir.bundle(f"/{kind}") for kind in (*kinds, "DocumentReference")]
    answers.append(fhir.bundle("/Observation?_count=100&_include=Observation:patient"))
    entries = [one["resource"] for bundle in answers for one in bundle["entry"]]
    refused, stated = fhir.get("/Patient/x").json, fhir.get("/metadata").json
    assert stated is not None
    stated["fhirVersion"] = "4.0.0"  # of which the schema is; 4.0.1 corrected the text alone
    every = [*entries, *answers[:1], refused, stated, {"resourceType": "Patient", "active": 1}]
    done = subprocess.run(
        [node, str(program), str(modules)],
        input="\n".join(map(json.dumps, every)),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    *found, wrong = json.loads(done.stdout)
    assert [problems for problems in found if problems] == []
    assert len(found) == len(every) - 1 > 20
    assert wrong


def test_unknown_patients_are_looked_for_together(
    fhir: Fhir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An id is a digest: all numbers there are are gone through, once for all that are asked."""
    looked: list[Connection] = []

    def counted(connection: Connection) -> set[str]:
        looked.append(connection)
        return all_numbers(connection)

    monkeypatch.setattr("gdtbridge.fhir.store.all_numbers", counted)
    known = fhir.found("/Patient?identifier=4711")[0]["id"]
    assert [one["id"] for one in fhir.found(f"/Patient?_id=x,{known},y,z")] == [known]
    assert len(looked) == 1
    assert len(fhir.found(f"/ImagingStudy?patient=x,{known},y,z")) == 1
    assert len(looked) <= 4


@pytest.mark.parametrize(
    ("kind", "count"),
    [("Patient", 1), ("ServiceRequest", 1), ("ImagingStudy", 2), ("Observation", 7)],
)
def test_pages_have_each_match_once_whatever_arrives(fhir: Fhir, kind: str, count: int) -> None:
    """``next`` leads from one to the next; what comes meanwhile moves nothing."""
    whole = [one["id"] for one in fhir.found(f"/{kind}?_count=100")]
    paged: list[str] = []
    for number, page in enumerate(fhir.pages(f"/{kind}?_count={count}")):
        paged += [one["id"] for one in page]
        if number == 0 and kind == "ServiceRequest":
            another = fhir.practice.order(patient_id=f"9{kind}", procedure="Niere")
            fhir.practice.core.orders.place(another)
    assert paged == whole
    assert len(set(paged)) == len(paged) > count


def test_how_many_there_are(fhir: Fhir) -> None:
    """Told where the page has all, or where it is asked for."""
    assert fhir.bundle("/ImagingStudy")["total"] == 3
    every = len(fhir.found("/Patient?_count=100"))
    assert fhir.bundle("/Patient?_summary=count")["total"] == every
    packed = fhir.get("/ImagingStudy", Accept_Encoding="gzip")
    assert json.loads(gzip.decompress(packed.data))["total"] == 3
    assert "total" not in fhir.bundle("/ImagingStudy?_count=1")
    assert fhir.bundle("/ImagingStudy?_count=1&_total=accurate")["total"] == 3
    assert fhir.bundle("/ImagingStudy?_count=0") == fhir.bundle("/ImagingStudy?_count=0") | {
        "total": 3
    }


def test_matches_are_sorted_as_asked(fhir: Fhir) -> None:
    """By one parameter or several, up or down, what has no value last; page after page."""
    by_name = [one["name"][0]["family"] for one in fhir.found("/Patient?_sort=family")]
    assert by_name == sorted(by_name)
    assert [one["name"][0]["family"] for one in fhir.found("/Patient?_sort=-family")] == by_name[
        ::-1
    ]
    dates = [one.get("started", "") for one in fhir.found("/ImagingStudy?_sort=started,-_id")]
    assert dates == [*sorted(filter(None, dates)), ""]
    for sorting in ("-started", "status,_lastUpdated", "_lastUpdated,_id"):
        whole = [one["id"] for one in fhir.found(f"/ImagingStudy?_sort={sorting}")]
        paged = list(fhir.pages(f"/ImagingStudy?_sort={sorting}&_count=2"))
        assert [one["id"] for page in paged for one in page] == whole
        assert (len(paged), len(set(whole))) == (2, 3)
    assert "family=" not in str(fhir.bundle("/Patient?_sort=family&_count=1")["link"])
    latest = fhir.bundle("/Observation?patient.identifier=4711&_sort=-date,code&_count=1")
    assert [one["relation"] for one in latest["link"]] == ["self", "next"]
    assert "_sort=-date%2Ccode" in latest["link"][0]["url"]


def test_what_changes_while_pages_are_fetched_hides_nothing(fhir: Fhir) -> None:
    """Sorted by when it changed: the last of a page may be the newest when the next is fetched."""
    asked = "/ServiceRequest?_sort=_lastUpdated"
    whole = [one["id"] for one in fhir.found(asked)]
    paged: list[str] = []
    for page in fhir.pages(f"{asked}&_count=1"):
        paged += [one["id"] for one in page]
        if len(paged) == 1:
            number = page[0]["identifier"][0]["value"]
            with fhir.practice.core.database.write() as connection:
                later = sa.update(placed_order).values(changed_at=fhir.practice.clock.seconds + 1)
                connection.execute(later.where(placed_order.c.accession_number == number))
    assert paged == [*whole, whole[0]]


def test_what_changed_since(fhir: Fhir) -> None:
    """Each resource says when; who asks again gets what came later, however it is asked."""
    moments = set()
    for kind in ("Patient", "ServiceRequest", "ImagingStudy", "Observation", "DiagnosticReport"):
        one, *_ = fhir.found(f"/{kind}")
        moments.add(at := one["meta"]["lastUpdated"])
        moment = quote(at)
        for query in (f"ge{moment}", f"le{moment}", moment, "ge2024-01-15"):
            assert one in fhir.found(f"/{kind}?_lastUpdated={query}&_count=100"), (kind, query)
        for query in (f"gt{moment}", f"lt{moment}", f"ne{moment}", "ge2031"):
            assert one not in fhir.found(f"/{kind}?_lastUpdated={query}&_count=100"), (kind, query)
    assert all(re.fullmatch(r".*T.*\.\d{3}[+-]\d\d:\d\d", one) for one in moments)


def test_what_leads_to_a_match_is_beside_it(fhir: Fhir) -> None:
    """A patient with the exams, an exam with its values, an order with what it was done for."""
    asked = "_revinclude=ImagingStudy:patient&_revinclude=DocumentReference:subject"
    kinds = [
        one["resourceType"] for one in fhir.found(f"/Patient?identifier=4711&{asked}", "include")
    ]
    assert kinds == ["ImagingStudy", "DocumentReference"]
    (order,) = fhir.found(f"/ServiceRequest?identifier={fhir.accession}")
    asked = f"/ServiceRequest?_id={order['id']}&_revinclude=*"
    assert {one["resourceType"] for one in fhir.found(asked, "include")} == {
        *("ImagingStudy", "Observation", "DiagnosticReport"),
    }
    values = fhir.found(
        f"/ImagingStudy?identifier={STUDY}&_revinclude=Observation:part-of", "include"
    )
    assert values == fhir.found("/Observation?patient.identifier=4711&_count=100")
    assert (
        fhir.found("/ImagingStudy?identifier=2.25.1&_revinclude=Observation:part-of", "include")
        == []
    )
    asked = "/DiagnosticReport?patient.identifier=4711&_include=DiagnosticReport:result"
    assert fhir.found(asked, "include") == values
    asked = (
        "/DocumentReference?patient.identifier=4711&_include=DocumentReference:related:ImagingStudy"
    )
    assert [one["resourceType"] for one in fhir.found(asked, "include")] == ["ImagingStudy"]


def test_what_leads_to_a_match_is_searched_by(fhir: Fhir) -> None:
    """Patients of whom there is an exam or a value; an order nothing came of is not among them."""
    (patient,) = fhir.found("/Patient?identifier=4711")
    for query in (
        *("ImagingStudy:patient:modality=US", "Observation:subject:code=29436-3"),
        *(
            f"DiagnosticReport:patient:identifier={STUDY}.9.9",
            "ServiceRequest:patient:code:missing=false",
        ),
    ):
        assert patient in fhir.found(f"/Patient?_has:{query}"), query
    for query in ("ImagingStudy:patient:modality=CT", "Observation:patient:code=1"):
        assert fhir.bundle(f"/Patient?_has:{query}")["total"] == 0
    (order,) = fhir.found("/ServiceRequest?_has:ImagingStudy:basedon:started=2024&status=completed")
    assert order["identifier"][0]["value"] == fhir.accession


def test_some_elements_and_what_is_missing(fhir: Fhir) -> None:
    """What R4 demands is there always, with a tag; a value that is missing can be asked for."""
    (study,) = fhir.found(f"/ImagingStudy?identifier={STUDY}&_elements=started,%20endpoint")
    assert set(study) == {
        *("resourceType", "id", "meta", "status", "subject", "started", "endpoint"),
    }
    assert study["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert "tag" not in fhir.found(f"/ImagingStudy?identifier={STUDY}&_summary=data")[0]["meta"]
    whole = fhir.bundle("/ImagingStudy")["total"]
    for query, number in (
        *(("started:missing=true", 1), ("started:missing=false", whole - 1)),
        *(("_tag=not-assigned", 1), ("_tag:not=not-assigned", whole - 1)),
        *((f"identifier:not={STUDY}", whole - 1), ("status:not=unknown,available", 0)),
        *(("_id:not=x", whole), ("patient:missing=true", 0)),
    ):
        assert fhir.bundle(f"/ImagingStudy?{query}&_summary=count")["total"] == number, query
    assert "total" not in fhir.bundle("/ImagingStudy?_count=1&_total=none")
    assert fhir.bundle("/ImagingStudy?_count=1&_total=estimate")["total"] == whole


def test_what_is_beside_the_matches_takes_no_longer_than_a_search(fhir: Fhir) -> None:
    """Each value is looked for by itself; a page of reports may lead to thousands."""
    late = replace(fhir.practice.core.fhir, monotonic=count(step=9).__next__)
    query = read_query("DiagnosticReport", [("_include", "DiagnosticReport:result")], strict=True)
    with pytest.raises(SearchTooBroad, match="_include"):
        late.search(query, Viewer(), FhirBase("http://x/fhir", "http://x/dicom-web"))


def test_a_broad_search_finds_others_at_work(fhir: Fhir, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of DICOMweb, with which it shares the room; what is read by its id is always there."""
    (patient,) = fhir.found("/Patient?identifier=4711")
    monkeypatch.setattr(broad_searches, "BROAD_SECONDS", -1.0)
    broad = fhir.practice.core.finder.broad
    others = [broad.run() for _ in range(BROAD)]
    assert not any(one.is_late() for one in others)
    refused = fhir.get("/Patient?gender=female&_sort=family")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert refused.json is not None
    assert refused.json["issue"][0]["code"] == "transient"
    assert fhir.get(f"/Patient/{patient['id']}").json == patient
    for one in others:
        one.end()
    assert [fhir.get("/Patient?_sort=family").status_code for _ in range(3)] == [200] * 3


def test_what_is_posted_stands_in_no_address(fhir: Fhir) -> None:
    """A search by POST, and its next page."""
    form = {"gender": "female", "_count": "1"}
    answer = fhir.client.post("/fhir/Patient/_search", data=form)
    assert answer.json is not None
    links = {one["relation"]: one["url"] for one in answer.json["link"]}
    following = fhir.bundle(links["next"].partition("/fhir")[2])

    assert "female" not in str(answer.json["link"]) + str(following["link"])
    first, second = (one["entry"][0]["resource"]["id"] for one in (answer.json, following))
    assert first != second
    assert fhir.get("/Patient?_page=unknown").status_code == 410
    assert fhir.client.post("/fhir/Patient/_search", json={}).status_code == 415


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ImagingStudy?started=abc", 400),
        ("/ImagingStudy?started=ap2024", 400),
        ("/ImagingStudy?started=,", 400),
        ("/ImagingStudy?started=0001-01-01T00:00:00-14:00", 200),
        ("/Patient?birthdate=9999-12-30T23:59:59-14:00", 200),
        ("/Patient?name:missing=perhaps", 400),
        ("/Observation?value-quantity=x", 400),
        ("/Observation?value-quantity=ge1e999", 400),
        ("/Observation?value-quantity=NaN", 400),
        ("/Observation?_sort=value-quantity", 200),
        ("/Patient?name:not=x", 400),
        ("/Patient?_total=many", 400),
        ("/Patient?_sort=family&_cursor=1.2", 400),
        ("/Patient?_count=x", 400),
        ("/ImagingStudy?_cursor=1.x", 400),
        ("/Observation?_cursor=1.2", 400),
        ("/ImagingStudy?encounter.identifier=1", 200),
        ("/ImagingStudy?patient.nothing=1", 400),
        ("/Patient?_has:ImagingStudy:patient:nothing=1", 400),
        ("/Patient?_has:DiagnosticReport:result:_id=1", 400),
        ("/Patient?_has:x", 200),
        ("/Patient?_has:x=1", 400),
        ("/Nothing", 404),
        ("/Patient/unknown", 404),
        ("/Patient/%00", 404),
        ("/Patient?_format=xml", 406),
        ("/Patient?_format=application/fhir+json", 200),
        ("/Patient?nothing=1", 200),
    ],
)
def test_refusals_are_operation_outcomes(fhir: Fhir, path: str, status: int) -> None:
    """Also of what Flask refuses; never with what was sent."""
    answer = fhir.get(path)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/fhir+json"
    if status >= 400:
        assert answer.json is not None
        assert answer.json["resourceType"] == "OperationOutcome"
        assert answer.json["issue"][0]["code"] == ISSUES[status]
        assert "abc" not in answer.text


def test_reading_is_all_there_is(fhir: Fhir) -> None:
    """Nothing is created, changed or deleted; who shows a wrong token is told so in FHIR."""
    for method in ("post", "put", "delete", "patch"):
        answer = getattr(fhir.client, method)(
            "/fhir/Patient/1" if method != "post" else "/fhir/Patient"
        )
        assert answer.status_code == 405
        assert answer.json["resourceType"] == "OperationOutcome"
    cross = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    refused = fhir.client.get("/fhir/Patient", headers=cross)
    assert (refused.status_code, refused.json["issue"][0]["code"]) == (403, "forbidden")  # type: ignore[index]


def test_strict_clients_are_told_what_is_not_done(fhir: Fhir) -> None:
    """An unknown parameter, what is not sorted by: 400 where the client asks for that."""
    for query in (
        *("nothing=1", "_sort=-nothing", "_sort=started,patient", "_include=ImagingStudy:nothing"),
        *("_revinclude=DiagnosticReport:result", "_summary=text", "_include:iterate=x"),
    ):
        assert fhir.get(f"/ImagingStudy?{query}", Prefer="handling=strict").status_code == 400
        assert fhir.get(f"/ImagingStudy?{query}", Prefer="handling=lenient").status_code == 200


def test_capabilities_and_document_name_every_parameter(fhir: Fhir, project: Path) -> None:
    """The CapabilityStatement, and docs/reference/fhir.md."""
    stated = fhir.get("/metadata").json
    assert stated is not None
    assert stated["fhirVersion"] == "4.0.1"
    text = (project / "docs" / "reference" / "fhir.md").read_text(encoding="utf-8")
    rows = {
        row.split("|")[1].strip(" `"): row for row in text.splitlines() if row.startswith("| `")
    }
    for one in stated["rest"][0]["resource"]:
        for parameter in one.get("searchParam", ()):
            assert f"`{parameter['name']}`" in rows[one["type"]], parameter
        for include in one.get("searchInclude", ()):
            assert f"`{include.partition(':')[2]}`" in rows[one["type"]]
        for include in one.get("searchRevInclude", ()):
            assert f"`{include}`" in rows[one["type"]]
    for one in stated["rest"][0]["searchParam"]:
        assert f"`{one['name']}" in text


def test_a_chart_that_moved_is_the_same_person(fhir: Fhir) -> None:
    """The former id leads on, exams and orders are found by either."""
    (before,) = fhir.found("/Patient?identifier=0815")
    fhir.practice.core.renumbering.renumber("0815", "0816", confirmed=True)
    (now,) = fhir.found("/Patient?identifier=0815")

    assert now["id"] != before["id"]
    assert [one["value"] for one in now["identifier"]] == ["0816", "0815"]
    former = fhir.get(f"/Patient/{before['id']}").json
    assert former is not None
    assert former["active"] is False
    assert former["link"][0]["other"]["reference"] == f"Patient/{now['id']}"
    for kind in ("ImagingStudy", "ServiceRequest", "Observation"):
        by_now = fhir.found(f"/{kind}?patient={now['id']}&_count=100")
        assert by_now == fhir.found(f"/{kind}?patient={before['id']}&_count=100") != []
