"""Schemathesis before the API: it makes calls of the description, and holds the answers to it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.tools.reading_room import ReadingRoom

PEER: Final = Path(__file__).parents[2] / ".peers" / "schemathesis"
LEFT_OUT: Final = (
    # That a text is no name, a day is none, a number is somebody else's: no schema says that.
    "positive_data_acceptance",
    # To /worklist/add practice software may also POST: a form for old programs, not described.
    "unsupported_method",
    "allow_header_conformance",
)


@pytest.mark.skipif(not PEER.is_dir(), reason="schemathesis is not installed")
def test_no_call_of_the_description_is_answered_otherwise(memory: Path) -> None:
    """No 5xx; status, headers and body as described; the same calls each time."""
    with ReadingRoom(memory) as room:
        room.practice.core.orders.place(room.practice.order())
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run"),
                f"{room.url}/api/v1/openapi.json",
                *("--phases", "coverage", "--no-color"),
                *("--generation-deterministic", "--exclude-checks", ",".join(LEFT_OUT)),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            cwd=memory,
            env={**os.environ, "PYTHONPATH": str(PEER)},
            check=False,
        )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "Tested: " in done.stdout
