"""Who has a link to a study sees that study, by every call, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote
from xml.etree.ElementTree import fromstring

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydicom import dcmread
from werkzeug.test import TestResponse

from gdtbridge.accounts import SharedStudy
from gdtbridge.audit import Actor, ActorKind, AuditQuery
from gdtbridge.retrieve.viewer_manifest import NAMESPACE
from gdtbridge.service import web_ports
from gdtbridge.settings import load_settings
from gdtbridge.web import create_app
from gdtbridge.web.access.calls import call_table
from gdtbridge.web.problems import READING
from tests.tools.practice import Practice

BOSS = Actor(ActorKind.COMMAND, "test")
PASSWORD = "vier kleine graue Katzen"
SHOWN, OTHER, HELD, MOVED = "2.25.4711000", "2.25.4711001", "2.25.99000", "2.25.4711002"
"""Two exams of 4711, one that is held, one that goes to another chart."""


@dataclass(frozen=True, slots=True)
class Surgery:
    """A practice whose people have accounts, and its server."""

    practice: Practice
    app: Flask

    def link(self, study: str = SHOWN, patient_id: str = "4711") -> str:
        """Return the secret of a new link."""
        links = self.practice.core.access.study_links
        return links.make(SharedStudy(study, patient_id), 24, BOSS).secret

    def get(self, path: str, secret: str, **headers: str) -> TestResponse:
        """Ask with a link, as Weasis does."""
        sent = {"Authorization": f"Bearer {secret}", **headers}
        return self.app.test_client().get(path, headers=sent, buffered=True)

    def found(self, path: str, secret: str) -> list[str]:
        """Return the studies a search finds."""
        answer = self.get(path, secret)
        assert answer.status_code == 200
        return sorted({one["0020000D"]["Value"][0] for one in answer.json or ()})


@pytest.fixture(scope="module")
def surgery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surgery]:
    """Return a practice with exams of every kind."""
    folder: Path = tmp_path_factory.mktemp("surgery")
    settings = load_settings(environ={})
    practice = Practice(folder, settings)
    for number, study in enumerate((SHOWN, OTHER, MOVED)):
        said = {"SeriesInstanceUID": f"{study}.1", "SOPInstanceUID": f"{study}.9"}
        practice.send(StudyInstanceUID=study, **said, StudyDate=f"2024011{number}")
    practice.send(
        StudyInstanceUID=HELD,
        SeriesInstanceUID=f"{HELD}.1",
        SOPInstanceUID=f"{HELD}.9",
        PatientID="",
    )
    practice.wait()
    accounts = practice.core.access.accounts
    accounts.use_first_link(accounts.first_link(BOSS), "chef", "Dr. Sommer", PASSWORD, "")
    yield Surgery(practice, create_app(settings, web_ports(practice.core), dict))
    practice.close()


@pytest.mark.parametrize(
    "path",
    [
        "/studies",
        "/studies?PatientID=4711",
        f"/studies?StudyInstanceUID={SHOWN},{OTHER},{HELD}",
        "/studies?PatientName=*&limit=1",
        "/series",
        "/instances",
        f"/studies/{SHOWN}/series",
        f"/studies/{SHOWN}/instances",
    ],
)
def test_every_search_finds_that_study(surgery: Surgery, path: str) -> None:
    """By whatever is asked."""
    assert surgery.found(f"/dicom-web{path}", surgery.link()) == [SHOWN]


def test_nothing_else_is_there(surgery: Surgery) -> None:
    """Another exam of the same patient, what is held, another patient's part: as if never kept."""
    secret = surgery.link()
    below = ("", "/metadata", "/thumbnail", "/rendered")
    for study in (OTHER, HELD):
        path = f"/dicom-web/studies/{study}"
        object_ = f"{path}/series/{study}.1/instances/{study}.9"
        asked = (
            *(path + one for one in below),
            f"{object_}/frames/1",
            f"{object_}/bulkdata/7FE00010",
            f"/wado?requestType=WADO&objectUID={study}.9&contentType=application/dicom",
        )
        told = {one: surgery.get(one, secret).status_code for one in asked}
        assert told == dict.fromkeys(asked, 404)
        assert surgery.found(f"/dicom-web/studies?StudyInstanceUID={study}", secret) == []
    assert surgery.found("/dicom-web/studies", surgery.link(patient_id="4712")) == []
    assert surgery.found("/dicom-web/studies", surgery.link(HELD, "")) == []
    shown = f"/dicom-web/studies/{SHOWN}"
    assert surgery.get(shown, secret).status_code == 200
    assert surgery.get(f"{shown}/metadata", secret).status_code == 200


