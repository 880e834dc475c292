"""What viewers and archives are known to ask, as they ask it, and what they get.

A row has the program or the report it is known from. All of it goes over the network: what is odd
is in the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword

from gdtbridge.dicom.archive_query import query_services
from gdtbridge.dicom.refusals import UNNOTED
from gdtbridge.dicom.server import DicomServer
from gdtbridge.retrieve.finder import Viewer
from gdtbridge.retrieve.peers import ArchivePeer, PeerDirectory
from gdtbridge.settings import DicomSettings, load_settings
from tests.tools.device import RawAssociation, cancel_rq, find_rq, item
from tests.tools.dicom_server import Recorder
from tests.tools.elements import IMPLICIT, element
from tests.tools.practice import Practice
from tests.tools.qrscp import decoded

PATIENT_ROOT = "1.2.840.10008.5.1.4.1.2.1.1"
STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY, OTHER = "2.25.4711000", "2.25.4712000"
Keys: TypeAlias = dict[str | int, str | bytes]
"""Keys by keyword, or by tag where there is no keyword."""


def identifier(keys: Keys) -> bytes:
    """Return a query in Implicit VR Little Endian, its elements in order."""
    rows = []
    for key, value in keys.items():
        tag = key if isinstance(key, int) else tag_for_keyword(key) or 0
        vr = b"LO" if isinstance(key, int) else dictionary_VR(key)[:2].encode()
        rows.append((tag, vr, value))
    return b"".join(element(tag, vr, value, ts=IMPLICIT) for tag, vr, value in sorted(rows))


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Return the port of a server with two exams: two pictures, and one."""
    root = tmp_path_factory.mktemp("habits")
    practice = Practice(root, load_settings(environ={}))
    for study, number in ((STUDY, 1), (STUDY, 2), (OTHER, 1)):
        practice.send(
            PatientID=study[5:9],
            PatientName="Müller^Änne" if study == STUDY else "Ohnedatum^Otto",
            AccessionNumber="",
            StudyInstanceUID=study,
            SeriesInstanceUID=f"{study}.9",
            SOPInstanceUID=f"{study}.{number}",
        )
        practice.wait()
    peers = PeerDirectory([ArchivePeer("PEER", "127.0.0.1", 104, Viewer())])
    queries = query_services(practice.core.finder, peers, UNNOTED)
    recorder = Recorder(root)
    server = DicomServer(DicomSettings(port=0), root / "s", recorder, recorder, further=queries)
    server.start()
    yield server.port
    server.stop(grace=0)
    practice.close()


def ask(
    port: int, data: bytes, model: str = STUDY_ROOT, further: bytes = b""
) -> tuple[int, list[str]]:
    """Return the last status and the Study Instance UIDs of the answers, in order."""
    found = []
    with RawAssociation(port) as association:
        association.associate([(model, [IMPLICIT])], "PEER", further=further)
        association.message(1, find_rq(1, model), data)
        while (answer := association.response()).status in {0xFF00, 0xFF01}:
            found.append(str(decoded(answer.dataset).get("StudyInstanceUID")))
    return answer.status, sorted(found)


