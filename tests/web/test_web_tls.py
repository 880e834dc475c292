"""The server with TLS: what browsers and scripts get, and clients that are slow, odd or hostile."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from gdtbridge.certificates import KeyPair, ServerTls
from gdtbridge.settings import HttpSettings
from gdtbridge.web import WebServer
from gdtbridge.web.access.gate import GuardGate
from gdtbridge.web.access.guard import Guard
from gdtbridge.web.limits import Limits
from gdtbridge.web.server import THREADS
from tests.tools.certificate import Certificates, make_pair
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow  # waits for deadlines

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
LAST = HEALTH + b"Connection: close\r\n\r\n"
ADD = b"/worklist/add?id=1&lastname=Doe&firstname=John&birthdate=01.01.1900&sex=1"
PART = os.urandom(512 * 1024)
PARTS = 48
"""Parts of an answer that the system does not take of a reader that reads nothing."""


@pytest.fixture
def port(serve: Any, certificates: Certificates) -> int:
    """Return the port of an encrypted server with default settings."""
    return int(serve(tls=certificates.server_tls()).port)


def trusting(certificates: Certificates) -> ssl.SSLContext:
    """Return what a workstation that knows the CA calls with.

    Python before 3.11.4 takes an end without close_notify for the end of what was sent.
    """
    context = ssl.create_default_context(cafile=str(certificates.ca.certificate))
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    return context


def plain(port: int, source: str = "127.0.0.1") -> socket.socket:
    """Open a connection that has said nothing yet."""
    return socket.create_connection(("127.0.0.1", port), timeout=60, source_address=(source, 0))


@contextmanager
def encrypted(port: int, certificates: Certificates) -> Iterator[ssl.SSLSocket]:
    """Open an encrypted connection; an end without close_notify is an error."""
    with (
        plain(port) as connection,
        trusting(certificates).wrap_socket(
            connection, server_hostname="localhost", suppress_ragged_eofs=False
        ) as secured,
    ):
        yield secured


def all_of(connection: socket.socket) -> bytes:
    """Return everything until the end."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def ends(connection: socket.socket) -> bool:
    """Wait for the other side to close."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return True


def answers(port: int, certificates: Certificates) -> bool:
    """Return whether /healthz answers within the time of the connection."""
    with encrypted(port, certificates) as connection:
        connection.sendall(LAST)
        return all_of(connection).endswith(b"ok\n")


def hello() -> bytes:
    """Return the first message of a client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


# ---------------------------------------------------------------------------- what clients get


def test_curl_is_answered_and_knows_whom_it_asks(port: int, certificates: Certificates) -> None:
    """With the CA the answer comes; without it curl refuses to say anything."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    command = [
        "curl",
        "--silent",
        "--fail",
        "--max-time",
        "10",
        f"https://localhost:{port}/healthz",
    ]
    known = ["--cacert", str(certificates.ca.certificate)]
    assert subprocess.run([*command, *known], capture_output=True, check=True).stdout == b"ok\n"
    assert subprocess.run(command, capture_output=True, check=False).returncode == 60


def s_client(port: int, said: bytes, *options: str) -> str:
    """Return what openssl's client prints; it says ``said`` after the handshake."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *options]
    done = subprocess.run(command, input=said, capture_output=True, timeout=30, check=False)
    return (done.stdout + done.stderr).decode(errors="replace")


@pytest.mark.parametrize(("version", "spoken"), [("1_1", False), ("1_2", True), ("1_3", True)])
def test_versions(port: int, version: str, *, spoken: bool) -> None:
    """TLS 1.2 and 1.3 are spoken, older ones are not."""
    weak = ["-cipher", "DEFAULT:@SECLEVEL=0"] if version == "1_1" else []
    told = s_client(port, LAST, "-quiet", f"-tls{version}", *weak)
    assert ("200 OK" in told) is spoken