def test_no_other_call_is_for_a_link(surgery: Surgery) -> None:
    """Not even one that every token may make; and a wrong one is no link."""
    secret = surgery.link()
    others = ("/api/v1/worklist", "/api/v1/openapi.json", "/heute", "/untersuchung/1", "/system")
    told = {one: surgery.get(one, secret).status_code for one in others}
    assert told == dict.fromkeys(others, 401)
    assert surgery.get("/dicom-web/studies", f"{secret}x").status_code == 401
    changing = {call for call, rule in call_table().items() if rule.permits_links}
    assert {method for _, method in changing} <= {*READING, "OPTIONS"}


def test_what_goes_to_another_chart_is_out_of_reach(surgery: Surgery) -> None:
    """At that moment, for who has opened it as well."""
    secret = surgery.link(MOVED)
    assert surgery.found("/dicom-web/studies", secret) == [MOVED]
    assert surgery.get(f"/bilder/{secret}", secret).status_code == 200
    correct = surgery.practice.core.corrections
    correct.withdraw(MOVED, "4711", "falsche Akte", to="4713", confirmed=True)
    surgery.practice.wait()
    assert surgery.found("/dicom-web/studies", secret) == []
    assert surgery.get(f"/dicom-web/studies/{MOVED}", secret).status_code == 404
    assert surgery.get(f"/bilder/{secret}", secret).status_code == 410
    over = fromstring(surgery.get(f"/bilder/{secret}/weasis.xml", "").data)
    (message,) = over.iter(f"{{{NAMESPACE}}}Message")
    assert message.attrib["title"] == "Dieser Link gilt nicht mehr"
    assert list(over.iter(f"{{{NAMESPACE}}}Patient")) == []
    found = fromstring(surgery.get(f"/bilder/{surgery.link(MOVED, '4713')}/weasis.xml", "").data)
    (patient,) = found.iter(f"{{{NAMESPACE}}}Patient")
    assert patient.get("PatientID") == "4713"


def sign_in(surgery: Surgery) -> FlaskClient:
    """Return the browser of somebody who signed in."""
    client = surgery.app.test_client()
    desk = surgery.practice.core.access.desk
    client.set_cookie("gdtbridge", desk.sign_in("chef", PASSWORD, "").cookie)
    return client


