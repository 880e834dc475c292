"""The 23 calls of the DICOMweb cheat sheet of 2017, one by one, against PS3.18.

Each row is called as a newcomer calls it who has the sheet alone: over a socket, with no header the
sheet does not name. Status, headers and body are what the standard says of them; paragraphs are
those of PS3.18 2024e. The sheet has two misprints, in the row that suspends: the UID of the global
subscription is 1.2.840.10008.5.1.4.34.5, and its path names the subscriber (Table 11.12.1-1).
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from pydicom import dcmread, uid
from pydicom.datadict import tag_for_keyword
from websockets.sync.client import connect

from tests.dicomweb.test_work_items import CLAIM, told, wanted
from tests.tools.numbered import US_IMAGE, US_LOOP, as_jpeg, deep_still, jpeg_loop, receive
from tests.tools.parts import Part, read_parts
from tests.tools.reading_room import ReadingRoom

STUDY, SERIES, BROUGHT = "2.25.23", "2.25.2301", "2.25.24"
EVERY_ITEM: Final = "1.2.840.10008.5.1.4.34.5"
JSON: Final = "application/dicom+json"
SECONDS = 60
"""How long an answer may take on a busy machine."""
NEW_UIDS = (f"2.25.2300{number}" for number in count(1))

Body = tuple[str, bytes]
"""Content type and content."""


@dataclass(frozen=True, slots=True)
class House:
    """A practice with one study of two objects: a still of 16 bits, and a loop in lossy JPEG."""

    room: ReadingRoom
    still: str
    loop: str

    @property
    def base(self) -> str:
        """What the sheet calls ``{s}``."""
        return f"{self.room.url}/dicom-web"

    def call(self, row: str, body: Body | None = None, **chosen: str) -> requests.Response:
        """Make a row's call; ``chosen`` is what stands for its variables."""
        method, _, template = row.partition(" ")
        address = template.removeprefix("{s}").format(**self._variables(template) | chosen)
        kind, content = body or ("", b"")
        return requests.request(
            method,
            address if "://" in address else self.base + address,
            data=content or None,
            headers={"Content-Type": kind} if content else {},
            timeout=SECONDS,
        )

    def _variables(self, template: str) -> dict[str, str]:
        said = {
            "studyUID": STUDY,
            "seriesUID": SERIES,
            "instanceUID": self.still,
            "AETitle": "NEWCOMER",
        }
        if "{UPSInstanceUID}" in template:
            said["UPSInstanceUID"] = self.item()
        return said

    def item(self) -> str:
        """Make a work item; return its UID."""
        made = self.call(f"POST {{s}}/workitems?workitem={(one := next(NEW_UIDS))}", as_json())
        assert made.status_code == 201, made.text
        return one


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return the practice, its server, and who is subscribed to every work item."""
    folder: Path = tmp_path_factory.mktemp("house")
    with ReadingRoom(folder) as room:
        room.practice.settings.file_spool.mkdir(parents=True, exist_ok=True)
        placed = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES, "StudyDate": "20171115"}
        still = receive(room.practice, deep_still(), folder, InstanceNumber=1, **placed)
        loop = jpeg_loop(map(as_jpeg, range(1, 4)))
        loop_uid = receive(room.practice, loop, folder, InstanceNumber=2, **placed)
        room.practice.wait()
        yield House(room, still, loop_uid)


def as_json(**changes: Any) -> Body:
    """Return a new work item, as it is sent."""
    return JSON, json.dumps([wanted(**changes)]).encode()


def claim() -> Body:
    """Return the change of state that claims an item (PS3.4 Table CC.2.1-1)."""
    return JSON, json.dumps([told(ProcedureStepState="IN PROGRESS", TransactionUID=CLAIM)]).encode()


def objects() -> Body:
    """Return two objects of a study nobody has yet, in one body (10.5.1.4)."""
    parts = b""
    for _ in range(2):
        made, file = deep_still(), io.BytesIO()
        made.PatientID, made.PatientName = "4711", "Müller^Änne"
        made.SpecificCharacterSet = "ISO_IR 192"
        made.StudyInstanceUID, made.SeriesInstanceUID = BROUGHT, f"{BROUGHT}.1"
        made.save_as(file, enforce_file_format=True)
        parts += b"--part\r\nContent-Type: application/dicom\r\n\r\n" + file.getvalue() + b"\r\n"
    return 'multipart/related; type="application/dicom"; boundary=part', parts + b"--part--"


def datasets(answer: requests.Response) -> list[dict[str, Any]]:
    """Return the datasets of an answer; each must be as the JSON Model has it (F.2)."""
    assert answer.headers["Content-Type"] == JSON
    found = answer.json()
    assert isinstance(found, list)
    for one in found:
        check_dataset(one)
    return found


def check_dataset(one: Mapping[str, Mapping[str, Any]]) -> None:
    """Fail unless tags ascend in capitals, each with its VR and one kind of value (F.2.2)."""
    assert list(one) == sorted(one)
    for tag, attribute in one.items():
        assert re.fullmatch("[0-9A-F]{8}", tag), tag
        assert not tag.endswith("0000"), tag  # no group length
        assert re.fullmatch("[A-Z]{2}", attribute["vr"]), tag
        assert len(attribute) <= 2, tag  # its VR, and one kind of value at most
        assert attribute.keys() <= {"vr", "Value", "BulkDataURI", "InlineBinary"}, tag
        for value in attribute.get("Value", ()):
            if attribute["vr"] == "SQ":
                check_dataset(value)
            elif attribute["vr"] == "PN":
                assert value is None or value.keys() <= {"Alphabetic", "Ideographic", "Phonetic"}


def tags(*keywords: str) -> set[str]:
    """Return attributes as the JSON Model names them."""
    return {f"{tag_for_keyword(keyword):08X}" for keyword in keywords}


def value(dataset: Mapping[str, Any], keyword: str) -> Any:
    """Return the first value of an attribute."""
    return dataset[f"{tag_for_keyword(keyword):08X}"]["Value"][0]


STUDY_ATTRIBUTES = tags(
    *("StudyDate", "StudyTime", "AccessionNumber", "ModalitiesInStudy", "ReferringPhysicianName"),
    *("RetrieveURL", "PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyInstanceUID", "StudyID", "NumberOfStudyRelatedSeries", "InstanceAvailability"),
    "NumberOfStudyRelatedInstances",
)
"""Table 10.6.3-3, without what is there when a value is known."""
SERIES_ATTRIBUTES = tags(
    *("Modality", "SeriesDescription", "RetrieveURL", "SeriesInstanceUID", "SeriesNumber"),
    "NumberOfSeriesRelatedInstances",
)
"""Table 10.6.3-4, the same."""
INSTANCE_ATTRIBUTES = tags(
    *("SOPClassUID", "SOPInstanceUID", "InstanceAvailability", "RetrieveURL", "InstanceNumber"),
    *("Rows", "Columns", "BitsAllocated"),
)
"""Table 10.6.3-5, the same."""
ITEM_ATTRIBUTES = tags(
    *("SOPClassUID", "SOPInstanceUID", "ProcedureStepState", "ProcedureStepLabel", "PatientID"),
    *("ScheduledProcedureStepPriority", "ScheduledProcedureStepStartDateTime", "PatientName"),
    *("WorklistLabel", "InputReadinessState", "StudyInstanceUID"),
)
"""PS3.4 Table CC.2.5-3: what a new work item says."""


def is_stored(house: House, answer: requests.Response) -> None:
    """Tell of each object where it can be had, and of no failure (Table I.1-1)."""
    assert answer.headers["Content-Type"] == JSON
    check_dataset(said := answer.json())
    assert value(said, "RetrieveURL") == f"{house.base}/studies/{BROUGHT}"
    assert said.keys() == tags("RetrieveURL", "ReferencedSOPSequence")
    for item in (stored := said["00081199"]["Value"]):
        assert value(item, "ReferencedSOPClassUID") == US_IMAGE
        found = requests.get(value(item, "RetrieveURL"), timeout=SECONDS)
        (part,) = objects_of(found)
        assert dcmread(io.BytesIO(part.content)).SOPInstanceUID == value(
            item, "ReferencedSOPInstanceUID"
        )
    assert len(stored) == 2


def finds(required: set[str], *at_least: tuple[str, object]) -> Callable[..., None]:
    """Return the check of a search: what each match must say, and values of the first."""

    def check(house: House, answer: requests.Response) -> None:
        found = datasets(answer)
        for one in found:
            assert required - one.keys() == set()
            assert value(one, "RetrieveURL").startswith(f"{house.base}/studies/{STUDY}")
        for keyword, wanted_value in at_least:
            assert value(found[0], keyword) == wanted_value

    return check


def objects_of(answer: requests.Response) -> list[Part]:
    """Return the objects of an answer: PS3.10 files, none in Implicit VR (8.7.3, 10.4.4)."""
    assert 'type="application/dicom"' in answer.headers["Content-Type"]
    parts = read_parts(answer.headers["Content-Type"], answer.content)
    for part in parts:
        syntax = dcmread(io.BytesIO(part.content)).file_meta.TransferSyntaxUID
        assert part.headers["Content-Type"] == f"application/dicom; transfer-syntax={syntax}"
        assert syntax in {uid.ExplicitVRLittleEndian, uid.JPEGBaseline8Bit}
    return parts


def has_objects(number: int) -> Callable[..., None]:
    """Return the check of what is fetched: so many objects, each at its own address."""

    def check(house: House, answer: requests.Response) -> None:
        parts = objects_of(answer)
        place = f"{house.base}/studies/{STUDY}/series/{SERIES}/instances/"
        locations = {part.headers["Content-Location"] for part in parts}
        assert locations <= {place + house.still, place + house.loop}
        assert len(locations) == len(parts) == number

    return check


def tells_objects(number: int) -> Callable[..., None]:
    """Return the check of metadata: all of so many objects, long values by address (F.2.6)."""

    def check(house: House, answer: requests.Response) -> None:
        found = datasets(answer)
        assert len(found) == number
        for one in found:
            assert one["7FE00010"]["BulkDataURI"].startswith(house.base)
            assert value(one, "SOPClassUID") in {US_IMAGE, US_LOOP}
            assert value(one, "PatientName") == {"Alphabetic": "Müller^Änne"}
            assert not [tag for tag in one if tag.startswith("0002")]

    return check


def has_frames(house: House, answer: requests.Response) -> None:
    """Send them in the order that was asked for, each as the codestream it is (8.7.3.3.2)."""
    parts = read_parts(answer.headers["Content-Type"], answer.content)
    place = f"{house.base}/studies/{STUDY}/series/{SERIES}/instances/{house.loop}/frames/"
    assert [part.headers["Content-Location"] for part in parts] == [place + "3", place + "1"]
    for part, number in zip(parts, (3, 1), strict=True):
        assert part.headers["Content-Type"] == "image/jpeg; transfer-syntax=" + uid.JPEGBaseline8Bit
        assert part.content.rstrip(b"\0") == as_jpeg(number)


def is_bulk_data(house: House, answer: requests.Response) -> None:
    """Send the value as it is in the object, little endian (8.7.3.3.1)."""
    (part,) = read_parts(answer.headers["Content-Type"], answer.content)
    assert part.headers["Content-Type"].startswith("application/octet-stream")
    assert part.content == deep_still().PixelData


def is_item(_house: House, answer: requests.Response) -> None:
    """Say what it is, never by which Transaction UID it is claimed (11.5.3, PS3.4 CC.2.7.3)."""
    (found,) = datasets(answer)
    assert ITEM_ATTRIBUTES - found.keys() == set()
    assert value(found, "ProcedureStepState") == "SCHEDULED"
    assert tags("TransactionUID") & found.keys() == set()


def finds_item(_house: House, answer: requests.Response) -> None:
    """Find only what fits, with what every match must say (11.9.3)."""
    found = datasets(answer)
    assert {value(one, "ProcedureStepLabel") for one in found} == {"Suche"}
    assert all(ITEM_ATTRIBUTES - one.keys() == set() for one in found)


def has_no_body(_house: House, answer: requests.Response) -> None:
    """Say everything in the headers."""
    assert answer.content == b""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the sheet: the call, and what PS3.18 says of its answer."""

    call: str
    paragraph: str
    status: int
    check: Callable[[House, requests.Response], None]
    body: Callable[[], Body | None] = lambda: None
    chosen: Mapping[str, Callable[[House], str]] = field(default_factory=dict)
    before: Sequence[tuple[str, Callable[[], Body | None]]] = ()
    """Calls that must have been made, of the same variables."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Patterns of headers that must be there, beside the type."""


