"""Changing the settings file: comments stay, a start's refusals hold, the old file is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from gdtbridge.errors import SettingsError
from gdtbridge.settings import load_settings
from gdtbridge.settings.changing import SettingsFile, WantedSettings

TEXT = """\
# our practice
[dicom]
port = 104   # as the device has it

[[device]]
aet = "SONO1"    # room 1
charset = "ascii"
"""


def file_with(folder: Path, text: str, environ: dict[str, str] | None = None) -> SettingsFile:
    """Return a settings file with a text."""
    path = folder / "gdtbridge.toml"
    path.write_text(text, "utf-8")
    return SettingsFile(load_settings(path, environ or {}), environ or {})


def test_what_is_not_meant_stays(tmp_path: Path) -> None:
    """Comments, order and all other lines; what is new stands in its section."""
    file = file_with(tmp_path, TEXT)
    wanted = {"dicom.port": 11112, "practice.name": "Praxis Dr. Sommer", "dicom.aet": "SONO"}
    change = file.propose(WantedSettings(wanted, {"aet": "sono1", "host": "192.168.1.50"}))
    assert change.settings.practice.name == "Praxis Dr. Sommer"
    assert change.settings.device[0].charset is not None
    for kept in ("# our practice", "# as the device has it", "# room 1", 'charset = "ascii"'):
        assert kept in change.after
    assert change.lines == [
        "  [dicom]",
        "- port = 104   # as the device has it",
        "+ port = 11112   # as the device has it",
        '+ aet = "SONO"',
        "  [[device]]",
        '- aet = "SONO1"    # room 1',
        '+ aet = "sono1"    # room 1',
        '+ host = "192.168.1.50"',
        "+ [practice]",
        '+ name = "Praxis Dr. Sommer"',
    ]
    change.write()
    assert load_settings(file.path, {}).dicom.port == 11112
    assert file.path.with_name("gdtbridge.toml.before").read_text("utf-8") == TEXT
    assert file.propose(WantedSettings(wanted)).is_none


def test_a_default_is_not_written(tmp_path: Path) -> None:
    """Nobody needs to read what holds anyhow; a key that goes back to it is taken out."""
    file = file_with(tmp_path, TEXT)
    assert file.propose(WantedSettings({"dicom.aet": "GDTBRIDGE", "gdt.out": None})).is_none
    assert "port" not in file.propose(WantedSettings({"dicom.port": None})).after


def test_what_a_start_would_refuse_is_refused(tmp_path: Path) -> None:
    """With the start's own sentence; the file stays."""
    file = file_with(tmp_path, TEXT)
    with pytest.raises(SettingsError, match="allowed_networks"):
        file.propose(WantedSettings({"dicom.host": "0.0.0.0"}))
    with pytest.raises(SettingsError, match=r"device\.1\.aet"):
        file.propose(WantedSettings({}, {"aet": "THIS TITLE IS TOO LONG"}))
    assert file.path.read_text("utf-8") == TEXT


def test_what_the_environment_says_is_not_written(tmp_path: Path) -> None:
    """It goes before the file; which variable it is can be told."""
    file = file_with(tmp_path, TEXT, {"GDTBRIDGE_DICOM__PORT": "105"})
    assert file.is_said_by_environment("dicom.port") == "GDTBRIDGE_DICOM__PORT"
    assert file.propose(WantedSettings({"dicom.port": 106})).is_none


def test_a_file_is_made_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the folder a start looks in."""
    monkeypatch.chdir(tmp_path)
    file = SettingsFile(load_settings(None, {}), {})
    change = file.propose(WantedSettings({"practice.name": "P"}, {"aet": "SONO1"}))
    assert change.is_writable
    change.write()
    settings = load_settings(None, {})
    assert (settings.practice.name, settings.device[0].aet) == ("P", "SONO1")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """With the reason."""
    file = file_with(tmp_path, TEXT)
    change = file.propose(WantedSettings({"dicom.port": 106}))
    file.path.unlink()
    file.path.mkdir()
    with pytest.raises(SettingsError, match=r"gdtbridge\.toml"):
        change.write()
