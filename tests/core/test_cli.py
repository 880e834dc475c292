"""The commands: what they print, and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gdtbridge.cli import main


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Return the settings of an installation of its own, on free ports."""
    return {
        "GDTBRIDGE_STORAGE__ROOT": str(tmp_path / "var"),
        "GDTBRIDGE_STORAGE__MIN_FREE_MB": "1",
        "GDTBRIDGE_DICOM__PORT": "0",
        "GDTBRIDGE_HTTP__PORT": "0",
    }


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
    assert record["patient"]["birth_date"] == "1971-07-30" or record["patient"]["birth_date"]
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


@pytest.mark.parametrize("kind", ["gdt", "sr"])
def test_what_cannot_be_shown(environ: dict[str, str], kind: str, tmp_path: Path) -> None:
    """A bad file is named on stderr with status 1; good files are shown all the same."""
    (tmp_path / "bad").write_bytes(b"\x00\x01 nothing of ours")
    done = run(environ, kind, "show", str(tmp_path / "bad"), str(tmp_path / "absent"))

    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 2
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    "arguments", [("gdt", "show"), ("nonsense",), ("worklist", "add"), ("serve", "--port", "x")]
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

    assert run(environ, "worklist", "remove", number).exit_code == 0
    assert json.loads(run(environ, "worklist", "list", "--json").stdout) == []
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


def test_exams_that_are_not_held_cannot_be_released(environ: dict[str, str]) -> None:
    """An unknown study is said with status 1."""
    assert run(environ, "exams", "list", "--held").exit_code == 0
    assert run(environ, "exams", "release", "1.2.3", "--id", "7").exit_code == 1
