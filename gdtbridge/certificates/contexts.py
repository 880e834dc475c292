"""TLS contexts of BCP 195 (RFC 8996, RFC 9325; PS3.15 B.12), made anew when their files change.

TLS 1.2 and 1.3, forward secrecy and authenticated encryption alone; no compression, no
renegotiation, no resumption: each connection proves anew who is there.
"""

from __future__ import annotations

import logging
import os
import ssl
import stat
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from gdtbridge.errors import SettingsError

log = logging.getLogger(__name__)

CIPHERS: Final = "@SECLEVEL=2:ECDHE+AESGCM:ECDHE+CHACHA20"
"""Suites of TLS 1.2 (RFC 9325 4.2); level 2 refuses RSA keys below 2048 bits and SHA-1. Those of
TLS 1.3 are all allowed."""
_NOBODY_ELSE: Final = 0o077
_OTHERS_OR_CHANGING: Final = 0o037
_Stamps = tuple[tuple[int, int, int] | None, ...]


class CertificateError(SettingsError):
    """A file of a certificate cannot be used; the text names setting, file and way out."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate with those that lead to its CA (PEM), and its key, perhaps in the same file.

    ``setting`` is what the table of the certificate's key is called: ``dicom.tls_certificate``.
    """

    certificate: Path
    key: Path
    setting: str

    def load(self, context: ssl.SSLContext) -> None:
        """Give the pair to a context; raise `CertificateError`."""
        _check_mode(self.key, self.setting)
        for file in (self.certificate, self.key):
            _read(file, self.setting)
        try:
            context.load_cert_chain(self.certificate, self.key, self._no_password)
        except ssl.SSLError as error:
            raise CertificateError(self._why(error)) from error
        except OSError as error:
            raise _unreadable(self.certificate, self.setting, error) from error

    def _no_password(self) -> NoReturn:
        raise CertificateError(
            f"{self.setting}: Der Schlüssel {self.key} ist mit einem Kennwort geschützt; der "
            "Dienst startet ohne Menschen. Bitte ohne Kennwort ablegen (openssl pkey -in ALT "
            "-out NEU). / The key is protected by a password; store it without one."
        )

    def _why(self, error: ssl.SSLError) -> str:
        if error.reason == "KEY_VALUES_MISMATCH":
            return (
                f"{self.setting}: Der Schlüssel {self.key} gehört nicht zum Zertifikat "
                f"{self.certificate}. / The key does not belong to the certificate."
            )
        return (
            f"{self.setting}: {self.certificate} und {self.key} sind nicht als Zertifikat und "
            f"Schlüssel (PEM) zu gebrauchen. / cannot be used as certificate and key (PEM). "
            f"[{error.reason or 'no PEM'}]"
        )


class RenewedContext:
    """An SSL context made of files; made anew once one of them changes. Thread-safe.

    Files that cannot be used, perhaps as they are being replaced, leave the last one that could.
    """

    def __init__(self, make: Callable[[], ssl.SSLContext], files: Sequence[Path]) -> None:
        """Make nothing yet; ``make`` raises `CertificateError`."""
        self._make = make
        self._files = files
        self._lock = threading.Lock()
        self._stamps: _Stamps = ()
        self._context: ssl.SSLContext | None = None
        self.problem = ""
        """Why the files as they are now cannot be used; empty where they can."""

    def current(self) -> ssl.SSLContext:
        """Return the context for a new connection; raise `CertificateError` if there is none."""
        with self._lock:
            stamps = tuple(map(_stamp, self._files))
            if self._context is None or stamps != self._stamps:
                self._renew(stamps)
            assert self._context is not None  # noqa: S101 - `_renew` has raised
            return self._context

    def _renew(self, stamps: _Stamps) -> None:
        is_first = self._context is None
        try:
            self._context = self._make()
        except CertificateError as error:
            if is_first:
                raise
            self.problem = str(error)
            log.error("certificates not renewed: %s", error)
        else:
            self.problem = ""
            if not is_first:
                log.info("certificates renewed: %s", ", ".join(map(str, self._files)))
        self._stamps = stamps


class ServerTls:
    """What a server proves itself by, and whether its clients have to."""

    def __init__(self, pair: KeyPair, client_ca: Path | None = None, ca_setting: str = "") -> None:
        """Ask clients for a certificate of ``client_ca`` (PEM), where there is one."""
        self.pair = pair
        self.client_ca = client_ca
        self.ca_setting = ca_setting
        files = (pair.certificate, pair.key, *([client_ca] if client_ca else []))
        self.context = RenewedContext(self._make, files)

    def _make(self) -> ssl.SSLContext:
        context = _bounded(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        context.num_tickets = 0
        self.pair.load(context)
        if self.client_ca is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            _trust(context, self.client_ca, self.ca_setting)
        return context


class ClientTls:
    """How a client knows its server, and proves itself where it is asked.

    Without ``ca`` those of the system are trusted; without ``verifies`` anyone is.
    """

    def __init__(
        self,
        table: str,
        ca: Path | None = None,
        pair: KeyPair | None = None,
        server_name: str = "",
        *,
        verifies: bool = True,
    ) -> None:
        """Know the server by ``server_name``, else by the name or IP address it is called by.

        ``table`` of the settings says so, for messages.
        """
        self.setting = f"{table}.tls_ca"
        self.table = table
        self.ca = ca
        self.pair = pair
        self.server_name = server_name
        self.verifies = verifies
        self.shown: bytes | None = None
        """The certificate the server has shown last (DER)."""
        files = (*([ca] if ca else []), *([pair.certificate, pair.key] if pair else []))
        self.context = RenewedContext(self._make, files)

    def _make(self) -> ssl.SSLContext:
        context = _bounded(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        if not self.verifies:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif self.ca is None:
            context.load_default_certs()
        else:
            _trust(context, self.ca, self.setting)
        if self.pair is not None:
            self.pair.load(context)
        return context


def _bounded(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    return context


def _trust(context: ssl.SSLContext, file: Path, setting: str) -> None:
    """Trust the certificates of a file: those of a CA, or that of the peer alone."""
    _read(file, setting)
    try:
        context.load_verify_locations(file)
    except ssl.SSLError as error:
        raise CertificateError(
            f"{setting}: {file} enthält kein Zertifikat (PEM). / holds no certificate (PEM). "
            f"[{error.reason or 'no PEM'}]"
        ) from error
    except OSError as error:
        raise _unreadable(file, setting, error) from error
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN


def _read(file: Path, setting: str) -> None:
    """Raise `CertificateError` unless a file can be read; OpenSSL would not say which one."""
    try:
        with file.open("rb"):
            pass
    except OSError as error:
        raise _unreadable(file, setting, error) from error


def _unreadable(file: Path, setting: str, error: OSError) -> CertificateError:
    return CertificateError(
        f"{setting}: Die Datei {file} lässt sich nicht lesen. / File {file} cannot be read: "
        f"{error.strerror}."
    )


def _check_mode(key: Path, setting: str) -> None:
    """Raise `CertificateError` for a key others may read.

    A group may read one of somebody else's, as that of Debian's group ``ssl-cert`` is.
    """
    if sys.platform == "win32":
        return
    try:
        status = key.stat()
    except OSError as error:
        raise _unreadable(key, setting, error) from error
    forbidden = _NOBODY_ELSE if status.st_uid == os.geteuid() else _OTHERS_OR_CHANGING
    if stat.S_IMODE(status.st_mode) & forbidden:
        raise CertificateError(
            f"{setting}: Der Schlüssel {key} ist für andere lesbar; bitte chmod 600 {key}. / "
            "Others may read the key; make it private."
        )


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