OBJECT = "{s}/studies/{studyUID}/series/{seriesUID}/instances/{instanceUID}"
ITEM = "{s}/workitems/{UPSInstanceUID}"
AT_ITEM = r"http://127\.0\.0\.1:\d+/dicom-web/workitems/[0-9.]+"
AT_CHANNEL = r"ws://127\.0\.0\.1:\d+/dicom-web/subscribers/NEWCOMER"


def bulk_uri(house: House) -> str:
    """Return what the metadata of the still names its pixels by."""
    (metadata,) = house.call(f"GET {OBJECT}/metadata").json()
    return str(metadata["7FE00010"]["BulkDataURI"])


SHEET: Final = (
    Row("POST {s}/studies", "10.5", 200, is_stored, objects),
    Row(
        "GET {s}/studies?PatientID=4711&StudyInstanceUID={studyUID}",
        *("10.6", 200),
        finds(STUDY_ATTRIBUTES, ("NumberOfStudyRelatedInstances", 2), ("StudyDate", "20171115")),
    ),
    Row("GET {s}/studies/{studyUID}", "10.4", 200, has_objects(2)),
    Row(
        "POST {s}/studies/{studyUID}",
        *("10.5", 200, is_stored, objects),
        chosen={"studyUID": lambda _: BROUGHT},
    ),
    Row("GET {s}/studies/{studyUID}/metadata", "10.4", 200, tells_objects(2)),
    Row(
        "GET {s}/studies/{studyUID}/series?Modality=US",
        *("10.6", 200),
        finds(SERIES_ATTRIBUTES, ("NumberOfSeriesRelatedInstances", 2)),
    ),
    Row("GET {s}/studies/{studyUID}/series/{seriesUID}", "10.4", 200, has_objects(2)),
    Row("GET {s}/studies/{studyUID}/series/{seriesUID}/metadata", "10.4", 200, tells_objects(2)),
    Row(
        "GET {s}/studies/{studyUID}/series/{seriesUID}/instances?InstanceNumber=2",
        *("10.6", 200),
        finds(INSTANCE_ATTRIBUTES | tags("NumberOfFrames"), ("NumberOfFrames", 3)),
    ),
    Row(f"GET {OBJECT}", "10.4", 200, has_objects(1)),
    Row(f"GET {OBJECT}/metadata", "10.4", 200, tells_objects(1)),
    Row(
        f"GET {OBJECT}/frames/{{frames}}?accept={{accept}}",
        *("10.4", 200, has_frames),
        chosen={
            "instanceUID": lambda house: house.loop,
            "frames": lambda _: "3,1",
            "accept": lambda _: "multipart/related;type=image/jpeg;transfer-syntax=*",
        },
    ),
    Row(
        "GET {bulkdataReference}", "10.4", 200, is_bulk_data, chosen={"bulkdataReference": bulk_uri}
    ),
    Row(
        "POST {s}/workitems?AffectedSOPInstanceUID={new}",
        *("11.4", 201, has_no_body, as_json),
        chosen={"new": lambda _: next(NEW_UIDS)},
        headers={"Location": AT_ITEM, "Content-Location": AT_ITEM},
    ),
    Row(
        f"POST {ITEM}?transaction={CLAIM}",
        *("11.6", 200, has_no_body),
        lambda: (JSON, json.dumps([told(WorklistLabel="Neu")]).encode()),
        before=((f"PUT {ITEM}/state", claim),),
        headers={"Content-Location": AT_ITEM},
    ),
    Row(
        "GET {s}/workitems?ProcedureStepLabel=Suche&ProcedureStepState=SCHEDULED",
        *("11.9", 200, finds_item),
        before=(
            ("POST {s}/workitems", as_json),
            ("POST {s}/workitems", lambda: as_json(ProcedureStepLabel="Suche")),
        ),
    ),
    Row(f"GET {ITEM}", "11.5", 200, is_item),
    Row(
        f"PUT {ITEM}/state",
        *("11.7", 200, has_no_body, claim),
        headers={"Content-Location": AT_ITEM},
    ),
    Row(f"POST {ITEM}/cancelrequest", "11.8", 202, has_no_body),
    Row(
        f"POST {ITEM}/subscribers/{{AETitle}}?deletionlock=true",
        *("11.10", 201, has_no_body),
        headers={"Content-Location": AT_CHANNEL, "Location": AT_CHANNEL},
    ),
    Row(
        f"POST {{s}}/workitems/{EVERY_ITEM}/subscribers/{{AETitle}}/suspend",
        *("11.12", 200, has_no_body),
        before=((f"POST {{s}}/workitems/{EVERY_ITEM}/subscribers/{{AETitle}}", lambda: None),),
    ),
    Row(
        f"DELETE {ITEM}/subscribers/{{AETitle}}",
        *("11.11", 200, has_no_body),
        before=((f"POST {ITEM}/subscribers/{{AETitle}}", lambda: None),),
    ),
)
"""All rows but the event channel, which is no plain call."""


