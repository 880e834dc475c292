"""The scripts of a workstation, where the bridge speaks HTTPS by a CA the workstation must know."""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer

from tests.ais.conftest import TOKEN, VIEWER, Workstation
from tests.tools.certificate import Certificates

STUDIES = {"studies": [{"viewer_url": VIEWER}], "total": 1}
SCRIPTS = {"sh": "curl", "php": "php"}


@pytest.fixture
def bridge(certificates: Certificates) -> Iterator[HTTPServer]:
    """Yield a bridge that is called encrypted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server.certificate, certificates.server.key)
    with HTTPServer(host="localhost", ssl_context=context) as server:
        server.expect_request("/api/v1/studies/search").respond_with_json(STUDIES)
        yield server


def opened(workstation: Workstation, kind: str) -> str:
    """Run a script that opens the images; return the address a viewer was started with."""
    if shutil.which(SCRIPTS[kind]) is None:
        pytest.skip(f"{SCRIPTS[kind]} is not installed")
    if kind == "sh":
        script = workstation.scripts / "bild-oeffnen.sh"
        workstation.run("sh", str(script), str(workstation.export))
    else:
        export, script = workstation.export, workstation.scripts / "open-study.php"
        line = f"$exportdatei = '{export}'; include '{script}';"
        workstation.run("php", "-r", line)
    return workstation.opened


@pytest.mark.parametrize("kind", SCRIPTS)
@pytest.mark.parametrize("named", ["beside", "path"])
def test_the_certificate_of_the_settings_is_believed(
    workstation: Workstation, bridge: HTTPServer, certificates: Certificates, kind: str, named: str
) -> None:
    """It is named by its path, or lies beside the settings."""
    file = workstation.scripts / "eigenes ca.crt"
    shutil.copy(certificates.ca.certificate, file)
    said = file.name if named == "beside" else str(file)
    workstation.configure(adresse=bridge.url_for(""), kennwort=TOKEN, zertifikat=said)
    assert opened(workstation, kind) == VIEWER


@pytest.mark.parametrize("kind", SCRIPTS)
@pytest.mark.parametrize("said", ["", "nicht-da.crt", "gdtbridge-ais.ini"])
def test_nothing_is_said_to_a_stranger(
    workstation: Workstation, bridge: HTTPServer, kind: str, said: str
) -> None:
    """Where nobody vouches for the bridge, neither patient nor password leaves the workstation."""
    workstation.configure(
        adresse=bridge.url_for(""), kennwort=TOKEN, zertifikat=said, exportdatei=""
    )
    assert opened(workstation, kind) == ""
    assert bridge.log == []
    if kind == "php":
        assert "zertifikat in gdtbridge-ais.ini" in workstation.shown
