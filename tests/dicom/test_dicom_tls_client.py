"""Peers that are called encrypted: DCMTK, Orthanc, and those with whom it does not come about."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gdtbridge.certificates import ClientTls, KeyPair, ServerTls
from gdtbridge.commitment import CommitmentReport
from gdtbridge.dicom.client import Peer, PeerError, echo
from gdtbridge.dicom.commitment_report import DeviceAddress, send_report
from gdtbridge.dicom.store_client import store
from gdtbridge.dicom.upper_layer import requestor
from gdtbridge.retrieve.leaving import LeavingObject
from gdtbridge.retrieve.peers import ArchivePeer
from tests.tools.certificate import Certificates, make_ended
from tests.tools.dcmtk import by_uid, dataset_bytes, dcmtk, storescp
from tests.tools.dicom_server import Bridge, StartServer
from tests.tools.elements import EXPLICIT, US_IMAGE, identification, part10, still
from tests.tools.foreign import orthanc
from tests.tools.ports import free_port

PLACE = "127.0.0.1"


def called(port: int, tls: ClientTls | None, host: str = PLACE) -> Peer:
    """Return whom to call."""
    return Peer(host, port, "PACS", "GDTBRIDGE", tls)


@pytest.fixture
def bridge(start: StartServer, certificates: Certificates) -> Bridge:
    """Return a server that has both ports."""
    return start(tls=certificates.server_tls())


@pytest.fixture(scope="module")
def careful(
    certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[int, Path]]:
    """Return port and folder of a ``storescp`` that takes nobody without a certificate."""
    ca, own = str(certificates.ca.certificate), certificates.server
    device = certificates.client
    port, folder = free_port(), tmp_path_factory.mktemp("storescp") / "kept"
    options = ("+tls", str(own.key), str(own.certificate), "+cf", ca)
    reached = ("+tls", str(device.key), str(device.certificate), "+cf", ca)
    with storescp(folder, port, "PACS", *options, reached=reached):
        yield port, folder


def test_dcmtk_is_sent_to(
    careful: tuple[int, Path], certificates: Certificates, tmp_path: Path
) -> None:
    """A large object arrives byte for byte at a server that wants to know who sends."""
    port, folder = careful
    dataset = still(7, SOPInstanceUID="2.25.1")
    file = part10(tmp_path / "1.dcm", dataset, sop_uid="2.25.1")
    peer = called(port, certificates.client_tls(proven=True))
    assert store(peer, [file]) == [(file, 0)]
    assert dataset_bytes(by_uid(folder)["2.25.1"]) == dataset_bytes(file)


def test_dcmtk_wants_a_certificate(careful: tuple[int, Path], certificates: Certificates) -> None:
    """It is said that the peer does not take ours, when we have none."""
    with pytest.raises(PeerError, match="take our certificate, or wants one"):
        echo(called(careful[0], certificates.client_tls()))


Failing = Callable[[Bridge, Certificates], Peer]

FAILING: list[tuple[str, Failing, str]] = [
    (
        "no TLS there",
        lambda bridge, known: called(bridge.port, known.client_tls()),
        "spricht auf diesem Port kein TLS",
    ),
    ("nothing but TLS there", lambda bridge, _: called(bridge.tls_port, None), "set tls = true"),
    (
        "a CA of others",
        lambda bridge, known: called(
            bridge.tls_port, ClientTls("peer (PACS)", known.stranger.certificate)
        ),
        "certificate that is not trusted",
    ),
    (
        "the CAs of the system",
        lambda bridge, _: called(bridge.tls_port, ClientTls("peer (PACS)")),
        "certificate that is not trusted",
    ),
    (
        "another's name",
        lambda bridge, known: called(bridge.tls_port, known.client_tls(server_name="pacs.invalid")),
        "pacs.invalid",
    ),
    (
        "another's address",
        lambda bridge, known: called(bridge.tls_port, known.client_tls(server_name="127.0.0.2")),
        "127.0.0.2",
    ),
    (
        "files that are away",
        lambda bridge, _: called(bridge.tls_port, ClientTls("peer (PACS)", Path("/nowhere.pem"))),
        "nowhere.pem",
    ),
]


@pytest.mark.parametrize(
    ("failing", "said"), [one[1:] for one in FAILING], ids=[one[0] for one in FAILING]
)
def test_why_it_did_not_come_about(
    bridge: Bridge, certificates: Certificates, failing: Failing, said: str
) -> None:
    """Each cause has its sentence, in both languages, and nothing is sent in the clear."""
    with pytest.raises(PeerError, match=said) as caught:
        echo(failing(bridge, certificates))
    assert " / " in str(caught.value)
    assert not bridge.core.files()


def test_certificate_that_has_ended(
    start: StartServer, certificates: Certificates, tmp_path: Path
) -> None:
    """A peer whose certificate has ended is not sent to."""
    ended = make_ended(tmp_path, certificates.ca)
    bridge = start(tls=ServerTls(KeyPair(ended.certificate, ended.key, "peer")))
    with pytest.raises(PeerError, match="certificate has expired"):
        echo(called(bridge.tls_port, certificates.client_tls()))


@pytest.mark.parametrize(
    "tls",
    [
        lambda known: known.client_tls(),
        lambda known: known.client_tls(server_name="localhost"),
        lambda known: ClientTls("peer (PACS)", known.server.certificate),
        lambda _: ClientTls("peer (PACS)", verifies=False),
    ],
    ids=["by address", "by name", "by the certificate itself", "not verified"],
)
def test_who_is_known(
    bridge: Bridge, certificates: Certificates, tls: Callable[[Certificates], ClientTls]
) -> None:
    """By a CA, under its address or name; by its own certificate; or, if told so, not at all."""
    echo(called(bridge.tls_port, tls(certificates)))


def test_called_by_name(bridge: Bridge, certificates: Certificates) -> None:
    """The name that is called is the one that has to be in the certificate."""
    echo(called(bridge.tls_port, certificates.client_tls(), "localhost"))


@pytest.mark.slow
def test_silent_in_its_handshake(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A peer that accepts and says nothing is given up in time."""
    monkeypatch.setattr(requestor, "CONNECT_SECONDS", 0.4)
    began = time.monotonic()
    with socket.create_server((PLACE, 0)) as silent, pytest.raises(PeerError, match="kein TLS"):
        echo(called(silent.getsockname()[1], certificates.client_tls()))
    assert time.monotonic() - began < 30


