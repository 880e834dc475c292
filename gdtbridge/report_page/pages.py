"""Blocks on pages of A4: columns are filled from top to bottom, headings repeat where they break.

Lengths are points; ``y`` counts from the top of the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gdtbridge.report_page.blocks import (
    MANY_PAGES,
    STYLES,
    PageBlock,
    PageStyle,
    column_titles,
    facts_of,
    heading,
    note,
    rows_of,
)
from gdtbridge.report_page.sheet import ReportSheet, SheetGroup

MM: Final = 72 / 25.4
WIDTH, HEIGHT = 210 * MM, 297 * MM
LEFT, RIGHT = 20 * MM, WIDTH - 18 * MM
TOP, BOTTOM = 16 * MM, HEIGHT - 20 * MM
"""What is printed stays within; the foot stands below."""

GUTTER: Final = 9 * MM
LATER_HEAD: Final = 9 * MM
NOTE_SIZE: Final = 8.0
CONTINUED: Final = "(Fortsetzung)"
MOST_ON_ONE_PAGE: Final = 130
"""Rows; more fit on one page in no style, and nobody need try."""


@dataclass(frozen=True, slots=True)
class PlacedBlock:
    """A block and its upper left corner; below a row ``line`` points are ruled, 0 for none."""

    x: float
    y: float
    block: PageBlock
    line: float = 0.0


PlacedPage = list[PlacedBlock]
"""One page."""


def laid_out(sheet: ReportSheet, first_top: float) -> list[PlacedPage]:
    """Return the pages; the first begins at ``first_top``.

    The most readable style that needs one page is taken, else as many pages as there must be.
    """
    notes = [note(text, NOTE_SIZE, RIGHT - LEFT) for text in sheet.notes]
    room = sum(block.height for block in notes) + (NOTE_SIZE if notes else 0)
    rows = sum(len(group.rows) + len(group.facts) for group in sheet.groups)
    for style in STYLES if rows <= MOST_ON_ONE_PAGE else ():
        flow = _BlockFlow(sheet.groups, style)
        if flow.fits(BOTTOM - room - first_top):
            pages = flow.balanced(first_top, BOTTOM - room)
            break
    else:
        pages = _BlockFlow(sheet.groups, MANY_PAGES).filled(first_top, BOTTOM)
    return _with_notes(pages, notes, first_top)


class _BlockFlow:
    """The groups of a sheet in one style."""

    def __init__(self, groups: Sequence[SheetGroup], style: PageStyle) -> None:
        self.style = style
        self.width = (RIGHT - LEFT - GUTTER * (style.columns - 1)) / style.columns
        has_rows = any(group.rows for group in groups)
        self.titles = column_titles(style, self.width) if has_rows else PageBlock(0, ())
        self.groups = [
            (
                group.name,
                heading(group.name, style, self.width),
                [*facts_of(group, style, self.width), *rows_of(group, style, self.width)],
            )
            for group in groups
        ]

    def fits(self, height: float) -> bool:
        """Return whether one page is enough."""
        return len(self._columns(height, height, self.style.columns)) <= self.style.columns

    def balanced(self, top: float, bottom: float) -> list[PlacedPage]:
        """Return one page whose columns end as high up as they can."""
        least = sum(
            head.height + sum(block.height for block in rows) for _, head, rows in self.groups
        )
        height = least / self.style.columns
        while height < bottom - top and not self.fits(height):
            height += self.style.lead / 2
        return self._pages(min(height, bottom - top), top, bottom)

    def filled(self, top: float, bottom: float) -> list[PlacedPage]:
        """Return as many pages as it takes."""
        return self._pages(bottom - top, top, bottom)

    def _pages(self, first: float, top: float, bottom: float) -> list[PlacedPage]:
        later_top = TOP + LATER_HEAD
        columns = self._columns(first, bottom - later_top)
        pages = []
        for start in range(0, len(columns), self.style.columns):
            y = later_top if start else top
            page: PlacedPage = []
            for at, column in enumerate(columns[start : start + self.style.columns]):
                page += self._placed(column, LEFT + at * (self.width + GUTTER), y)
            pages.append(page)
        return pages or [[]]

    def _placed(self, column: Sequence[PageBlock], x: float, y: float) -> Iterator[PlacedBlock]:
        for block in column:
            ruled = block.ruled and block is not self.titles
            yield PlacedBlock(x, y, block, self.width if ruled else 0.0)
            y += block.height

    def _columns(
        self, first: float, later: float, most: int | None = None
    ) -> list[list[PageBlock]]:
        """Return the blocks of each column; those of the first page are ``first`` high.

        More columns than ``most`` are not filled: one more says that they are not enough.
        """
        columns: list[list[PageBlock]] = []
        room = 0.0
        for name, head, rows in self.groups:
            for at, row in enumerate(rows):
                begin = [head] if at == 0 else []
                if sum(block.height for block in begin) + row.height > room or not columns:
                    if most is not None and len(columns) == most:
                        return [*columns, []]
                    own = first if len(columns) < self.style.columns else later
                    again = heading(f"{name} {CONTINUED}", self.style, self.width) if at else head
                    columns.append([self.titles])
                    room = own - self.titles.height
                    begin = [again]
                columns[-1] += [*begin, row]
                room -= sum(block.height for block in begin) + row.height
        return columns


def _with_notes(
    pages: list[PlacedPage], notes: Sequence[PageBlock], first_top: float
) -> list[PlacedPage]:
    """Return the pages, the notes below what stands lowest on the last, or on one more."""
    if not notes:
        return pages
    y = lowest(pages, first_top) + NOTE_SIZE
    for block in notes:
        if y + block.height > BOTTOM:
            pages.append([])
            y = TOP + LATER_HEAD
        pages[-1].append(PlacedBlock(LEFT, y, block))
        y += block.height
    return pages


def lowest(pages: Sequence[PlacedPage], first_top: float) -> float:
    """Return where what stands on the last page ends; the first begins at ``first_top``."""
    top = first_top if len(pages) == 1 else TOP + LATER_HEAD
    return max((one.y + one.block.height for one in pages[-1]), default=top)