def test_a_person_makes_a_link_and_another_looks(surgery: Surgery) -> None:
    """From the exam's page to the pictures, without an account, until it is revoked."""
    person = sign_in(surgery)
    (part,) = surgery.practice.core.handing.exams.of_study(SHOWN)
    at = f"/untersuchung/{part.exam.id}"
    page = person.get(f"{at}/mitgeben?teil={part.mark}").text
    said = {"teil": part.mark, **dict(re.findall(r'name="(form_token)" value="(\w+)"', page))}
    made = person.post(f"{at}/link", data=said)
    assert (made.status_code, made.headers["Cache-Control"]) == (200, "no-store")
    found = re.search(r'id="address">http://localhost(/bilder/([^<]+))<', made.text)
    assert found is not None

    stranger = surgery.app.test_client()
    opened = stranger.get(found[1])
    assert opened.status_code == 200
    assert opened.headers["Referrer-Policy"] == "no-referrer"
    assert "ller" not in opened.text  # no name: programs that preview links see this
    weasis = re.search(r'href="(weasis://[^"]+)"', opened.text)
    assert weasis is not None
    assert unquote(weasis[1].removeprefix("weasis://")) == (
        f'$dicom:get -w "http://localhost{found[1]}/weasis.xml"'
    )
    assert stranger.get(f"{found[1]}/weasis.xml").status_code == 200
    studies = stranger.get("/dicom-web/studies")
    assert [one["0020000D"]["Value"] for one in studies.json or ()] == [[SHOWN]]
    assert stranger.get("/heute").status_code == 401
    assert len(person.get("/dicom-web/studies").json or ()) > 1

    (link, *_) = surgery.practice.core.access.study_links.good(SharedStudy(SHOWN, "4711"))
    path = f"{at}/link/{link.id}/sperren"
    assert person.post(path, data={**said, "teil": "none"}).status_code == 404
    assert person.post(path, data=said).status_code == 303
    assert stranger.get(found[1]).status_code == 410
    assert stranger.get(f"{found[1]}/weasis.xml").status_code == 200  # and says that it is over
    assert stranger.get("/dicom-web/studies").status_code == 401
    trail = surgery.practice.core.audit
    trail.keep()
    entered = trail.entries(AuditQuery(patient_id="4711"))
    acts = [one.done.act for one in entered if one.done.detail == link.name]
    assert acts[:4] == ["revoked-study-link", "opened", "opened", "made-study-link"]
    looks = trail.entries(AuditQuery(name=link.name))
    assert {one.actor.kind for one in looks} == {ActorKind.LINK}
    assert found[2] not in str(trail.entries(AuditQuery()))


def test_weasis_finds_each_object_by_its_manifest(surgery: Surgery) -> None:
    """It fetches the manifest without showing anything, then what stands in it as it makes URLs."""
    manifest = surgery.app.test_client().get(f"/bilder/{surgery.link()}/weasis.xml")
    assert (manifest.mimetype, manifest.headers["Cache-Control"]) == ("application/xml", "no-store")
    (archive,) = fromstring(manifest.data)
    tag, patient = archive
    assert (patient.get("PatientID"), patient.get("PatientName")) == ("4711", "Müller^Änne")
    ((series,),) = patient
    (instance,) = series
    fetched = archive.attrib["baseUrl"].removeprefix("http://localhost")
    named = (patient[0].get("StudyInstanceUID"), series.get("SeriesInstanceUID"))
    uids = "&studyUID={}&seriesUID={}&objectUID={}".format(*named, instance.get("SOPInstanceUID"))
    syntax = series.get("WadoTransferSyntaxUID")
    answer = surgery.app.test_client().get(
        f"{fetched}?requestType=WADO{uids}&contentType=application%2Fdicom&transferSyntax={syntax}",
        headers={tag.attrib["key"]: tag.attrib["value"]},
    )
    assert (answer.status_code, answer.mimetype) == (200, "application/dicom")
    sent = dcmread(BytesIO(answer.data))
    assert (sent.SOPInstanceUID, str(sent.PatientName)) == (f"{SHOWN}.9", "Müller^Änne")


def test_weasis_is_started_with_a_link_of_its_own(surgery: Surgery) -> None:
    """For who may read, on what is decided to be one patient's."""
    person = sign_in(surgery)
    answer = person.get(f"/weasis?study={SHOWN}")
    assert answer.status_code == 302
    secret = re.search(r"/bilder/(gdtl_[\w-]+)/", unquote(answer.headers["Location"]))
    assert secret is not None
    assert surgery.found("/dicom-web/studies", secret[1]) == [SHOWN]
    assert person.get(f"/weasis?study={HELD}").status_code == 404
    assert surgery.app.test_client().get(f"/weasis?study={SHOWN}").status_code == 401
