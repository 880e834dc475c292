"""What a script has to know of a picture, with the words for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gdtbridge.viewing import GreyWindow, PictureDescription, PlaybackSpeed
from gdtbridge.web.pages.formats import Formats

EIGHT_BITS: Final = 255
"""Shades a screen has, beside black."""


@dataclass(frozen=True, slots=True)
class PictureWords:
    """Tells of a picture in the language of the pages."""

    formats: Formats

    def told(self, facts: PictureDescription) -> dict[str, object]:
        """Return the facts of a picture as JSON has them.

        ``speeds`` are those on offer, the device's first, each with a label and with ``moments``
        (milliseconds at which frames begin, and the end) or ``interval``; ``why`` is a sentence
        where nothing can be shown.
        """
        speed = facts.speed
        return {
            "why": self._why(facts.problem),
            "frames": facts.frames,
            "rows": facts.rows,
            "columns": facts.columns,
            "first": speed.first if speed is not None else 1,
            "last": speed.last if speed is not None else max(facts.frames, 1),
            "there_and_back": speed is not None and speed.there_and_back,
            "speeds": self._speeds(speed),
            "length": self._length(facts),
            "window": _window(facts),
            "video": facts.media_type.startswith("video/"),
        }

    def _why(self, problem: str) -> str:
        texts = self.formats.texts
        return texts("viewer.unshown", why=texts(f"viewer.why.{problem}")) if problem else ""

    def _speeds(self, speed: PlaybackSpeed | None) -> list[dict[str, object]]:
        if speed is None:
            return []
        by = "viewer.by_device" if speed.is_of_device else "viewer.assumed"
        usual = {
            "label": self._rate(by, speed.rate),
            "interval": 1000 / speed.rate,
            "moments": list(speed.starts) or None,
        }
        if speed.recommended is None:
            return [usual]
        other = {
            "label": self._rate("viewer.recommended", speed.recommended),
            "interval": 1000 / speed.recommended,
            "moments": None,
        }
        return [usual, other]

    def _rate(self, text: str, rate: float) -> str:
        decimals = 0 if rate >= 9.95 or abs(rate - round(rate)) < 0.05 else 1
        return self.formats.texts(text, rate=self.formats.number(rate, decimals))

    def _length(self, facts: PictureDescription) -> str:
        """Return how long a loop takes; empty for a still."""
        if facts.speed is None or facts.problem or facts.frames < 2:
            return ""
        seconds = facts.frames / facts.speed.rate
        return self.formats.texts("viewer.seconds", seconds=self.formats.number(seconds, 1))


def _window(facts: PictureDescription) -> dict[str, float] | None:
    low, high = facts.grey_range or (0, 0)
    if high - low <= EIGHT_BITS:
        return None  # a screen shows all of it at once
    own = facts.window or GreyWindow((low + high) / 2, max(high - low, 1))
    return {"centre": own.centre, "width": own.width, "low": low, "high": high}
