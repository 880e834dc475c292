"""The scripts for macOS and Linux, run by a POSIX shell against a real server and real folders."""

from __future__ import annotations

import os
import shutil
import socket
import time
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from gdtbridge.folders.intake import OrderIntake
from tests.ais.conftest import EXPORT, TOKEN, VIEWER, Workstation, program

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

SEARCH = "/api/v1/studies/search"


def run(workstation: Workstation, script: str, *arguments: str) -> tuple[int, str]:
    """Run a script and return its exit status and what it said."""
    done = workstation.run("sh", str(workstation.scripts / script), *arguments)
    assert done.stdout == ""
    return done.returncode, done.stderr


def open_images(workstation: Workstation) -> tuple[int, str]:
    """Run bild-oeffnen.sh for the workstation's export."""
    return run(workstation, "bild-oeffnen.sh", str(workstation.export))


def test_an_order_is_handed_over_whole_and_once(workstation: Workstation) -> None:
    """The folder gets one file gdtbridge takes for an order; the practice software's is gone."""
    assert run(workstation, "auftrag.sh", str(workstation.export)) == (0, "")
    (order,) = workstation.orders.iterdir()
    assert order.read_bytes() == EXPORT
    assert OrderIntake().takes_name(order.name)
    assert not workstation.export.exists()


def test_orders_of_one_second_do_not_meet(workstation: Workstation) -> None:
    """Ten orders of one moment are ten files."""
    for _ in range(10):
        workstation.export.write_bytes(EXPORT)
        assert run(workstation, "auftrag.sh", str(workstation.export)) == (0, "")
    assert len(list(workstation.orders.iterdir())) == 10


def test_the_file_can_come_from_the_settings(workstation: Workstation) -> None:
    """A practice software that names no file is served as well."""
    workstation.configure(
        auftragsordner=str(workstation.orders), exportdatei=str(workstation.export)
    )
    assert run(workstation, "auftrag.sh") == (0, "")
    assert len(list(workstation.orders.iterdir())) == 1


def test_a_file_beside_the_caller_is_found(workstation: Workstation) -> None:
    """A relative name counts from where the practice software starts the script."""
    workstation.export.rename(workstation.folder / "-n.gdt")
    assert run(workstation, "auftrag.sh", "-n.gdt") == (0, "")
    assert len(list(workstation.orders.iterdir())) == 1


@pytest.mark.parametrize("folder", ["", "/does/not/exist", "{orders}/file"])
def test_an_order_is_kept_when_the_folder_is_away(workstation: Workstation, folder: str) -> None:
    """Without the folder the order stays where it is, and the user is told."""
    (workstation.orders / "file").touch()
    workstation.configure(auftragsordner=folder.format(orders=workstation.orders))
    status, told = run(workstation, "auftrag.sh", str(workstation.export))
    assert status == 1
    assert told.startswith("Der Auftrag wurde NICHT übergeben. Der Auftragsordner")
    assert workstation.export.read_bytes() == EXPORT


@pytest.mark.parametrize("script", ["auftrag.sh", "bild-oeffnen.sh"])
@pytest.mark.parametrize("content", [None, b"", b"%PDF-1.4", b"01380006311" * 120_000])
def test_a_file_that_is_no_gdt_goes_nowhere(
    workstation: Workstation, httpserver: HTTPServer, script: str, content: bytes | None
) -> None:
    """A missing, empty, foreign or endless file is told, not handed over."""
    workstation.export.unlink()
    if content is not None:
        workstation.export.write_bytes(content)
    status, told = run(workstation, script, str(workstation.export))
    assert status == 1
    assert "fehlt oder ist keine" in told
    assert (list(workstation.orders.iterdir()), httpserver.log) == ([], [])


@pytest.mark.parametrize("script", ["auftrag.sh", "bild-oeffnen.sh"])
def test_missing_settings_are_told(workstation: Workstation, script: str) -> None:
    """Without gdtbridge-ais.ini the message names it."""
    (workstation.scripts / "gdtbridge-ais.ini").unlink()
    status, told = run(workstation, script, str(workstation.export))
    assert (status, "gdtbridge-ais.ini fehlt" in told) == (1, True)


@pytest.mark.parametrize(
    "url", [VIEWER, "http://pacs:8042/viewer?StudyInstanceUIDs=1.2,3&x='(1)!$HOME;[a]"]
)
def test_the_exported_exam_is_opened(
    workstation: Workstation, httpserver: HTTPServer, url: str
) -> None:
    """The bridge gets the file byte by byte, the viewer the address character by character."""
    httpserver.expect_request(SEARCH, method="POST").respond_with_json(
        {"studies": [{"description": 'Söhne "viewer_url": "http://no/"', "viewer_url": url}]}
    )
    assert open_images(workstation) == (0, "")
    request, _ = httpserver.log[0]
    assert request.get_data() == EXPORT
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert workstation.opened == url


