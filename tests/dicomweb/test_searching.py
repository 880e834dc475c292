"""QIDO-RS: what is found at each level, what is answered, and what is refused."""

from __future__ import annotations

import gzip
from xml.etree import ElementTree as ET

import pytest

from gdtbridge.audit import Actor, ActorKind
from gdtbridge.retrieve import broad_searches
from gdtbridge.retrieve.attributes import QueryLevel
from gdtbridge.retrieve.dicom_xml import NAMESPACE
from gdtbridge.retrieve.web_search import WebQuery
from tests.dicomweb.conftest import HELD, STUDY, Services

NAME, NUMBER, UID, SERIES, OBJECT, URL = (
    "00100010", "00100020", "0020000D", "0020000E", "00080018", "00081190",
)  # fmt: skip


def test_a_study_says_what_the_table_says(services: Services) -> None:
    """Identity, counts as numbers, the address to retrieve it from, texts in UTF-8."""
    (study,) = services.found("/studies?PatientID=4711")

    assert study[NAME]["Value"] == [{"Alphabetic": "Müller^Änne"}]
    assert study["00201208"] == {"vr": "IS", "Value": [4]}
    assert study["00080061"]["Value"] == ["US"]
    assert study["00080005"]["Value"] == ["ISO_IR 192"]
    assert study[URL]["Value"] == [f"http://localhost/dicom-web/studies/{STUDY}"]
    assert list(study) == sorted(study)
    assert "00080052" not in study  # the level is none of its attributes


def test_series_and_instances_below_a_path_and_of_all(services: Services) -> None:
    """What a path does not name is answered with the attributes of its level."""
    of_study = services.found(f"/studies/{STUDY}/series")
    assert sorted(one[SERIES]["Value"][0] for one in of_study) == [f"{STUDY}.1", f"{STUDY}.2"]
    assert NAME not in of_study[0]
    everywhere = services.found(f"/series?SeriesInstanceUID={STUDY}.1")
    assert everywhere[0][NAME]["Value"]
    below = services.found(f"/studies/{STUDY}/series/{STUDY}.1/instances")
    assert [one[OBJECT]["Value"][0] for one in below] == [f"{STUDY}.9.2", f"{STUDY}.9.4"]
    assert below[0][URL]["Value"][0].endswith(f"/series/{STUDY}.1/instances/{STUDY}.9.2")
    assert len(services.found(f"/studies/{STUDY}/instances")) == 4
    assert len(services.found("/instances")) == 5
    assert services.found(f"/studies/{HELD}/series/{STUDY}.1/instances") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("PatientName=m%C3%BCller*", 1),
        ("00100010=*ller*", 1),
        ("StudyInstanceUID=2.25.1,2.25.4711000", 1),
        ("StudyInstanceUID=2.25.1%5C2.25.4711000", 1),  # as OHIF joins them
        ("ModalitiesInStudy=CT,US&PatientID=4711", 1),
        ("ModalitiesInStudy=CT", 0),
        ("ModalitiesInStudy=US&ModalitiesInStudy=CT&PatientID=4711", 1),
        ("PatientID=4711&PatientID=4712", 1),
        ("PatientID=4711&PatientID=", 1),
        ("StudyDate=20240101-20240131&PatientID=4711", 1),
        ("StudyDate=19700102-20240131&PatientID=4711", 1),
        ("StudyDescription=Schilddr*", 1),
        ("StudyDescription=*xyz*&includefield=StudyDescription", 0),  # matched though included
        ("RequestAttributesSequence.RequestedProcedureID=", 2),
        ("00091001=x&NoSuchKeyword=y&PatientID=4711", 1),  # what nobody knows excludes nothing
        ("PatientID=4711&limit=5&offset=0&fuzzymatching=false", 1),
        ("PatientID=4711&offset=1", 0),
        ("limit=0", 0),
    ],
)
def test_keys_and_values_as_clients_write_them(services: Services, query: str, found: int) -> None:
    """Keywords and tags, wildcards, lists, ranges; nothing found is an empty list."""
    assert len(services.found(f"/studies?{query}")) == found


DEEP = ".".join(["ReferencedStudySequence"] * 1000)


@pytest.mark.parametrize(
    "query",
    [
        *("StudyDate=abc", "StudyTime=9999", "0020000D=1.2;x", "limit=x", "offset=-1", "Rows=abc"),
        *(f"{DEEP}=abc", f"includefield={DEEP}"),
    ],
)
def test_a_value_that_is_none_is_named(services: Services, query: str) -> None:
    """400, with the attribute and without the value."""
    answer = services.get(f"/studies?{query}")

    assert answer.status_code == 400
    assert "abc" not in answer.text


def test_pages_are_told_of_and_end(services: Services) -> None:
    """Who asks for the next page until it is empty comes to an end."""
    seen: list[str] = []
    while True:
        answer = services.get(f"/instances?limit=2&offset={len(seen)}")
        rows = answer.json or []
        assert ("299 " in answer.headers.get("Warning", "")) == (len(seen) + len(rows) < 5)
        if not rows:
            break
        seen += [one[OBJECT]["Value"][0] for one in rows]
    assert len(seen) == len(set(seen)) == 5


