"""How fast a loop is played (PS3.3 C.7.6.5, Cine Module): what the device says, by a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import Final

from gdtbridge.tsv import table

ASSUMED_RATE: Final = 25.0
"""Frames a second where the device says nothing."""
LONGEST_FRAME: Final = 10_000.0
"""Milliseconds one frame may stand; what says more says nothing."""
SLOWEST: Final = 0.1
FASTEST: Final = 1000.0
"""Frames a second; what is beyond says nothing."""
DIFFERENT: Final = 0.1
"""Part by which two rates differ that are both offered."""
THERE_AND_BACK: Final = 1
"""Preferred Playback Sequencing (0018,1244)."""
CINE_ELEMENTS: Final = (
    *("FrameTimeVector", "FrameTime", "RecommendedDisplayFrameRate", "CineRate"),
    *("PreferredPlaybackSequencing", "StartTrim", "StopTrim"),
)
"""The elements that are read, beside Frame Increment Pointer (0028,0009)."""

_ROWS: Final = tuple(table("pictures/speed.tsv"))


class SpeedSource(StrEnum):
    """What says how fast a loop is; those but the last are rows of ``speed.tsv``."""

    FRAME_TIME_VECTOR = "frame-time-vector"
    FRAME_TIME = "frame-time"
    RECOMMENDED = "recommended"
    CINE_RATE = "cine-rate"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class PlaybackSpeed:
    """How a loop is played.

    ``rate`` is frames a second, of uneven frames in the mean. ``starts`` has for uneven frames the
    millisecond each begins at, and at last the end of the loop; it is empty for even ones.
    ``recommended`` is Recommended Display Frame Rate where that is another speed. From ``first`` to
    ``last`` is played (counted from 1); everything can be looked at.
    """

    rate: float
    source: SpeedSource
    starts: tuple[float, ...]
    recommended: float | None
    there_and_back: bool
    first: int
    last: int

    @property
    def is_of_device(self) -> bool:
        """Whether the device says it."""
        return self.source is not SpeedSource.ASSUMED


def playback_speed(said: Mapping[str, Sequence[float]], pointer: str, frames: int) -> PlaybackSpeed:
    """Return how a loop of so many ``frames`` is played.

    ``said`` has the values of `CINE_ELEMENTS` by keyword, ``pointer`` is the keyword Frame
    Increment Pointer points to, empty for none.
    """
    rate, source, starts = ASSUMED_RATE, SpeedSource.ASSUMED, tuple[float, ...]()
    for name, element, says, _ in _ordered(pointer):
        values = said.get(element, ())
        if says == "vector":
            starts = _starts(values, frames)
            found = 1000 * frames / starts[-1] if starts else None
        else:
            found = _rate(values, says)
        if found is not None:
            rate, source = found, SpeedSource(name)
            break
    first, last = _range(said, frames)
    return PlaybackSpeed(
        rate,
        source,
        starts,
        _recommended(said, rate),
        next(iter(said.get("PreferredPlaybackSequencing", ())), 0) == THERE_AND_BACK,
        first,
        last,
    )


def _ordered(pointer: str) -> list[list[str]]:
    """Return the rows, first the one that is pointed to."""
    return sorted(_ROWS, key=lambda row: row[1] != pointer)


def _starts(values: Sequence[float], frames: int) -> tuple[float, ...]:
    """Return when each frame begins and the last ends; empty for a vector that makes no sense.

    Each value is the time since the frame before. The first has none and should be 0; where a
    device says more there, that is how long the last frame stands, else it is the mean.
    """
    if len(values) != frames or frames < 2:
        return ()
    if not all(0 <= one <= LONGEST_FRAME for one in values) or sum(values[1:]) <= 0:
        return ()
    begins = tuple(accumulate((0.0, *values[1:])))
    end = begins[-1] + (values[0] or begins[-1] / (frames - 1))
    return (*begins, end) if SLOWEST <= 1000 * frames / end <= FASTEST else ()


def _rate(values: Sequence[float], says: str) -> float | None:
    value = next(iter(values), 0.0)
    if not value > 0:
        return None
    rate = 1000 / value if says == "milliseconds" else value
    return rate if SLOWEST <= rate <= FASTEST else None


def _recommended(said: Mapping[str, Sequence[float]], rate: float) -> float | None:
    wanted = _rate(said.get("RecommendedDisplayFrameRate", ()), "rate")
    if wanted is None or abs(wanted - rate) <= DIFFERENT * rate:
        return None
    return wanted


def _range(said: Mapping[str, Sequence[float]], frames: int) -> tuple[int, int]:
    """Return Start Trim and Stop Trim (0008,2142, 0008,2143); all frames without sense in them."""
    first = int(next(iter(said.get("StartTrim", ())), 1))
    last = int(next(iter(said.get("StopTrim", ())), frames))
    return (first, last) if 1 <= first < last <= frames else (1, max(frames, 1))
