"""The event channel of one client: a WebSocket (RFC 6455) on a connection of the web server.

Frames are read and written by the protocol of ``websockets``, which knows no sockets. A client has
nothing to say but answers to pings: by them is known what it has got.
"""

from __future__ import annotations

import hashlib
import threading
import time
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from typing import Final

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Protocol, Side, State

MOST_BYTES: Final = 4096
"""Of a message a client sends: it has nothing to say."""
PING_SECONDS: Final = 10.0
"""How often an idle channel is asked whether its client is there."""
SILENT_SECONDS: Final = 40.0
"""A client that answers no ping for so long is gone."""
LONGEST_SECONDS: Final = 3600.0
"""A channel is closed after so long, whoever it is: a client that is stuck comes anew."""
VERSION: Final = "13"
_MAGIC: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY_BYTES: Final = 16


def is_handshake(upgrade: str, connection: str, version: str, key: str) -> bool:
    """Return whether these headers of a request ask for a WebSocket (RFC 6455 4.2.1)."""
    wishes = [part.strip().lower() for part in connection.split(",")]
    try:
        has_key = len(b64decode(key, validate=True)) == _KEY_BYTES
    except (NotBase64, ValueError):
        return False
    asks = upgrade.strip().lower() == "websocket" and "upgrade" in wishes
    return asks and version.strip() == VERSION and has_key


def accept_key(key: str) -> str:
    """Return what proves that a handshake was understood (RFC 6455 4.2.2)."""
    digest = hashlib.sha1(f"{key}{_MAGIC}".encode(), usedforsecurity=False).digest()
    return b64encode(digest).decode("ascii")


class WebSocket:
    """A channel to one client. Its connection reads in one thread, others write. Thread-safe."""

    def __init__(self) -> None:
        self._protocol = Protocol(Side.SERVER, max_size=MOST_BYTES)
        self._turn = threading.Lock()
        self._send: Callable[[bytes], object] | None = None
        self._told = 0
        self._began = self._heard = self._asked = time.monotonic()
        self.answered = 0
        """The highest number of a ping that was answered."""
        self.is_closed = False
        """Whether the connection is gone, or this channel says nothing more."""

    def attach(self, send: Callable[[bytes], object]) -> None:
        """Write by ``send`` from now on, and what was said before."""
        with self._turn:
            self._send = send
            self._flush()

    def detach(self) -> None:
        """Know that the connection is gone."""
        self.is_closed = True

    def received(self, data: bytes) -> bool:
        """Take what the client sent; return whether the connection is to be closed now."""
        with self._turn:
            self._protocol.receive_data(data)
            for event in self._protocol.events_received():
                if isinstance(event, Frame) and event.opcode is Opcode.PONG:
                    self._note_pong(bytes(event.data))
            self._flush()
            return self._protocol.state is not State.OPEN

    def tell(self, texts: list[str], number: int) -> None:
        """Send messages, and ask for the answer that says that they are there."""
        with self._turn:
            if self._protocol.state is State.OPEN:
                for text in texts:
                    self._protocol.send_text(text.encode())
                self._told = max(self._told, number)
                self._ping(self._told)
                self._flush()

    def keep_alive(self) -> None:
        """Ask whether the client is there, where nothing was heard of it lately."""
        now = time.monotonic()
        with self._turn:
            if self._protocol.state is State.OPEN and now - self._asked > PING_SECONDS:
                self._ping(self._told)
                self._flush()

    def close(self, *, refused: bool = False) -> None:
        """Say goodbye; the connection ends when the client has answered, or is silent.

        Who is ``refused`` need not come again (1008, RFC 6455 7.4.1).
        """
        self.is_closed = True
        with self._turn:
            if self._protocol.state is State.OPEN:
                code = CloseCode.POLICY_VIOLATION if refused else CloseCode.GOING_AWAY
                self._protocol.send_close(code)
                self._flush()

    def is_over(self, now: float) -> bool:
        """Return whether the client is silent, or has had its time (monotonic seconds)."""
        return now - self._heard > SILENT_SECONDS or now - self._began > LONGEST_SECONDS

    def _note_pong(self, payload: bytes) -> None:
        self._heard = time.monotonic()
        if payload == str(self._told).encode():
            self.answered = self._told

    def _ping(self, number: int) -> None:
        self._asked = time.monotonic()
        self._protocol.send_ping(str(number).encode())

    def _flush(self) -> None:
        if self._send is not None:
            for data in filter(None, self._protocol.data_to_send()):
                self._send(data)
