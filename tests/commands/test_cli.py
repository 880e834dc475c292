"""The commands: what they print, and how they end."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gdtbridge.archive import IncomingInstance
from gdtbridge.cli import main
from gdtbridge.core import open_core
from gdtbridge.exams import store
from gdtbridge.settings import load_settings
from tests.tools.elements import EXPLICIT, identification, part10

pytestmark = pytest.mark.slow  # starts programs


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Return the settings of an installation of its own, on free ports."""
    environ = {
        "GDTBRIDGE_STORAGE__ROOT": str(tmp_path / "var"),
        "GDTBRIDGE_STORAGE__MIN_FREE_MB": "1",
        "GDTBRIDGE_DICOM__PORT": "0",
        "GDTBRIDGE_HTTP__PORT": "0",
    }
    with open_core(load_settings(None, environ)):
        return environ


def run(environ: dict[str, str], *arguments: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, list(arguments), env=environ)


def test_gdt_show(environ: dict[str, str], project: Path) -> None:
    """A file is shown with German field names and without warnings."""
    done = run(environ, "gdt", "show", str(project / "samples/gdt/echo-study-gdt21.gdt"))

    assert done.exit_code == 0
    assert "Name des Patienten" in done.stdout
    assert "Wójcik" in done.stdout


def test_gdt_show_json(environ: dict[str, str], project: Path) -> None:
    """``--json`` prints a list of records in the documented shape."""
    done = run(environ, "gdt", "show", "--json", str(project / "samples/gdt/echo-study-gdt21.gdt"))

    (record,) = json.loads(done.stdout)
    assert set(record) == {
        *("record_type", "version", "encoding", "fields", "patient", "warnings"),
    }
    assert set(record["fields"][0]) == {"id", "value", "line"}
    assert set(record["patient"]) == {"id", "family_name", "given_name", "birth_date", "sex"}
    assert record["patient"]["birth_date"] == "1971-07-30"
    assert record["warnings"] == []


def test_sr_show_json(environ: dict[str, str], project: Path) -> None:
    """``--json`` prints a list of reports in the documented shape, values as strings."""
    done = run(environ, "sr", "show", "--json", str(project / "samples/sr/echo.dcm"))

    (report,) = json.loads(done.stdout)
    assert set(report) >= {
        *("sop_uid", "study_uid", "template", "patient_id", "measurements", "warnings"),
    }
    assert report["template"] == "5200"
    assert set(report["measurements"][0]) >= {
        *("id", "name", "value", "unit", "code", "scheme", "site", "laterality", "mode", "method"),
        *("derivation", "phase", "fetus", "label"),
    }
    assert all(isinstance(one["value"], str) for one in report["measurements"])


def test_sr_show(environ: dict[str, str], project: Path) -> None:
    """Every measurement is shown with its unit."""
    done = run(environ, "sr", "show", str(project / "samples/sr/thyroid.dcm"))

    assert done.exit_code == 0
    assert "48.9" in done.stdout
    assert "mm" in done.stdout


def test_sr_show_explain(environ: dict[str, str], project: Path) -> None:
    """``--explain`` gives the rule and the reason of every NUM, for people and for programs."""
    path = str(project / "samples/sr/thyroid.dcm")
    shown = run(environ, "sr", "show", "--explain", path).stdout
    assert "aggregate: Gesamtwert des Geräts / the device's aggregate" in shown
    assert max(map(len, shown.splitlines()[1:])) <= 120

    (report,) = json.loads(run(environ, "sr", "show", "--explain", "--json", path).stdout)
    kept = {one["place"] for one in report["decisions"] if one["kept"]}
    assert kept == {one["place"] for one in report["measurements"]}
    assert all(one["reason"] for one in report["decisions"])


@pytest.mark.parametrize("kind", ["gdt", "sr"])
def test_what_cannot_be_shown(environ: dict[str, str], kind: str, tmp_path: Path) -> None:
    """A bad file is named on stderr with status 1; good files are shown all the same."""
    (tmp_path / "bad").write_bytes(b"\x00\x01 nothing of ours")
    done = run(environ, kind, "show", str(tmp_path / "bad"), str(tmp_path / "absent"))

    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 2
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("gdt", "show"),
        ("nonsense",),
        ("worklist", "add"),
        ("serve", "--port", "x"),
        ("simulate", "--without-order", "--patient", "1"),
        ("simulate", "--without-order", "--accession", "R1"),
    ],
)
def test_wrong_usage(environ: dict[str, str], arguments: tuple[str, ...]) -> None:
    """Wrong usage ends with status 2."""
    assert run(environ, *arguments).exit_code == 2


