"""Mail: a message is handed to the practice's mail server (SMTP, RFC 5321) and is its from then on.

What a mail says is decided elsewhere; it holds no patient data.
"""

from __future__ import annotations

import hashlib
import json
import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Final, Literal, Self

from gdtbridge.outbox.model import (
    MAIL,
    Attempt,
    AttemptResult,
    DeliveryJournal,
    FileNaming,
    OutgoingMessage,
)

TIMEOUT_SECONDS: Final = 20.0
"""For connecting and for each answer of the server."""
MOST_WORDS: Final = 100
"""Characters of a server's answer that are kept as the reason."""


@dataclass(frozen=True, slots=True)
class MailText:
    """What a mail says, and when it was written (UTC seconds)."""

    subject: str
    text: str
    written_at: float

    def payload(self) -> bytes:
        """Return the text as the queue keeps it: JSON in UTF-8."""
        return json.dumps([self.subject, self.text, self.written_at]).encode()

    @classmethod
    def of(cls, payload: bytes) -> Self:
        """Return the text of a `payload`."""
        return cls(*json.loads(payload))


@dataclass(frozen=True, slots=True)
class MailAccount:
    """A mail server, how to sign in, and whom to write to."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str
    password: str
    password_file: Path | None
    """Read at each sending, so that a new password counts at once."""
    sender: str
    recipients: tuple[str, ...]
    ca_file: Path | None

    def secret(self) -> str:
        """Return the password; raise `OSError`."""
        if self.password_file is None:
            return self.password
        return self.password_file.read_text("utf-8").strip()


class MailSender:
    """Hands messages to one server, again and again until it takes them."""

    kind: Final = MAIL
    naming: Final = FileNaming.NONE
    keeps_payload: Final = False
    lifetime: Final = None

    def __init__(self, account: MailAccount, *, timeout: float = TIMEOUT_SECONDS) -> None:
        """Send through ``account``; nothing is connected yet."""
        self._account = account
        self._timeout = timeout

    def deliver(
        self,
        messages: Sequence[OutgoingMessage],
        journal: DeliveryJournal,  # noqa: ARG002
        /,
    ) -> Mapping[int, Attempt]:
        """Send messages whose payload is that of a `MailText`; a repetition has the same id."""
        return {
            one.id: self.send(MailText.of(one.payload), f"{one.id}-{_digest(one.payload)}")
            for one in messages
        }

    def send(self, text: MailText, name: str) -> Attempt:
        """Send now; ``name`` makes the Message-ID. Every failure may be over the next time."""
        try:
            with self._server() as server:
                server.send_message(self._mail(text, name))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            return Attempt(AttemptResult.LATER, _reason(error), away=True)
        return Attempt(AttemptResult.DELIVERED)

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        """Yield a server that is connected and, with a user, signed in to."""
        account = self._account
        context = None  # reading the machine's certificates takes longer than sending a mail
        if account.security != "none":
            context = ssl.create_default_context(cafile=account.ca_file)
        with self._connected(context) as server:
            if account.security == "starttls":
                server.starttls(context=context)
            if account.user:
                server.login(account.user, account.secret())
            yield server

    def _connected(self, context: ssl.SSLContext | None) -> smtplib.SMTP:
        host, port = self._account.host, self._account.port
        if self._account.security == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=self._timeout, context=context)
        return smtplib.SMTP(host, port, timeout=self._timeout)

    def _mail(self, text: MailText, name: str) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self._account.sender
        mail["To"] = ", ".join(self._account.recipients)
        mail["Subject"] = text.subject
        mail["Date"] = formatdate(text.written_at, localtime=True)
        mail["Message-ID"] = f"<gdtbridge-{name}@{self._account.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes back
        mail.set_content(text.text)
        return mail

    def clear(self, message: OutgoingMessage, /) -> None:
        """Do nothing: a mail leaves nothing."""

    def sweep(self, owned: AbstractSet[str], /) -> None:
        """Do nothing: a mail leaves nothing."""


def _digest(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()[:16]


def _reason(error: Exception) -> str:
    """Return why the server did not take a mail: its own words, or the kind of the error."""
    said: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, said = error.smtp_code, error.smtp_error
    else:
        return type(error).__name__
    words = said.decode("ascii", "replace") if isinstance(said, bytes) else said
    plain = " ".join("".join(one if " " <= one <= "~" else " " for one in words).split())
    return f"SMTP {code} {plain}"[:MOST_WORDS]
