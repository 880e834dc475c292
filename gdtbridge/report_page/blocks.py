"""Rows, headings and notes as blocks of a column: places of texts, and heights.

All lengths are points. A block's pieces count from its upper left corner, downwards to the base
line of their text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gdtbridge.report_page.sheet import SheetFact, SheetGroup, SheetRow
from gdtbridge.report_page.type_faces import face

GAP: Final = 4.0
"""Between the cells of a row."""

FACT_WORD: Final = 0.42
"""Share of a column that is kept for the word before a text."""

FACT_LINES: Final = 6
"""Lines of a text that stay together."""

LEAST_NAME: Final = 60.0
"""A name narrower than this gets lines of its own above the value."""


@dataclass(frozen=True, slots=True)
class PageStyle:
    """How a page is set; ``remarks`` is the width of their column, 0 puts them under the name."""

    columns: int
    size: float
    value: float
    unit: float
    remarks: float = 0.0

    @property
    def lead(self) -> float:
        """Height of a line."""
        return self.size * 1.22

    @property
    def small(self) -> float:
        """Size of remarks."""
        return self.size * 0.86


STYLES: Final = (
    # The first in which everything fits on one page is taken.
    PageStyle(columns=1, size=10.0, value=58, unit=52, remarks=150),
    PageStyle(columns=1, size=9.0, value=54, unit=48, remarks=150),
    PageStyle(columns=2, size=8.5, value=36, unit=36),
    PageStyle(columns=2, size=7.8, value=34, unit=34),
    PageStyle(columns=2, size=7.2, value=32, unit=32),
)

MANY_PAGES: Final = PageStyle(columns=2, size=8.0, value=36, unit=36)
"""Where no style gets everything onto one page."""


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A line of text; ``x`` is its right end where ``right``."""

    x: float
    y: float
    text: str
    size: float
    bold: bool = False
    grey: bool = False
    right: bool = False


@dataclass(frozen=True, slots=True)
class PageBlock:
    """Texts that stay together on a page; a ``heading`` also with the next block.

    A line is ruled below it unless its text goes on.
    """

    height: float
    pieces: tuple[TextPiece, ...]
    heading: bool = False
    ruled: bool = True


def heading(name: str, style: PageStyle, width: float) -> PageBlock:
    """Return the name of a group."""
    size = style.size * 1.06
    lines = face(bold=True).wrapped(name, width, size)
    top = style.lead * 1.35
    pieces = tuple(
        TextPiece(0, top + at * style.lead, line, size, bold=True) for at, line in enumerate(lines)
    )
    return PageBlock(top + (len(lines) - 1) * style.lead + style.size * 0.45, pieces, heading=True)


def column_titles(style: PageStyle, width: float) -> PageBlock:
    """Return the titles above the columns: Messgröße, Wert, Einheit, Bemerkung."""
    size, y = style.small * 0.92, style.lead
    _, right = _edges(style, width)
    pieces = [
        TextPiece(0, y, "Messgröße", size, grey=True),
        TextPiece(right, y, "Wert", size, grey=True, right=True),
        TextPiece(right + GAP, y, "Einheit", size, grey=True),
    ]
    if style.remarks:
        pieces.append(TextPiece(width - style.remarks, y, "Bemerkung", size, grey=True))
    return PageBlock(style.lead * 1.3, tuple(pieces))


def rows_of(group: SheetGroup, style: PageStyle, width: float) -> list[PageBlock]:
    """Return the rows of a group."""
    return [_row(row, style, width) for row in group.rows]


def facts_of(group: SheetGroup, style: PageStyle, width: float) -> list[PageBlock]:
    """Return what a group says in words: the word, behind it the text, as many lines as it takes.

    A long text is several blocks, so that it may go on in the next column.
    """
    following = (*group.facts[1:], None)
    return [
        block
        for fact, later in zip(group.facts, following, strict=False)
        for block in _fact(fact, style, width, goes_on=later is not None and not later.word)
    ]


