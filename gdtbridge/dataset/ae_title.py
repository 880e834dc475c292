"""Application entity titles (VR AE, PS3.5 6.2): what may be one, and how received ones read."""

from __future__ import annotations

import re
from typing import Final

from gdtbridge.dataset.text import plain_text

MAX_LENGTH: Final = 16

_PRINTABLE: Final = re.compile(r"[ -\[\]-~]+")
"""The default character repertoire without backslash and control characters."""


def is_ae_title(text: str) -> bool:
    """Return whether ``text`` can be sent as an AE title: 1 to 16 characters, not only spaces."""
    return len(text) <= MAX_LENGTH and bool(text.strip()) and bool(_PRINTABLE.fullmatch(text))


def received_title(raw: bytes) -> str:
    r"""Return an AE title as printable text without padding; empty where the device left it blank.

    Old devices pad with NULs and use Latin-1 and backslashes; what cannot be printed becomes ``?``.
    """
    text = plain_text(raw)
    return "".join(character if character.isprintable() else "?" for character in text)
