"""Exchange folders that hang: nobody but their own threads waits, and all of it comes after."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from pydicom import Dataset

from gdtbridge.dicom.client import Peer, PeerError, find_worklist
from tests.tools.device import send_raw
from tests.tools.reception import record
from tests.tools.service import Service, Study
from tests.tools.share import Share, share
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow

SUCCESS = 0x0000
OUT_OF_RESOURCES = 0xA700
FOLDERS = {"out": "gdt__out", "in": "gdt__in", "worklist": "worklist__folder"}


class Office:
    """A practice whose exchange folders lie on shares, and its service."""

    def __init__(self, root: Path, shares: dict[str, Share]) -> None:
        self.shares = shares
        places = {FOLDERS[name]: str(one.place) for name, one in shares.items()}
        quick = {"exam__quiet_seconds": "0.2", "orders__settle_seconds": "0.1"}
        self.bridge = Service(root, **quick, **places)

    def hang(self) -> None:
        """Let every share hang."""
        for one in self.shares.values():
            one.hang()

    def answer(self) -> None:
        """Let every share answer again."""
        for one in self.shares.values():
            one.answer()

    def silence(self) -> str:
        """Return what ``/readyz`` says of folders that do not answer."""
        part = self.bridge.readiness()["parts"]["exchange"]
        return "" if part["ok"] else part["detail"]

    def waiting(self) -> list[str] | int:
        """Return the patient numbers a device finds on the worklist, or the status it gets."""
        peer = Peer("127.0.0.1", self.bridge.ports["DICOM"], "GDTBRIDGE", "US01")
        query = Dataset()
        query.PatientID = ""
        try:
            return sorted(str(one.PatientID) for one in find_worklist(peer, query))
        except PeerError as error:
            return OUT_OF_RESOURCES if "A700" in str(error) else -1

    def add(self, patient: str) -> tuple[int, str]:
        """Order by HTTP; return the status and what was said."""
        url = f"http://127.0.0.1:{self.bridge.ports['HTTP']}/worklist/add"
        query = f"id={patient}&lastname=Muster&firstname=E&birthdate=24.12.1958&sex=2"
        try:
            with urllib.request.urlopen(f"{url}?{query}", timeout=60) as answer:
                return answer.status, answer.read().decode("latin-1")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def reported(self) -> list[str]:
        """Return the names of the results in the folder behind the share."""
        return sorted(path.name for path in self.shares["out"].behind.glob("*.gdt"))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Return a practice whose shares answer; nothing runs yet."""
    with ExitStack() as mounted:
        shares = {
            name: mounted.enter_context(share(tmp_path / "mnt" / name, tmp_path / f"behind-{name}"))
            for name in FOLDERS
        }
        (tmp_path / "bridge").mkdir()
        one = Office(tmp_path / "bridge", shares)
        try:
            yield one
        finally:
            one.answer()
            if one.bridge.is_running:
                one.bridge.kill()


def ends_in_time(bridge: Service, command: list[str]) -> tuple[str, float]:
    """Run a command beside the shares that hang; return how many seconds it took."""
    began = time.monotonic()
    ended = bridge.command(*command)
    took = round(time.monotonic() - began, 1)
    if command[0] in ("check", "attention"):
        assert "antwortet nicht seit" in ended.stdout
    expected = {"check": 1, "order": 4, "worklist": 1}
    assert ended.returncode == expected.get(command[0], 0), ended.stderr
    return " ".join(command)[:14], took