def _fact(fact: SheetFact, style: PageStyle, width: float, *, goes_on: bool) -> Iterator[PageBlock]:
    beside = FACT_WORD * width
    words = face().wrapped(f"{fact.word}:" if fact.word else "", beside - GAP, style.size)
    lines = face().wrapped(fact.text, width - beside, style.size)
    for begin in range(0, len(lines), FACT_LINES):
        pieces = [
            TextPiece(beside, style.lead * at, line, style.size)
            for at, line in enumerate(lines[begin : begin + FACT_LINES], start=1)
        ]
        if begin == 0:
            pieces += [
                TextPiece(0, style.lead * at, line, style.size, grey=True)
                for at, line in enumerate(words, start=1)
            ]
        if goes_on or begin + FACT_LINES < len(lines):
            lowest = max(piece.y for piece in pieces)
            yield PageBlock(lowest, tuple(pieces), ruled=False)
        else:
            yield _closed(tuple(pieces), style)


def note(text: str, size: float, width: float) -> PageBlock:
    """Return a sentence, as wide as the page."""
    lead = size * 1.25
    lines = face().wrapped(text, width, size)
    pieces = tuple(TextPiece(0, lead * (at + 1), line, size) for at, line in enumerate(lines))
    return PageBlock(lead * len(lines) + 1, pieces)


def _edges(style: PageStyle, width: float) -> tuple[float, float]:
    """Return where the value's cell begins and ends."""
    behind = style.unit + GAP + (style.remarks + GAP if style.remarks else 0)
    right = width - behind
    return right - style.value, right


def _row(row: SheetRow, style: PageStyle, width: float) -> PageBlock:
    regular, strong = face(), face(bold=True)
    left, right = _edges(style, width)
    left = min(left, right - strong.width(row.value, style.size))
    fits = regular.width(row.unit, style.size) <= style.unit and left - GAP >= LEAST_NAME
    if not fits:
        return _stacked(row, style, width)
    pieces = [
        TextPiece(right, style.lead, row.value, style.size, bold=True, right=True),
        TextPiece(right + GAP, style.lead, row.unit, style.size),
    ]
    if style.remarks:
        beside = _lines(row.remark, width - style.remarks, style.remarks, style, style.lead)
        named = _named(row.name, "", left - GAP, style)
    else:
        beside = []
        named = _named(row.name, row.remark, left - GAP, style)
    return _closed((*pieces, *named, *beside), style)


def _stacked(row: SheetRow, style: PageStyle, width: float) -> PageBlock:
    """Return a row whose value and unit stand under the name, as wide as they are.

    What is wider than the column is set smaller: a number is never broken.
    """
    named = _named(row.name, row.remark, width, style)
    y = max(piece.y for piece in named) + style.lead
    text = f"{row.value} {row.unit}".rstrip()
    size = face(bold=True).fitting(text, width, style.size)
    return _closed((*named, TextPiece(width, y, text, size, bold=True, right=True)), style)


def _named(name: str, remark: str, width: float, style: PageStyle) -> list[TextPiece]:
    """Return the name, the remark behind it where there is room, else below."""
    regular = face()
    lines = regular.wrapped(name, width, style.size)
    pieces = [
        TextPiece(0, style.lead * (at + 1), line, style.size) for at, line in enumerate(lines)
    ]
    used = regular.width(lines[-1], style.size) + GAP
    last = pieces[-1].y
    if not remark:
        return pieces
    if used + regular.width(remark, style.small) <= width:
        return [*pieces, TextPiece(used, last, remark, style.small, grey=True)]
    return [*pieces, *_lines(remark, 0, width, style, last + style.lead * 0.92)]


def _lines(text: str, x: float, width: float, style: PageStyle, y: float) -> list[TextPiece]:
    """Return small grey lines."""
    if not text:
        return []
    lines = face().wrapped(text, width, style.small)
    return [
        TextPiece(x, y + style.lead * 0.92 * at, line, style.small, grey=True)
        for at, line in enumerate(lines)
    ]


def _closed(pieces: tuple[TextPiece, ...], style: PageStyle) -> PageBlock:
    return PageBlock(max(piece.y for piece in pieces) + style.size * 0.42, pieces)
