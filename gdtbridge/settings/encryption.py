"""What of an installation is encrypted, and by which certificates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gdtbridge.certificates import CertificateError, ClientTls, RenewedContext, ServerTls
from gdtbridge.dataset.values import folded_title
from gdtbridge.settings.models import Settings
from gdtbridge.settings.tls import key_pair


@dataclass(frozen=True, slots=True)
class Encryption:
    """The server's TLS, where it has any, and that of each peer and device called with it."""

    server: ServerTls | None
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

    def check(self) -> None:
        """Load every certificate; raise `CertificateError` with a line for all that is wrong."""
        problems = dict.fromkeys(_problems(self._contexts()))
        if problems:
            raise CertificateError("\n".join(problems))

    def _contexts(self) -> Iterator[RenewedContext]:
        if self.server is not None:
            yield self.server.context
        yield from (one.context for one in self.clients)


def _problems(contexts: Iterator[RenewedContext]) -> Iterator[str]:
    for context in contexts:
        try:
            context.current()
        except CertificateError as error:
            yield str(error)
