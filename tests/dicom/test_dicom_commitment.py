"""Storage commitment over real sockets: a device asks, and hears on its own port what is kept."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.association import Association

from gdtbridge.commitment import LARGEST_REQUEST
from gdtbridge.dicom.command import DimseStatus
from gdtbridge.dicom.negotiation import COMMITMENT_INSTANCE, STORAGE_COMMITMENT
from gdtbridge.dicom.server import DicomServer
from gdtbridge.outbox import COMMITMENT
from gdtbridge.service import dimse_services
from gdtbridge.settings import DicomSettings
from tests.commitment.asking import Asking, referenced
from tests.tools.device import RawAssociation, command_element, command_set, p_data, store_rq
from tests.tools.elements import EXPLICIT, IMPLICIT, US_IMAGE, element, identification
from tests.tools.ports import free_port
from tests.tools.practice import Practice
from tests.tools.waiting import wait_for


class Device:
    """A device: asks as a user, and listens for reports as pynetdicom does."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reports: list[tuple[int, Dataset]] = []
        self.callers: list[tuple[str, str, bool]] = []
        self.status = 0x0000

    def _hear(self, event: evt.Event) -> tuple[int, None]:
        requestor, acceptor = event.assoc.requestor, event.assoc.acceptor
        provider = any(one.scp_role for one in requestor.role_selection.values())
        self.callers.append((requestor.ae_title, acceptor.ae_title, provider))
        self.reports.append((int(event.event_type or 0), event.event_information))
        return self.status, None

    @property
    def handlers(self) -> list[Any]:
        """Return what hears reports."""
        return [(evt.EVT_N_EVENT_REPORT, self._hear)]

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen for reports inside the block."""
        ae = AE("US01")
        ae.add_supported_context(
            STORAGE_COMMITMENT, [ImplicitVRLittleEndian], scu_role=False, scp_role=True
        )
        server = ae.start_server(
            ("127.0.0.1", self.port), block=False, evt_handlers=self.handlers, ae_title="US01"
        )
        assert server is not None
        try:
            yield
        finally:
            server.shutdown()

    def outcome(self) -> dict[str, int]:
        """Return by UID what the last report says: 0 for kept, else the Failure Reason."""
        event_type, said = self.reports[-1]
        kept = [
            (str(one.ReferencedSOPInstanceUID), 0) for one in said.get("ReferencedSOPSequence", [])
        ]
        failed = [
            (str(one.ReferencedSOPInstanceUID), int(one.FailureReason))
            for one in said.get("FailedSOPSequence", [])
        ]
        assert event_type == (2 if failed else 1)
        assert ("FailedSOPSequence" in said) == bool(failed)
        return dict(kept + failed)


def action(transaction: str, *uids: str) -> Dataset:
    """Return the Action Information of a request."""
    asked = Dataset()
    asked.TransactionUID = transaction
    asked.ReferencedSOPSequence = []
    for uid in uids:
        one = Dataset()
        one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID = US_IMAGE, uid
        asked.ReferencedSOPSequence.append(one)
    return asked


@contextmanager
def associated(port: int, *handlers: Any, called: str = "ANDERS") -> Iterator[Association]:
    """Associate as a device that knows us by another title."""
    ae = AE("US01")
    ae.add_requested_context(STORAGE_COMMITMENT, [ImplicitVRLittleEndian])
    association = ae.associate("127.0.0.1", port, ae_title=called, evt_handlers=list(handlers))
    assert association.is_established
    yield association
    if association.is_established:
        association.release()


def ask(association: Association, asked: Dataset) -> int:
    """Send a request; return the status of the response."""
    status, _ = association.send_n_action(asked, 1, STORAGE_COMMITMENT, COMMITMENT_INSTANCE)
    return int(status.Status)


class Setting:
    """A bridge before a practice, and a device with a port."""

    def __init__(self, practice: Practice, port: int, device: Device) -> None:
        self.practice = practice
        self.port = port
        self.device = device
        self.asking = Asking(practice)

    def deliver(self) -> None:
        """Have everything verified and every report tried once."""
        self.asking.wait()
        self.practice.outbox.deliver_due(COMMITMENT)


@pytest.fixture
def device() -> Device:
    """Return a device that is off."""
    return Device(free_port())


@pytest.fixture
def settings_text(device: Device) -> str:
    """Say which port devices listen on that no table names."""
    return f"[commitment]\nport = {device.port}\n"


@pytest.fixture
def setting(practice: Practice, device: Device, tmp_path: Path) -> Iterator[Setting]:
    """Return a practice with a DICOM server."""
    core = practice.core
    server = DicomServer(
        DicomSettings(port=0),
        tmp_path / "spool",
        core.receiving,
        core.device_worklist,
        arrivals=core.commitments.arrivals,
        further=dimse_services(core),
    )
    server.start()
    yield Setting(practice, server.port, device)
    server.stop(grace=0)


def test_a_device_hears_on_an_association_of_ours(setting: Setting) -> None:
    """From the title it knows us by, as the provider, every instance once."""
    setting.asking.send("2.25.11")
    with setting.device.listening():
        with associated(setting.port) as association:
            assert ask(association, action("2.25.1", "2.25.11", "2.25.12")) == 0
        setting.practice.clock.turn(31)
        setting.asking.wait()
        setting.practice.clock.turn(31)
        setting.deliver()
    assert setting.device.outcome() == {"2.25.11": 0, "2.25.12": 0x0112}
    assert setting.device.reports[0][1].TransactionUID == "2.25.1"
    assert setting.device.callers == [("ANDERS", "US01", True)]
    assert setting.asking.book.overview(only_open=True) == []


def test_a_device_that_keeps_its_association_hears_there(setting: Setting) -> None:
    """It has no port that anybody knows, and goes on sending meanwhile."""
    setting.asking.send("2.25.11")
    with associated(setting.port, *setting.device.handlers) as association:
        assert ask(association, action("2.25.1", "2.25.11")) == 0
        setting.deliver()
        assert ask(association, action("2.25.2", "2.25.11")) == 0
        setting.deliver()
    assert [str(said.TransactionUID) for _, said in setting.device.reports] == ["2.25.1", "2.25.2"]
    assert setting.asking.book.overview(only_open=True) == []


@contextmanager
def hanging_up(port: int) -> Iterator[list[object]]:
    """Hang up on whoever calls inside the block; yields a list with an entry for each call."""
    calls: list[object] = []
    server = socket.create_server(("127.0.0.1", port))
    server.settimeout(0.1)
    done = threading.Event()

    def serve() -> None:
        while not done.is_set():
            with suppress(TimeoutError):
                server.accept()[0].close()
                calls.append(None)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield calls
    finally:
        done.set()
        thread.join()
        server.close()


def test_a_peer_that_is_down_for_an_hour(setting: Setting) -> None:
    """It is called again and again, ever more seldom, and hears once when it is back."""
    setting.asking.send("2.25.11")
    with hanging_up(setting.device.port) as calls:
        with associated(setting.port) as association:
            assert ask(association, action("2.25.1", "2.25.11")) == 0
        for _ in range(120):
            setting.deliver()
            setting.practice.clock.turn(30)
        assert 8 <= len(calls) <= 12  # at once, later only every quarter of an hour
    [one] = setting.asking.book.overview(only_open=True)
    assert "does not speak DICOM" in one.last_error
    with setting.device.listening():
        setting.practice.clock.turn(900)
        setting.deliver()
        setting.deliver()
    assert setting.device.outcome() == {"2.25.11": 0}
    assert len(setting.device.reports) == 1


def test_a_device_that_is_off_holds_up_no_other(setting: Setting) -> None:
    """Of several reports to it one is tried, once a minute; another word of a person counts."""
    setting.asking.send("2.25.11")
    with hanging_up(setting.device.port) as calls:
        for number in range(3):
            with associated(setting.port) as association:
                assert ask(association, action(f"2.25.{number}", "2.25.11")) == 0
        setting.deliver()
        assert len(calls) == 1
        setting.practice.clock.turn(6)
        setting.asking.book.retry(3)
        setting.deliver()
        assert len(calls) == 2


def test_a_report_that_is_refused_stays(setting: Setting) -> None:
    """Until the device takes it, or a person ends it."""
    setting.asking.send("2.25.11")
    setting.device.status = 0x0110
    with setting.device.listening():
        with associated(setting.port) as association:
            assert ask(association, action("2.25.1", "2.25.11")) == 0
        setting.deliver()
    [one] = setting.asking.book.overview(only_open=True)
    assert "0110" in one.last_error
    setting.asking.book.end(one.id)
    assert setting.asking.book.overview(only_open=True) == []


def test_an_object_on_its_way_is_waited_for(setting: Setting) -> None:
    """A large one over a slow network takes longer than any wait; nobody tells it as missing."""
    data = identification(SOPInstanceUID="2.25.11") + element(0x7FE00010, b"OB", bytes(100_000))
    with RawAssociation(setting.port).associate([(US_IMAGE, [EXPLICIT])]) as peer:
        peer.send(p_data(1, 3, store_rq(US_IMAGE, "2.25.11")) + p_data(1, 0, data[:10_000]))
        wait_for(setting.asking.book.arrivals.now, what="the first bytes")
        setting.asking.ask(referenced("2.25.11"))
        for _ in range(3):
            setting.asking.wait(100)
        assert setting.asking.answers() == []
        for at in range(10_000, 90_000, 10_000):
            peer.send(p_data(1, 0, data[at : at + 10_000]))
        peer.send(p_data(1, 2, data[90_000:]))
        assert peer.response().status == 0
    wait_for(lambda: not setting.asking.book.arrivals.now(), what="its end")
    setting.asking.wait(1)
    assert setting.asking.outcome() == {"2.25.11": 0}


# ---------------------------------------------------------------------------- requests


def request(dataset: bytes, action_type: int = 1) -> tuple[bytes, bytes]:
    """Return an N-ACTION with any bytes as a dataset."""
    command = command_set(
        command_element(0x0003, STORAGE_COMMITMENT),
        command_element(0x0100, 0x0130),
        command_element(0x0110, 7),
        command_element(0x0800, 1),
        command_element(0x1001, COMMITMENT_INSTANCE),
        command_element(0x1008, action_type),
    )
    return command, dataset


def uid(tag: int, value: str) -> bytes:
    """Return an element with a UID."""
    return element(tag, b"UI", value, ts=IMPLICIT)


def sequence(*items: bytes) -> bytes:
    """Return a Referenced SOP Sequence."""
    body = b"".join(b"\xfe\xff\x00\xe0" + len(one).to_bytes(4, "little") + one for one in items)
    return element(0x00081199, b"SQ", body, ts=IMPLICIT)


ONE = uid(0x00081150, US_IMAGE) + uid(0x00081155, "2.25.11")
TRANSACTION = uid(0x00081195, "2.25.1")
REQUESTS = [
    ("whole", TRANSACTION + sequence(ONE), DimseStatus.SUCCESS),
    ("twice the same", TRANSACTION + sequence(ONE, ONE), DimseStatus.SUCCESS),
    ("no class", TRANSACTION + sequence(uid(0x00081155, "2.25.11")), DimseStatus.SUCCESS),
    ("nothing", b"", DimseStatus.INVALID_ARGUMENT_VALUE),
    ("no transaction", sequence(ONE), DimseStatus.INVALID_ARGUMENT_VALUE),
    ("no items", TRANSACTION + sequence(), DimseStatus.INVALID_ARGUMENT_VALUE),
    ("no sequence", TRANSACTION, DimseStatus.INVALID_ARGUMENT_VALUE),
    ("an empty item", TRANSACTION + sequence(ONE, b""), DimseStatus.INVALID_ARGUMENT_VALUE),
    (
        "no UID",
        TRANSACTION + sequence(uid(0x00081155, "../../etc")),
        DimseStatus.INVALID_ARGUMENT_VALUE,
    ),
    ("cut off", (TRANSACTION + sequence(ONE))[:-3], DimseStatus.INVALID_ARGUMENT_VALUE),
    ("too large", bytes(LARGEST_REQUEST + 1), DimseStatus.RESOURCE_LIMITATION),
]


@pytest.mark.parametrize(
    ("dataset", "status"), [one[1:] for one in REQUESTS], ids=[one[0] for one in REQUESTS]
)
def test_requests_are_understood_or_refused(
    setting: Setting, dataset: bytes, status: DimseStatus
) -> None:
    """As far as it is clear what is meant; the association goes on either way."""
    with RawAssociation(setting.port).associate([(STORAGE_COMMITMENT, [IMPLICIT])]) as peer:
        peer.message(1, *request(dataset), size=100_000)
        response = peer.response()
        assert response.status == status
        assert bool(response.comment) == bool(status)
        peer.message(1, *request(b"", action_type=2))
        assert peer.response().status == DimseStatus.NO_SUCH_ACTION
    assert len(setting.asking.book.overview()) == (status == DimseStatus.SUCCESS)
    assert all(one.instances == 1 for one in setting.asking.book.overview())


def test_a_response_to_nothing_ends_the_association(setting: Setting) -> None:
    """We have asked nothing."""
    with RawAssociation(setting.port).associate([(STORAGE_COMMITMENT, [IMPLICIT])]) as peer:
        peer.message(
            1,
            command_set(
                command_element(0x0100, 0x8100),
                command_element(0x0120, 1),
                command_element(0x0800, 0x0101),
                command_element(0x0900, 0),
            ),
        )
        assert peer.ended()
