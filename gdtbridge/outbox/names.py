"""File names: which are safe, and which are still free.

A name is given to one message for ever, without regard to upper and lower case, because the
folder may be a Windows share and the practice software may remember what it imported; unless it
knows only one name, or names that count up.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

COUNTER: Final = "###"
"""Stands in a name for a number that counts up from 001 to 999 and then begins anew."""
HIGHEST: Final = 999

LONGEST: Final = 200
"""Bytes of a proposed name in UTF-8; file systems take 255, and a number has to fit behind it."""

# Windows: "Naming Files, Paths, and Namespaces" (reserved characters and device names).
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)


def check_name(name: str) -> None:
    """Raise `ValueError`, without quoting it, unless ``name`` is a harmless name everywhere."""
    if (
        not name
        or name != name.strip()
        or name.startswith(".")
        or name.endswith(".")
        or len(name.encode("utf-8", "replace")) > LONGEST
        or _UNSAFE.search(name)
        or _DEVICE.fullmatch(name)
        or any(unicodedata.category(character) in {"Cs", "Cf"} for character in name)
    ):
        raise ValueError("not a safe file name")


def name_key(name: str) -> str:
    """Return the key of a name, equal for names that some folder takes for the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def numbered(name: str, number: int) -> str:
    """Return ``A.gdt``, ``A-2.gdt``, ``A-3.gdt`` … for 1, 2, 3 and so on."""
    if number == 1:
        return name
    stem, dot, extension = name.rpartition(".")
    return f"{stem}-{number}.{extension}" if dot else f"{name}-{number}"


def counted(name: str, number: int) -> str:
    """Return the name with ``number`` (1 to 999) where its counter stands."""
    return name.replace(COUNTER, f"{number:03}", 1)


def count_of(name: str, final_name: str) -> int:
    """Return the number `counted` made ``final_name`` of ``name`` with, 0 where it did not."""
    at = name.index(COUNTER)
    digits = final_name[at : at + len(COUNTER)]
    is_number = digits.isascii() and digits.isdigit()
    return int(digits) if is_number and counted(name, int(digits)) == final_name else 0


def number_of(name: str, final_name: str) -> int:
    """Return the number `numbered` made ``final_name`` of ``name`` with."""
    if final_name == name:
        return 1
    extension = "." + name.rpartition(".")[2] if "." in name else ""
    return int(final_name.removesuffix(extension).rpartition("-")[2])


def free_number(first: int, taken: Callable[[int], bool]) -> int:
    """Return a number from ``first`` on that is not ``taken``, asking about log2 times.

    Where no gap was left it is the smallest one.
    """
    if not taken(first):
        return first
    low, step = first, 1
    while taken(low + step):
        low, step = low + step, step * 2
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if taken(middle) else (low, middle)
    return high
