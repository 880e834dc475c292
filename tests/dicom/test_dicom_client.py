"""The client against our own server and against nothing."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pynetdicom import AE, build_context, evt
from pynetdicom.association import Association

from gdtbridge.dataset.part10 import file_meta
from gdtbridge.dicom.client import Peer, PeerError, associated, echo, find_worklist
from gdtbridge.dicom.command import CommandField, CommandSet, encode_command
from gdtbridge.dicom.negotiation import VERIFICATION
from gdtbridge.dicom.store_client import store
from gdtbridge.dicom.upper_layer.reactor import data_primitive
from gdtbridge.dicom.upper_layer.requestor import MAX_UNASKED, MAX_UNREAD, Requestor
from gdtbridge.errors import NotUnderstood, OutOfResources
from tests.tools.dicom_server import Bridge, StartServer
from tests.tools.ports import free_port
from worklist import Match

US_IMAGE = "1.2.840.10008.5.1.4.1.1.6.1"
JPEG, DEFLATED = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.1.99"
EXPLICIT = "1.2.840.10008.1.2.1"


def peer_of(bridge: Bridge) -> Peer:
    """Return the server as a peer."""
    return Peer("127.0.0.1", bridge.port, "GDTBRIDGE", "US01")


def write(folder: Path, number: int, sop_class: str = US_IMAGE, syntax: str = EXPLICIT) -> Path:
    """Write a Part 10 file whose dataset is no dataset."""
    path = folder / f"{number}.dcm"
    path.write_bytes(file_meta(sop_class, f"1.2.{number + 1}", syntax) + b"bytes %05d" % number)
    return path


def name_query(name: str) -> Dataset:
    """Return a query for a name."""
    query = Dataset()
    query.PatientName = name
    return query


def test_echo(bridge: Bridge) -> None:
    """A server that answers is verified."""
    echo(peer_of(bridge))


def test_worklist(bridge: Bridge) -> None:
    """All answers come back, those with unsupported keys too."""
    bridge.core.matches = [Match(name_query("A"), False), Match(name_query("B"), True)]
    found = find_worklist(peer_of(bridge), name_query("*"))
    assert [str(one.PatientName) for one in found] == ["A", "B"]


def test_failed_query_is_an_error(bridge: Bridge) -> None:
    """A failure status is told, not taken for an empty list."""
    bridge.core.error = OutOfResources("x")
    with pytest.raises(PeerError, match="A700"):
        find_worklist(peer_of(bridge), name_query("*"))


def test_store_sends_the_bytes_of_the_file(bridge: Bridge, tmp_path: Path) -> None:
    """Files of several classes and syntaxes arrive as they are, with their own contexts."""
    files = [
        write(tmp_path, 0),
        write(tmp_path, 1, syntax=JPEG),
        write(tmp_path, 2, sop_class="1.3.46.670589.2.5.1.1", syntax=DEFLATED),
    ]
    assert store(peer_of(bridge), files) == [(file, 0) for file in files]
    for sent, kept in zip(files, bridge.core.files(), strict=True):
        assert kept.read_bytes() == sent.read_bytes()


def test_store_needs_more_than_one_association(bridge: Bridge, tmp_path: Path) -> None:
    """More contexts than an association has are spread over several; the order stays."""
    files = [write(tmp_path, n, f"1.2.826.0.1.{n + 1}") for n in range(140)]
    assert store(peer_of(bridge), files) == [(file, 0) for file in files]
    assert len(bridge.core.received) == 140


def test_status_of_each_file(bridge: Bridge, tmp_path: Path) -> None:
    """A refused file does not keep the others from being sent."""
    files = [write(tmp_path, 0), write(tmp_path, 1, "1.2.840.10008.3.1.2.3.3")]
    assert [status for _, status in store(peer_of(bridge), files)] == [0, 0x0122]
    bridge.core.error = NotUnderstood("x")
    assert [status for _, status in store(peer_of(bridge), files[:1])] == [0xC000]


def test_nothing_to_send(bridge: Bridge) -> None:
    """No file, no association."""
    assert store(peer_of(bridge), []) == []


def test_file_that_is_not_dicom(bridge: Bridge, tmp_path: Path) -> None:
    """What is not DICOM is named before anything is sent."""
    other = tmp_path / "notes.txt"
    other.write_text("hello")
    with pytest.raises(PeerError, match=r"notes\.txt"):
        store(peer_of(bridge), [write(tmp_path, 0), other])
    assert bridge.core.received == []


def test_nobody_there() -> None:
    """A closed port is told as such."""
    with pytest.raises(PeerError, match="nicht erreichbar"):
        echo(Peer("127.0.0.1", free_port(), "X", "Y"))


def test_unknown_host() -> None:
    """A name that cannot be resolved is told as such."""
    with pytest.raises(PeerError, match="nicht erreichbar"):
        echo(Peer("no-such-host.invalid", 104, "X", "Y"))


@pytest.mark.parametrize("title", ["", "TOO LONG FOR A TITLE", "A\\B"])
def test_bad_title(bridge: Bridge, title: str) -> None:
    """An AE title that cannot be one is told before connecting."""
    for peer in (
        Peer("127.0.0.1", bridge.port, "X", title),
        Peer("127.0.0.1", bridge.port, title, "X"),
    ):
        with pytest.raises(PeerError, match="AE-Titel"):
            echo(peer)


def test_rejected(start: StartServer) -> None:
    """A rejection asks whether the title is known there."""
    bridge = start(allowed_aets=["OTHER"])
    with pytest.raises(PeerError, match="lehnt die Verbindung ab"):
        echo(peer_of(bridge))


@pytest.fixture
def rude(request: pytest.FixtureRequest) -> Iterator[Peer]:
    """Return a peer that answers a connection with the given bytes and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(request.param)

        thread = threading.Thread(target=answer)
        thread.start()
        yield Peer("127.0.0.1", listener.getsockname()[1], "X", "Y")
        thread.join(60)


