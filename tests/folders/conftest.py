"""A practice whose software drops files, for one test."""

from __future__ import annotations

import pytest

from tests.tools.practice import Practice
from tests.tools.reception import Reception


@pytest.fixture
def reception(practice: Practice) -> Reception:
    """Return a practice with its own folders."""
    return Reception(practice)