def test_keys_are_renewed_by_the_client(port: int) -> None:
    """Messages of TLS itself between requests (KeyUpdate, RFC 8446 4.6.3) change nothing."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_3"]
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        output, told = client.stdout, b""
        os.set_blocking(output.fileno(), False)

        def says(text: bytes) -> Callable[[], bool]:
            def look() -> bool:
                nonlocal told
                told += output.read() or b""
                return text in told

            return look

        wait_for(says(b"Verify return code"), what="handshake")
        for letter in (b"k\n", b"K\n"):
            client.stdin.write(letter)
            client.stdin.flush()
            wait_for(says(b"KEYUPDATE"), what="renewed keys")
            told = b""
        client.stdin.write(LAST)
        client.stdin.flush()
        wait_for(says(b"ok\n"), what="answer")


def test_keys_are_not_renewed_without_end(port: int, certificates: Certificates) -> None:
    """A client that does nothing else loses its connection after some kilobytes."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    flood = f"yes k | openssl s_client -connect 127.0.0.1:{port} -tls1_3"
    quiet = subprocess.DEVNULL
    with subprocess.Popen(["bash", "-c", flood], stdout=quiet, stderr=quiet) as client:
        wait_for(lambda: client.poll() is not None, what="the end of the connection")
    assert answers(port, certificates)


def test_renegotiation_is_refused(port: int, certificates: Certificates) -> None:
    """A client of TLS 1.2 that wants to begin anew loses its connection, and nobody else does."""
    told = s_client(port, b"R\n", "-tls1_2")
    assert "RENEGOTIATING" in told
    assert "no renegotiation" in told or "handshake failure" in told
    assert answers(port, certificates)


def test_many_requests_of_one_connection(port: int, certificates: Certificates) -> None:
    """A connection is kept, and requests sent at once are answered in order."""
    with encrypted(port, certificates) as connection:
        for _ in range(3):
            connection.sendall(HEALTH + b"\r\n")
            answer = b""
            while not answer.endswith(b"ok\n"):
                answer += connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200")
        connection.sendall((HEALTH + b"\r\n") * 3 + LAST)
        assert all_of(connection).count(b"HTTP/1.1 200 OK") == 4


def test_client_that_says_goodbye_first_gets_its_answer(
    port: int, certificates: Certificates
) -> None:
    """close_notify with the request is the end of requests, not of the answer (RFC 8446 6.1)."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting(certificates).wrap_bio(incoming, outgoing, server_hostname="localhost")

    def step(act: Callable[[], object]) -> None:
        while True:
            try:
                act()
            except ssl.SSLWantReadError:
                connection.sendall(outgoing.read())
                incoming.write(connection.recv(65536))
            else:
                return

    with plain(port) as connection:
        step(client.do_handshake)
        client.write(HEALTH + b"\r\n")
        with pytest.raises(ssl.SSLWantReadError):
            client.unwrap()
        connection.sendall(outgoing.read())
        incoming.write(all_of(connection))
    assert client.read(65536).startswith(b"HTTP/1.1 200")


def test_stranger_sees_the_refusal_of_a_large_body(port: int, certificates: Certificates) -> None:
    """A body beyond the limit is read to its end, as without TLS."""
    with encrypted(port, certificates) as connection:
        connection.sendall(b"POST /api/v1/worklist HTTP/1.1\r\nHost: localhost\r\n")
        connection.sendall(b"Content-Length: 1000000\r\n\r\n" + bytes(1_000_000))
        assert all_of(connection).split(b" ", 2)[1] == b"413"


def test_new_certificate_needs_no_restart(
    serve: Any, certificates: Certificates, tmp_path: Path
) -> None:
    """Files that are replaced prove the server from the next connection on."""
    pair = make_pair(tmp_path, "web", "DNS:localhost", ca=certificates.ca)
    port = serve(tls=ServerTls(KeyPair(pair.certificate, pair.key, "http.tls_certificate"))).port

    def shown() -> bytes | None:
        with encrypted(port, certificates) as connection:
            return connection.getpeercert(binary_form=True)

    before = shown()
    make_pair(tmp_path, "web", "DNS:localhost", ca=certificates.ca)
    assert before != shown()


def test_browsers_remember_given_certificates(serve: Any, certificates: Certificates) -> None:
    """Strict-Transport-Security holds for all ports of a name, also for a viewer's without TLS."""
    viewers = {"https://pacs": True, "http://pacs:8042": False}
    for base, remembered in viewers.items():
        port = serve(tls=certificates.server_tls(), viewer={"kind": "ohif", "base": base}).port
        with encrypted(port, certificates) as connection:
            connection.sendall(LAST)
            assert (b"Strict-Transport-Security: max-age=" in all_of(connection)) is remembered