@pytest.mark.parametrize(
    "rude",
    [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", struct.pack(">BxL", 7, 4) + bytes(4)],
    indirect=True,
    ids=["hangs up", "web server", "aborts"],
)
def test_something_else_listens(rude: Peer) -> None:
    """What is no DICOM server is told as such."""
    with pytest.raises(PeerError, match="kein DICOM"):
        echo(rude)


class LateCheckpoint(threading.Event):
    """A reactor's checkpoint that is passed and then, as under load, not left until an answer."""

    def __init__(self, association: Association) -> None:
        super().__init__()
        self._association = association

    def wait(self, timeout: float | None = None) -> bool:
        passed = super().wait(timeout)
        deadline = time.monotonic() + 2
        while self._association.dimse.msg_queue.empty() and time.monotonic() < deadline:
            time.sleep(0.0001)
        return passed


def test_answer_reaches_who_waits_for_it(bridge: Bridge) -> None:
    """No answer is lost to pynetdicom's reactor when that is held up just before it pauses."""
    requestor = Requestor("US01")
    contexts = [build_context(VERIFICATION)]
    association = requestor.request("127.0.0.1", bridge.port, "GDTBRIDGE", contexts)
    association.dimse_timeout = 60
    checkpoint = LateCheckpoint(association)
    former, association._reactor_checkpoint = association._reactor_checkpoint, checkpoint
    checkpoint.set()
    former.set()
    assert [association.send_c_echo().get("Status") for _ in range(20)] == [0] * 20
    association._reactor_checkpoint = former
    association.release()
    requestor.hang_up()


def test_association_lost_while_storing(bridge: Bridge, tmp_path: Path) -> None:
    """A server that goes away in the middle is an error, not a status."""
    bridge.core.gate = threading.Event()
    stopping = threading.Thread(target=stop_when_storing, args=(bridge,))
    stopping.start()
    with pytest.raises(PeerError, match="abgebrochen"):
        store(peer_of(bridge), [write(tmp_path, 0), write(tmp_path, 1)])
    bridge.core.gate.set()
    stopping.join(60)


def stop_when_storing(bridge: Bridge) -> None:
    """Stop the server without grace while the core works on an object."""
    bridge.core.entered.wait(60)
    bridge.server.stop(grace=0)


def test_many_answers_on_one_association(bridge: Bridge) -> None:
    """What is asked for is never too much."""
    with associated(peer_of(bridge), [build_context(VERIFICATION)]) as association:
        for _ in range(MAX_UNASKED + 50):
            assert association.send_c_echo().Status == 0


ENDLESS = {
    "a dataset": (0, b"\0" * 100_000),
    "a command set": (1, b"\0" * 100_000),
    "events": (
        3,
        encode_command(
            CommandSet(
                CommandField=CommandField.N_EVENT_REPORT_RQ,
                CommandDataSetType=0x0101,
                AffectedSOPClassUID=VERIFICATION,
                AffectedSOPInstanceUID="1.2.3",
                MessageID=1,
                EventTypeID=1,
            )
        ),
    ),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_a_peer_that_sends_without_end(what: str) -> None:
    """It is hung up on: what nobody reads is bounded, and so are the threads it is served by."""
    sent = [0]
    control, fragment = ENDLESS[what]
    most = 2 * MAX_UNREAD // len(fragment) if len(fragment) > 1000 else 20 * MAX_UNASKED

    def flood(event: Any) -> int:
        context = int(event.context.context_id)
        while event.assoc.is_established and event.assoc.dul.is_alive() and sent[0] < most:
            if event.assoc.dul.to_provider_queue.qsize() < 8:
                event.assoc.dul.send_pdu(data_primitive(context, control, fragment))
                sent[0] += 1
        return 0x0000

    ae = AE("PACS")
    ae.maximum_pdu_size = 0
    ae.add_supported_context(VERIFICATION)
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_ECHO, flood)])
    assert server is not None
    try:
        with pytest.raises(PeerError):
            echo(Peer("127.0.0.1", server.server_address[1], "PACS", "US01"))
    finally:
        server.shutdown()
    assert sent[0] < most