@pytest.mark.parametrize("row", SHEET, ids=[f"{row.paragraph} {row.call}" for row in SHEET])
def test_a_row_of_the_sheet(house: House, row: Row) -> None:
    """Status, headers and body are as its paragraph says."""
    chosen = {name: choose(house) for name, choose in row.chosen.items()}
    if "{UPSInstanceUID}" in row.call:
        chosen["UPSInstanceUID"] = house.item()
    for call, body in row.before:
        assert house.call(call, body(), **chosen).ok

    answer = house.call(row.call, row.body(), **chosen)

    assert answer.status_code == row.status, answer.text
    for name, pattern in row.headers.items():
        assert re.fullmatch(pattern, answer.headers[name]), name
    assert "Warning" not in answer.headers
    row.check(house, answer)


def test_the_event_channel_is_a_web_socket(house: House) -> None:
    """It opens at the address a subscription names, and tells what happens (8.10)."""
    item = house.item()
    made = house.call("POST {s}/workitems/{item}/subscribers/{aet}", item=item, aet="CHANNEL")
    with connect(made.headers["Content-Location"], open_timeout=SECONDS) as channel:
        assert channel.response is not None
        assert channel.response.status_code == 101
        event = json.loads(channel.recv(timeout=SECONDS))
    check_dataset({tag: one for tag, one in event.items() if not tag.startswith("0000")})
    assert value(event, "AffectedSOPClassUID") == "1.2.840.10008.5.1.4.34.6.4"
    assert value(event, "AffectedSOPInstanceUID") == item
    assert value(event, "CommandField") == 0x0100
    assert value(event, "EventTypeID") == 1
    assert value(event, "ProcedureStepState") == "SCHEDULED"
