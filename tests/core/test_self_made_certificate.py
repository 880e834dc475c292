"""The service with a certificate of its own making: from the first start on, without a person."""

from __future__ import annotations

import ssl
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from gdtbridge.backup import back_up
from gdtbridge.certificates.facts import read_certificates
from gdtbridge.check import CheckResult, probe
from gdtbridge.cli import main
from gdtbridge.core import Opening, open_core
from gdtbridge.durable.clock import DAY_SECONDS
from gdtbridge.service import Bridge
from gdtbridge.settings import Settings, load_settings
from tests.tools.ports import free_port
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow  # starts services

TABLES = """
[dicom]
port = 0
[http]
port = {http}
tls = "self-made"
public_url = "https://gdtbridge.praxis.example:{http}"
[storage]
min_free_mb = 1
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings of an installation that has not been started."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text(TABLES.format(http=free_port()))
    return load_settings(file, {})


@contextmanager
def running(settings: Settings) -> Iterator[Bridge]:
    """Run the service."""
    bridge = Bridge(settings)
    bridge.start()
    try:
        yield bridge
    finally:
        bridge.stop()


def ca_of(settings: Settings) -> Path:
    """Return the file workstations import."""
    return settings.tls_folder / "gdtbridge-ca.crt"


def found(settings: Settings, part: str) -> list[CheckResult]:
    """Return what check says of a part."""
    return [one for one in probe(settings) if one.part == part]


def answer(settings: Settings) -> bytes:
    """Return what a workstation gets that has imported the CA."""
    trusting = ssl.create_default_context(cafile=str(ca_of(settings)))
    url = f"https://localhost:{settings.http.port}/healthz"
    with urllib.request.urlopen(url, timeout=60, context=trusting) as response:
        return bytes(response.read())


def test_first_start_makes_it_and_the_next_keeps_it(settings: Settings) -> None:
    """Check before it makes nothing and says so; a workstation imports the CA once."""
    before = found(settings, "http.tls")
    assert [one.ok for one in before] == [True]
    assert "first start" in before[0].text
    assert not settings.root.exists()
    imported = b""
    for _ in range(2):
        with running(settings) as bridge:
            assert answer(settings) == b"ok\n"
            assert CliRunner().invoke(main, ["health", "--config", settings.origin]).exit_code == 0
            assert "the service answers" in found(settings, "http.port")[0].text
            command = ["open", "--config", settings.origin, "--patient", "4711", "--bridge"]
            asked = CliRunner().invoke(main, [*command, f"https://localhost:{bridge.http_port}"])
            assert "No study fits" in asked.output
            (told,) = found(settings, "http.tls")
            (facts,) = read_certificates(ca_of(settings))
            assert str(ca_of(settings)) in told.text
            assert facts.fingerprint in told.text
            imported = imported or ca_of(settings).read_bytes()
    assert ca_of(settings).read_bytes() == imported
    ends = [one.text for one in probe(settings) if one.part == "certificates"]
    assert sorted(one.partition(",")[0].partition(" 20")[0] for one in ends) == [
        "http.tls: gdtbridge",
        f"http.tls: {facts.subject.rpartition(' ')[0]}",
    ]


def test_it_is_renewed_while_the_service_runs(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A month before its end the next connection gets a new one; nobody is told of an end."""
    monkeypatch.setattr("gdtbridge.service.jobs.RENEW_SECONDS", 0.2)
    file = settings.tls_folder / "server.pem"
    with running(settings) as bridge:
        own = bridge._core.encryption.self_made
        assert own is not None
        own.keep(time.time() - 370 * DAY_SECONDS)  # one that was made so long ago
        wait_for(lambda: _days_left(file) > 390, what="renewal")
        assert answer(settings) == b"ok\n"
        with open_core(settings, Opening.LOOKING) as core:
            assert not [i for i in core.certificates.items() if "ends" in i.code]


def _days_left(file: Path) -> float:
    (facts,) = read_certificates(file)
    return (facts.not_after - time.time()) / DAY_SECONDS


def test_a_copy_holds_it(settings: Settings, tmp_path: Path) -> None:
    """What workstations trust is brought back with the rest."""
    with running(settings):
        pass
    back_up(settings, tmp_path / "copy")
    copied = tmp_path / "copy" / "tls"
    names = {one.name for one in settings.tls_folder.iterdir()}
    assert {one.name for one in copied.iterdir()} == names
    assert {one.stat().st_mode & 0o777 for one in copied.iterdir()} == {0o600}
