"""A practice whose device asks whether what it sent is kept."""

from __future__ import annotations

import pytest

from tests.commitment.asking import Asking
from tests.tools.practice import Practice


@pytest.fixture
def asking(practice: Practice) -> Asking:
    """Return who asks, and what is answered."""
    return Asking(practice)
