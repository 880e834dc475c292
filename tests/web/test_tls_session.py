"""TLS of one connection by itself: sockets that take little at a time, or nothing for a while."""

from __future__ import annotations

import os
import ssl
from contextlib import suppress

import pytest

from gdtbridge.web.tls import RECORD_BYTES, TlsSession
from tests.tools.certificate import Certificates


class Wire:
    """A socket that takes ``room`` bytes and then nothing until it is given room again."""

    def __init__(self) -> None:
        self.room = 1 << 20
        self.taken = b""

    def send(self, data: memoryview) -> int:
        """Take what there is room for, as a socket that does not block."""
        if not self.room:
            raise BlockingIOError
        part = bytes(data[: self.room])
        self.room -= len(part)
        self.taken += part
        return len(part)


class Client:
    """A client that knows the CA."""

    def __init__(self, certificates: Certificates) -> None:
        context = ssl.create_default_context(cafile=str(certificates.ca.certificate))
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.has_heard_goodbye = False
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    def shake_hands(self, session: TlsSession, wire: Wire) -> None:
        """Go through the handshake."""
        while not session.is_up:
            with suppress(ssl.SSLWantReadError):
                self.tls.do_handshake()
            session.received(self.outgoing.read())
            session.flush(wire.send)
            self.incoming.write(wire.taken)
            wire.taken = b""

    def read(self, wire: Wire) -> bytes:
        """Return what has been said."""
        self.incoming.write(wire.taken)
        wire.taken = b""
        said = b""
        with suppress(ssl.SSLWantReadError):
            while part := self.tls.read(1 << 20):
                said += part
            self.has_heard_goodbye = True
        return said


@pytest.fixture
def session(certificates: Certificates) -> TlsSession:
    """Return the server's side of a connection."""
    return TlsSession(certificates.server_tls().context.current())


@pytest.mark.parametrize("room", [1, 1000, RECORD_BYTES, RECORD_BYTES + 100, 1 << 20])
def test_what_counts_as_sent_has_left(
    session: TlsSession, certificates: Certificates, room: int
) -> None:
    """Nothing is sent twice or left behind, however little the socket takes at once."""
    client, wire = Client(certificates), Wire()
    client.shake_hands(session, wire)
    answer = os.urandom(RECORD_BYTES * 3 + 7) if room > 1 else b"short"
    done, said = 0, b""
    while done < len(answer):
        wire.room = room
        count = session.send(answer[done:], wire.send)
        assert not (count and session.is_leaving)
        done += count
        said += client.read(wire)
    assert said == answer


def test_handshake_waits_for_the_socket(session: TlsSession, certificates: Certificates) -> None:
    """What TLS has to say waits, and is said to wait, until the socket takes it."""
    client, wire = Client(certificates), Wire()
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.do_handshake()
    wire.room = 10
    assert session.received(client.outgoing.read()) == b""
    waits = []
    for room in (0, 1 << 20):
        wire.room += room
        session.flush(wire.send)
        waits.append(session.is_leaving)
    assert waits == [True, False]
    client.shake_hands(session, wire)


def test_goodbye_only_after_the_whole_answer(
    session: TlsSession, certificates: Certificates
) -> None:
    """close_notify says that this was all; cut short, the client has to notice."""
    client, wire = Client(certificates), Wire()
    client.shake_hands(session, wire)
    wire.room = 100
    assert session.send(bytes(RECORD_BYTES), wire.send) == 0
    wire.room = 1 << 20
    session.say_goodbye(wire.send)
    assert len(wire.taken) == 100
    assert session.send(bytes(RECORD_BYTES), wire.send) == RECORD_BYTES
    session.say_goodbye(wire.send)
    assert client.read(wire) == bytes(RECORD_BYTES)
    assert client.has_heard_goodbye
