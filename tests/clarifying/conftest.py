"""Fixtures for what a person decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clarifying.scenes import Stage
from tests.tools.practice import Practice, Reports


@pytest.fixture
def tmp_path(memory: Path) -> Path:
    """Return a folder in memory: what is synced is tried elsewhere."""
    return memory


@pytest.fixture
def settings_text(request: pytest.FixtureRequest) -> str:
    """Return settings by which a date that is far away is noticed.

    A test with the scene of a number no record can have gets software that takes digits only.
    """
    found = getattr(request.node, "callspec", None)
    digits_only = found is not None and found.params.get("reason") == "unwritable"
    dialect = '[gdt]\ndialect = "x-comfort"\n' if digits_only else ""
    return f"{dialect}[exam]\ndate_hold_days = 9000\n"


@pytest.fixture
def stage(project: Path, practice: Practice, tmp_path: Path) -> Stage:
    """Return a practice and a device that is going to make mistakes."""
    return Stage(practice, Reports(project, practice, tmp_path))