def test_a_bridge_without_a_password_gets_none(
    workstation: Workstation, httpserver: HTTPServer
) -> None:
    """An empty password sends no header."""
    workstation.configure(adresse=httpserver.url_for(""))
    httpserver.expect_request(SEARCH).respond_with_json({"studies": [{"viewer_url": VIEWER}]})
    assert open_images(workstation) == (0, "")
    assert "Authorization" not in httpserver.log[0][0].headers


def test_the_password_is_on_no_command_line(
    workstation: Workstation, httpserver: HTTPServer
) -> None:
    """Everybody on the machine can read the arguments of a program."""
    seen = workstation.folder / "arguments"
    program(
        workstation.folder / "bin" / "curl",
        f'#!/bin/sh\nprintf "%s\\n" "$@" >{seen}\nexec {shutil.which("curl")} "$@"\n',
    )
    httpserver.expect_request(SEARCH).respond_with_json({"studies": [{"viewer_url": VIEWER}]})
    assert open_images(workstation) == (0, "")
    assert httpserver.log[0][0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in seen.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "url",
    ["file:///bin/sh", "javascript:alert(1)", "/bin/sh", "http://a b", 'weasis://"x', "", None, 7],
)
def test_only_a_viewer_is_opened(
    workstation: Workstation, httpserver: HTTPServer, url: object
) -> None:
    """Anything else than an address of a viewer is never handed to the system."""
    httpserver.expect_request(SEARCH).respond_with_json({"studies": [{"viewer_url": url}]})
    status, told = open_images(workstation)
    assert (status, workstation.opened) == (1, "")
    assert "keine brauchbare Adresse" in told


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, '{"studies": []}', "Keine passende Untersuchung"),
        (200, '{"studies": [ ], "total": 0}', "Keine passende Untersuchung"),
        (
            200,
            '{"studies": [{"viewer_url": "http://a/"},\n {"viewer_url": "http://b/"}]}',
            "2 Untersuchungen passen",
        ),
        (404, "{}", "Keine passende Untersuchung"),
        (300, "{}", "Mehrere Untersuchungen"),
        (409, "{}", "einer anderen Person"),
        (302, "", "(302)"),
        (401, "{}", "Kennwort"),
        (503, "", "(503)"),
        (200, "<html>Router</html>", "antwortet etwas anderes"),
    ],
)
def test_without_exactly_one_exam_nothing_is_opened(
    workstation: Workstation, httpserver: HTTPServer, status: int, body: str, told: str
) -> None:
    """None or several: the user is told, and no image of somebody else appears."""

    def answer(_: Request) -> Response:
        return Response(body, status, {"Location": "http://elsewhere/"})

    httpserver.expect_request(SEARCH).respond_with_handler(answer)
    code, said = open_images(workstation)
    assert (code, workstation.opened) == (1, "")
    assert said.startswith("Die Bilder wurden nicht geöffnet.")
    assert told in said


def test_a_bridge_that_is_down_or_silent_is_told(workstation: Workstation) -> None:
    """A refused connection and one without an answer are the same sentence, after `wartezeit`."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        workstation.configure(adresse=f"http://127.0.0.1:{silent.getsockname()[1]}", wartezeit="1")
        began = time.monotonic()
        waited = open_images(workstation)
        assert time.monotonic() - began < 20
    refused = open_images(workstation)
    assert waited == refused
    assert (refused[0], "gdtbridge antwortet nicht" in refused[1]) == (1, True)


def test_the_file_of_the_patient_before_is_refused(
    workstation: Workstation, httpserver: HTTPServer
) -> None:
    """When the practice software did not write, the old file is still there."""
    an_hour_ago = time.time() - 3600
    os.utime(workstation.export, (an_hour_ago, an_hour_ago))
    status, told = open_images(workstation)
    assert (status, httpserver.log) == (1, [])
    assert "vielleicht von einem anderen Patienten" in told


def test_the_age_can_be_left_unchecked(workstation: Workstation, httpserver: HTTPServer) -> None:
    """`hoechstalter = 0` takes any file."""
    workstation.configure(adresse=httpserver.url_for(""), hoechstalter="0")
    os.utime(workstation.export, (0, 0))
    httpserver.expect_request(SEARCH).respond_with_json({"studies": [{"viewer_url": VIEWER}]})
    assert open_images(workstation) == (0, "")


def test_a_viewer_that_does_not_start_is_told(
    workstation: Workstation, httpserver: HTTPServer
) -> None:
    """Without the viewer the user learns what is missing."""
    program(workstation.folder / "bin" / "xdg-open", "#!/bin/sh\nexit 3\n")
    httpserver.expect_request(SEARCH).respond_with_json({"studies": [{"viewer_url": VIEWER}]})
    status, told = open_images(workstation)
    assert (status, "installiert?" in told) == (1, True)


def test_scripts_are_plain_posix(project: Path) -> None:
    """The scripts can be started and ask for no particular shell."""
    for name in ("auftrag.sh", "bild-oeffnen.sh"):
        file = project / "scripts" / "ais" / name
        assert os.access(file, os.X_OK)
        assert file.read_bytes().startswith(b"#!/bin/sh\n")
