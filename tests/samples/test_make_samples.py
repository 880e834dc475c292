"""The sample files are what the script makes, every time."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # makes everything anew


def run_script(project: Path, *arguments: str, seed: str = "0") -> subprocess.CompletedProcess[str]:
    """Run scripts/make-samples; ``seed`` is Python's hash seed."""
    return subprocess.run(
        [sys.executable, str(project / "scripts" / "make-samples"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": seed},
    )


@pytest.fixture(scope="module")
def made(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder the script filled."""
    folder = tmp_path_factory.mktemp("samples")
    done = run_script(project, "--folder", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def test_checked_in_files_are_what_the_script_makes(project: Path) -> None:
    """``--check`` finds no difference in the checkout."""
    done = run_script(project, "--check", seed="1")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.slow
def test_another_run_makes_the_same_bytes(project: Path, made: Path) -> None:
    """A run into another folder, with another hash seed, makes the files of the checkout."""
    for path in (path for path in made.rglob("*") if path.is_file()):
        there = project / "samples" / path.relative_to(made)
        assert path.read_bytes() == there.read_bytes(), path.name


@pytest.mark.slow
def test_check_names_what_differs(project: Path, made: Path, tmp_path: Path) -> None:
    """``--check`` exits with 1, names each file that is not as made, and writes nothing."""
    folder = tmp_path / "samples"
    shutil.copytree(made, folder)
    (folder / "sr/echo.dcm").unlink()
    (folder / "gdt/echo-order-ascii.gdt").write_bytes(b"01380006302\n")
    (folder / "sr/old.dcm").write_bytes(b"")
    before = {path: path.read_bytes() for path in folder.rglob("*.*")}
    done = run_script(project, "--check", "--folder", str(folder))
    assert done.returncode == 1
    assert set(done.stderr.splitlines()) >= {
        "missing: sr/echo.dcm",
        "differs: gdt/echo-order-ascii.gdt",
        "left over: sr/old.dcm",
    }
    assert {path: path.read_bytes() for path in folder.rglob("*.*")} == before


def test_readme_names_every_file_and_no_other(project: Path) -> None:
    """samples/README.md lists exactly the files there are."""
    folder = project / "samples"
    named = set(re.findall(r"`([\w/.-]+\.(?:dcm|gdt))`", (folder / "README.md").read_text("utf-8")))
    there = {
        path.relative_to(folder).as_posix()
        for kind in ("*.dcm", "*.gdt")
        for path in folder.rglob(kind)
    }
    assert named == there
