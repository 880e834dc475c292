"""The contracts of imports can fail: each kind of forbidden import is planted once, and caught."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGES, PROJECT

LIBRARIES = (
    ("gdtbridge.exams", "flask"),
    ("gdtbridge.folders", "requests"),
    ("gdtbridge.folders", "sqlalchemy"),
    ("gdtbridge.web", "pynetdicom"),
    ("gdtbridge.results", "apscheduler"),
    ("gdtbridge.orders", "alembic"),
    ("gdtbridge.web", "PIL"),
    ("gdtbridge.sr", "numpy"),
    ("gdtbridge.gdt", "reportlab"),
    ("gdtbridge.exams", "waitress"),
    ("worklist", "flask"),
)
"""A library in a room that does not wrap it."""
UPWARDS = (
    ("gdtbridge.durable", "gdtbridge.dataset"),
    ("gdtbridge.dataset", "gdtbridge.people"),
    ("gdtbridge.people", "gdtbridge.gdt"),
    ("gdtbridge.sr", "gdtbridge.catalogue"),
    ("gdtbridge.catalogue", "gdtbridge.report_page"),
    ("gdtbridge.archive", "gdtbridge.exams"),
    ("gdtbridge.outbox", "gdtbridge.orders"),
    ("gdtbridge.orders", "gdtbridge.dicom"),
    ("gdtbridge.exams", "gdtbridge.web"),
    ("gdtbridge.web", "gdtbridge.service"),
    ("worklist", "gdtbridge.orders"),
    ("gdtbridge.catalogue", "worklist"),
    ("gdtbridge.devices", "gdtbridge.settings"),
)
"""A room that would know one above it, or one that is not for it."""

Lint = Callable[[Path], subprocess.CompletedProcess[str]]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the product's source and its contracts."""
    for package in PACKAGES:
        shutil.copytree(
            PROJECT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of a copy."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


def test_every_planted_import_is_caught(
    copy: Path, record_property: Callable[[str, object], None]
) -> None:
    """A forbidden import of each kind, all at once: the check names every one."""
    planted = [*LIBRARIES, *UPWARDS]
    for number, (room, target) in enumerate(planted):
        file = copy / room.replace(".", "/") / f"planted{number}.py"
        file.write_text(f"import {target}\n", encoding="utf-8")

    done = lint(copy)

    caught = [
        f"{room}.planted{number} -> {target}" in done.stdout
        for number, (room, target) in enumerate(planted)
    ]
    record_property("figure", f"planted imports: {len(planted)}, caught {sum(caught)}")
    missed = [pair for pair, was in zip(planted, caught, strict=True) if not was]
    assert not missed, done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize("name", ["loose.py", "loose/__init__.py"])
def test_a_module_without_a_floor_is_caught(copy: Path, name: str) -> None:
    """Nothing stands in the house without having its place among the layers."""
    file = copy / "gdtbridge" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("", encoding="utf-8")

    done = lint(copy)

    assert "- gdtbridge.loose" in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize("decoder", ["pictures.frames", "report_page.pdf"])
def test_decoding_in_the_service_is_caught(copy: Path, decoder: str) -> None:
    """What decodes pictures and sets pages is loaded in child processes, by nobody else."""
    file = copy / "gdtbridge" / "core" / "wiring.py"
    file.write_text(f"{file.read_text('utf-8')}\n\nimport gdtbridge.{decoder}\n", "utf-8")

    done = lint(copy)

    assert f"gdtbridge.core.wiring -> gdtbridge.{decoder}" in done.stdout
    assert done.returncode == 1


def test_the_copy_itself_is_clean(copy: Path) -> None:
    """What is caught is what was planted."""
    done = lint(copy)

    assert done.returncode == 0, done.stdout