def test_pages_of_the_same_name_without_tls_are_foreign(
    port: int, certificates: Certificates
) -> None:
    """Whoever answers under our name in the clear need not be we."""
    head = b"GET /api/v1/worklist HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n"
    for scheme, status in ((b"https", b"200"), (b"http", b"403")):
        with encrypted(port, certificates) as connection:
            connection.sendall(head + b"Origin: " + scheme + b"://localhost:1\r\n\r\n")
            assert all_of(connection).split(b" ", 2)[1] == status


# ---------------------------------------------------------------------------- without TLS


@pytest.mark.parametrize("path", [ADD, b"/", b"/api/v1/worklist", b"/healthz", b"/nowhere"])
@pytest.mark.parametrize("method", [b"GET", b"POST"])
def test_plain_call_is_told_the_address(
    port: int, send_raw: Any, orders: Any, method: bytes, path: bytes
) -> None:
    """Everybody gets one line with the right beginning, browsers too; nothing is placed."""
    head = b" HTTP/1.0\r\nHost: localhost:8080\r\nAccept: text/html\r\n\r\n"
    answer = send_raw(port, method + b" " + path + head)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split(b" ", 2)[1] == b"400"
    assert body.startswith(b"error: ")
    assert b"https://localhost:8080" in body
    assert body.count(b"\n") == 1
    assert orders.requests == []


def test_plain_call_sends_no_body(port: int, send_raw: Any, orders: Any) -> None:
    """What is sent in the clear is refused by its header."""
    head = b"POST /api/v1/worklist HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000\r\n"
    answer = send_raw(port, head + b"Expect: 100-continue\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"https://localhost" in answer
    assert b"100 Continue" not in answer


def test_plain_call_by_another_name_is_not_led_on(port: int, send_raw: Any) -> None:
    """A name that is not ours is not repeated, and stays refused as such."""
    answer = send_raw(port, b"GET / HTTP/1.0\r\nHost: evil.example\r\n\r\n")
    assert answer.split(b" ", 2)[1] == b"421"
    assert b"evil" not in answer


@pytest.mark.parametrize(
    "data",
    [
        b"\x16",
        b"\x16\x03\x01\x00\x05hello",
        b"\x16\x03\x01\xff\xff" + bytes(70_000),
        b"\x80\x2e\x01\x03\x01\r\n\r\n",
        b"\x01\x00\x00\x00\x00\xcd\x00\x01\x00\x00GDTBRIDGE\r\n\r\n",
        bytes(100_000),
    ],
)
def test_garbage_ends_its_own_connection_only(
    serve: Any, certificates: Certificates, data: bytes
) -> None:
    """What is neither TLS nor HTTP is refused or cut off."""
    limits = Limits(handshake_seconds=1.5, header_seconds=1.5)
    port = serve(tls=certificates.server_tls(), limits=limits).port
    with plain(port) as connection:
        connection.sendall(data)
        assert ends(connection)
    assert answers(port, certificates)


# ---------------------------------------------------------------------------- slow and hostile


def test_handshake_has_a_deadline(serve: Any, certificates: Certificates) -> None:
    """Half a handshake, and one that drips, is cut off; meanwhile others are served."""
    limits = Limits(handshake_seconds=1.5)
    port = serve(tls=certificates.server_tls(), limits=limits).port
    with plain(port) as half, plain(port) as dripping:
        half.sendall(hello()[:100])
        assert answers(port, certificates)
        dripping.settimeout(0.05)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):  # noqa: PT012
            for byte in hello():
                dripping.sendall(bytes([byte]))
                threading.Event().wait(0.02)
        assert ends(half)


def test_handshake_has_its_time_from_its_beginning(serve: Any, certificates: Certificates) -> None:
    """A browser opens connections ahead: one that was silent at first is not late."""
    port = serve(tls=certificates.server_tls(), limits=Limits(handshake_seconds=1.5)).port
    opened = time.monotonic()
    with plain(port) as connection:
        wait_for(lambda: time.monotonic() > opened + 2)
        context = trusting(certificates)
        with context.wrap_socket(connection, server_hostname="localhost") as secured:
            secured.sendall(LAST)
            assert all_of(secured).endswith(b"ok\n")


