"""The spool: private files, and what a crash left."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gdtbridge.archive.spool import SpoolFile, sweep


def test_spool_file_is_private_and_removable(tmp_path: Path) -> None:
    """A spooled object can be read by us alone, and nothing is left when it is removed twice."""
    file = SpoolFile(tmp_path)
    file.write(b"data")
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    file.finish()
    assert file.path.read_bytes() == b"data"
    file.remove()
    file.remove()
    assert list(tmp_path.iterdir()) == []


def test_removing_leaves_what_the_archive_took(tmp_path: Path) -> None:
    """A file that was moved away stays where it is."""
    file = SpoolFile(tmp_path)
    file.finish()
    taken = file.path.rename(tmp_path / "taken")
    file.remove()
    assert taken.exists()


def test_sweep_removes_only_spooled_files(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What a crash left is deleted and counted; what is not ours stays."""
    for _ in range(3):
        SpoolFile(tmp_path).finish().file.close()
    foreign = tmp_path / "README.txt"
    foreign.write_text("not ours")
    assert sweep(tmp_path) == 3
    assert list(tmp_path.iterdir()) == [foreign]
    assert "3 unacknowledged objects" in caplog.text
    assert sweep(tmp_path) == 0
