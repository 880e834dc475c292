"""Pictures below the values, in rows: large where there are one or two, else two beside each other.

Lengths are points; ``y`` counts from the top of the page. A picture is never cut nor stretched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gdtbridge.report_page.pages import (
    BOTTOM,
    LATER_HEAD,
    LEFT,
    MM,
    RIGHT,
    TOP,
    PlacedPage,
    lowest,
)

FEW: Final = 2
"""So many pictures or fewer are as wide as the page."""
TALLEST_OF_FEW: Final = 108 * MM
TALLEST: Final = 70 * MM
BETWEEN: Final = 6 * MM
CAPTION_SIZE: Final = 8.0
CAPTION_LEAD: Final = 9.6
CAPTION_LINES: Final = 2


@dataclass(frozen=True, slots=True)
class SizedPicture:
    """A JPEG, its pixels, and the line below it."""

    caption: str
    data: bytes
    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class PlacedPicture:
    """A picture, its upper left corner and its size; its caption has ``room``."""

    x: float
    y: float
    width: float
    height: float
    room: float
    picture: SizedPicture


def placed_pictures(
    pictures: Sequence[SizedPicture], pages: list[PlacedPage], first_top: float
) -> Mapping[int, Sequence[PlacedPicture]]:
    """Return the pictures by the number of their page; ``pages`` gets as many more as they take."""
    found: dict[int, list[PlacedPicture]] = {}
    beside = 1 if len(pictures) <= FEW else 2
    room = (RIGHT - LEFT - BETWEEN * (beside - 1)) / beside
    tallest = TALLEST_OF_FEW if beside == 1 else TALLEST
    y = lowest(pages, first_top) + BETWEEN
    for begin in range(0, len(pictures), beside):
        row = [_scaled(one, room, tallest) for one in pictures[begin : begin + beside]]
        height = max(high for _, high in row) + CAPTION_LINES * CAPTION_LEAD
        if y + height > BOTTOM:
            pages.append([])
            y = TOP + LATER_HEAD
        found.setdefault(len(pages), []).extend(
            PlacedPicture(LEFT + at * (room + BETWEEN), y, wide, high, room, pictures[begin + at])
            for at, (wide, high) in enumerate(row)
        )
        y += height + BETWEEN
    return found


def _scaled(picture: SizedPicture, widest: float, tallest: float) -> tuple[float, float]:
    """Return width and height within the room."""
    scale = min(widest / picture.columns, tallest / picture.rows)
    return picture.columns * scale, picture.rows * scale
