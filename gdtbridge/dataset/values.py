"""Dates, times, person names, UIDs and AE titles as devices write them, and as we do.

VRs DA, TM, DT, PN, UI and AE (PS3.5 6.2). Readers take any text and never raise; what they cannot
read is ``None``, or an empty name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final
from uuid import uuid4

from gdtbridge.dataset.text import plain_text

LONGEST_UID: Final = 64
LONGEST_AE_TITLE: Final = 16
MICROSECONDS_A_DAY: Final = 24 * 60 * 60 * 1_000_000

_DATE: Final = re.compile(r"(\d{4})[.\-/]?(\d\d)[.\-/]?(\d\d)", re.ASCII)
_TIME: Final = re.compile(r"(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d*))?)?)?", re.ASCII)
_DATE_TIME: Final = re.compile(
    r"(\d{4})(\d\d)?(\d\d)?(\d\d(?:\d\d(?:\d\d(?:\.\d*)?)?)?)?([+-](?:0\d|1[0-4])[0-5]\d)?",
    re.ASCII,
)
_PLACEHOLDERS: Final = frozenset({"", "*", "-", "--", "."})
_UID: Final = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))+")
_AE_TITLE: Final = re.compile(r"[ -\[\]-~]+")
"""The default character repertoire without backslash and control characters."""


def to_date(text: str) -> date | None:
    """Return the date of a DA value; ``1987.08.02`` (ACR-NEMA) and ``1987-08-02`` are read too."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def da_text(day: date | None) -> str:
    """Return a date (of a datetime: the day) as a DA value ``19870802``; empty without one."""
    return f"{day.year:04}{day.month:02}{day.day:02}" if day is not None else ""


def tm_text(moment: time | datetime) -> str:
    """Return a time of day as a TM value ``HHMMSS``."""
    return f"{moment.hour:02}{moment.minute:02}{moment.second:02}"


def to_time(text: str) -> time | None:
    """Return the time of a TM value to the second; minutes and seconds may be missing.

    Colons (ACR-NEMA) and fractions of any length are read, fractions are dropped. Second 60 (a leap
    second) becomes 59.
    """
    parts = _time_parts(text)
    if parts is None or parts[0] == 24:
        return None
    hour, minute, second, _ = parts
    return time(hour, minute, min(second, 59))


def to_microseconds(text: str) -> int | None:
    """Return the microseconds since midnight of a TM value; what is not written counts as zero.

    ``24`` with nothing after it is the end of the day, second 60 is a leap second.
    """
    parts = _time_parts(text)
    if parts is None:
        return None
    hour, minute, second, micros = parts
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros


def _time_parts(text: str) -> tuple[int, int, int, int] | None:
    """Return hour (up to 24:00), minute, second (up to 60) and microseconds."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    hour, minute, second = (int(part or 0) for part in match.groups()[:3])
    micros = int((match[4] or "").ljust(6, "0")[:6])
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and (minute or second or micros)):
        return None
    return hour, minute, second, micros


def to_instant(text: str) -> int | None:
    """Return the microseconds since the year 1 of a DT value, in UTC where it names its offset."""
    match = _DATE_TIME.fullmatch(text.strip())
    if match is None:
        return None
    micros = to_microseconds(match[4] or "00")
    if micros is None:
        return None
    try:
        day = datetime(
            int(match[1]), int(match[2] or 1), int(match[3] or 1), tzinfo=_zone(match[5])
        )
        start = datetime(1, 1, 1, tzinfo=UTC)
        return (day + timedelta(microseconds=micros) - start) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None


def _zone(offset: str | None) -> timezone:
    if offset is None:
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[3:5])
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


@dataclass(frozen=True, slots=True)
class ComponentGroup:
    """One component group of a person name (PS3.5 6.2.1.1).

    ``components`` are family, given, middle name, prefix and suffix, without blanks around them and
    without empty ones at the end; a device may have sent more than five.
    """

    components: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str) -> ComponentGroup:
        """Return the group written as ``Family^Given^Middle^Prefix^Suffix``."""
        components = [component.replace("\0", " ").strip() for component in text.split("^")]
        while components and not components[-1]:
            components.pop()
        return cls(tuple(components))

    def __str__(self) -> str:
        return "^".join(self.components)

    @property
    def parts(self) -> tuple[str, ...]:
        """The five components of the standard, empty where not known."""
        return (*self.components, "", "", "", "", "")[:5]


@dataclass(frozen=True, slots=True)
class PersonName:
    """A PN value: alphabetic, ideographic and phonetic group, as many as are written."""

    groups: tuple[ComponentGroup, ...] = ()

    @classmethod
    def of(cls, text: str) -> PersonName:
        """Return the name written as groups with ``=`` between them."""
        groups = [ComponentGroup.of(group) for group in text.split("=")]
        while groups and not groups[-1].components:
            groups.pop()
        return cls(tuple(groups))

    def __str__(self) -> str:
        return "=".join(str(group) for group in self.groups)

    @property
    def written(self) -> ComponentGroup:
        """The first group that says anything, an empty one where none does."""
        return next((group for group in self.groups if group.components), ComponentGroup())


def meaningful(text: str) -> str:
    """Return a description, or nothing where a device wrote only a placeholder."""
    text = " ".join(text.split())
    return "" if text in _PLACEHOLDERS else text


def is_uid(value: str | None) -> bool:
    """Return whether a received ``value`` can be used as a UID: digits and dots, at most 64.

    Leading zeros and empty components are let pass: devices send them, and no name is made of them.
    """
    return (
        value is not None
        and 0 < len(value) <= LONGEST_UID
        and value[0].isdigit()
        and value.isascii()
        and value.replace(".", "").isdigit()
    )


def is_valid_uid(value: str) -> bool:
    """Return whether ``value`` is a UID to the letter of PS3.5 9.1, fit to be sent."""
    return len(value) <= LONGEST_UID and _UID.fullmatch(value) is not None


def new_uid() -> str:
    """Return a UID that nobody else has (PS3.5 9, B.2)."""
    return uid_from(uuid4().int)


def uid_from(number: int) -> str:
    """Return the UID of a number of 128 bits, mostly a UUID (PS3.5 B.2: root 2.25)."""
    return f"2.25.{number}"


def is_ae_title(text: str) -> bool:
    """Return whether ``text`` can be sent as an AE title: 1 to 16 characters, not only spaces."""
    return len(text) <= LONGEST_AE_TITLE and bool(text.strip()) and bool(_AE_TITLE.fullmatch(text))


def titles_in(text: str) -> tuple[str, ...]:
    """Return the AE titles a text names, each once: a backslash or a comma stands between them."""
    names = (name.strip() for name in text.replace(",", "\\").split("\\"))
    return tuple(dict.fromkeys(filter(None, names)))


def folded_title(title: str) -> str:
    """Return an AE title as it is compared: devices confuse upper and lower case, and pad."""
    return title.strip(" \0").casefold()


def received_title(raw: bytes) -> str:
    r"""Return an AE title as printable text without padding; empty where the device left it blank.

    Old devices pad with NULs and use Latin-1 and backslashes; what cannot be printed becomes ``?``.
    """
    text = plain_text(raw)
    return "".join(character if character.isprintable() else "?" for character in text)
