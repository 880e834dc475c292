"""The certificate a server has without anybody having asked for one: its files, and their renewal.

Workstations trust the CA of the installation once; the server's own certificate is renewed again
and again without them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gdtbridge.certificates.contexts import CertificateError, KeyPair
from gdtbridge.durable.files import write_over
from gdtbridge.durable.modes import PRIVATE_FILE

if TYPE_CHECKING:
    from gdtbridge.certificates.making import Authority

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SelfMade:
    """A server's certificate of the CA of its own installation, all in ``folder``.

    It bears ``names``, host names and IP addresses. ``machine`` is what the machine calls itself:
    borne too where the CA permits it, but no reason for another CA, since a container is called
    otherwise each time it is made. ``setting`` wants all this, for messages.
    """

    folder: Path
    names: frozenset[str]
    machine: str
    setting: str

    @property
    def ca(self) -> Path:
        """The certificate of the CA (PEM), which workstations import."""
        return self.folder / "gdtbridge-ca.crt"

    @property
    def pair(self) -> KeyPair:
        """The server's certificate and key; in one file, so that both are replaced at once."""
        file = self.folder / "server.pem"
        return KeyPair(file, file, self.setting)

    @property
    def is_made(self) -> bool:
        """Whether there is a certificate yet: the first start makes it."""
        return self.pair.certificate.exists()

    def keep(self, now: float) -> None:
        """Make what is missing, of no use, ended or lacks a name; renew what ends in a month.

        ``now`` are UTC seconds. Raises `CertificateError` where a file cannot be read or written.
        """
        at = datetime.fromtimestamp(now, UTC)
        try:
            authority = self._kept(at) or self._new_authority(at)
            self._renew(authority, at)
        except OSError as error:
            raise CertificateError(
                f"{self.setting}: In {self.folder} lässt sich kein Zertifikat ablegen. / No "
                f"certificate can be kept there: {error.strerror}."
            ) from error

    @property
    def _ca_key(self) -> Path:
        return self.folder / "gdtbridge-ca.key"

    def _kept(self, at: datetime) -> Authority | None:
        """Return the CA there is; None where none vouches for the names now."""
        from gdtbridge.certificates.making import Authority

        found = Authority.read(_content(self.ca), _content(self._ca_key))
        if found is None or not found.is_good(at) or not all(map(found.permits, self.names)):
            return None
        return found

    def _new_authority(self, at: datetime) -> Authority:
        from gdtbridge.certificates.making import Authority

        made = Authority.new(self.names, self.machine, at)
        write_over(self._ca_key, made.key_pem, mode=PRIVATE_FILE)
        write_over(self.ca, made.certificate_pem, mode=PRIVATE_FILE)
        log.warning("%s: %s is new; workstations have to import it", self.setting, self.ca)
        return made

    def _renew(self, authority: Authority, at: datetime) -> None:
        names = {*self.names, *([self.machine] if authority.permits(self.machine) else [])}
        file = self.pair.certificate
        if not authority.has_issued(_content(file), names, at):
            write_over(file, authority.issue(names, at), mode=PRIVATE_FILE)
            log.info("%s: new certificate for %s", self.setting, ", ".join(sorted(names)))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""
