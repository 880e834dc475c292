"""The certificate that is made here: who believes it, when it is renewed, what its CA cannot do."""

from __future__ import annotations

import shutil
import ssl
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gdtbridge.certificates import CertificateError, SelfMade
from gdtbridge.certificates.facts import read_certificates
from gdtbridge.certificates.making import CA_LIFE, LIFE, RENEWAL, Authority
from gdtbridge.durable.clock import DAY_SECONDS

NAMES = frozenset(
    {"gdtbridge.praxis.example", "localhost", "192.168.1.10", "2001:db8::5", "müller"}
)
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
AT = NOW.timestamp()


def own(folder: Path, names: frozenset[str] = NAMES, machine: str = "praxis-pc") -> SelfMade:
    """Return a certificate of a folder; nothing is made."""
    return SelfMade(folder, names, machine, "http.tls")


def verified(ca: Path, certificate: Path, *options: str) -> str:
    """Return what openssl says of a certificate that it knows by the CA alone."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    at = str(int(AT) + 60)
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-attime", at]
    done = subprocess.run(
        [*command, "-CAfile", str(ca), *options, str(certificate)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def contents(made: SelfMade) -> dict[str, bytes]:
    """Return what each file of the folder holds."""
    return {one.name: one.read_bytes() for one in made.folder.iterdir()}


@pytest.mark.parametrize(
    "name",
    [
        ("-verify_hostname", "gdtbridge.praxis.example"),
        ("-verify_hostname", "praxis-pc"),
        ("-verify_hostname", "xn--mller-kva"),
        ("-verify_ip", "192.168.1.10"),
        ("-verify_ip", "2001:db8::5"),
    ],
)
def test_openssl_believes_it(tmp_path: Path, name: tuple[str, str]) -> None:
    """Whoever trusts the CA trusts the server by each of its names, as strictly as that goes."""
    made = own(tmp_path)
    made.keep(AT)
    told = verified(made.ca, made.pair.certificate, *name)
    assert told.endswith(": OK\n"), told


def test_other_names_are_not_its_own(tmp_path: Path) -> None:
    """A certificate is for its names alone."""
    made = own(tmp_path)
    made.keep(AT)
    told = verified(made.ca, made.pair.certificate, "-verify_hostname", "bank.example")
    assert "hostname mismatch" in told.lower()


@pytest.mark.parametrize("name", ["bank.example", "praxis.example", "8.8.8.8"])
def test_its_ca_vouches_for_nobody_else(tmp_path: Path, name: str) -> None:
    """Who takes the key of the CA makes no certificate of another server that is believed."""
    made = own(tmp_path)
    made.keep(AT)
    authority = Authority.read(made.ca.read_bytes(), (tmp_path / "gdtbridge-ca.key").read_bytes())
    assert authority is not None
    assert not authority.permits(name)
    (tmp_path / "forged.pem").write_bytes(authority.issue([name], NOW))
    assert "permitted subtree violation" in verified(made.ca, tmp_path / "forged.pem")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_files_are_private_and_a_context_takes_them(tmp_path: Path) -> None:
    """Nobody else reads a key, and a server can use the pair."""
    made = own(tmp_path)
    made.keep(AT)
    assert {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()} == {0o600}
    made.pair.load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    (facts,) = read_certificates(made.pair.certificate)
    assert facts.not_after == (NOW + LIFE).timestamp()


def test_what_is_good_is_kept(tmp_path: Path) -> None:
    """Until a month before the end nothing is written."""
    made = own(tmp_path)
    made.keep(AT)
    before = contents(made)
    for days in (0, 1, (LIFE - RENEWAL).days - 1):
        made.keep(AT + days * DAY_SECONDS)
    assert contents(made) == before


@pytest.mark.parametrize(
    ("after", "ca_stays"),
    [
        (LIFE - RENEWAL, True),
        (timedelta(days=2000), True),
        (CA_LIFE - timedelta(days=10), True),
        (CA_LIFE, False),
        (timedelta(days=-2), False),  # made while the clock was wrong
    ],
)
def test_renewal(tmp_path: Path, after: timedelta, *, ca_stays: bool) -> None:
    """The certificate is renewed a month ahead, by the same CA; the CA when it has ended."""
    made = own(tmp_path)
    made.keep(AT)
    before = contents(made)
    made.keep(AT + after.total_seconds())
    now = contents(made)
    assert now["server.pem"] != before["server.pem"]
    assert (now["gdtbridge-ca.crt"] == before["gdtbridge-ca.crt"]) is ca_stays
    made.keep(AT + after.total_seconds())
    assert contents(made) == now


def test_certificate_ends_with_its_ca(tmp_path: Path) -> None:
    """None outlives the CA, and one that ends with it is not made anew again and again."""
    made = own(tmp_path)
    made.keep(AT)
    late = (NOW + CA_LIFE - timedelta(days=10)).timestamp()
    made.keep(late)
    (facts,) = read_certificates(made.pair.certificate)
    assert facts.not_after == (NOW + CA_LIFE).timestamp()


@pytest.mark.parametrize(
    ("names", "machine", "ca_stays", "new"),
    [
        (NAMES, "3f2a9c", True, False),  # a container made anew
        (NAMES - {"192.168.1.10"}, "praxis-pc", True, True),
        (NAMES | {"10.0.0.7"}, "praxis-pc", True, True),
        (NAMES | {"www.gdtbridge.praxis.example"}, "praxis-pc", True, True),
        (NAMES | {"other.example"}, "praxis-pc", False, True),
        (NAMES | {"8.8.8.8"}, "praxis-pc", False, True),
        (NAMES | {"x" * 70}, "praxis-pc", True, False),  # no name a certificate can bear
    ],
)
def test_names(
    tmp_path: Path,
    names: frozenset[str],
    machine: str,
    *,
    ca_stays: bool,
    new: bool,
) -> None:
    """Another name makes another certificate; another CA where the old may not vouch for it."""
    first = own(tmp_path)
    first.keep(AT)
    before = contents(first)
    own(tmp_path, names, machine).keep(AT)
    now = contents(first)
    assert (now["gdtbridge-ca.crt"] == before["gdtbridge-ca.crt"]) is ca_stays
    assert (now["server.pem"] != before["server.pem"]) is (new or machine != "praxis-pc")


@pytest.mark.parametrize("name", ["gdtbridge-ca.crt", "gdtbridge-ca.key", "server.pem"])
@pytest.mark.parametrize("content", [None, b"", b"damaged", b"-----BEGIN CERTIFICATE-----\nAA=="])
def test_what_is_lost_or_damaged_is_made_anew(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    """The service starts, and what remains of the others is used as far as it fits."""
    made = own(tmp_path)
    made.keep(AT)
    before = made.ca.read_bytes()
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    made.keep(AT)
    assert verified(made.ca, made.pair.certificate).endswith(": OK\n")
    assert (made.ca.read_bytes() == before) is (name == "server.pem")


def test_a_folder_that_refuses_is_named(tmp_path: Path) -> None:
    """The start says which setting wants a file where none can be."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CertificateError, match=r"^http\.tls: .*file"):
        own(tmp_path / "file").keep(AT)
