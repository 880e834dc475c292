"""``gdtbridge export patient``, beside a practice that has exams."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

from click.testing import CliRunner, Result

from gdtbridge.audit import AuditQuery
from gdtbridge.cli import main
from gdtbridge.settings import load_settings
from tests.handing_out.test_patient_copy import STUDY, send_pictures
from tests.tools.practice import Practice


def test_a_patient_is_copied_once(tmp_path: Path) -> None:
    """The file is its owner's, and never overwritten; who did it is in the trail."""
    file = tmp_path / "gdtbridge.toml"
    database = f'database = "sqlite:///{tmp_path / "db.sqlite"}"'
    file.write_text(f'[storage]\nroot = "."\n{database}\n', encoding="utf-8")
    practice = Practice(tmp_path, load_settings(file, {}))
    send_pictures(practice, 1)
    send_pictures(practice, 1, StudyInstanceUID="2.25.2000")
    practice.wait()
    target = tmp_path / "copy.zip"

    def export(number: str, *said: str) -> Result:
        words = ["export", "patient", number, "--to", str(target), "--config", str(file), *said]
        return CliRunner().invoke(main, words)

    nobody = export("99")
    assert (nobody.exit_code, target.exists()) == (1, False)
    assert "Patientennummer" in nobody.stderr
    assert export("4711", "--study", "2.25.3").exit_code == 1
    done = export("4711", "--study", STUDY, "--without-values")
    assert done.exit_code == 0, done.stderr
    assert target.stat().st_mode & 0o777 == 0o600
    with ZipFile(target) as found:
        assert sum(name.startswith("PT") for name in found.namelist()) == 1
    before = target.read_bytes()
    assert export("4711").exit_code == 1
    assert target.read_bytes() == before
    (entry,) = practice.core.audit.entries(AuditQuery(acts=("exported",)))
    assert (entry.done.patient_id, entry.done.subject) == ("4711", f"exam:{STUDY}")
    practice.close()
