"""``gdtbridge gdt check`` and ``gdt convert`` as a person types them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gdtbridge.cli import main
from gdtbridge.errors import SettingsError
from gdtbridge.gdt.read.reader import read_records
from gdtbridge.results.routing import Routing
from gdtbridge.settings import load_settings


def run(folder: Path, *arguments: str, settings: str = "") -> Result:
    """Run a command in a folder with these settings."""
    config = folder / "gdtbridge.toml"
    config.write_text(settings, encoding="utf-8")
    group, command, *rest = arguments
    return CliRunner().invoke(main, [group, command, "--config", str(config), *rest])


@pytest.fixture
def sample(project: Path) -> str:
    """Return a study record in GDT 2.1."""
    return str(project / "samples/gdt/abdomen-study-gdt21.gdt")


def test_a_good_file_is_called_good(tmp_path: Path, sample: str) -> None:
    """Status 0 and one line."""
    done = run(tmp_path, "gdt", "check", sample)
    assert done.exit_code == 0
    assert "in Ordnung / good" in done.stdout


def test_objections_end_with_status_1(tmp_path: Path, sample: str) -> None:
    """Each is shown with its code, the number of them on stderr."""
    done = run(tmp_path, "gdt", "check", "--dialect", "3.0", sample)
    assert done.exit_code == 1
    assert "[version-differs]" in done.stdout
    assert done.stderr.startswith("gdtbridge: ")


def test_the_installations_dialect_is_the_default(tmp_path: Path, sample: str) -> None:
    """Own dialects count too."""
    own = '[gdt]\ndialect = "own"\n[dialects.own]\nbase = "gdt21"\nencoding = "cp437"\n'
    done = run(tmp_path, "gdt", "check", sample, settings=own)
    assert (done.exit_code, "[charset-differs]" in done.stdout) == (1, True)


def test_a_file_is_converted(tmp_path: Path, sample: str) -> None:
    """Version and character set are the target's; what exists is never overwritten."""
    out = tmp_path / "new.gdt"
    arguments = ("gdt", "convert", "--to", "3.0", "--encoding", "cp437", sample, "-o", str(out))
    done = run(tmp_path, *arguments)
    assert (done.exit_code, done.output) == (0, "")
    (record,) = read_records(out.read_bytes())
    assert (record.version, record.encoding, record.warnings) == ("03.00", "cp437", ())
    assert record.patient.family_name == "Müller"
    again = run(tmp_path, *arguments)
    assert (again.exit_code, "exists already" in again.stderr) == (1, True)
    assert read_records(out.read_bytes()) == [record]


def test_the_practices_character_set_counts_where_a_file_names_none(tmp_path: Path) -> None:
    """A lone accent is read as the settings, or the option of show, say."""
    name = "Balázs".encode("cp1252")
    file = tmp_path / "order.gdt"
    file.write_bytes(b"01380006302\r\n01330004711\r\n0153101" + name + b"\r\n")
    shown = CliRunner().invoke(main, ["gdt", "show", "--encoding", "cp1252", str(file)])
    assert "Balázs" in shown.output
    out = tmp_path / "new.gdt"
    arguments = ("gdt", "convert", "--to", "2.1", str(file), "-o", str(out))
    run(tmp_path, *arguments, settings='[orders]\nencoding = "cp1252"\n')
    assert read_records(out.read_bytes())[0].patient.family_name == "Balázs"


def test_losses_are_named(tmp_path: Path, sample: str) -> None:
    """What could not be written as it was is on stderr, by field."""
    out = tmp_path / "new.gdt"
    to_ascii = ("--to", "2.1", "--encoding", "ascii")
    done = run(tmp_path, "gdt", "convert", *to_ascii, sample, "-o", str(out))
    assert done.exit_code == 0
    assert "3101 transliterated" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "settings", "named"),
    [
        (("convert", "--to", "gdt99"), "", "gdt21, gdt30"),
        (("convert", "--to", "2.1", "--encoding", "utf-16"), "", "cp437"),
        (("convert", "--to", "medical-office"), "", "9218"),
        (("convert", "--to", "2.1"), '[dialects.own]\nbase = "x"\n', r"dialects.own.base"),
    ],
)
def test_what_is_wrong_is_one_line(
    tmp_path: Path, sample: str, arguments: tuple[str, ...], settings: str, named: str
) -> None:
    """Status 1, a sentence, and no file."""
    out = tmp_path / "new.gdt"
    done = run(tmp_path, "gdt", *arguments, sample, "-o", str(out), settings=settings)
    assert (done.exit_code, named in done.stderr) == (1, True)
    assert not out.exists()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[gdt]\ndialect = "own"\n', "gdt.dialect"),
        ('[dialects.own]\nbase = "gdt21"\nencodign = "cp437"\n', "Did you mean encoding"),
        ('[dialects.own]\nbase = "gdt21"\nvalues = "table"\n', "dialects.own.values"),
        ('[dialects]\nown = "gdt21"\n', "dialects.own"),
    ],
)
def test_a_wrong_dialect_stops_the_start(tmp_path: Path, text: str, named: str) -> None:
    """The key is named before anything is written."""
    config = tmp_path / "gdtbridge.toml"
    config.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=named):
        load_settings(config, {})


def test_an_own_dialect_is_written(tmp_path: Path) -> None:
    """What the settings say is what the records are written in."""
    config = tmp_path / "gdtbridge.toml"
    text = '[gdt]\ndialect = "own"\n[dialects.own]\nbase = "gdt30"\nencoding = "cp437"\n'
    config.write_text(text, encoding="utf-8")
    assert Routing(load_settings(config, {})).default.records.encoding == "cp437"


@pytest.mark.parametrize("command", [("check",), ("convert", "--to", "2.1", "-o", "x")])
def test_a_file_that_is_none_is_refused(
    tmp_path: Path, project: Path, command: tuple[str, ...]
) -> None:
    """A text is not GDT, a missing file cannot be read."""
    for name in (str(project / "README.md"), str(tmp_path / "missing.gdt")):
        done = run(tmp_path, "gdt", *command, name)
        assert (done.exit_code, done.stdout) == (1, "")
