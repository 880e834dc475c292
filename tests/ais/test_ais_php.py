"""The PHP scripts of Medical Office against a real server, as one line includes them."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from tests.ais.conftest import EXPORT, NAME, TOKEN, VIEWER, Workstation
from tests.ais.medical_office import PATIENT, PHP, documented_line, medical_office

pytestmark = pytest.mark.skipif(PHP is None, reason="php is not installed")

ANSWER = "01380006310\r\n014300010042\r\n"


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Müller", "cp1252"),
        ("Müller", "utf-8"),
        ("D'Angelo", "cp1252"),
        ("Weiß-Œuvre™ €", "cp1252"),
        (NAME.replace("Ł", "L"), "cp1252"),
        (NAME, "utf-8"),
        ("$_SERVER $HOME \\", "cp1252"),
    ],
)
def test_an_order_reaches_the_bridge_as_it_was_meant(
    project: Path, workstation: Workstation, httpserver: HTTPServer, name: str, encoding: str
) -> None:
    """Whatever a name holds, it arrives letter by letter, in UTF-8, and runs nothing."""
    httpserver.expect_request("/worklist/add", method="POST").respond_with_data(ANSWER)
    printed = medical_office(
        workstation,
        documented_line(project, "worklist.php"),
        PATIENT | {"Patient.Stammdaten.Nachname": name},
        encoding,
    )
    request, _ = httpserver.log[0]
    assert parse_qsl(request.get_data(as_text=True), strict_parsing=True) == [
        ("id", "10042"),
        ("sex", "2"),
        ("birthdate", "12.03.1958"),
        ("lastname", name),
        ("firstname", "Änne"),
        ("physician", "O'Brien^Zoë"),
        ("procedure", "Abdomen"),
    ]
    assert request.query_string == b""
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert (printed, workstation.shown) == ("", "")


def test_a_patient_without_a_first_name_can_be_ordered(
    project: Path, workstation: Workstation, httpserver: HTTPServer
) -> None:
    """An empty first name is sent, since one that is missing counts as a mistake."""
    httpserver.expect_request("/worklist/add").respond_with_data(ANSWER)
    line = documented_line(project, "worklist.php").replace("$geraet = ''", "$geraet = 'US02'")
    medical_office(workstation, line, PATIENT | {"Patient.Stammdaten.Vorname": " "}, "cp1252")
    form = parse_qs(httpserver.log[0][0].get_data(as_text=True), keep_blank_values=True)
    assert form["firstname"] == [""]
    assert form["scheduledStation"] == ["US02"]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (PATIENT | {"Patient.PatID": ""}, "no number"),
        (PATIENT | {"Patient.Stammdaten.Nachname": "A|B"}, "a name with our separator"),
        ({"Patient.PatID": "1"}, "placeholders Medical Office does not know"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_patient_data_that_do_not_fit_are_not_sent(
    project: Path,
    workstation: Workstation,
    httpserver: HTTPServer,
    values: dict[str, str],
    why: str,
) -> None:
    """Nothing is guessed: the user sees that there is no order."""
    medical_office(workstation, documented_line(project, "worklist.php"), values, "cp1252")
    assert httpserver.log == []
    assert workstation.shown.startswith("Der Auftrag ist NICHT bestätigt."), why


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (400, "error: birthdate: Kein Tag. / Not a day.\r\n", "birthdate: Kein Tag."),
        (401, "error: Kennwort fehlt. / No token.", "Kennwort fehlt."),
        (401, "", "Das Kennwort in gdtbridge-ais.ini ist falsch"),
        (503, "", "(503)"),
        (302, "", "(302)"),
        (200, "<html>Router</html>", "antwortet etwas anderes"),
    ],
)
def test_a_refused_order_is_told(
    project: Path,
    workstation: Workstation,
    httpserver: HTTPServer,
    status: int,
    body: str,
    told: str,
) -> None:
    """The bridge's own reason reaches the screen and the log, without patient data."""
    httpserver.expect_request("/worklist/add").respond_with_data(body, status)
    printed = medical_office(
        workstation, documented_line(project, "worklist.php"), PATIENT, "cp1252"
    )
    log = (workstation.scripts / "gdtbridge-ais.log").read_text(encoding="utf-8")
    assert told in workstation.shown
    assert told in log
    assert "Müller" not in log
    assert printed == ""


def test_a_bridge_that_is_down_is_told(project: Path, workstation: Workstation) -> None:
    """A refused connection is a sentence, not a warning of PHP."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        workstation.configure(adresse=f"http://127.0.0.1:{taken.getsockname()[1]}")
        medical_office(workstation, documented_line(project, "worklist.php"), PATIENT, "cp1252")
    assert "gdtbridge antwortet nicht" in workstation.shown


def test_a_bridge_that_is_silent_is_not_waited_for(project: Path, workstation: Workstation) -> None:
    """`wartezeit` bounds the wait."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        workstation.configure(adresse=f"http://127.0.0.1:{silent.getsockname()[1]}", wartezeit="1")
        began = time.monotonic()
        medical_office(workstation, documented_line(project, "worklist.php"), PATIENT, "cp1252")
    assert time.monotonic() - began < 20
    assert "gdtbridge antwortet nicht" in workstation.shown