def test_whole_handshake_and_silence(serve: Any, certificates: Certificates) -> None:
    """An encrypted connection without a request is idle, and has an idle one's time."""
    limits = Limits(idle_seconds=0.3, handshake_seconds=30)
    port = serve(tls=certificates.server_tls(), limits=limits).port
    with encrypted(port, certificates) as connection:
        assert connection.recv(1) == b""  # with close_notify


def test_header_has_a_deadline(serve: Any, certificates: Certificates) -> None:
    """A header that never ends is cut off inside of TLS, too."""
    port = serve(tls=certificates.server_tls(), limits=Limits(header_seconds=0.3)).port
    with encrypted(port, certificates) as connection:
        connection.sendall(HEALTH)
        assert ends(connection)


def test_half_handshakes_make_room(serve: Any, certificates: Certificates) -> None:
    """Handshakes that stop take no place of somebody who comes; nor do silent connections."""
    port = serve(tls=certificates.server_tls(), limits=Limits(connections=12, unserved=4)).port
    with ExitStack() as stack:
        for number in range(20):
            connection = stack.enter_context(plain(port, f"127.0.1.{number // 3 + 1}"))
            connection.sendall(hello()[: number * 10])
        assert answers(port, certificates)


def large(environ: dict[str, Any], start: Any) -> list[bytes]:
    """Answer /large in many parts and everything else in one."""
    parts = PARTS if environ["PATH_INFO"] == "/large" else 1
    start("200 OK", [("Content-Length", str(parts * len(PART)))])
    return [PART] * parts


@contextmanager
def serving_large(certificates: Certificates, limits: Limits) -> Iterator[WebServer]:
    """Run an encrypted server with large answers."""
    gate = GuardGate(Guard(HttpSettings(tls="files")))
    tls = certificates.server_tls().context
    server = WebServer(large, "127.0.0.1", 0, gate, limits, tls)
    server.start()
    try:
        yield server
    finally:
        server.stop(grace=1)


ASK = b"GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def test_every_byte_of_a_large_answer_arrives(certificates: Certificates) -> None:
    """Slow readers, fast readers and several at once get what was sent, and its end."""
    with serving_large(certificates, Limits()) as server, ExitStack() as stack:
        readers = [stack.enter_context(encrypted(server.port, certificates)) for _ in range(4)]
        for reader in readers:
            reader.sendall(ASK)
        for reader in readers:
            body = all_of(reader).partition(b"\r\n\r\n")[2]
            assert body == PART * PARTS


def test_readers_that_stop_hold_no_thread(certificates: Certificates) -> None:
    """More clients that read nothing of a large answer than there are threads stop nobody."""
    with serving_large(certificates, Limits()) as server, ExitStack() as stack:
        for _ in range(THREADS + 1):
            reader = stack.enter_context(encrypted(server.port, certificates))
            reader.sendall(ASK)
        wait_for(lambda: sum(bool(c.total_outbufs_len) for c in server._channels()) == THREADS + 1)
        with encrypted(server.port, certificates) as connection:
            connection.sendall(LAST)
            assert connection.recv(100).startswith(b"HTTP/1.1 200")


def test_reader_that_stops_is_closed(certificates: Certificates) -> None:
    """A client that takes nothing loses its connection, and is not told that this was all."""
    limits = Limits(stall_seconds=0.3)
    with (
        serving_large(certificates, limits) as server,
        encrypted(server.port, certificates) as reader,
    ):
        reader.sendall(ASK)
        wait_for(lambda: not server._channels())
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            all_of(reader)


def test_stop_finishes_what_was_begun(certificates: Certificates) -> None:
    """A large answer under way is sent to its end."""
    with (
        serving_large(certificates, Limits()) as server,
        encrypted(server.port, certificates) as reader,
    ):
        reader.sendall(ASK)
        first = reader.recv(1000)
        server._deadline = time.monotonic() + 60
        server._listeners[0].pull_trigger(server._stopping.set)
        assert len(first + all_of(reader)) > PARTS * len(PART)
