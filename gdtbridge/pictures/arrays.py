"""The arrays of the room."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
"""Samples of 8 bits: rows, columns, and for colours a third axis of three."""

Integers = NDArray[np.integer[Any]]
"""Stored values of any width."""
