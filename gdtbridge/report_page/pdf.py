"""The sheet as PDF/A-2b: A4, every font embedded, the same bytes for the same sheet."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Final

from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from gdtbridge.report_page.archival import PdfMetadata, archival
from gdtbridge.report_page.blocks import TextPiece
from gdtbridge.report_page.pages import (
    BOTTOM,
    HEIGHT,
    LEFT,
    MM,
    RIGHT,
    TOP,
    WIDTH,
    PlacedPage,
    laid_out,
)
from gdtbridge.report_page.picture_rows import (
    CAPTION_LEAD,
    CAPTION_LINES,
    CAPTION_SIZE,
    PlacedPicture,
    SizedPicture,
    placed_pictures,
)
from gdtbridge.report_page.sheet import LANGUAGE, ReportSheet, SheetFact, SheetPicture
from gdtbridge.report_page.type_faces import MISSING, face

BLACK: Final = (0.10, 0.10, 0.12)
GREY: Final = (0.42, 0.42, 0.45)
RULE: Final = (0.85, 0.86, 0.88)
ACCENT: Final = (0.11, 0.30, 0.38)

TITLE_SIZE: Final = 16.0
DAY_SIZE: Final = 11.0
FACT_SIZE: Final = 9.0
FACT_LEAD: Final = 12.5
FOOT_SIZE: Final = 7.0

LACKING: Final = f"{MISSING} steht für Zeichen, die hier nicht gedruckt werden können."


def to_pdf(sheet: ReportSheet) -> bytes:
    """Return the PDF; raise OSError where a picture's file cannot be read."""
    if any(face().lacks(text) for text in _texts(sheet)):
        sheet = replace(sheet, notes=(*sheet.notes, LACKING))
    return _PdfDrawing(sheet).made()


def _texts(sheet: ReportSheet) -> list[str]:
    rows = (row for group in sheet.groups for row in group.rows)
    return [
        sheet.title,
        sheet.patient,
        *(fact.text for facts in sheet.facts for fact in facts),
        *(group.name for group in sheet.groups),
        *(
            text
            for group in sheet.groups
            for fact in group.facts
            for text in (fact.word, fact.text)
        ),
        *(text for row in rows for text in (row.name, row.unit, row.remark)),
        *(picture.caption for picture in sheet.pictures),
    ]


def _sized(picture: SheetPicture) -> SizedPicture:
    data = picture.file.read_bytes()
    width, height = ImageReader(io.BytesIO(data)).getSize()
    return SizedPicture(picture.caption, data, width, height)