def test_wrong_settings(environ: dict[str, str]) -> None:
    """A typo in the settings ends with status 1 and one line that names it."""
    done = run(environ | {"GDTBRIDGE_DICOM__PROT": "1"}, "check")

    assert done.exit_code == 1
    assert "dicom.prot" in done.stderr
    assert "Traceback" not in done.output


def test_worklist_details(environ: dict[str, str]) -> None:
    """An order may be for another day, and say more; what is wrong is named."""
    patient = ("--id", "7", "--lastname", "Weiß", "--birthdate", "24.12.58")
    day = date.today() + timedelta(days=2)  # noqa: DTZ011 - as the practice's clock says
    when = ("--date", "+2", "--time", "830")
    said = ("--priority", "notfall", "--height", "172", "--station", "US01,US02")
    assert run(environ, "worklist", "add", *patient, *when, *said).exit_code == 0
    (entry,) = json.loads(run(environ, "worklist", "list", "--json").stdout)
    assert (entry["scheduled"], entry["priority"]) == (f"{day} 08:30", "STAT")
    assert (entry["station"], entry["birth_date"]) == ("US01\\US02", "1958-12-24")
    line = run(environ, "worklist", "list").stdout.splitlines()[1]
    assert ["US01, US02" in line, "Notfall" in line, "wartet" in line] == [True] * 3

    wrong = run(environ, "worklist", "add", *patient, "--date", "31.2.")
    assert (wrong.exit_code, "Den 31.02. gibt es nicht." in wrong.stderr) == (2, True)
    wrong = run(environ, "worklist", "add", *patient, "--height", "1,72")
    assert wrong.exit_code == 1
    assert "height" in wrong.stderr


def test_worklist(environ: dict[str, str]) -> None:
    """An order is added, listed and removed."""
    added = run(
        environ,
        *("worklist", "add", "--id", "7", "--lastname", "Weiß", "--birthdate", "24.12.1958"),
    )
    number = added.stdout.strip()
    assert added.exit_code == 0
    (entry,) = json.loads(run(environ, "worklist", "list", "--json").stdout)
    assert (entry["accession_number"], entry["patient_name"]) == (number, "Weiß")
    assert entry["birth_date"] == "1958-12-24"

    assert (entry["status"], entry["priority"]) == ("SCHEDULED", "")

    head, line = run(environ, "worklist", "list").stdout.splitlines()
    assert head.split()[:4] == ["AUFTRAG", "TERMIN", "STATION", "MODALITÄT"]
    assert (head.index("NAME"), head.index("GEBOREN")) == (line.index("Weiß"), line.index("1958"))

    assert run(environ, "worklist", "remove", number).exit_code == 0
    assert json.loads(run(environ, "worklist", "list", "--json").stdout) == []
    nothing = run(environ, "worklist", "list")
    assert (nothing.stdout, nothing.stderr.splitlines()) == (
        "",
        ["Nichts vorhanden. / Nothing there."],
    )
    assert run(environ, "worklist", "remove", number).exit_code == 1


def test_a_wrong_order(environ: dict[str, str]) -> None:
    """The field that is wrong is named, with status 1."""
    done = run(
        environ, "worklist", "add", "--id", "x" * 80, "--lastname", "A", "--birthdate", "1.1.1980"
    )

    assert done.exit_code == 1
    assert "patient_id" in done.stderr


def test_check(environ: dict[str, str]) -> None:
    """A healthy installation passes."""
    done = run(environ, "check")

    assert done.exit_code == 0, done.output
    assert "FEHLER" not in done.stdout


def test_check_names_what_is_missing(environ: dict[str, str], tmp_path: Path) -> None:
    """A results folder that is not there is an error of the check, with its setting."""
    done = run(environ | {"GDTBRIDGE_GDT__OUT": str(tmp_path / "not-mounted")}, "check")

    assert done.exit_code == 1
    assert "FEHLER gdt.out" in done.stdout


