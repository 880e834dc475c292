"""A week in fast motion: whatever breaks, the books of the practice balance in the end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SEEDS = range(12)
"""Weeks of `tests.tools.week`: even ones have the end of summer time, odd ones its beginning."""
ZONE = "Europe/Berlin"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Play one week, with ``--exhaustive`` all."""
    seeds = SEEDS if metafunc.config.getoption("--exhaustive") else SEEDS[1:2]
    metafunc.parametrize("seed", seeds)


def test_the_books_of_a_week_balance(
    seed: int, memory: Path, project: Path, record_property: Callable[[str, object], None]
) -> None:
    """What was received is reported, held or waiting, each once; each order is listed its day."""
    samples = project / "samples" / "sr"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.tools.week", str(seed), memory, samples],
        cwd=project,
        env={**os.environ, "TZ": ZONE},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    record_property("figure", done.stdout.strip())
