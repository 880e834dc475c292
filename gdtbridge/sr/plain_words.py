"""Words of devices in the one form patterns compare."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_OTHER: Final = re.compile(r"[\W_]+")
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@lru_cache(maxsize=1024)
def plain_words(text: str) -> str:
    """Return a text in lower case, accents and punctuation gone, one blank between words."""
    text = unicodedata.normalize("NFKD", text.casefold().translate(_UMLAUTS))
    letters = "".join(letter for letter in text if not unicodedata.combining(letter))
    return _OTHER.sub(" ", letters).strip()
