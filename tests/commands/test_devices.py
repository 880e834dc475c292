"""The known devices as people see them: list, all of one, and whether it answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gdtbridge.callers import ActKind
from gdtbridge.cli import main
from gdtbridge.core import open_core
from gdtbridge.devices import Caller
from gdtbridge.dicom.server import DicomServer
from gdtbridge.settings import DicomSettings, load_settings
from tests.tools.dicom_server import Recorder
from tests.tools.elements import IMPLICIT

LOGIQ = Caller("LOGIQ", "127.0.0.1", "1.2.840.113619.6.323", "LOGIQS8_1")
WORKLIST = "1.2.840.10008.5.1.4.31"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[DicomServer]:
    """Return a device that answers a C-ECHO."""
    core = Recorder(tmp_path)
    server = DicomServer(DicomSettings(port=0), tmp_path / "spool", core, core)
    server.start()
    yield server
    server.stop(grace=0)


@pytest.fixture
def config(tmp_path: Path, server: DicomServer) -> Path:
    """Return the settings of a practice: a device entered that calls, one that never did."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text(
        f"[[device]]\naet = 'logiq'\nhost = '127.0.0.1'\nport = {server.port}\ncharset = 'ascii'\n"
        "[[device]]\naet = 'NEVER'\n"
    )
    with open_core(load_settings(file, {})) as core:
        core.callers.note(LOGIQ, ActKind.ASSOCIATION, "", "accepted")
        core.callers.note(LOGIQ, ActKind.CONTEXT, WORKLIST, IMPLICIT)
        core.callers.note(LOGIQ, ActKind.CONTEXT, "1.2.3", "abstract_syntax_not_supported")
        core.callers.note(LOGIQ, ActKind.REQUEST, f"C-FIND {WORKLIST}", "A700")
        core.callers.note(Caller("STRANGER", "10.0.0.9"), ActKind.ASSOCIATION, "", "title")
        core.callers.keep()
    return file


def run(config: Path, *arguments: str) -> Result:
    """Run a command of the practice."""
    return CliRunner().invoke(main, [*arguments, "--config", str(config)])


def test_who_calls_is_listed(config: Path) -> None:
    """With implementation, profile, and whether it may come in; who never called, too."""
    rows = {row["aet"]: row for row in json.loads(run(config, "devices", "list", "--json").stdout)}
    assert list(rows) == ["STRANGER", "LOGIQ", "NEVER"]
    assert rows["LOGIQ"]["profile"] == "ge-logiq"
    assert rows["LOGIQ"]["implementation"] == "LOGIQS8_1"
    assert rows["LOGIQ"]["entered"] == "[[device]]"
    assert rows["LOGIQ"]["state"] == "angenommen / accepted (1x)"
    assert rows["STRANGER"]["state"] == (
        "abgewiesen / refused: AE-Titel nicht erlaubt / AE title not allowed (1x)"
    )
    assert rows["NEVER"]["state"] == "war noch nie da / was never seen"
    assert "AE-TITEL" in run(config, "devices", "list").stdout


@pytest.mark.parametrize("name", ["LOGIQ", "logiq ", "127.0.0.1"])
def test_all_of_one_device(config: Path, name: str) -> None:
    """By title or address, with names instead of UIDs, and what the practice changed."""
    told = run(config, "devices", "show", name).stdout
    for part in (
        "LOGIQ (127.0.0.1)",
        "LOGIQS8_1 1.2.840.113619.6.323",
        "ge-logiq",
        'charset = "ascii"',
        "Modality Worklist Information Model - FIND",
        "Implicit VR Little Endian",
        "C-FIND Modality Worklist",
        "A700",
    ):
        assert part in told
    assert re.search(r"1\.2\.3 +SOP-Klasse nicht unterstützt", told)
    (shown,) = json.loads(run(config, "devices", "show", name, "--json").stdout)
    assert [(act["kind"], act["what"], act["outcome"], act["times"]) for act in shown["acts"]] == [
        ("association", "", "accepted", 1),
        ("context", "1.2.3", "abstract_syntax_not_supported", 1),
        ("context", WORKLIST, IMPLICIT, 1),
        ("request", f"C-FIND {WORKLIST}", "A700", 1),
    ]
    assert shown["values"]["charset"] == "ascii"


def test_a_device_answers_or_not(config: Path, server: DicomServer) -> None:
    """At the port of `[[device]]`; one line says which of both."""
    done = run(config, "devices", "echo", "LOGIQ")
    assert (done.exit_code, done.stdout) == (
        0,
        f"LOGIQ (127.0.0.1:{server.port}): antwortet. / answers.\n",
    )
    server.stop(grace=0)
    done = run(config, "devices", "echo", "LOGIQ")
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"LOGIQ (127.0.0.1:{server.port})" in done.stderr


def test_a_device_nobody_knows_is_named(config: Path) -> None:
    """Instead of an empty answer."""
    done = run(config, "devices", "show", "OTHER")
    assert done.exit_code == 1
    assert "OTHER" in done.stderr
