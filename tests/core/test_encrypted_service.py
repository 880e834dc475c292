"""The service with TLS: what the settings say holds, and how long certificates are good is told."""

from __future__ import annotations

import shutil
import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from gdtbridge.attention.certificate_source import CertificateBook, CertificateOwner
from gdtbridge.check import CheckResult, probe
from gdtbridge.cli import main
from gdtbridge.core import Opening, open_core
from gdtbridge.dicom.client import Peer, PeerError, echo
from gdtbridge.errors import SettingsError
from gdtbridge.service import Bridge
from gdtbridge.settings import Settings, load_settings
from gdtbridge.settings.encryption import Encryption
from tests.tools.certificate import Certificates
from tests.tools.ports import free_port
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow  # starts services

TABLES = """
[dicom]
port = {plain}
tls_port = {encrypted}
tls_certificate = "own.pem"
tls_key = "own-key.pem"
tls_client_ca = "ca.pem"
tls_only = true
[http]
port = {http}
tls = "files"
tls_certificate = "own.pem"
tls_key = "own-key.pem"
[storage]
min_free_mb = 1
[[peer]]
aet = "PACS"
host = "127.0.0.1"
port = {encrypted}
tls = true
tls_ca = "ca.pem"
tls_certificate = "client.pem"
tls_key = "client-key.pem"
[[device]]
aet = "SONO"
host = "127.0.0.1"
tls = true
tls_verify = false
"""


def settings_of(folder: Path, certificates: Certificates) -> Settings:
    """Return settings of a service with two ports, both free, and its certificates."""
    for name, pair in (("own", certificates.server), ("client", certificates.client)):
        shutil.copy(pair.certificate, folder / f"{name}.pem")
        shutil.copy(pair.key, folder / f"{name}-key.pem")
    shutil.copy(certificates.ca.certificate, folder / "ca.pem")
    file = folder / "gdtbridge.toml"
    ports = {"plain": free_port(), "encrypted": free_port(), "http": free_port()}
    file.write_text(TABLES.format(**ports))
    return load_settings(file, {})


