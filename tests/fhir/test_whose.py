"""Whose an exam is, in FHIR: held, decided, moved, told anew; an id never means another's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pydicom import Dataset

from gdtbridge.handing_out import AssignedExam, ExamReports
from gdtbridge.orders import store as order_store
from gdtbridge.orders.model import Order
from gdtbridge.service import web_ports
from gdtbridge.settings import load_settings
from gdtbridge.web import create_app
from tests.fhir.conftest import Fhir
from tests.tools.practice import Practice, Reports

TWICE = "2.25.7700"
"""A study in which the device named one person twice, under two numbers."""
TOLD = "2.25.7800"
"""A study with a corrected report, behind which the one before it came."""
ORDERED = "2.25.8100"
"""A study that is done for two orders."""
OTHER = {"PatientID": "4712", "PatientName": "Meyer^X", "PatientBirthDate": "19700101"}


@pytest.fixture(scope="module")
def fhir(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[Fhir]:
    """Return FHIR over an archive these tests share; each is about studies of its own."""
    folder = tmp_path_factory.mktemp("whose")
    settings = load_settings(environ={})
    practice = Practice(folder, settings)
    practice.core.orders.place(practice.order())
    for values in ({}, OTHER):
        practice.send(StudyInstanceUID=TWICE, AccessionNumber="", **values)
        practice.wait()
    reports = Reports(project, practice, folder)
    said = {"StudyInstanceUID": TOLD, "PatientID": "4711", "AccessionNumber": ""}
    reports.send("abdomen.dcm", corrected, **said, SOPInstanceUID=f"{TOLD}.2")
    reports.send("abdomen.dcm", made_before, **said, SOPInstanceUID=f"{TOLD}.1")
    practice.wait()
    app = create_app(settings, web_ports(practice.core), dict)
    yield Fhir(practice, app.test_client(), "")
    practice.close()


def corrected(dataset: Dataset) -> None:
    """Give a report other numbers."""
    for number in numbers(dataset):
        number.NumericValue = f"{float(number.NumericValue) + 0.01:.2f}"


def made_before(dataset: Dataset) -> None:
    """Let a report be older than the others, though it comes last."""
    dataset.ContentTime = "000001"


def numbers(item: Dataset) -> Iterator[Dataset]:
    """Yield the measured values below an item of a report."""
    for one in item.get("ContentSequence", ()):
        yield from one.get("MeasuredValueSequence", ())
        yield from numbers(one)


def test_two_people_of_one_chart_are_one_study(fhir: Fhir, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person says that both are one: one id, all objects, one page with all of them."""
    own, held = fhir.found(f"/ImagingStudy?identifier={TWICE}")
    assert own["id"] != held["id"]
    assert "reference" not in held["subject"]
    fhir.practice.core.held.release(TWICE, "4711", person=2, who="x", confirmed=True)
    fhir.practice.wait()

    (study,) = fhir.found(f"/ImagingStudy?identifier={TWICE}")
    assert (study["id"], study["numberOfInstances"]) == (own["id"], 2)
    assert fhir.get(f"/ImagingStudy/{held['id']}").status_code == 404
    (row,) = fhir.client.get(f"/dicom-web/studies?StudyInstanceUID={TWICE}").json or []
    assert row["00201208"]["Value"] == [2]

    def said(_: ExamReports, exam: AssignedExam) -> bytes:
        return f"{len(exam.objects)} {exam.is_corrected}".encode()

    monkeypatch.setattr(ExamReports, "pdf", said)
    assert fhir.get(f"/Binary/{study['id']}").data == b"2 True"


def test_each_report_is_of_the_order_it_was_made_for(
    fhir: Fhir, project: Path, tmp_path: Path
) -> None:
    """A study done for two orders is found by both; a value has the one it was measured for."""
    practice, reports = fhir.practice, Reports(project, fhir.practice, tmp_path)
    eva = {"patient_id": "5555", "family_name": "Adam", "given_name": "Eva"}
    placed = [
        practice.core.orders.place(practice.order(**eva, procedure=word)).entry
        for word in ("Niere", "Leber")
    ]
    for place, one in enumerate(placed, start=1):
        reports.send(
            "abdomen.dcm",
            PatientID="5555",
            PatientName="Adam^Eva",
            StudyInstanceUID=ORDERED,
            SOPInstanceUID=f"{ORDERED}.{place}",
            AccessionNumber=one.AccessionNumber,
        )
    fhir.practice.wait()
    (study,) = fhir.found(f"/ImagingStudy?identifier={ORDERED}")
    assert len(study["basedOn"]) == len(study["identifier"]) - 1 == 2
    for place, one in enumerate(placed, start=1):
        (order,) = fhir.found(f"/ServiceRequest?identifier={one.AccessionNumber}")
        name = f"ServiceRequest/{order['id']}"
        assert fhir.found(f"/ImagingStudy?basedon={name}") == [study]
        (report,) = fhir.found(f"/DiagnosticReport?identifier={ORDERED}.{place}")
        assert report in fhir.found(f"/DiagnosticReport?based-on={name}")
        assert [each["reference"] for each in report["basedOn"]] == [name]
        assert report["code"]["text"] == order["code"]["text"]
        values = fhir.found(f"/Observation?based-on={name}&_count=100")
        assert {each["id"] for each in values} == {
            each["reference"].partition("/")[2] for each in report["result"]
        }


