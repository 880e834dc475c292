"""A practice of today: a clock before the product existed would itself need a person."""

from __future__ import annotations

import pytest

from tests.tools.clock import TO_BELIEVED
from tests.tools.practice import Practice


@pytest.fixture
def practice(practice: Practice) -> Practice:
    """Return a practice whose clock shows a year that is believed."""
    practice.clock.turn(TO_BELIEVED)
    return practice