AT_STUDY: Keys = {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": ""}
EVERYTHING = (0, [STUDY, OTHER])
MANY = "\\".join(f"1.2.826.0.1.3680043.8.498.{number:039d}" for number in range(300))
HABITS: dict[str, tuple[Keys, tuple[int, list[str]]]] = {
    "Weasis: many modalities, an open day, all counts": (
        AT_STUDY
        | {
            "SpecificCharacterSet": "ISO_IR 192",
            "ModalitiesInStudy": "CT\\MR\\US",
            "StudyDate": "20240101-",
            "NumberOfStudyRelatedSeries": "",
            "NumberOfStudyRelatedInstances": "",
        },
        EVERYTHING,
    ),
    "Weasis: the series of a study by its UID alone": (
        {"QueryRetrieveLevel": "SERIES", "StudyInstanceUID": STUDY, "Modality": ""},
        (0, [STUDY]),
    ),
    "3D Slicer (CTK): rows and columns of a series": (
        {"QueryRetrieveLevel": "SERIES", "StudyInstanceUID": STUDY, "Rows": b"", "Columns": b""},
        (0, [STUDY]),
    ),
    "Orthanc, for archives of GE: stars instead of nothing": (
        {
            "QueryRetrieveLevel": "STUDY",
            "StudyInstanceUID": "*",
            "PatientName": "*",
            "PatientID": "*",
            "AccessionNumber": "*",
            "StudyDate": "*",
        },
        EVERYTHING,
    ),
    "GE: group lengths": (
        AT_STUDY | {0x00080000: bytes([22, 0, 0, 0]), 0x00100000: bytes([8, 0, 0, 0])},
        EVERYTHING,
    ),
    "a command element among the keys": (AT_STUDY | {0x00000002: "1.2"}, EVERYTHING),
    "Orthanc: a private key nobody knows": (
        AT_STUDY | {0x00090010: "ACME", 0x00091001: "x"},
        EVERYTHING,
    ),
    "Orthanc: a key nothing here has": (AT_STUDY | {"PatientComments": "x"}, EVERYTHING),
    "an empty sequence": (AT_STUDY | {"RequestAttributesSequence": b""}, EVERYTHING),
    "Orthanc issue 154: more UIDs than 256 characters": (
        {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": f"{MANY}\\{STUDY}"},
        (0, [STUDY]),
    ),
    "level IMAGES": (
        {"QueryRetrieveLevel": "IMAGES", "StudyInstanceUID": STUDY, "SOPInstanceUID": ""},
        (0, [STUDY, STUDY]),
    ),
    "no level": ({"StudyInstanceUID": STUDY}, (0xA900, [])),
    "pynetdicom issue 522: Modality of a study, as a list": (
        AT_STUDY | {"Modality": "CT\\US"},
        EVERYTHING,
    ),
    "dcm4chee-arc-light issue 1772: a list of sexes": (
        AT_STUDY | {"PatientSex": "M\\F"},
        EVERYTHING,
    ),
    "all keys of study and series in one query": (
        {
            "QueryRetrieveLevel": "SERIES",
            "StudyInstanceUID": "",
            "PatientName": "m*",
            "StudyDate": "20240115",
            "Modality": "US",
        },
        (0, [STUDY]),
    ),
    "a name anywhere in the name": (AT_STUDY | {"PatientName": "*ohne*"}, (0, [OTHER])),
    "a name with all its carets": (AT_STUDY | {"PatientName": "Ohnedatum^Otto^^^"}, (0, [OTHER])),
    "UTF-8 under a Latin label": (
        AT_STUDY | {"SpecificCharacterSet": "ISO_IR 100", "PatientName": "Müller^*".encode()},
        (0, [STUDY]),
    ),
    "padding by NUL": (AT_STUDY | {"PatientID": b"4711\0\0"}, (0, [STUDY])),
    "an old date": (AT_STUDY | {"StudyDate": "2024.01.15"}, EVERYTHING),
    "a value of a count": (AT_STUDY | {"NumberOfStudyRelatedInstances": "2"}, (0, [STUDY])),
}


@pytest.mark.parametrize("habit", HABITS)
def test_a_habit_is_understood(port: int, habit: str) -> None:
    """The answers are those that were meant."""
    keys, expected = HABITS[habit]
    assert ask(port, identifier(keys)) == expected


def test_patients_are_asked_for_in_study_root(port: int) -> None:
    """Orthanc asks in Patient Root, others do not care."""
    keys: Keys = {"QueryRetrieveLevel": "PATIENT", "PatientID": "", "StudyInstanceUID": ""}
    for model in (PATIENT_ROOT, STUDY_ROOT):
        status, found = ask(port, identifier(keys), model)
        assert (status, len(found)) == (0, 2)


@pytest.mark.parametrize("relational", [b"\1", b"\1\1\1\1\1\1", b"\0", b""])
def test_extended_negotiation_stops_nobody(port: int, relational: bytes) -> None:
    """As dcm4che's tools propose it (PS3.4 C.5.1.1.1); relational queries are answered anyhow."""
    uid = STUDY_ROOT.encode()
    proposed = item(0x56, len(uid).to_bytes(2, "big") + uid + relational)
    keys: Keys = {"QueryRetrieveLevel": "IMAGE", "SOPInstanceUID": "", "StudyInstanceUID": ""}

    assert ask(port, identifier(keys), further=proposed) == (0, [STUDY, STUDY, OTHER])


def test_a_viewer_that_has_enough_cancels(port: int) -> None:
    """A limit on the number of results is a C-CANCEL; what is asked next is answered."""
    data = identifier({"QueryRetrieveLevel": "IMAGE", "SOPInstanceUID": ""})
    with RawAssociation(port) as association:
        association.associate([(STUDY_ROOT, [IMPLICIT])], "PEER")
        association.message(1, find_rq(1, STUDY_ROOT), data)
        association.message(1, cancel_rq(1))
        statuses = [association.response().status]
        while statuses[-1] in {0xFF00, 0xFF01}:
            statuses.append(association.response().status)
        assert statuses[-1] in {0x0000, 0xFE00}
        association.message(1, find_rq(2, STUDY_ROOT), data)
        assert association.response().status == 0xFF00


def test_every_habit_of_the_documentation_is_tried(project: Path) -> None:
    """And none is tried that it does not tell."""
    page = (project / "docs" / "reference" / "query-retrieve.md").read_text("utf-8")
    _, _, table = page.partition("## Habits of clients")
    rows = re.findall(r"^\| (?!habit \|)([^|]+?) \|", table.partition("\n## ")[0], re.MULTILINE)
    assert rows == list(HABITS)
