"""DICOM over TLS: with DCMTK and openssl, and whoever cannot or will not speak it."""

from __future__ import annotations

import contextlib
import itertools
import random
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdtbridge.attention.refusals import RefusalReason
from gdtbridge.certificates import KeyPair, ServerTls
from gdtbridge.dicom.upper_layer import listener, reactor, sockets
from gdtbridge.dicom.upper_layer.tls import TlsConnection
from gdtbridge.dicom.upper_layer.waiting import readable
from tests.tools.certificate import Certificates, make_pair
from tests.tools.device import (
    VERIFICATION,
    Closed,
    RawAssociation,
    Rejected,
    associate_rq,
    echo_rq,
    p_data,
    store_rq,
)
from tests.tools.dicom_server import Bridge, StartServer, run_peer
from tests.tools.elements import EXPLICIT, US_IMAGE, element, identification, part10
from tests.tools.waiting import wait_for

PATIENCE = 1.5
"""Seconds the shortened deadlines of these tests last."""


@dataclass
class Refusals:
    """Remembers who was refused."""

    found: list[tuple[RefusalReason, str]] = field(default_factory=list)

    def note(self, reason: RefusalReason, calling_aet: str, address: str) -> None:
        self.found.append((reason, address))

    def note_status(self, status: int, calling_aet: str, address: str) -> None:
        raise AssertionError(status)


@pytest.fixture
def refusals() -> Refusals:
    """Return who was refused."""
    return Refusals()


@pytest.fixture
def bridge(start: StartServer, certificates: Certificates, refusals: Refusals) -> Bridge:
    """Return a server that has both ports."""
    return start(tls=certificates.server_tls(), refusals=refusals)


PLACE = "127.0.0.1"


def trusting(certificates: Certificates) -> list[object]:
    """Return DCMTK's options for a peer without a certificate of its own."""
    return ["+tla", "+cf", certificates.ca.certificate]


def proven(certificates: Certificates) -> list[object]:
    """Return DCMTK's options for a peer with one."""
    pair = certificates.client
    return ["+tls", pair.key, pair.certificate, "+cf", certificates.ca.certificate]


def client_context(certificates: Certificates, *, is_proven: bool = False) -> ssl.SSLContext:
    """Return the TLS of a device that knows the server."""
    context = ssl.create_default_context(cafile=certificates.ca.certificate)
    if is_proven:
        context.load_cert_chain(certificates.client.certificate, certificates.client.key)
    return context


