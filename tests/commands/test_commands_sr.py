"""``gdtbridge sr catalogue`` and the pages of ``sr show``, as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gdtbridge.catalogue.catalogue import standard
from gdtbridge.catalogue.page import catalogue_to_markdown
from gdtbridge.cli import main

CHANGED = '[[catalogue.rows]]\nid = "LVIDD"\nname = "LV innen"\nunit = "cm"\ndecimals = 2\n'


def run(folder: Path, settings: str, *arguments: str) -> Result:
    """Run the command with these settings."""
    config = folder / "gdtbridge.toml"
    config.write_text(settings, encoding="utf-8")
    return CliRunner().invoke(main, ["sr", "catalogue", "--config", str(config), *arguments])


def test_it_prints_the_whole_catalogue(tmp_path: Path) -> None:
    """Without rows of one's own it is the built-in one, every row of it."""
    done = run(tmp_path, "")
    assert done.exit_code == 0
    assert done.stdout == catalogue_to_markdown(standard())


def test_rows_of_ones_own_are_in_it(tmp_path: Path) -> None:
    """Programs read name, unit and rounding as the practice set them."""
    done = run(tmp_path, CHANGED, "--json")
    rows = [row for row in json.loads(done.stdout) if row["id"] == "LVIDD"]
    assert rows
    assert {(row["name"], row["unit"], row["decimals"]) for row in rows} == {("LV innen", "cm", 2)}


def test_a_wrong_row_ends_with_status_1(tmp_path: Path) -> None:
    """The sentence on stderr names row and column."""
    done = run(tmp_path, CHANGED.replace("cm", "Elle"))
    assert done.exit_code == 1
    assert "catalogue.rows 1 (LVIDD), unit = 'Elle'" in done.stderr


def test_a_report_is_written_as_page(tmp_path: Path, project: Path) -> None:
    """Both forms at once, by the catalogue of the settings; the paths are printed."""
    config = tmp_path / "gdtbridge.toml"
    config.write_text(CHANGED, encoding="utf-8")
    html, pdf = tmp_path / "a.html", tmp_path / "a.pdf"
    echo = str(project / "samples/sr/echo.dcm")
    options = ["--config", str(config), "--html", str(html), "--pdf", str(pdf)]
    done = CliRunner().invoke(main, ["sr", "show", *options, echo])
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [str(html), str(pdf)]
    assert "LV innen" in html.read_text(encoding="utf-8")
    assert pdf.read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("files", "out", "status", "said"),
    [
        (("samples/sr/echo.dcm",), "none/a.pdf", 1, "nicht schreibbar"),
        (("README.md",), "a.pdf", 1, "README.md: "),
        (("samples/sr/echo.dcm", "samples/sr/thyroid.dcm"), "a.pdf", 2, "genau eine Datei"),
    ],
)
def test_no_page_is_written_of_what_is_none(
    tmp_path: Path, project: Path, files: tuple[str, ...], out: str, status: int, said: str
) -> None:
    """One clear line, and no half file."""
    paths = [str(project / file) for file in files]
    done = CliRunner().invoke(main, ["sr", "show", "--pdf", str(tmp_path / out), *paths])
    assert done.exit_code == status
    assert said in done.stderr
    assert not (tmp_path / out).exists()
