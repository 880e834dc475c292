"""The constancy test, and both sets at the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
import pyzipper
from click.testing import CliRunner

from gdtbridge.cli import main
from gdtbridge.core import open_core
from gdtbridge.errors import NotFound
from gdtbridge.sample_audit.desk import SampleDesk
from gdtbridge.settings import load_settings
from tests.tools.elements import element, still
from tests.tools.practice import Practice

B_MODE, COLOUR = r"ORIGINAL\PRIMARY\\0001", r"ORIGINAL\PRIMARY\\0011"


def send(practice: Practice, number: int, transducer: str, kind: str) -> None:
    """Send a picture made with a transducer."""
    uid, study = f"2.25.{number}", f"2.25.{1000 + number}"
    data = still(number, SOPInstanceUID=uid, StudyInstanceUID=study, AccessionNumber="")
    start = data.index(element(0x00080016, b"UI", "1.2.840.10008.5.1.4.1.1.6.1"))
    end = data.index(element(0x0020000D, b"UI", study))
    probe = element(0x00185010, b"LO", transducer) if transducer else b""
    head = element(0x00080008, b"CS", kind) if kind else b""
    practice.send_dataset(
        data[:start] + head + data[start:end] + probe + data[end:], SOPInstanceUID=uid
    )


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    """Return a practice whose device has two transducers."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text('[[device]]\naet = "US01"\nname = "Raum 1"\n', encoding="utf-8")
    made = Practice(tmp_path, load_settings(file, {}))
    for number, transducer, kind in (
        (1, r"C5-2\UNUSED", B_MODE),
        (2, r"C5-2\UNUSED", COLOUR),
        (3, "9d", COLOUR),
        (4, "L12", ""),
    ):
        send(made, number, transducer, kind)
    made.wait()
    yield made
    made.close()


def found(desk: SampleDesk) -> list[tuple[str, bool, int]]:
    """Return heading, whether it surely is a B-mode image, and the picture of each transducer."""
    return [
        (one.sheet.heading, one.is_surely_b_mode, one.sheet.pictures[0].instance_id)
        for one in desk.transducers()
    ]


def test_the_newest_b_mode_image_of_each_transducer(practice: Practice) -> None:
    """A colour image is none; of what says nothing a person has to look; a year ago is too old."""
    desk = practice.core.sample
    assert found(desk) == [("Raum 1 C5-2", True, 1), ("Raum 1 L12", False, 4)]
    desk.name_transducer("US01", "C5-2", "Konvex")
    assert found(desk)[0][0] == "Raum 1 Konvex"
    row = next(row for row in desk.constancy_sheets()[0].rows if row.item.code == "transducer")
    assert row.parts[0].value == "Konvex (C5-2)"
    desk.name_transducer("US01", "C5-2", "")
    assert found(desk)[0][0] == "Raum 1 C5-2"
    with pytest.raises(NotFound):
        desk.name_transducer("US01", "C5-2" * 1000, "Konvex")
    practice.clock.seconds += 365 * 24 * 3600
    assert found(desk) == []


def test_what_is_held_is_not_shown(practice: Practice) -> None:
    """A picture of which nobody knows whose it is is older news."""
    data = still(9, SOPInstanceUID="2.25.9", StudyInstanceUID="2.25.1009", PatientID="")
    end = data.index(element(0x0020000D, b"UI", "2.25.1009"))
    probe = element(0x00185010, b"LO", "L12")
    practice.send_dataset(data[:end] + probe + data[end:], SOPInstanceUID="2.25.9")
    practice.wait()
    assert found(practice.core.sample)[1] == ("Raum 1 L12", False, 4)


def test_both_sets_at_the_command_line(tmp_path: Path) -> None:
    """Of an installation with one exam: what was asked, what is wrong, what is there already."""
    file = tmp_path / "gdtbridge.toml"
    file.write_text("")
    with open_core(load_settings(file, {})):
        pass
    run = CliRunner()

    def export(*arguments: str) -> tuple[int, str]:
        result = run.invoke(main, ["export", *arguments, "--config", str(file)])
        return result.exit_code, result.output

    target = tmp_path / "set.zip"
    status, said = export("audit", "--to", str(target), "--case", "4711 30.11.2026")
    assert status == 0, said
    password = said.rpartition(": ")[2].strip()
    with pyzipper.AESZipFile(target) as archive:
        archive.setpassword(password.encode())
        assert sorted(archive.namelist()) == ["Pruefliste.pdf", "Verzeichnis.pdf"]
        assert archive.testzip() is None
    assert target.stat().st_mode & 0o077 == 0
    assert export("audit", "--to", str(target), "--case", "4711 30.11.2026")[0] == 1
    plain = tmp_path / "plain.zip"
    asked = ("--without-password", "--case", "4711 30.11.2026")
    status, said = export("audit", "--to", str(plain), *asked)
    assert (status, "Jeder kann die Datei lesen" in said) == (0, True)
    with ZipFile(plain) as opened:
        assert opened.read("Verzeichnis.pdf").startswith(b"%PDF")
    status, said = export("audit", "--to", str(tmp_path / "x.zip"), "--case", "4711")
    assert (status, "4711" in said, (tmp_path / "x.zip").exists()) == (1, True, False)
    assert export("constancy", "--to", str(tmp_path / "x.zip"))[0] == 1
    assert not (tmp_path / "x.zip").exists()