def command(environ: dict[str, str], *arguments: str, **more: str) -> subprocess.Popen[bytes]:
    """Start a command as a process of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GDTBRIDGE_", "LC_", "LANG"))}
    return subprocess.Popen(
        [sys.executable, "-m", "gdtbridge", *arguments],
        env=kept | environ | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "latin-1"}])
def test_any_locale_will_do(environ: dict[str, str], project: Path, locale: dict[str, str]) -> None:
    """A letter the terminal lacks is replaced; JSON stays JSON."""
    sample = str(project / "samples/gdt/echo-study-gdt21.gdt")
    with command(environ, "gdt", "show", sample, **locale) as shown:
        _, errors = shown.communicate(timeout=60)
    with command(environ, "gdt", "show", "--json", sample, **locale) as as_json:
        data, _ = as_json.communicate(timeout=60)

    assert (shown.returncode, errors, as_json.returncode) == (0, b"", 0)
    (record,) = json.loads(data)
    assert record["patient"]["family_name"] == "Wójcik"


def test_a_reader_that_goes_away(environ: dict[str, str], project: Path) -> None:
    """``| head`` ends the command without a word."""
    samples = [str(path) for path in (project / "samples/gdt").glob("*.gdt")] * 40
    with command(environ, "gdt", "show", *samples) as shown:
        assert shown.stdout is not None
        assert shown.stderr is not None
        shown.stdout.readline()
        shown.stdout.close()
        assert shown.stderr.read() == b""


def test_a_locked_database_is_said_in_a_line(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Another process keeps the database for too long."""
    assert run(environ, "exams", "list").exit_code == 0
    monkeypatch.setattr("gdtbridge.database.writer_lock.BUSY_SECONDS", 0.2)
    with closing(sqlite3.connect(tmp_path / "var" / "gdtbridge.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        done = run(
            environ, *("worklist", "add", "--id", "7", "--lastname", "A", "--birthdate", "1.1.1980")
        )

    assert done.exit_code == 1
    assert done.stderr.startswith("gdtbridge: ")
    assert "locked" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_nobody_thought_of_is_said_in_a_line(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback and no text of the error: it may quote a patient."""

    def fail(*_: object) -> None:
        raise RuntimeError("Müller^Änne")

    monkeypatch.setattr("gdtbridge.core.open_core", fail)
    done = run(environ, "worklist", "list")

    assert done.exit_code == 1
    assert done.stderr == (
        "gdtbridge: Unerwarteter Fehler. / Unexpected error: RuntimeError at test_cli.py:"
        + done.stderr.rpartition(":")[2]
    )


@pytest.mark.parametrize("kind", ["gdt", "sr"])
def test_a_folder_is_no_file(environ: dict[str, str], kind: str, tmp_path: Path) -> None:
    """A folder among the files is bad input, not wrong usage."""
    done = run(environ, kind, "show", str(tmp_path))

    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1


def test_the_held_exams_tell_who_it_may_be(environ: dict[str, str], tmp_path: Path) -> None:
    """A person sees name, birth date and study; what could not be sent has its file."""
    folder = tmp_path / "var"
    with open_core(load_settings(None, environ)) as core:
        for description in ("Abdomen", "Herz"):
            data = identification(PatientID="", StudyDescription=description)
            path = part10(folder / "spool" / description, data)
            uid, sop_class = "2.25.1", "1.2.840.10008.5.1.4.1.1.6.1"
            core.receiving.receive(
                IncomingInstance(path, sop_class, uid, EXPLICIT, "US01", "127.0.0.1")
            )
        with core.database.write() as connection:
            store.update_exam(connection, 1, due_at=0.0)
        core.reporting.report_due()

    (held,) = json.loads(run(environ, "exams", "list", "--held", "--json").stdout)
    assert (held["patient_name"], held["birth_date"]) == ("Müller^Änne", "19581224")
    assert (held["study_date"], held["description"]) == ("20240115", "Abdomen")
    assert "keine Patientennummer" in held["reason"]
    assert held["others"] == ""
    (problem,) = json.loads(run(environ, "exams", "problems", "--json").stdout)
    assert Path(problem["file"]).is_file()
    assert "nicht zugeordnet" in problem["reason"]
    assert problem["file"] in run(environ, "exams", "problems").stdout


def test_exams_that_are_not_held_cannot_be_released(environ: dict[str, str]) -> None:
    """An unknown study is said with status 1."""
    assert run(environ, "exams", "list", "--held").exit_code == 0
    assert run(environ, "exams", "release", "1.2.3", "--id", "7").exit_code == 1
