"""Certificates for servers and clients of this machine, made by openssl."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gdtbridge.certificates import ClientTls, KeyPair, ServerTls

GOOD_YEARS = datetime(2024, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC)
"""Validity of a certificate that no test sees the end of."""
_KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, both as PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Certificates:
    """A CA, a server's and a client's certificate of it, and a certificate nobody vouches for."""

    ca: Pair
    server: Pair
    client: Pair
    stranger: Pair

    @classmethod
    def made(cls, folder: Path) -> Certificates:
        """Make them; the server is 127.0.0.1, and ``localhost`` as well."""
        ca = make_ca(folder)
        both = "IP:127.0.0.1,DNS:localhost"
        server = make_pair(folder, "server", both, ca=ca)
        client = make_pair(folder, "client", "DNS:us01.invalid", ca=ca)
        return cls(ca, server, client, make_pair(folder, "stranger", both))

    def server_tls(self, *, asks: bool = False) -> ServerTls:
        """Return the server's TLS, which asks clients for a certificate of the CA or does not."""
        pair = KeyPair(self.server.certificate, self.server.key, "dicom.tls_certificate")
        return ServerTls(pair, self.ca.certificate if asks else None, "dicom.tls_client_ca")

    def client_tls(self, *, proven: bool = False, server_name: str = "") -> ClientTls:
        """Return the TLS of a client that trusts the CA, and proves itself or does not."""
        pair = KeyPair(self.client.certificate, self.client.key, "peer.tls_certificate")
        return ClientTls("peer (PACS)", self.ca.certificate, pair if proven else None, server_name)


def self_signed(folder: Path, name: str = "DNS:localhost") -> Path:
    """Make ``x1.pem`` for one subjectAltName, its key beside it; skip the test without openssl."""
    return make_pair(folder, "x1", name).certificate


def make_pair(
    folder: Path,
    name: str,
    alternative: str = "IP:127.0.0.1",
    *,
    ca: Pair | None = None,
    days: int = 90,
) -> Pair:
    """Make NAME.pem and NAME-key.pem, signed by ``ca`` or by itself; skip without openssl."""
    pair = Pair(folder / f"{name}.pem", folder / f"{name}-key.pem")
    signer = ["-CA", str(ca.certificate), "-CAkey", str(ca.key)] if ca is not None else []
    extensions = [f"subjectAltName={alternative}", "basicConstraints=critical,CA:FALSE"]
    _request(pair, days, name, extensions, *signer)
    return pair


def make_ca(folder: Path, name: str = "ca") -> Pair:
    """Make a certificate authority; skip the test without openssl."""
    pair = Pair(folder / f"{name}.pem", folder / f"{name}-key.pem")
    _request(pair, 90, name, ["basicConstraints=critical,CA:TRUE"])
    return pair


def make_ended(folder: Path, ca: Pair) -> Pair:
    """Make ended.pem for 127.0.0.1, signed by ``ca``, which was good for the year 2020."""
    year_2020 = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
    return make_dated(folder, "ended", ca, *year_2020)


def make_dated(folder: Path, name: str, ca: Pair, begin: datetime, end: datetime) -> Pair:
    """Make NAME.pem for 127.0.0.1, signed by ``ca``, good from ``begin`` to ``end`` (UTC)."""
    pair = Pair(folder / f"{name}.pem", folder / f"{name}-key.pem")
    request, index = folder / f"{name}.csr", folder / "index.txt"
    index.write_text("")
    config = folder / f"{name}.cnf"
    config.write_text(
        "[req]\ndistinguished_name = dn\n[dn]\n[policy]\ncommonName = supplied\n"
        "[ext]\nsubjectAltName = IP:127.0.0.1\n"
        f"[signer]\ndatabase = {index}\nnew_certs_dir = {folder}\ndefault_md = sha256\n"
        "rand_serial = yes\npolicy = policy\nx509_extensions = ext\n"
    )
    how = ["-config", str(config)]
    files = ["-keyout", str(pair.key), "-out", str(request)]
    signer = ["-name", "signer", "-cert", str(ca.certificate), "-keyfile", str(ca.key)]
    first, last = (f"{one:%Y%m%d%H%M%SZ}" for one in (begin, end))
    dates = ["-startdate", first, "-enddate", last, "-notext"]
    for words in (
        ["req", "-new", "-utf8", *_KEY.split(), "-subj", f"/CN={name}", *files],
        ["ca", "-batch", *signer, *dates, "-in", str(request), "-out", str(pair.certificate)],
    ):
        subprocess.run(["openssl", *words, *how], check=True, capture_output=True)
    return pair


def server_context(certificate: Path) -> ssl.SSLContext:
    """Return what a server needs to prove itself by a certificate of `self_signed`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("x1-key.pem"))
    return context


def _request(pair: Pair, days: int, name: str, extensions: Sequence[str], *signer: str) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    added = [word for one in extensions for word in ("-addext", one)]
    files = ["-keyout", str(pair.key), "-out", str(pair.certificate)]
    command = ["openssl", "req", "-x509", *_KEY.split(), "-config", str(_bare(pair)), *files]
    subprocess.run(
        [*command, "-days", str(days), "-subj", f"/CN={name}", *added, *signer],
        check=True,
        capture_output=True,
    )


def _bare(pair: Pair) -> Path:
    """Return a configuration without the extensions openssl would add by itself."""
    file = pair.key.with_suffix(".cnf")
    file.write_text("[req]\ndistinguished_name = dn\n[dn]\n")
    return file
