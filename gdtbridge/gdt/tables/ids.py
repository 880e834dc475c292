"""GDT ids (8315, 8316): how long they are, and when one that is set means one that was sent.

The tables of 2.1 have 8 characters; products write their name in more (``CGM TURBOMED``), or what
8 characters leave of it.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

from gdtbridge.gdt.text import printable

LONGEST_ID: Final = 60
"""Characters an id may have."""
TABLE_LENGTH: Final = 8
"""Characters the field table of 2.1 gives it."""


def plain_id(text: str) -> str:
    """Return an id as it is compared: blanks and upper and lower case say nothing."""
    return " ".join(printable(text).split()).casefold()


def is_id(wanted: str, sent: str) -> bool:
    """Return whether ``sent`` is ``wanted``, in which ``*`` and ``?`` stand for any characters."""
    pattern, known = plain_id(wanted), plain_id(sent)
    return bool(known) and fnmatchcase(known, pattern.replace("[", "[[]"))


def is_cut_id(wanted: str, sent: str) -> bool:
    """Return whether ``sent`` is what 8 characters leave of ``wanted``."""
    words, known = plain_id(wanted), plain_id(sent)
    return len(known) == TABLE_LENGTH and words[:TABLE_LENGTH].strip() == known


def may_be_id(wanted: str, sent: str) -> bool:
    """Return whether ``sent`` is ``wanted``, its maker's name before it, or cut at 8 characters.

    ``TURBOMED`` may be ``CGM TURBOMED``, and ``CGM TURBOMED`` may be ``CGM TURB``.
    """
    words, known = plain_id(wanted), plain_id(sent)
    return (
        is_id(wanted, sent)
        or is_cut_id(wanted, sent)
        or (bool(words and known) and f" {words} " in f" {known} ")
    )