class _PdfDrawing:
    """One document being drawn; ``y`` counts from the top of the page."""

    def __init__(self, sheet: ReportSheet) -> None:
        self._sheet = sheet
        self._data = io.BytesIO()
        self._pictures = [_sized(one) for one in sheet.pictures]
        face()  # registers the font the canvas begins with
        self._canvas = Canvas(
            self._data,
            pagesize=(WIDTH, HEIGHT),
            invariant=1,
            pageCompression=1,
            initialFontName="Regular",  # type: ignore[arg-type]  # the stub takes it for a size
            lang=LANGUAGE,
        )

    def made(self) -> bytes:
        top = TOP + self._head_height()
        pages = laid_out(self._sheet, top)
        pictures = placed_pictures(self._pictures, pages, top)
        for number, page in enumerate(pages, start=1):
            if number == 1:
                self._head()
            else:
                self._later_head()
            self._page(page)
            for placed in pictures.get(number, ()):
                self._picture(placed)
            self._foot(number, len(pages))
            self._canvas.showPage()
        self._canvas.save()
        about = PdfMetadata(title=self._sheet.heading, subject=" ".join(self._sheet.foot))
        return archival(self._data.getvalue(), about)

    # --- head and foot ---------------------------------------------------------------------------

    def _head_height(self) -> float:
        lines = max(self._fact_lines(facts) for facts in self._sheet.facts)
        return TITLE_SIZE + 5 * MM + lines * FACT_LEAD + 2.5 * MM

    def _fact_lines(self, facts: tuple[SheetFact, ...]) -> int:
        return sum(len(self._fact_text(fact)) for fact in facts)

    def _fact_text(self, fact: SheetFact) -> list[str]:
        return face(bold=fact.word == "Name").wrapped(fact.text, self._fact_width(), FACT_SIZE)

    def _fact_width(self) -> float:
        return (RIGHT - LEFT) / 2 - 29 * MM

    def _head(self) -> None:
        y = TOP + TITLE_SIZE * 0.8
        title, day = self._sheet.title, self._sheet.day
        room = RIGHT - LEFT - face().width(day, DAY_SIZE) - 5 * MM
        size = face(bold=True).fitting(title, room, TITLE_SIZE)
        self._text(TextPiece(LEFT, y, title, size, bold=True), ACCENT)
        self._text(TextPiece(RIGHT, y, day, DAY_SIZE, right=True), BLACK)
        y += 2.6 * MM
        self._rule(LEFT, RIGHT, y, ACCENT, 1.2)
        y += 1.6 * MM
        for x, facts in zip((LEFT, (LEFT + RIGHT) / 2), self._sheet.facts, strict=True):
            self._facts(x, y, facts)

    def _facts(self, x: float, y: float, facts: tuple[SheetFact, ...]) -> None:
        for fact in facts:
            self._text(TextPiece(x, y + FACT_LEAD, fact.word, FACT_SIZE, grey=True), GREY)
            for line in self._fact_text(fact):
                y += FACT_LEAD
                piece = TextPiece(x + 27 * MM, y, line, FACT_SIZE, bold=fact.word == "Name")
                self._text(piece, BLACK)

    def _later_head(self) -> None:
        y = TOP + FACT_SIZE
        named = self._sheet.heading
        half = (RIGHT - LEFT) / 2 - 2 * MM
        size = face(bold=True).fitting(named, half, FACT_SIZE)
        self._text(TextPiece(LEFT, y, named, size, bold=True), ACCENT)
        room = RIGHT - LEFT - face(bold=True).width(named, size) - 5 * MM
        size = face().fitting(self._sheet.patient, room, FACT_SIZE)
        self._text(TextPiece(RIGHT, y, self._sheet.patient, size, right=True), BLACK)
        self._rule(LEFT, RIGHT, y + 1.6 * MM, ACCENT, 0.8)

    def _foot(self, number: int, pages: int) -> None:
        self._rule(LEFT, RIGHT, BOTTOM + 3 * MM, RULE, 0.5)
        y = BOTTOM + 7 * MM
        page = f"Seite {number} von {pages}"
        room = RIGHT - LEFT - face().width(page, FOOT_SIZE) - 6 * MM
        for at, line in enumerate(self._sheet.foot):
            size = face().fitting(line, room, FOOT_SIZE)
            self._text(TextPiece(LEFT, y + at * FOOT_SIZE * 1.3, line, size), GREY)
        self._text(TextPiece(RIGHT, y, page, FOOT_SIZE, right=True), GREY)

    # --- the page --------------------------------------------------------------------------------

    def _page(self, page: PlacedPage) -> None:
        for placed in page:
            x, y, block = placed.x, placed.y, placed.block
            for piece in block.pieces:
                colour = GREY if piece.grey else ACCENT if block.heading else BLACK
                self._text(replace(piece, x=x + piece.x, y=y + piece.y), colour)
            if placed.line:
                colour, weight = (ACCENT, 0.6) if block.heading else (RULE, 0.4)
                self._rule(x, x + placed.line, y + block.height, colour, weight)

    def _picture(self, placed: PlacedPicture) -> None:
        """Draw a picture as the JPEG it is, its caption below."""
        one = placed.picture
        self._canvas.drawImage(
            ImageReader(io.BytesIO(one.data)),
            placed.x,
            HEIGHT - placed.y - placed.height,
            placed.width,
            placed.height,
        )
        y = placed.y + placed.height
        for line in face().wrapped(one.caption, placed.room, CAPTION_SIZE)[:CAPTION_LINES]:
            y += CAPTION_LEAD
            self._text(TextPiece(placed.x, y, line, CAPTION_SIZE), GREY)

    def _text(self, piece: TextPiece, colour: tuple[float, float, float]) -> None:
        letters = face(bold=piece.bold)
        width = letters.width(piece.text, piece.size)
        drawn = self._canvas.beginText(
            piece.x - width if piece.right else piece.x, HEIGHT - piece.y
        )
        drawn.setFillColorRGB(*colour)
        for font, run in letters.runs(piece.text):
            drawn.setFont(font, piece.size)
            drawn.textOut(run)
        self._canvas.drawText(drawn)

    def _rule(
        self, left: float, right: float, y: float, colour: tuple[float, float, float], weight: float
    ) -> None:
        self._canvas.setStrokeColorRGB(*colour)
        self._canvas.setLineWidth(weight)
        self._canvas.line(left, HEIGHT - y, right, HEIGHT - y)