def test_lost_within_an_association(certificates: Certificates, tmp_path: Path) -> None:
    """A peer that goes without close_notify ends the association, which is said."""
    context = certificates.server_tls().context.current()
    with socket.create_server((PLACE, 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with context.wrap_socket(connection, server_side=True) as encrypted:
                encrypted.recv(10)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(PeerError):
            echo(called(listening.getsockname()[1], certificates.client_tls()))
        thread.join()


def test_moved_to_an_encrypted_peer(
    careful: tuple[int, Path], start: StartServer, certificates: Certificates, tmp_path: Path
) -> None:
    """What a peer has sent to another (C-MOVE) goes there encrypted."""
    port, folder = careful
    bridge = start()
    file = part10(bridge.spool / "1.dcm", identification(SOPInstanceUID="2.25.7"), sop_uid="2.25.7")
    bridge.core.objects.append(LeavingObject(file, US_IMAGE, "2.25.7", EXPLICIT, {}, {}, "", ""))
    tls = certificates.client_tls(proven=True)
    bridge.core.destination = ArchivePeer("PACS", PLACE, port, None, tls)
    keys = "-k", "QueryRetrieveLevel=PATIENT", "-k", "PatientID=1"
    done = dcmtk("movescu", "-P", "-aem", "PACS", *keys, PLACE, bridge.port)
    assert done.returncode == 0, done.stderr
    assert "2.25.7" in by_uid(folder)


def test_reported_to_an_encrypted_device(bridge: Bridge, certificates: Certificates) -> None:
    """A device that wants its answers encrypted gets them so; the report arrives."""
    report = CommitmentReport(1, "2.25.9", "SONO", "GDTBRIDGE", PLACE)
    tls = certificates.client_tls()
    address = DeviceAddress(PLACE, bridge.tls_port, configured=True, tls=tls)
    assert isinstance(send_report(address, report), int)
    with pytest.raises(PeerError, match="set tls = true"):
        send_report(replace(address, tls=None), report)


def test_orthanc_both_ways(start: StartServer, certificates: Certificates, tmp_path: Path) -> None:
    """Orthanc with TLS stores here and is stored to, each showing the other its certificate."""
    bridge = start(tls=certificates.server_tls(asks=True))
    own = certificates.server
    settings = {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(own.certificate),
        "DicomTlsPrivateKey": str(own.key),
        "DicomTlsTrustedCertificates": str(certificates.ca.certificate),
        "DicomTlsRemoteCertificateRequired": True,
    }
    with orthanc(tmp_path, free_port(), "ORTHANC", **settings) as other:
        file = part10(tmp_path / "1.dcm", still(7, SOPInstanceUID="2.25.1"), sop_uid="2.25.1")
        peer = called(other.dicom_port, certificates.client_tls(proven=True))
        assert store(peer, [file]) == [(file, 0)]
        (kept,) = other.get("/instances")
        other.know(bridge.tls_port, tls=True)
        other.post("/modalities/bridge/store", [kept])
    (sent,) = bridge.core.files()
    assert dataset_bytes(sent)[-1000:] == dataset_bytes(file)[-1000:]
