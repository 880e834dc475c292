"""Fixtures for what a person decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clarifying import scenes
from tests.clarifying.scenes import Stage
from tests.tools.practice import Practice, Reports


@pytest.fixture
def tmp_path(memory: Path) -> Path:
    """Return a folder in memory: what is synced is tried elsewhere."""
    return memory


@pytest.fixture
def settings_text() -> str:
    """Return settings by which a date that is far away is noticed, and a number no record holds."""
    return f"[exam]\ndate_hold_days = 9000\n{scenes.NUMBERS}"


@pytest.fixture
def stage(project: Path, practice: Practice, tmp_path: Path) -> Stage:
    """Return a practice and a device that is going to make mistakes."""
    return Stage(practice, Reports(project, practice, tmp_path))