@pytest.mark.timeout(300)
def test_shares_that_hang_from_before_the_start(office: Office) -> None:
    """Devices are served, commands answer, the cause has a time; later all of it comes, once."""
    bridge, study = office.bridge, Study(1, "K000001")
    office.hang()
    began = time.monotonic()
    bridge.start()
    assert send_raw(bridge.ports["DICOM"], [study.image()]) == [SUCCESS]
    served = time.monotonic() - began
    began = time.monotonic()
    assert office.waiting() == OUT_OF_RESOURCES
    status, said = office.add("7")
    assert (status, "antwortet nicht" in said) == (503, True)
    refused = time.monotonic() - began
    assert refused < 30
    order = office.shares["in"].behind / "A.GDT"
    order.write_bytes(record())
    wait_for(office.silence, what="the state of the folders")
    assert "gdt.out: antwortet nicht seit" in office.silence()
    assert "gdt.in: antwortet nicht seit" in office.silence()
    assert "worklist.folder: antwortet nicht seit" in office.silence()

    commands = (
        *(["check"], ["attention", "list"], ["exams", "list"], ["outbox", "list"]),
        ["worklist", "list"],
        ["order", str(office.shares["in"].place / "A.GDT")],
    )
    with ThreadPoolExecutor(len(commands)) as pool:
        took = dict(pool.map(lambda command: ends_in_time(bridge, command), commands))
    print(f"served after {served:.1f} s, refused after {refused:.1f} s; {took}")  # noqa: T201 - a figure of the test
    assert office.reported() == []

    office.answer()

    wait_for(lambda: office.reported() == ["K000001.gdt"], 60, "the result")
    wait_for(lambda: len(list(office.shares["worklist"].behind.glob("*.wl"))) == 1, 60, "the order")
    wait_for(lambda: not office.silence(), what="the end of the silence")
    assert len(list(office.shares["worklist"].behind.glob("*.wl"))) == 1
    assert office.reported() == ["K000001.gdt"]
    said = bridge.log.read_text()
    assert said.count("gdt.out: antwortet nicht seit") == 1
    assert said.count("gdt.out: antwortet wieder") == 1
    assert office.add("7")[0] == 200
    assert office.waiting() == ["4711", "7"]


def test_a_worklist_that_hangs_while_running(office: Office) -> None:
    """Devices go on with what is known, an order is refused in words and is no entry later."""
    bridge, study = office.bridge, Study(4, "K000004")
    bridge.start()
    assert office.add("7")[0] == 200
    assert office.waiting() == ["7"]
    with office.shares["worklist"].hanging():
        began = time.monotonic()
        status, text = office.add("8")
        assert (status, "antwortet nicht" in text) == (503, True)
        assert office.waiting() == ["7"]
        assert time.monotonic() - began < 30
        assert send_raw(bridge.ports["DICOM"], [study.image()]) == [SUCCESS]
        wait_for(lambda: office.reported() == ["K000004.gdt"], 60, "the result")
    wait_for(lambda: office.add("9")[0] == 200, what="an order after it")
    wait_for(lambda: office.waiting() == ["7", "9"], what="the worklist")
    assert len(list(office.shares["worklist"].behind.glob("*.wl"))) == 2


@pytest.mark.parametrize("call", ["create", "write"])
def test_shares_that_hang_in_writing_alone(office: Office, call: str) -> None:
    """They answer questions: devices are served, an order is taken back, a result waits."""
    bridge, study = office.bridge, Study(5, "K000005")
    bridge.start()
    assert office.add("7")[0] == 200
    out, worklist = office.shares["out"], office.shares["worklist"]
    with out.at(call), worklist.at(call):
        assert send_raw(bridge.ports["DICOM"], [study.image()]) == [SUCCESS]
        wait_for(lambda: out.waits_at(call), what="a delivery that hangs")
        began = time.monotonic()
        status, text = office.add("8")
        assert (status, "antwortet nicht" in text) == (503, True)
        assert office.waiting() == ["7"]
        assert time.monotonic() - began < 30
        assert send_raw(bridge.ports["DICOM"], [study.image(2)]) == [SUCCESS]
        assert office.bridge.readiness()["parts"]["dicom"]["ok"]
    wait_for(bridge.settled, 60, "the delivery")
    wait_for(lambda: office.waiting() == ["7"], what="the worklist")
    assert "K000005.gdt" in office.reported()


def test_a_share_that_hangs_while_running_and_at_the_stop(office: Office) -> None:
    """The service stops in seconds; what was under way comes after the next start, once."""
    bridge, study, other = office.bridge, Study(2, "K000002"), Study(3, "K000003")
    bridge.start()
    office.shares["out"].hang()
    assert send_raw(bridge.ports["DICOM"], [study.image()]) == [SUCCESS]
    due = "SELECT id FROM outbox WHERE state = 'pending'"
    wait_for(lambda: bridge.rows(due) != [], what="a delivery that hangs")
    assert send_raw(bridge.ports["DICOM"], [other.image()]) == [SUCCESS]
    office.hang()
    began = time.monotonic()
    assert bridge.stop() == 0
    print(f"stopped after {time.monotonic() - began:.1f} s")  # noqa: T201 - a figure of the test
    assert time.monotonic() - began < 30
    office.answer()
    bridge.start()
    wait_for(bridge.settled, 60, "the deliveries")
    assert office.reported() == ["K000002.gdt", "K000003.gdt"]