@pytest.mark.parametrize(
    ("name", "found"),
    [
        *(
            ("Müller^Änne", 1),
            ("aenne muel", 1),
            ("Änne Miller", 1),
            ("M%C3%BCl*", 1),
            ("*ller*", 1),
        ),
        *(("Änne Meier", 0), ("nne", 0), ("Müller^Änne Maria", 0), ("e", 0), ("*nn Miller", 0)),
        (" ".join(["anne"] * 600), 1),
    ],
)
def test_names_that_need_not_be_written_so(services: Services, name: str, found: int) -> None:
    """With fuzzymatching words in any order and sounds; without it as written (8.3.4.2)."""
    fuzzy = services.get(f"/studies?PatientID=4711&PatientName={name}&fuzzymatching=true")
    everybody = services.get(f"/studies?PatientName={name}&fuzzymatching=true")

    assert len(fuzzy.json or []) == len(everybody.json or []) == found
    assert "Warning" not in fuzzy.headers
    literally = name in {"Müller^Änne", "M%C3%BCl*", "*ller*"}
    assert len(services.found(f"/studies?PatientName={name}")) == literally


def test_only_what_is_asked_with_an_address_that_is_right(services: Services) -> None:
    """As Weasis asks (dcm4che's includedefaults)."""
    (series,) = services.found(
        f"/series?0020000E={STUDY}.1&includedefaults=false&includefield=Modality"
    )

    assert series[URL]["Value"][0].endswith(f"/studies/{STUDY}/series/{STUDY}.1")
    assert NAME not in series
    assert series["00080060"]["Value"] == ["US"]


def test_all_there_is_at_a_level(services: Services) -> None:
    """``includefield=all`` adds the optional keys of the level, none of those below."""
    (study,) = services.found("/studies?PatientID=4711&includefield=all")

    assert "00080080" in study
    assert "00280010" not in study


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (None, 200),
        ("*/*", 200),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", 200),  # Java's own
        ("application/json", 200),
        ("application/dicom+json, multipart/related; type=application/octet-stream", 200),
        ("image/png, application/dicom+json;q=0.1", 200),
        ("image/png", 406),
        ("application/dicom+json;q=0", 406),
    ],
)
def test_forms_as_clients_ask_for_them(services: Services, accept: str | None, status: int) -> None:
    """An unknown form beside a good one does no harm."""
    assert services.get("/studies", accept).status_code == status


@pytest.mark.parametrize(
    "accept", ["application/dicom+json", "multipart/related; type=application/dicom+xml"]
)
def test_what_is_long_comes_in_gzip_where_that_is_accepted(services: Services, accept: str) -> None:
    """The same bytes; what fits into a packet stays as it is."""
    packed = services.get("/instances", accept, **{"Accept-Encoding": "br, gzip"})
    plain = services.get("/instances", accept, **{"Accept-Encoding": "gzip;q=0, br"})
    short = services.get("/studies?PatientID=no", accept, **{"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) == int(packed.headers["Content-Length"]) < len(plain.data) / 2
    unpacked = gzip.decompress(packed.data)
    if accept == "application/dicom+json":
        assert unpacked == plain.data
    assert len(unpacked) == len(plain.data)  # of XML each answer has a boundary of its own
    for answer in (plain, short):
        assert "Content-Encoding" not in answer.headers
        assert "accept-encoding" in answer.vary


def test_xml_for_who_wants_it(services: Services) -> None:
    """One part for each match, in the Native DICOM Model."""
    answer = services.get(
        "/studies?PatientID=4711", "multipart/related; type=application/dicom+xml"
    )

    boundary = answer.headers["Content-Type"].partition('boundary="')[2].rstrip('"')
    _, part, end = answer.data.split(b"--" + boundary.encode())
    assert end == b"--\r\n"
    head, _, body = part.partition(b"\r\n\r\n")
    assert head == b"\r\nContent-Type: application/dicom+xml"
    root = ET.fromstring(body.rstrip())
    family = root.find(f".//{{{NAMESPACE}}}FamilyName")
    assert family is not None
    assert family.text == "Müller"


def test_a_broad_search_finds_others_at_work(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two may take long; a further one is told to come back, and what is quick is found."""
    archive, query = services.practice.core.web_archive, WebQuery(level=QueryLevel.STUDY, path={})
    with monkeypatch.context() as patched:
        patched.setattr(broad_searches, "BROAD_SECONDS", -1.0)
        long = [archive.find(query, sees_held=True) for _ in range(broad_searches.BROAD)]
        assert all(next(one) for one in long)
        for search in ("/studies?StudyDescription=*x*", "/workitems?WorklistLabel=*x*"):
            refused = services.get(search)
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert services.get("/studies?PatientID=4711").status_code == 200
    for one in long:
        assert list(one)
    monkeypatch.setattr(broad_searches, "BROAD_SECONDS", -1.0)
    assert [services.get("/studies").status_code for _ in range(3)] == [200] * 3


def test_what_is_held_is_for_who_may_see_it(services: Services) -> None:
    """A program with the plain scope is not told of it, nor is it counted."""
    access, tokens = services.practice.core.access, {}
    boss = Actor(ActorKind.COMMAND, "test")
    for scope in ("dicomweb", "dicomweb-held", "worklist"):
        tokens[scope] = access.tokens.make(scope, [scope], boss).secret

    def numbers(scope: str) -> tuple[int, int]:
        sent = {"Authorization": f"Bearer {tokens[scope]}"}
        found = services.get("/studies", None, **sent)
        assert found.status_code in {200, 403}
        held = services.get(f"/studies/{HELD}", None, **sent)
        return len(found.json or ()) if found.status_code == 200 else -1, held.status_code

    assert numbers("dicomweb") == (1, 404)
    assert numbers("dicomweb-held") == (2, 200)
    assert numbers("worklist") == (-1, 403)
