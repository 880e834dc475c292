"""Metadata by web: remembered and read ahead, whole or said not to be, in every form."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gdtbridge.retrieve import metadata_memory
from gdtbridge.retrieve.metadata import ObjectMetadata
from gdtbridge.retrieve.metadata_ahead import PAUSE_SECONDS
from gdtbridge.retrieve.metadata_memory import MetadataMemory
from gdtbridge.retrieve.web_archive import WebObject
from gdtbridge.viewing.cache import DiskCache
from gdtbridge.web.dicomweb import metadata as metadata_calls
from gdtbridge.web.dicomweb import retrieving
from tests.dicomweb.conftest import STUDY, Services
from tests.dicomweb.test_retrieving import ALL, parts_of

NAMESPACE = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"
XML = "multipart/related; type=application/dicom+xml"
PATH = f"/studies/{STUDY}/metadata"
BASE = "http://localhost/dicom-web"


@pytest.fixture
def kept(services: Services) -> ObjectMetadata:
    """Return what tells what the disk has: that of a restarted service."""
    practice = services.practice
    cache = DiskCache(practice.settings.metadata_folder, 10**8, practice.archive.room_for)
    cache.sweep()
    return ObjectMetadata(MetadataMemory(cache), practice.folder / "spool")


def objects_of(services: Services, study: str) -> list[WebObject]:
    """Return the objects of a study."""
    return services.practice.core.web_archive.objects({"StudyInstanceUID": study}, sees_held=True)


def send(services: Services, study: str, objects: int, **values: str) -> list[Path]:
    """Have a study sent; return the objects' files."""
    for number in range(objects):
        services.practice.send(
            StudyInstanceUID=study,
            SeriesInstanceUID=f"{study}.1",
            SOPInstanceUID=f"{study}.9.{number}",
            **values,
        )
    services.practice.wait()
    return [one.leaving.file for one in objects_of(services, study)]


def test_metadata_are_read_ahead(services: Services, kept: ObjectMetadata) -> None:
    """Of what arrived last and what arrives, where nothing arrives any more, and kept."""
    study = "2.25.34000"
    files = send(services, study, 2)
    core = services.practice.core
    arriving = core.commitments.arrivals.begin("2.25.1")
    assert core.metadata_ahead.work() is None
    core.commitments.arrivals.end(arriving)
    assert (core.metadata_ahead.work(), core.metadata_ahead.work()) == (PAUSE_SECONDS, None)
    core.metadata.write()

    for file in files:
        file.write_bytes(b"")  # nothing can be read there any more
    known = objects_of(services, study)
    assert kept.unreadable(one.leaving for one in known) == 0
    texts = list(kept.of((one.leaving, f"{BASE}{one.path}") for one in known))
    assert texts == list(core.web_archive.metadata_of(known, BASE))
    assert [json.loads(text)["00080018"]["Value"] for text in texts] == [
        [one.leaving.SOPInstanceUID] for one in known
    ]


def test_the_disk_gets_them_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the next look, and at once what has no room in memory."""
    monkeypatch.setattr(metadata_memory, "MOST_KEPT", 10)
    disk = DiskCache(tmp_path, 10**6, lambda _: None)
    memory = MetadataMemory(disk)
    memory.keep("first", b"1234567")
    memory.keep("second", b"1234567")

    restarted = MetadataMemory(disk)
    assert (restarted.get("first"), restarted.get("second")) == (b"1234567", None)
    assert [memory.get(key) for key in ("first", "second")] == [b"1234567"] * 2
    memory.write()
    assert restarted.get("second") == b"1234567"


def test_who_it_is_of_is_not_what_is_kept(services: Services) -> None:
    """A correction is told at once, without reading the file again."""
    study = "2.25.32000"
    (file,) = send(services, study, 1, PatientID="4713")
    (before,) = json.loads(services.get(f"/studies/{study}/metadata").data)
    file.write_bytes(b"")

    services.practice.core.renumbering.renumber("4713", "815", confirmed=True)
    services.practice.wait()
    (row,) = json.loads(services.get(f"/studies/{study}/metadata").data)
    assert services.get(f"/studies/{study}").status_code == 404  # the object itself is damaged

    assert (before["00100020"]["Value"], row["00100020"]["Value"]) == (["4713"], ["815"])
    (history,) = row["04000561"]["Value"]
    assert history["04000550"]["Value"] == [{"00100020": before["00100020"]}]


def test_what_cannot_be_read_is_said_to_be_missing(services: Services) -> None:
    """The others are told (206); of nothing but damaged files 404, of no files any more 410.

    Where the disk is in the way they may be there later (503).
    """
    study = "2.25.33000"
    first, second = send(services, study, 2)
    first.write_bytes(b"damaged")
    some = services.get(f"/studies/{study}/metadata")
    second.unlink()  # what is kept of it tells nothing any more
    rest = services.get(f"/studies/{study}", ALL)
    none = services.get(f"/studies/{study}/metadata")
    first.unlink()
    first.mkdir()
    later = services.get(f"/studies/{study}/metadata")
    first.rmdir()

    assert (some.status_code, len(json.loads(some.data))) == (206, 1)
    assert some.headers["Warning"].startswith(f"299 {BASE}: 1 of the instances")
    assert "ETag" not in some.headers
    assert (rest.status_code, [part.content for part in parts_of(rest)]) == (206, [b"damaged"])
    assert (none.status_code, later.status_code) == (404, 503)
    for path in ("", "/metadata", f"/series/{study}.1/instances/{study}.9.1"):
        assert services.get(f"/studies/{study}{path}").status_code == 410


def test_a_part_of_xml_for_each_object(services: Services) -> None:
    """In the Native DICOM Model, with the same values."""
    roots = [ET.fromstring(part.content) for part in parts_of(services.get(PATH, XML))]

    assert [root.tag for root in roots] == [f"{NAMESPACE}NativeDicomModel"] * 4
    names = {
        (name.findtext(f".//{NAMESPACE}FamilyName"), name.findtext(f".//{NAMESPACE}GivenName"))
        for root in roots
        for name in root.findall(f"{NAMESPACE}DicomAttribute[@keyword='PatientName']")
    }
    assert names == {("Müller", "Änne")}
    assert services.get(PATH, "image/png").status_code == 406


def test_who_has_them_already_is_told_so(services: Services) -> None:
    """As long as nothing else is to be told; other addresses and forms are other answers."""
    first = services.get(PATH)
    tag = first.headers["ETag"]
    again = services.get(PATH, **{"If-None-Match": tag})

    assert tag.startswith('W/"')
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    for other in (
        services.get(PATH, XML, **{"If-None-Match": tag}),
        services.get(PATH, Host="localhost:81", **{"If-None-Match": tag}),
        services.get(f"/studies/{STUDY}/series/{STUDY}.1/metadata", **{"If-None-Match": tag}),
    ):
        assert other.status_code == 200


def test_a_long_answer_is_sent_as_it_is_made(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pieces, compressed where that is accepted, and the same as a short one."""
    short = services.get(PATH)
    monkeypatch.setattr(metadata_calls, "PIECE", 100)
    monkeypatch.setattr(retrieving, "SHORT", 1000)
    long = services.get(PATH)
    packed = services.get(PATH, **{"Accept-Encoding": "gzip"})
    plain = services.get(PATH, **{"Accept-Encoding": "gzip;q=0"})

    assert short.headers["Content-Length"] == str(len(short.data))
    assert long.data == plain.data == gzip.decompress(packed.data) == short.data
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in short.headers["Vary"]
    assert "Content-Encoding" not in plain.headers
