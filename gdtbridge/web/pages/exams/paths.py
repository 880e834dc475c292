"""Where the pages of a patient are."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

CURVE_PATH: Final = "/verlauf"
CURVE_FILE_PATH: Final = "/verlauf/datei"


def curve_path(number: str, series: str, path: str = CURVE_PATH) -> str:
    """Return where one series of a patient number is."""
    return f"{path}?{urlencode({'nr': number, 'wert': series})}"