@pytest.fixture(scope="module")
def settings(
    certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Yield the settings of a service that runs."""
    settings = settings_of(tmp_path_factory.mktemp("encrypted"), certificates)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gdtbridge.service.jobs.KEEP_SECONDS", 0.2)
        bridge = Bridge(settings)
        bridge.start()
        yield settings
        bridge.stop()


def called(settings: Settings, table: str) -> Peer:
    """Return how a table's peer is called."""
    port = settings.dicom.tls_port or 0
    tls = next(one for one in Encryption.of(settings).clients if one.table == table)
    return Peer("127.0.0.1", port, "GDTBRIDGE", "US01", tls)


def refused(settings: Settings) -> str:
    """Return how many the running service has refused, by its own figures."""
    address = f"https://127.0.0.1:{settings.http.port}/metrics"
    trusting = ssl.create_default_context(cafile=str(settings.base / "ca.pem"))
    with urllib.request.urlopen(address, timeout=60, context=trusting) as answer:
        lines = answer.read().decode().splitlines()
    return "\n".join(one for one in lines if one.startswith("gdtbridge_refusals_total"))


def test_settings_hold(settings: Settings) -> None:
    """A client with a certificate of the CA comes in, and one without does not."""
    echo(called(settings, "peer (PACS)"))
    with open_core(settings, Opening.LOOKING) as core:
        assert (core.peers.named("PACS") or pytest.fail("no peer")).tls is not None
    stranger = called(settings, "device (SONO)")
    stranger.tls.pair = None  # type: ignore[union-attr]
    with pytest.raises(PeerError, match="wants one"):
        echo(stranger)


def test_check_tells_of_it(settings: Settings) -> None:
    """Each certificate's end, who is called blindly, and that the port shows what it should.

    To look is not to be refused.
    """
    before = refused(settings)
    found: dict[str, list[CheckResult]] = {}
    for one in probe(settings):
        found.setdefault(one.part, []).append(one)
    assert found["dicom.tls_port"][0].ok
    assert "the service answers" in found["dicom.tls_port"][0].text
    assert "the service answers" in found["http.port"][0].text
    assert not any(one.part.startswith("service.") for one in probe(settings))
    assert found["device (SONO).tls_verify"][0].needs_person
    told = [one.text.partition(",")[0] for one in found["certificates"]]
    assert {"dicom.tls_certificate: server", "dicom.tls_client_ca: ca"} <= set(told)
    assert all(one.ok for one in found["certificates"])
    assert refused(settings) == before


def test_health_is_asked_encrypted(settings: Settings, certificates: Certificates) -> None:
    """The command asks by TLS, and believes nobody who shows another certificate."""
    file = settings.origin
    well = CliRunner().invoke(main, ["health", "--config", file])
    assert (well.exit_code, well.output) == (0, "ok\n")
    other = Path(file).with_name("other.toml")
    other.write_text(Path(file).read_text().replace('"own', '"client'))
    ill = CliRunner().invoke(main, ["health", "--config", str(other)])
    assert ill.exit_code == 1
    assert "another certificate" in ill.output


def test_what_peers_show_is_remembered(settings: Settings, certificates: Certificates) -> None:
    """Who comes, and who is called, with the end of what it proves itself by."""
    with open_core(settings, Opening.WORKING) as core:
        book = core.certificates
        (client,) = (one for one in core.encryption.clients if one.table == "peer (PACS)")
        echo(Peer("127.0.0.1", settings.dicom.tls_port or 0, "GDTBRIDGE", "US01", client))
        book.note("US07 (10.0.0.7)", b"no certificate")
        book.keep()
        book.keep()
        again = CertificateBook(core.database, core.encryption, core.clock)
        peers = {
            one.place: one.subject for one in again.ends() if one.owner is CertificateOwner.PEER
        }
    assert peers.pop("peer (PACS)") == "server"
    assert set(peers) <= {"US01 (127.0.0.1)"}  # the running service has seen it


def test_device_is_remembered_by_the_service(settings: Settings) -> None:
    """What a device has shown is written down by the service that it came to."""
    echo(called(settings, "peer (PACS)"))
    with open_core(settings, Opening.LOOKING) as core:
        wait_for(lambda: "US01 (127.0.0.1)" in {one.place for one in core.certificates.ends()})


def test_start_is_refused(certificates: Certificates, tmp_path: Path) -> None:
    """All that is wrong with certificates is said at once, before anything listens."""
    settings = settings_of(tmp_path, certificates)
    (tmp_path / "client-key.pem").chmod(0o644)
    (tmp_path / "own-key.pem").write_bytes(certificates.stranger.key.read_bytes())
    with pytest.raises(SettingsError) as caught:
        Bridge(settings)
    lines = str(caught.value).splitlines()
    assert [one.partition(":")[0] for one in lines] == [
        "dicom.tls_certificate",
        "http.tls_certificate",
        "peer (PACS).tls_certificate",
    ]
    parts = {one.part for one in probe(settings) if not one.ok}
    named = {"dicom.tls_certificate", "http.tls_certificate", "peer (PACS).tls_certificate"}
    assert named <= parts


@pytest.mark.parametrize(
    ("host", "lines", "told"),
    [
        ("127.0.0.1", "", False),
        ("0.0.0.0", "", True),
        ("0.0.0.0", 'public_url = "https://praxis.example"', False),
        ("0.0.0.0", 'tls = "files"\ntls_certificate = "own.pem"', False),
    ],
)
def test_passwords_in_the_clear_are_told(
    tmp_path: Path, host: str, lines: str, *, told: bool
) -> None:
    """Whoever is reached from other machines without TLS, of ours or of a proxy, is reminded."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text(f'[http]\nhost = "{host}"\ntoken = "long-enough-a-word"\n{lines}\n')
    found = [one for one in probe(load_settings(file, {})) if one.part == "http.tls"]
    assert [one.needs_person for one in found] == [True] * told


@pytest.mark.parametrize(
    ("name", "reason"),
    [("localhost", ""), ("127.0.0.1", ""), ("other.example", "Hostname mismatch"), ("", "")],
)
def test_certificate_of_another_name_is_told(
    certificates: Certificates, tmp_path: Path, name: str, reason: str
) -> None:
    """Workstations refuse a certificate that does not bear the name they are told to call."""
    settings = settings_of(tmp_path, certificates)
    file = Path(settings.origin)
    said = f'public_url = "https://{name}:8080"\n' if name else ""
    file.write_text(file.read_text().replace('tls = "files"\n', f'tls = "files"\n{said}'))
    told = [one for one in probe(load_settings(file, {})) if one.part == "http.public_url"]
    assert [one.needs_person for one in told] == [True] * bool(reason)
    assert all(reason in one.text for one in told)
