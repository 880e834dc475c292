"""A mail server that keeps what it gets (RFC 5321), with STARTTLS and AUTH where told so."""

from __future__ import annotations

import base64
import email
import email.policy
import io
import socketserver
import ssl
import threading
from email.message import EmailMessage
from types import TracebackType
from typing import Self


class MailServer:
    """Listens on a free port of this machine; ``refuse`` answers every recipient with that."""

    def __init__(self, tls: ssl.SSLContext | None = None, login: str = "") -> None:
        """Offer STARTTLS with ``tls``; ask for ``login`` (user:password) where it is set."""
        self.mails: list[EmailMessage] = []
        self.refuse = ""
        self.tls = tls
        self.login = login
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def port(self) -> int:
        """The port."""
        return int(self._server.server_address[1])

    def _handler(self) -> type[socketserver.StreamRequestHandler]:
        owner = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _Dialogue(owner, self).run()

        return Handler

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Dialogue:
    """One connection."""

    def __init__(self, owner: MailServer, handler: socketserver.StreamRequestHandler) -> None:
        self._owner = owner
        self._socket = handler.request
        self._file: io.BufferedIOBase = self._socket.makefile("rb")
        self._secure = False
        self._known = not owner.login

    def _say(self, *lines: str) -> None:
        marked = [f"{line[:3]}-{line[4:]}" for line in lines[:-1]]
        self._socket.sendall("".join(f"{line}\r\n" for line in (*marked, lines[-1])).encode())

    def run(self) -> None:
        self._say("220 test ESMTP")
        while line := self._file.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            if verb.upper() == "QUIT":
                self._say("221 bye")
                break
            getattr(self, f"_{verb.lower()}", self._unknown)(rest)
        self._file.close()
        if self._secure:
            self._socket.close()

    def _unknown(self, rest: str) -> None:
        self._say("502 not here")

    def _ehlo(self, rest: str) -> None:
        starttls = ["250 STARTTLS"] if self._owner.tls and not self._secure else []
        self._say("250 test", *starttls, "250 AUTH PLAIN", "250 8BITMIME")

    def _starttls(self, rest: str) -> None:
        assert self._owner.tls is not None
        self._say("220 go")
        self._file.close()
        try:
            self._socket = self._owner.tls.wrap_socket(self._socket, server_side=True)
        except OSError:  # the client does not trust us
            self._file = io.BytesIO()  # it has nothing more to say
            return
        self._file = self._socket.makefile("rb")
        self._secure = True

    def _auth(self, rest: str) -> None:
        _, user, password = base64.b64decode(rest.removeprefix("PLAIN ")).decode().split("\0")
        self._known = f"{user}:{password}" == self._owner.login
        self._say("235 welcome" if self._known else "535 5.7.8 wrong password")

    def _mail(self, rest: str) -> None:
        self._say("250 ok" if self._known else "530 sign in")

    def _rcpt(self, rest: str) -> None:
        self._say(self._owner.refuse or "250 ok")

    def _rset(self, rest: str) -> None:
        self._say("250 ok")

    def _data(self, rest: str) -> None:
        self._say("354 go on")
        lines = []
        while (line := self._file.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".").replace(b"\r\n", b"\n"))
        mail = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self._owner.mails.append(mail)
        self._say("250 kept")