def image(folder: Path, number: int = 1, size: int = 100) -> Path:
    """Write an image whose pixels are so many bytes."""
    pixels = random.Random(number).randbytes(size // 2 * 2)
    dataset = identification(SOPInstanceUID=f"2.25.{number}") + element(0x7FE00010, b"OB", pixels)
    return part10(folder / f"{number}.dcm", dataset, sop_uid=f"2.25.{number}")


@pytest.mark.parametrize("options", [trusting, proven], ids=["anonymous", "with a certificate"])
def test_dcmtk_over_tls(
    bridge: Bridge,
    certificates: Certificates,
    tmp_path: Path,
    options: Callable[[Certificates], list[object]],
) -> None:
    """DCMTK verifies, asks the worklist and stores; what is kept is what was sent."""
    how, place = options(certificates), (PLACE, bridge.tls_port)
    assert run_peer("echoscu", *how, *place).returncode == 0
    assert run_peer("findscu", *how, "-W", "-k", "PatientName", *place).returncode == 0
    sent = image(tmp_path, size=300_000)
    assert run_peer("storescu", *how, "-xe", *place, sent).returncode == 0
    (kept,) = bridge.core.files()
    assert kept.read_bytes()[-300_000:] == sent.read_bytes()[-300_000:]


@pytest.mark.parametrize("options", [trusting, proven], ids=["anonymous", "with a certificate"])
def test_certificates_of_devices(
    start: StartServer,
    certificates: Certificates,
    refusals: Refusals,
    options: Callable[[Certificates], list[object]],
) -> None:
    """Where devices have to prove themselves, one without a certificate is turned away."""
    bridge = start(tls=certificates.server_tls(asks=True), refusals=refusals)
    done = run_peer("echoscu", *options(certificates), PLACE, bridge.tls_port)
    assert (done.returncode == 0) is (options is proven)
    assert refusals.found == ([] if options is proven else [(RefusalReason.TLS_CERTIFICATE, PLACE)])


def _plain(bridge: Bridge, _: Certificates) -> None:
    with RawAssociation(bridge.tls_port) as device, pytest.raises(Closed):
        device.associate([(VERIFICATION, [EXPLICIT])])


def _browser(bridge: Bridge, _: Certificates) -> None:
    with RawAssociation(bridge.tls_port) as device:
        device.send(b"GET / HTTP/1.1\r\n\r\n")
        assert device.ended()


def _tls_on_the_plain_port(bridge: Bridge, certificates: Certificates) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        RawAssociation(bridge.port, tls=client_context(certificates))


def _distrustful(bridge: Bridge, _: Certificates) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        RawAssociation(bridge.tls_port, tls=ssl.create_default_context())


def _old(bridge: Bridge, certificates: Certificates) -> None:
    context = client_context(certificates)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA")
    with pytest.raises(ssl.SSLError):
        RawAssociation(bridge.tls_port, tls=context)


def _scanner(bridge: Bridge, _: Certificates) -> None:
    socket.create_connection((PLACE, bridge.tls_port), 60).close()


@pytest.mark.parametrize(
    ("visit", "reason"),
    [
        (_plain, RefusalReason.TLS_MISSING),
        (_browser, RefusalReason.TLS_MISSING),
        (_tls_on_the_plain_port, RefusalReason.TLS_UNEXPECTED),
        (_distrustful, RefusalReason.TLS_UNTRUSTED),
        (_old, RefusalReason.TLS_FAILED),
        (_scanner, None),
    ],
)
def test_who_does_not_speak_as_the_port_does(
    bridge: Bridge,
    certificates: Certificates,
    refusals: Refusals,
    visit: Callable[[Bridge, Certificates], None],
    reason: RefusalReason | None,
) -> None:
    """Each is told once, with its reason; who only knocks is not told."""
    visit(bridge, certificates)
    with RawAssociation(bridge.tls_port, tls=client_context(certificates)) as device:
        device.associate([(VERIFICATION, [EXPLICIT])])
    wait_for(lambda: not bridge.server.associations)
    assert refusals.found == ([] if reason is None else [(reason, PLACE)])


@pytest.fixture
def impatient(
    start: StartServer, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> Bridge:
    """Return a server whose deadlines are short."""
    monkeypatch.setattr(sockets, "ASSOCIATE_SECONDS", PATIENCE)
    monkeypatch.setattr(listener, "ASSOCIATE_SECONDS", PATIENCE)
    monkeypatch.setattr(reactor, "TICK_SECONDS", 0.1)
    return start(tls=certificates.server_tls())


def hello() -> bytes:
    """Return how a client begins a handshake."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


@pytest.mark.slow
@pytest.mark.parametrize("said", [b"", hello()[:40], hello()], ids=["nothing", "half", "hello"])
def test_silent_in_its_handshake(
    impatient: Bridge, certificates: Certificates, said: bytes
) -> None:
    """Who stops in the handshake holds up nobody, and is disconnected in time."""
    with socket.create_connection((PLACE, impatient.tls_port), 60) as silent:
        silent.sendall(said)
        began = time.monotonic()
        with RawAssociation(impatient.tls_port, tls=client_context(certificates)) as device:
            device.associate([(VERIFICATION, [EXPLICIT])])
            device.release()
        assert time.monotonic() - began < 30
        while silent.recv(4096):
            pass  # ends by itself
        assert time.monotonic() - began < 30


@pytest.mark.slow
def test_a_byte_now_and_then(impatient: Bridge) -> None:
    """A handshake has one deadline for all of it, however alive the peer seems."""
    began = time.monotonic()
    with (
        socket.create_connection((PLACE, impatient.tls_port), 60) as slow,
        contextlib.suppress(OSError),
    ):
        slow.settimeout(PATIENCE / 10)
        for byte in hello() * 20:
            slow.sendall(bytes([byte]))
            with contextlib.suppress(TimeoutError):
                if not slow.recv(1):
                    break
    assert time.monotonic() - began < 30


def test_both_ports_share_the_limit(start: StartServer, certificates: Certificates) -> None:
    """An association counts, encrypted or not."""
    bridge = start(tls=certificates.server_tls(), max_associations=1)
    with RawAssociation(bridge.tls_port, tls=client_context(certificates)) as first:
        first.associate([(VERIFICATION, [EXPLICIT])])
        with RawAssociation(bridge.port) as second, pytest.raises(Rejected):
            second.associate([(VERIFICATION, [EXPLICIT])])


def test_gone_without_a_goodbye(bridge: Bridge, certificates: Certificates, tmp_path: Path) -> None:
    """A device that closes without close_notify leaves what it sent, and no thread."""
    dataset = identification(SOPInstanceUID="2.25.1")
    with RawAssociation(bridge.tls_port, tls=client_context(certificates)) as device:
        device.associate([(US_IMAGE, [EXPLICIT])])
        device.message(1, store_rq(US_IMAGE, "2.25.1"), dataset)
        assert device.response().status == 0
    wait_for(lambda: not bridge.server.associations)
    assert len(bridge.core.files()) == 1


def test_server_says_goodbye(bridge: Bridge, certificates: Certificates) -> None:
    """After a release the server ends TLS by its own rules, so that no device sees an error."""
    with RawAssociation(bridge.tls_port, tls=client_context(certificates)) as device:
        device.associate([(VERIFICATION, [EXPLICIT])])
        device.release()
        assert isinstance(device.socket, ssl.SSLSocket)
        device.socket.suppress_ragged_eofs = False  # type: ignore[attr-defined]
        assert device.socket.recv(1) == b""


def test_new_keys_within_an_association(
    bridge: Bridge, certificates: Certificates, tmp_path: Path
) -> None:
    """A peer may change its keys and have us change ours (KeyUpdate, RFC 8446 4.6.3)."""
    told = tmp_path / "stderr"
    ca = ["-CAfile", str(certificates.ca.certificate)]
    command = ["openssl", "s_client", "-quiet", "-no_ign_eof", *ca, "-connect"]
    pipe = subprocess.PIPE
    with (
        told.open("wb") as errors,
        subprocess.Popen(
            [*command, f"{PLACE}:{bridge.tls_port}"], stdin=pipe, stdout=pipe, stderr=errors
        ) as peer,
    ):
        try:
            _say(peer, associate_rq([(VERIFICATION, [EXPLICIT])]))
            assert _heard(peer) == 0x02
            for changes in (1, 2):
                _say(peer, b"K\n")  # its command for a KeyUpdate that wants another in return
                wait_for(lambda: told.read_text().count("KEYUPDATE") == changes)  # noqa: B023
                _say(peer, p_data(1, 3, echo_rq()))
                assert _heard(peer) == 0x04
        finally:
            peer.kill()


def _say(peer: subprocess.Popen[bytes], data: bytes) -> None:
    assert peer.stdin is not None
    peer.stdin.write(data)
    peer.stdin.flush()


def _heard(peer: subprocess.Popen[bytes]) -> int:
    """Return the type of the next PDU."""
    assert peer.stdout is not None
    kind, length = struct.unpack(">BxL", peer.stdout.read(6))
    peer.stdout.read(length)
    return int(kind)


def test_renewed_certificate(
    start: StartServer, certificates: Certificates, tmp_path: Path
) -> None:
    """A new certificate is shown to the next device; who is connected goes on."""
    shutil.copy(certificates.server.certificate, tmp_path / "own.pem")
    shutil.copy(certificates.server.key, tmp_path / "own-key.pem")
    own = KeyPair(tmp_path / "own.pem", tmp_path / "own-key.pem", "dicom.tls_certificate")
    bridge = start(tls=ServerTls(own))
    context = client_context(certificates)
    with RawAssociation(bridge.tls_port, tls=context) as before:
        before.associate([(VERIFICATION, [EXPLICIT])])
        renewed = make_pair(tmp_path, "new", "IP:127.0.0.1", ca=certificates.ca)
        renewed.certificate.replace(own.certificate)
        renewed.key.replace(own.key)
        with RawAssociation(bridge.tls_port, tls=context) as after:
            assert _shown(after) != _shown(before)
        before.release()


def _shown(device: RawAssociation) -> bytes | None:
    assert isinstance(device.socket, ssl.SSLSocket)
    return device.socket.getpeercert(binary_form=True)


@settings(max_examples=15)
@given(
    st.lists(st.integers(1, 40_000), min_size=1, max_size=5),
    st.lists(st.sampled_from([6, 1000, 65_536]), min_size=1, max_size=3),
    st.integers(200, 50_000),
)
def test_every_byte_in_order(
    certificates: Certificates, sent: list[int], taken: list[int], torn: int
) -> None:
    """Whatever the size of records, of reads and of what the network delivers at once."""
    content = random.Random(torn).randbytes(sum(sent))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        context = certificates.server_tls().context.current()
        connection = TlsConnection(
            ours, lambda incoming, outgoing: context.wrap_bio(incoming, outgoing, server_side=True)
        )
        thread = threading.Thread(
            target=_send_in_pieces, args=(theirs, client_context(certificates), content, sent, torn)
        )
        thread.start()
        received = bytearray()
        for size in itertools.cycle(taken):
            view = memoryview(bytearray(size))
            try:
                count = connection.recv_into(view)
            except BlockingIOError:
                assert not connection.has_plain
                readable([ours], 10)
                continue
            if not count:
                break
            received += view[:count]
        thread.join()
        assert received == content


def _send_in_pieces(
    connection: socket.socket, context: ssl.SSLContext, content: bytes, sizes: list[int], torn: int
) -> None:
    """Encrypt each part by itself, and give the network so many bytes at once."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=PLACE)
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            connection.sendall(outgoing.read())
            incoming.write(connection.recv(65_536))
    for size in sizes:
        tls.write(content[:size])
        content = content[size:]
        data = outgoing.read()
        for start in range(0, len(data), torn):
            connection.sendall(data[start : start + torn])
    connection.shutdown(socket.SHUT_WR)
