"""The installed viewer over HTTP: who gets it, as what, and what no address leads to."""

from __future__ import annotations

import io
from typing import Any

import pytest
import requests

from gdtbridge.ohif import InstalledOhif
from gdtbridge.web import CorePorts
from tests.tools.house import House
from tests.tools.viewer_package import BUILD, SCRIPT, packed, release_of

PAGE = {"Accept": "text/html"}


@pytest.fixture
def installed(ports: CorePorts) -> InstalledOhif:
    """Install a small build."""
    package = packed(BUILD)
    return ports.ohif.install(io.BytesIO(package), release_of(package))


def get(url: str, path: str, **headers: str) -> requests.Response:
    """Ask for an address as it is written."""
    request = requests.Request("GET", url, headers=headers).prepare()
    request.url = url + path
    with requests.Session() as session:
        return session.send(request, timeout=10, allow_redirects=False)


def test_the_page_loads_the_build(url: str, installed: InstalledOhif) -> None:
    """With a policy of its own: no script from text on the page, only where a worker decodes."""
    answer = get(url, "/ohif/viewer?StudyInstanceUIDs=1.2")
    assert answer.status_code == 200
    files = f"/ohif/files/{installed.mark}"
    assert f'src="{files}/{SCRIPT}"' in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "'unsafe-eval'" not in policy
    assert "connect-src 'self';" in policy
    assert get(url, "/ohif/").text == answer.text

    script = get(url, f"{files}/{SCRIPT}", **{"Accept-Encoding": "gzip"})
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert script.headers["Content-Encoding"] == "gzip"
    assert "immutable" in script.headers["Cache-Control"]
    assert "'unsafe-eval'" in script.headers["Content-Security-Policy"]
    assert f'"{files}/"' in script.text
    plain = get(url, f"{files}/{SCRIPT}", **{"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.content == script.content
    decoder = get(url, f"{files}/codec.wasm")
    assert decoder.headers["Content-Type"] == "application/wasm"
    settings = get(url, f"/ohif/settings/{installed.mark}.js").text
    assert '"wadoRoot": "/dicom-web"' in settings
    assert "http" not in settings.replace("httpErrorHandler", "")
    assert "max-width: 760px" in settings  # where its panels are closed
    assert "leftPanelClosed: { $set: true }" in settings


ELSEWHERE = (
    "/ohif/files/{mark}/../installed.json",
    "/ohif/files/{mark}/..%2finstalled.json",
    "/ohif/files/{mark}/%2e%2e/installed.json",
    "/ohif/files/{mark}//etc/passwd",
    "/ohif/files/{mark}/..\\lock",
    "/ohif/files/{mark}/installed.json",
    "/ohif/files/../{mark}/{script}",
    "/ohif/files/3.0.0-other/{script}",
    "/ohif/settings/other.js",
    "/ohif/index.html",
    "/ohif/a/b/c",
    "/ohif/{script}",
)


def test_no_address_leads_elsewhere(url: str, installed: InstalledOhif) -> None:
    """Only what the note names, of the installation that counts."""
    asked = [path.format(mark=installed.mark, script=SCRIPT) for path in ELSEWHERE]
    assert {path: get(url, path).status_code for path in asked} == dict.fromkeys(asked, 404)


def test_who_is_not_signed_in_is_asked_to(
    serve: Any, house: House, installed: InstalledOhif
) -> None:
    """A person by the page, a script by 401; who may read gets it."""
    house.make_first()
    url = f"http://127.0.0.1:{serve().port}"
    page = get(url, "/ohif/viewer?StudyInstanceUIDs=1.2", **PAGE)
    assert (page.status_code, 'name="password"' in page.text) == (401, True)
    file = f"/ohif/files/{installed.mark}/{SCRIPT}"
    assert get(url, file).status_code == 401
    signed_in = {"Cookie": f"gdtbridge={house.sign_in()}"}
    assert get(url, "/ohif/", **PAGE, **signed_in).status_code == 200
    assert get(url, file, **signed_in).status_code == 200


def test_without_it_the_page_says_how_to_get_it(url: str) -> None:
    """In the words of a page, not as JSON."""
    answer = get(url, "/ohif/", **PAGE)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "gdtbridge viewer install" in answer.text
