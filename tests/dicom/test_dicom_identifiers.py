"""Worklist queries in the shapes devices of several makers send, against a real worklist."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.uid import UID

from gdtbridge.devices import Caller
from gdtbridge.dicom.identifier import MAX_VALUES, decode_dataset
from gdtbridge.dicom.server import DicomServer
from gdtbridge.dicom.service import MAX_IDENTIFIER
from gdtbridge.dicom.upper_layer import sockets
from gdtbridge.settings import DicomSettings
from tests.tools.device import WORKLIST, RawAssociation, Response, cancel_rq, find_rq
from tests.tools.dicom_server import Recorder
from tests.tools.elements import EXPLICIT, IMPLICIT
from worklist import Match, WorklistFolder, make_entry

ENTRIES = 3
STEP_TAGS = (
    *(0x00080060, 0x00321070),
    *(0x00400000 + element for element in (0x1, 0x2, 0x3, 0x6, 0x7, 0x9, 0x10, 0x11, 0x12, 0x20)),
    0x00400400,
)
ROOT_TAGS = (
    *(0x00080000 + element for element in (0x5, 0x50, 0x80, 0x81, 0x90, 0x1080, 0x1110, 0x1120)),
    *(0x00100000 + element for element in (0x10, 0x20, 0x21, 0x30, 0x40, 0x1000, 0x1010, 0x1020)),
    *(0x00100000 + element for element in (0x1030, 0x2000, 0x2110, 0x2160, 0x2180, 0x21B0, 0x21C0)),
    *(0x00100000 + element for element in (0x21D0, 0x4000)),
    0x0020000D,
    *(0x00320000 + element for element in (0x1032, 0x1033, 0x1060, 0x1064)),
    *(0x00380000 + element for element in (0x10, 0x50, 0x300, 0x500)),
)
ORDER_TAGS = tuple(0x00400000 + element for element in (0x1001, 0x1003, 0x1004, 0x1400, 0x2016))


def key(tag: int, value: bytes = b"") -> bytes:
    """Return an element in Implicit VR Little Endian."""
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value)) + value


def keys(*tags: int) -> bytes:
    """Return empty elements."""
    return b"".join(key(tag) for tag in tags)


def sequence(tag: int, *items: bytes, undefined: bool = True) -> bytes:
    """Return a sequence whose lengths are undefined or stated."""
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if not undefined:
        body = b"".join(b"\xfe\xff\x00\xe0" + struct.pack("<L", len(one)) + one for one in items)
        return head + struct.pack("<L", len(body)) + body
    opening, closing = b"\xfe\xff\x00\xe0\xff\xff\xff\xff", b"\xfe\xff\x0d\xe0\x00\x00\x00\x00"
    inner = b"".join(opening + one + closing for one in items)
    return head + b"\xff\xff\xff\xff" + inner + b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"


def step(*items: bytes, undefined: bool = True) -> bytes:
    """Return a scheduled procedure step sequence."""
    return sequence(0x00400100, *items, undefined=undefined)


STATION = key(0x00080060, b"US") + key(0x00400001, b"US01") + key(0x00400002, b"20240115")
PRIVATE = key(0x00450010, b"GEMS_IDEN_01") + key(0x00451002, b"\1\2\3\4")
NESTED_PRIVATE = key(0x60030010, b"GEMS_Ultrasound ") + sequence(
    0x60031010, key(0x60030010, b"GEMS_Ultrasound ") + key(0x60031002, b"X ")
)
CODES = sequence(0x00321064, keys(0x00080100, 0x00080102), keys(0x00080100))

IDENTIFIERS = {
    "many empty keys": (keys(*ROOT_TAGS) + step(keys(*STEP_TAGS)) + keys(*ORDER_TAGS), ENTRIES),
    "stated lengths": (keys(*ROOT_TAGS) + step(STATION, undefined=False), ENTRIES),
    "group lengths": (key(0x00080000, bytes(4)) + keys(0x00100010) + step(STATION), ENTRIES),
    "private keys": (keys(0x00100010) + step(STATION) + PRIVATE + NESTED_PRIVATE, ENTRIES),
    "sequence of two code items": (keys(0x00100010) + CODES + step(STATION), ENTRIES),
    "two steps": (keys(0x00100010) + step(STATION, keys(*STEP_TAGS)), ENTRIES),
    "step without an item": (keys(0x00100010, 0x00400100), ENTRIES),
    "step with an empty item": (keys(0x00100010) + step(b""), ENTRIES),
    "step with an item of no length": (keys(0x00100010) + step(b"", undefined=False), ENTRIES),
    "no keys at all": (b"", ENTRIES),
    "query/retrieve level": (key(0x00080052, b"PATIENT ") + keys(0x00100010), ENTRIES),
    "keys out of order": (keys(0x0020000D, 0x00100010, 0x00080005) + step(STATION), ENTRIES),
    "odd length": (key(0x00100010, b"Wei\xdf^A") + step(STATION), 1),
    "padded with NUL": (step(key(0x00400001, b"US01\0\0\0\0")), ENTRIES),
    "old date": (step(key(0x00400002, b"2024.01.15")), ENTRIES),
    "open date range": (step(key(0x00400002, b"20240101-")), ENTRIES),
    "GB18030": (key(0x00080005, b"GB18030 ") + key(0x00100010, "王*".encode("gb18030")), 1),
    "ISO 2022": (
        key(0x00080005, b"\\ISO 2022 IR 87 ") + key(0x00100010, b"*=\x1b$B;3ED\x1b(B*"),
        1,
    ),
    "damaged escape sequences": (
        key(0x00080005, b"\\ISO 2022 IR 87 ") + key(0x00100010, b"\x1b$B\x1b\x1b\xff\xff*"),
        0,
    ),
    "unknown character set": (key(0x00080005, b"KLINGON ") + key(0x00100010, b"Wei\xdf*"), 1),
    "many stars": (key(0x00100010, b"*a" * 2000), 0),
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DicomServer]:
    """Return a server with a worklist of `ENTRIES`."""
    folder = WorklistFolder(tmp_path / "worklist")
    names = ("Weiß^A", "王^小明", "Yamada^Tarou=山田^太郎")
    for number, name in enumerate(names):
        folder.add(
            make_entry(
                AccessionNumber=f"R{number:010d}",
                PatientID=str(number),
                PatientName=name,
                ScheduledStationAETitle="US01",
                scheduled=datetime.fromisoformat("2024-01-15 10:30"),
            )
        )

    class Shelf(Recorder):
        def find(self, query: Dataset, *, caller: Caller) -> Iterator[Match]:
            return folder.find(query, calling_aet=caller.aet)

    core = Shelf(tmp_path)
    server = DicomServer(DicomSettings(port=0), tmp_path / "spool", core, core)
    server.start()
    yield server
    server.stop(grace=0)


@pytest.fixture
def port(server: DicomServer) -> int:
    """Return its port."""
    return server.port


def ask(port: int, identifier: bytes, syntax: str = IMPLICIT) -> list[Response]:
    """Return all answers to a query, the last one included."""
    answers: list[Response] = []
    with RawAssociation(port).associate([(WORKLIST, [syntax])], "US01") as association:
        association.message(1, find_rq(), identifier)
        while not answers or answers[-1].status in {0xFF00, 0xFF01}:
            answers.append(association.response())
    return answers


@pytest.mark.parametrize(("identifier", "found"), IDENTIFIERS.values(), ids=IDENTIFIERS)
def test_queries_as_devices_send_them(port: int, identifier: bytes, found: int) -> None:
    """Whatever a device asks with, it is told who fits, with every key that always returns."""
    *matches, last = ask(port, identifier)
    assert last.status == 0
    assert len(matches) == found
    for match in matches:
        answer = decode_dataset(match.dataset, UID(IMPLICIT))
        assert answer.PatientID
        assert answer.StudyInstanceUID
        assert answer.ScheduledProcedureStepSequence[0].ScheduledStationAETitle == "US01"


def test_every_key_of_a_large_query_returns(port: int) -> None:
    """A device that asks for dozens of attributes gets each of them, empty where unknown."""
    identifier, _ = IDENTIFIERS["many empty keys"]
    answer = decode_dataset(ask(port, identifier)[0].dataset, UID(IMPLICIT))
    asked = {*ROOT_TAGS, *ORDER_TAGS} - {0x00080005}
    assert asked <= {int(tag) for tag in answer.keys()}  # noqa: SIM118 - tags, not elements
    item = answer.ScheduledProcedureStepSequence[0]
    assert set(STEP_TAGS) <= {int(tag) for tag in item.keys()}  # noqa: SIM118


def test_query_in_another_encoding_than_agreed(port: int) -> None:
    """A query encoded otherwise than negotiated is answered, not aborted."""
    assert ask(port, keys(0x00100010) + step(STATION), EXPLICIT)[-1].status in {0x0000, 0xA900}


@pytest.mark.parametrize(
    ("identifier", "status"),
    [
        (key(0x00100010, b"A*" + b"\\A*" * (MAX_VALUES + 1)), 0xA900),
        (key(0x00100010, b"A*" + b"\\A*" * MAX_VALUES), 0x0000),
        (key(0x00104000, b"x" * (MAX_IDENTIFIER - 8)), 0x0000),
        (key(0x00104000, b"x" * (MAX_IDENTIFIER - 7)), 0xA900),
    ],
    ids=["too many values", "many values", "largest", "too large"],
)
def test_work_a_query_makes_is_bounded(port: int, identifier: bytes, status: int) -> None:
    """A query with very many values, or a very long one, is refused before it is compared."""
    assert ask(port, identifier)[-1].status == status


def test_cancelled_before_and_after(port: int) -> None:
    """A C-CANCEL for a query that is not running, however often, changes nothing."""
    with RawAssociation(port).associate([(WORKLIST, [IMPLICIT])]) as association:
        for number in range(100):
            association.message(1, cancel_rq(number))
        for message_id in (1, 99, 1):
            association.message(1, find_rq(message_id), b"")
            association.message(1, cancel_rq(message_id))
            statuses = [association.response().status]
            while statuses[-1] in {0xFF00, 0xFF01}:
                statuses.append(association.response().status)
            assert statuses[-1] in {0x0000, 0xFE00}


def test_reader_that_takes_nothing_stops_nobody(
    server: DicomServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device that never reads its answers neither blocks the worklist nor lives for ever."""
    monkeypatch.setattr(sockets, "PDU_SECONDS", 0.5)
    folder = WorklistFolder(tmp_path / "worklist")
    identifier = keys(*range(0x00111000, 0x00111000 + 2000)) + step(STATION)
    with RawAssociation(server.port, timeout=60) as slow:
        slow.associate([(WORKLIST, [IMPLICIT])])
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        accepted = server._connections.everyone()[0].guarded.socket  # type: ignore[attr-defined]
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        feeder = threading.Thread(target=_ask_for_ever, args=(slow, identifier), daemon=True)
        feeder.start()
        began = time.monotonic()
        assert len(ask(server.port, identifier)) == ENTRIES + 1
        folder.remove("R0000000000")
        assert time.monotonic() - began < 30
        feeder.join(60)
        assert not feeder.is_alive()


def _ask_for_ever(association: RawAssociation, identifier: bytes) -> None:
    """Send queries until the server ends the association."""
    try:
        while True:
            association.message(1, find_rq(), identifier)
    except OSError:
        return


def test_fifty_devices_ask_at_once(port: int) -> None:
    """Each of them gets its answer, on an association that was open when all began to ask."""
    devices, asked = 50, key(0x00100010, b"") + key(0x00100020, b"0 ")
    together = threading.Barrier(devices)
    found: list[list[int]] = []

    def device() -> None:
        with RawAssociation(port).associate([(WORKLIST, [IMPLICIT])], "US01") as association:
            together.wait(60)
            association.message(1, find_rq(), asked)
            found.append([association.response().status for _ in range(2)])

    threads = [threading.Thread(target=device) for _ in range(devices)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert found == [[0xFF00, 0]] * devices
