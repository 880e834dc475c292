"""``gdtbridge sr catalogue`` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from gdtbridge.cli import main

CHANGED = '[[catalogue.rows]]\nid = "LVIDD"\nname = "LV innen"\nunit = "cm"\ndecimals = 2\n'


def run(folder: Path, settings: str, *arguments: str) -> Result:
    """Run the command with these settings."""
    config = folder / "gdtbridge.toml"
    config.write_text(settings, encoding="utf-8")
    return CliRunner().invoke(main, ["sr", "catalogue", "--config", str(config), *arguments])


def test_it_prints_the_page(tmp_path: Path, project: Path) -> None:
    """Without rows of one's own it is the page in the documentation."""
    done = run(tmp_path, "")
    assert done.exit_code == 0
    assert done.stdout == (project / "docs/catalogue.md").read_text(encoding="utf-8")


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