def open_study(project: Path, workstation: Workstation) -> str:
    """Run the documented line for the workstation's export."""
    return medical_office(workstation, documented_line(project, "open-study.php"), {}, "ascii")


@pytest.mark.parametrize("url", [VIEWER, "http://pacs:8042/viewer?StudyInstanceUIDs=1.2&x='(1)!"])
def test_the_exported_exam_is_opened(
    project: Path, workstation: Workstation, httpserver: HTTPServer, url: str
) -> None:
    """The bridge gets the file byte by byte, the viewer the address character by character."""
    httpserver.expect_request("/api/v1/studies/search", method="POST").respond_with_json(
        {"studies": [{"description": "Söhne", "viewer_url": url}]}
    )
    printed = open_study(project, workstation)
    request, _ = httpserver.log[0]
    assert request.get_data() == EXPORT
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert (workstation.opened, workstation.shown, printed) == (url, "", "")


@pytest.mark.parametrize(
    "url",
    [
        'weasis://x" & calc.exe & "',
        "file:///C:/Windows/System32/calc.exe",
        "javascript:alert(1)",
        "calc.exe",
        "http://pacs/a b",
        "http://pacs/\n",
        "",
        None,
        ["http://pacs/"],
    ],
)
def test_only_a_viewer_is_opened(
    project: Path, workstation: Workstation, httpserver: HTTPServer, url: object
) -> None:
    """Anything else than an address of a viewer is never handed to Windows."""
    httpserver.expect_request("/api/v1/studies/search").respond_with_json(
        {"studies": [{"viewer_url": url}]}
    )
    open_study(project, workstation)
    assert workstation.opened == ""
    assert "keine brauchbare Adresse" in workstation.shown


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, '{"studies": []}', "Keine passende Untersuchung"),
        (200, '{"studies": [{"viewer_url": "http://a/"}, {"viewer_url": "http://b/"}]}', "2 Unt"),
        (404, "{}", "Keine passende Untersuchung"),
        (300, "{}", "Mehrere Untersuchungen"),
        (409, "{}", "einer anderen Person"),
        (403, "{}", "nicht zugelassen"),
        (200, "not JSON", "antwortet etwas anderes"),
        (200, '{"studies": 1}', "antwortet etwas anderes"),
    ],
)
def test_without_exactly_one_exam_nothing_is_opened(
    project: Path,
    workstation: Workstation,
    httpserver: HTTPServer,
    status: int,
    body: str,
    told: str,
) -> None:
    """None or several: the user is told, and no image of somebody else appears."""
    httpserver.expect_request("/api/v1/studies/search").respond_with_handler(
        lambda _: Response(body, status, content_type="application/json")
    )
    open_study(project, workstation)
    assert workstation.opened == ""
    assert workstation.shown.startswith("Die Bilder wurden nicht geöffnet.")
    assert told in workstation.shown


def test_the_file_of_the_patient_before_is_refused(
    project: Path, workstation: Workstation, httpserver: HTTPServer
) -> None:
    """When the practice software did not write, the old file is still there."""
    an_hour_ago = time.time() - 3600
    os.utime(workstation.export, (an_hour_ago, an_hour_ago))
    open_study(project, workstation)
    assert httpserver.log == []
    assert "vielleicht von einem anderen Patienten" in workstation.shown


@pytest.mark.parametrize("content", [None, b"", b"%PDF-1.4", b"0138000" + b"6311" * 400_000])
def test_a_file_that_is_no_gdt_is_not_sent(
    project: Path, workstation: Workstation, httpserver: HTTPServer, content: bytes | None
) -> None:
    """A missing, empty, foreign or endless file is told, not sent."""
    workstation.export.unlink()
    if content is not None:
        workstation.export.write_bytes(content)
    open_study(project, workstation)
    assert httpserver.log == []
    assert "fehlt oder ist keine" in workstation.shown


def test_missing_settings_are_told(project: Path, workstation: Workstation) -> None:
    """Without gdtbridge-ais.ini the message names it."""
    (workstation.scripts / "gdtbridge-ais.ini").unlink()
    open_study(project, workstation)
    assert "gdtbridge-ais.ini fehlt" in workstation.shown


def test_no_program_is_given_anything_by_its_command_line(project: Path) -> None:
    """The only command in the PHP is a constant, and nothing is evaluated."""
    for file in (project / "scripts" / "ais").glob("*.php"):
        text = file.read_text(encoding="utf-8")
        for word in ("eval(", "shell_exec", "system(", "passthru", "popen", "proc_open", "curl_"):
            assert word not in text, (file.name, word)
        calls = [row.strip() for row in text.splitlines() if "exec(" in row]
        assert all("$" not in call for call in calls), file.name