def test_a_report_that_was_replaced_says_so(fhir: Fhir) -> None:
    """Its values are told once; who kept the former ones finds where they are now."""
    new, old = (fhir.found(f"/DiagnosticReport?identifier={TOLD}.{number}")[0] for number in (2, 1))
    assert (old["status"], "result" in old) == ("entered-in-error", False)
    assert new["status"] == "amended"
    (replaces,) = new["extension"]
    assert replaces["valueReference"]["reference"] == f"DiagnosticReport/{old['id']}"
    values = fhir.found("/Observation?patient.identifier=4711&_count=100")
    standing = [one for one in values if one["status"] != "entered-in-error"]
    assert [one["id"] for one in standing] == [
        one["reference"].partition("/")[2] for one in new["result"]
    ]
    assert {one["status"] for one in standing if "valueQuantity" in one} == {"amended"}
    assert len(values) == 2 * len(standing)


def test_a_chart_that_moves_keeps_the_ids_of_its_exams(fhir: Fhir) -> None:
    """The subject follows; who kept an id, or a reference, finds the same exam by it."""
    before = {
        kind: fhir.found(f"/{kind}?patient.identifier=4711&_count=100")
        for kind in ("ImagingStudy", "DiagnosticReport", "Observation", "DocumentReference")
    }
    fhir.practice.clock.turn(1)
    fhir.practice.core.renumbering.renumber("4711", "4799", confirmed=True)
    (now,) = fhir.found("/Patient?identifier=4799")
    for kind, resources in before.items():
        assert resources
        for one in resources:
            found = fhir.get(f"/{kind}/{one['id']}").json
            assert found is not None
            assert found["subject"]["reference"] == f"Patient/{now['id']}"
            assert found["meta"]["lastUpdated"] > one["meta"]["lastUpdated"]
            for name in ("subject", "contained", "meta"):
                found.pop(name, None)
                one.pop(name, None)
            assert found == one
    fhir.practice.clock.turn(1)
    since = quote(datetime.fromtimestamp(fhir.practice.clock.seconds, UTC).isoformat())
    fhir.practice.core.renumbering.renumber("4799", "4798", confirmed=True)
    (chart,) = fhir.found("/Patient?identifier=4798")
    for kind in (*before, "ServiceRequest", "Patient"):
        moved = fhir.found(f"/{kind}?_lastUpdated=ge{since}&_count=100")
        theirs = {one.get("subject", {}).get("reference") for one in moved}
        assert f"Patient/{chart['id']}" in theirs or chart in moved, kind
    fhir.practice.core.renumbering.renumber("4798", "4799", confirmed=True)
    fhir.practice.core.renumbering.renumber("4799", "4711", confirmed=True)
    again = fhir.found("/ImagingStudy?patient.identifier=4711")
    assert [one["id"] for one in again] == [one["id"] for one in before["ImagingStudy"]]


def test_what_changes_while_it_is_told_is_told_again(
    fhir: Fhir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exam never says that it changed later than what it says of whose it is."""
    study = {"StudyInstanceUID": "2.25.8300", "AccessionNumber": ""}
    fhir.practice.send(**study)
    fhir.practice.wait()
    asked = "/ImagingStudy?identifier=2.25.8300"
    before = [one["meta"]["lastUpdated"] for one in fhir.found(asked)]
    fhir.practice.clock.seconds += 1
    read = order_store.orders_by_number

    def meanwhile(*args: Any) -> Mapping[str, Order]:
        fhir.practice.send(**study, SOPInstanceUID="2.25.8300.2")
        return read(*args)

    with monkeypatch.context() as patched:
        patched.setattr("gdtbridge.orders.store.orders_by_number", meanwhile)
        assert [one["meta"]["lastUpdated"] for one in fhir.found(asked)] == before
    assert [one["meta"]["lastUpdated"] for one in fhir.found(asked)] > before
    fhir.practice.wait()


def test_a_uid_that_is_none_breaks_no_search(fhir: Fhir) -> None:
    """R4 has no id for it; all others are found as before."""
    before = fhir.found("/ImagingStudy")
    for uid in ("1.2/3", "abc", "9" * 70):
        fhir.practice.send(StudyInstanceUID=uid, AccessionNumber="")
    fhir.practice.send(StudyInstanceUID="2.25.7900", SeriesInstanceUID="a/b", AccessionNumber="")
    fhir.practice.wait()
    odd, *found = fhir.found("/ImagingStudy")
    assert found == before
    assert odd["identifier"][0]["value"] == "urn:oid:2.25.7900"
    assert (odd["numberOfSeries"], "series" in odd) == (1, False)
