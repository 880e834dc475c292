"""TLS contexts from files: what is wrong with them is said, and new files count at once."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gdtbridge.certificates import CertificateError, ClientTls, KeyPair, ServerTls
from tests.tools.certificate import Certificates, Pair


@pytest.fixture
def pair(certificates: Certificates, tmp_path: Path) -> Pair:
    """Return a certificate and its key that a test may change."""
    return copied(certificates.server, tmp_path)


def copied(pair: Pair, folder: Path) -> Pair:
    """Replace the certificate and key of a folder, each at once, as a program that renews them."""
    for source, name in ((pair.certificate, "own.pem"), (pair.key, "own-key.pem")):
        shutil.copy(source, folder / f"new-{name}")
        (folder / f"new-{name}").rename(folder / name)
    return Pair(folder / "own.pem", folder / "own-key.pem")


def server_of(pair: Pair) -> ServerTls:
    """Return a server's TLS by a pair."""
    return ServerTls(KeyPair(pair.certificate, pair.key, "dicom.tls_certificate"))


def _protect(pair: Pair, certificates: Certificates) -> None:
    command = ["openssl", "pkey", "-in", str(pair.key), "-aes256", "-passout", "pass:geheim"]
    done = subprocess.run(command, check=True, capture_output=True)
    pair.key.write_bytes(done.stdout)


WRONG: list[tuple[str, Callable[[Pair, Certificates], object], str]] = [
    ("no certificate", lambda pair, _: pair.certificate.unlink(), "own.pem cannot be read"),
    ("no key", lambda pair, _: pair.key.unlink(), "own-key.pem cannot be read"),
    ("no PEM", lambda pair, _: pair.certificate.write_text("x"), "cannot be used as certificate"),
    (
        "another's key",
        lambda pair, known: pair.key.write_bytes(known.client.key.read_bytes()),
        "does not belong to the certificate",
    ),
    ("password", _protect, "protected by a password"),
    ("others may read", lambda pair, _: pair.key.chmod(0o644), "Others may read the key"),
    ("the group may read", lambda pair, _: pair.key.chmod(0o640), "Others may read the key"),
]


@pytest.mark.parametrize(
    ("spoil", "said"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG]
)
def test_pair_that_cannot_be_used(
    certificates: Certificates,
    pair: Pair,
    spoil: Callable[[Pair, Certificates], object],
    said: str,
) -> None:
    """What is wrong is told with the setting and the file, in both languages."""
    spoil(pair, certificates)
    with pytest.raises(CertificateError, match=said) as caught:
        server_of(pair).context.current()
    assert str(caught.value).startswith("dicom.tls_certificate: ")
    assert " / " in str(caught.value)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="gives a file to somebody else")
def test_key_of_a_group(pair: Pair) -> None:
    """A key of another account may be read by a group, as Debian's ``ssl-cert`` may, by no more."""
    os.chown(pair.key, 65534, 0)
    pair.key.chmod(0o640)
    server_of(pair).context.current()
    pair.key.chmod(0o644)
    with pytest.raises(CertificateError):
        server_of(pair).context.current()


@pytest.mark.parametrize(("content", "said"), [(None, "cannot be read"), ("x", "no certificate")])
def test_ca_that_is_none(tmp_path: Path, content: str | None, said: str) -> None:
    """A file of certificates to trust has at least one."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(CertificateError, match=said) as caught:
        ClientTls("peer (PACS)", file).context.current()
    assert str(caught.value).startswith("peer (PACS).tls_ca: ")


def test_key_within_the_certificate(pair: Pair) -> None:
    """One file may hold both."""
    whole = pair.certificate.with_name("both.pem")
    whole.write_bytes(pair.certificate.read_bytes() + pair.key.read_bytes())
    whole.chmod(0o600)
    server_of(Pair(whole, whole)).context.current()


def test_renewed_without_a_restart(certificates: Certificates, pair: Pair) -> None:
    """New files count for the next connection; the same files cost nothing."""
    tls = server_of(pair)
    before = tls.context.current()
    assert tls.context.current() is before
    copied(certificates.stranger, pair.certificate.parent)
    assert tls.context.current() is not before


def test_half_renewed(
    certificates: Certificates, pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    """A certificate whose key has not come yet leaves the old one, and is said once."""
    tls = server_of(pair)
    before = tls.context.current()
    shutil.copy(certificates.stranger.certificate, pair.certificate)
    assert tls.context.current() is before
    assert tls.context.current() is before
    assert "does not belong" in tls.context.problem
    assert len(caplog.records) == 1
    shutil.copy(certificates.stranger.key, pair.key)
    assert tls.context.current() is not before
    assert not tls.context.problem


def test_profile(certificates: Certificates) -> None:
    """TLS 1.2 at least, and only suites with forward secrecy and authenticated encryption."""
    for context in (
        certificates.server_tls().context.current(),
        certificates.client_tls().context.current(),
    ):
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2
        for suite in context.get_ciphers():
            assert suite["aead"], suite["name"]
            assert suite["kea"] in {"kx-ecdhe", "kx-any"}, suite["name"]
            assert suite["auth"] in {"auth-ecdsa", "auth-rsa", "auth-any"}, suite["name"]
