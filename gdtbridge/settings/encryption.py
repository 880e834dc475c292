"""What of an installation is encrypted, and by which certificates."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gdtbridge.certificates import (
    CertificateError,
    ClientTls,
    KeyPair,
    RenewedContext,
    SelfMade,
    ServerTls,
)
from gdtbridge.dataset.values import folded_title
from gdtbridge.settings.models import Settings
from gdtbridge.settings.tls import key_pair

log = logging.getLogger(__name__)

_LOCAL: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class TrustedFile:
    """A file of certificates that are trusted, and the setting that names it."""

    file: Path
    setting: str


@dataclass(frozen=True, slots=True)
class Encryption:
    """The TLS of our servers, where they have any, and of each peer and device called with it."""

    server: ServerTls | None
    web: ServerTls | None
    self_made: SelfMade | None
    """Where that of the web server comes from; None where it is given, or there is none."""
    peers: Mapping[str, ClientTls]
    devices: Mapping[tuple[str, str], ClientTls]

    @classmethod
    def of(cls, settings: Settings) -> Encryption:
        """Return what the settings say; no file is read."""
        dicom, base = settings.dicom, settings.base
        own = key_pair("dicom.tls_certificate", base, dicom.tls_certificate, dicom.tls_key)
        server = None
        if dicom.tls_port is not None and own is not None:
            ca = base / dicom.tls_client_ca if dicom.tls_client_ca is not None else None
            server = ServerTls(own, ca, "dicom.tls_client_ca")
        peers = {
            folded_title(one.aet): one.client_tls(f"peer ({one.aet})", base, own)
            for one in settings.peer
        }
        devices = {
            (one.aet or "", one.host): one.client_tls(f"device ({one.aet or one.host})", base, own)
            for one in settings.device
        }
        return cls(
            server,
            _web_tls(settings, self_made := _self_made(settings)),
            self_made,
            {aet: tls for aet, tls in peers.items() if tls is not None},
            {who: tls for who, tls in devices.items() if tls is not None},
        )

    def of_peer(self, aet: str) -> ClientTls | None:
        """Return how a peer is called; None for an unencrypted one."""
        return self.peers.get(folded_title(aet))

    def of_device(self, aet: str, host: str) -> ClientTls | None:
        """Return how the device of a table with that title and host is called."""
        return self.devices.get((aet, host))

    @property
    def clients(self) -> Iterator[ClientTls]:
        """How each peer and device is called that is called encrypted."""
        yield from self.peers.values()
        yield from self.devices.values()

    @property
    def is_used(self) -> bool:
        """Whether anything is encrypted."""
        return bool(self._servers or self.peers or self.devices)

    @property
    def _servers(self) -> list[ServerTls]:
        return [one for one in (self.server, self.web) if one is not None]

    @property
    def pairs(self) -> Iterator[KeyPair]:
        """What we prove ourselves by; the same one as often as it is used."""
        yield from (one.pair for one in self._servers)
        yield from (one.pair for one in self.clients if one.pair is not None)

    @property
    def trusted(self) -> Iterator[TrustedFile]:
        """Whom we trust, or have others trust, but for the system's own."""
        if self.self_made is not None:
            yield TrustedFile(self.self_made.ca, self.self_made.setting)
        if self.server is not None and self.server.client_ca is not None:
            yield TrustedFile(self.server.client_ca, self.server.ca_setting)
        for one in self.clients:
            if one.ca is not None:
                yield TrustedFile(one.ca, one.setting)

    def check(self) -> None:
        """Load every certificate; raise `CertificateError` with a line for all that is wrong.

        Who is called without looking who answers is said in the log.
        """
        for one in self.clients:
            if not one.verifies:
                log.warning("%s.tls_verify = false: encrypted with whoever answers", one.table)
        if problems := self.problems():
            raise CertificateError("\n".join(problems))

    def problems(self) -> list[str]:
        """Return why files cannot be used, or those that were to replace them; each once."""
        return list(dict.fromkeys(_problems(self._contexts())))

    def _contexts(self) -> Iterator[RenewedContext]:
        for one in self._servers:
            if self.self_made is None or one is not self.web or self.self_made.is_made:
                yield one.context
        yield from (one.context for one in self.clients)


def _self_made(settings: Settings) -> SelfMade | None:
    """Return the certificate that is made for the web server, where that is wanted.

    It bears what the settings call the server, and this machine by all its names.
    """
    http = settings.http
    if http.tls != "self-made":
        return None
    names = frozenset({*http.names, *_LOCAL} - {"0.0.0.0", "::"})  # noqa: S104 - not bound
    return SelfMade(settings.tls_folder, names, socket.gethostname().lower(), "http.tls")


def _web_tls(settings: Settings, self_made: SelfMade | None) -> ServerTls | None:
    """Return what the web server proves itself by; None where it speaks in the clear."""
    if self_made is not None:
        return ServerTls(self_made.pair)
    http = settings.http
    pair = key_pair("http.tls_certificate", settings.base, http.tls_certificate, http.tls_key)
    return ServerTls(pair) if pair is not None else None


def _problems(contexts: Iterator[RenewedContext]) -> Iterator[str]:
    for context in contexts:
        try:
            context.current()
        except CertificateError as error:
            yield str(error)
        if context.problem:
            yield context.problem
