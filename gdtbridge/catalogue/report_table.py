"""A report as a table for a terminal: the measurements, or the decision on every NUM."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from gdtbridge.catalogue.statements import statement_label, statement_text
from gdtbridge.catalogue.wording import details, title
from gdtbridge.sr.model import Measurement, NumDecision, Report, StatementDecision
from gdtbridge.sr.numbers import plain
from gdtbridge.sr.rules import RULES, reason

MIN_WIDTH: Final = 80
MAX_WIDTH: Final = 120
NAME_WIDTH: Final = 24
"""Columns a name has at least, however long numbers and ids are."""

BOLD: Final = "\x1b[1m"
DIM: Final = "\x1b[2m"
RESET: Final = "\x1b[0m"

HEADINGS: Final = ("Messwert", "Wert", "Einheit", "Kennung")

TableCells = tuple[str, str, str, str]


def report_to_text(report: Report, *, colour: bool = False, width: int = MIN_WIDTH) -> str:
    """Return the report as a table of ``width`` columns (80 to 120), values with their units.

    Dates, texts and codes follow. A report with decisions shows them instead, one for each NUM,
    date, text and code of the file. Nothing is cut: what is too long goes on in the next line.
    """
    width = min(max(width, MIN_WIDTH), MAX_WIDTH)
    style = (BOLD, DIM, RESET) if colour else ("", "", "")
    lines = list(_head(report, width, style))
    if report.decisions is None:
        lines += _measurements(report.measurements, width, style)
        lines += _statements(report, width, style)
    else:
        lines += _decisions(report.decisions, width, style)
        lines += _statement_decisions(report.statement_decisions or (), width, style)
    lines.append(_count(report))
    for one in report.untold if report.decisions is None else ():
        if one.rule in RULES:  # the others are warnings
            text = f"{title(one.measurement)}: {reason(one.rule)}"
            lines += _dimmed(f"{one.measurement.place}: {text}", width, style, indent="  ")
    for warning in report.warnings:
        lines += _dimmed(f"{warning.place or '-'}: {warning.message}", width, style, indent="  ")
    return "\n".join(lines)


TextStyle = tuple[str, str, str]


def _head(report: Report, width: int, style: TextStyle) -> Iterator[str]:
    bold, _, reset = style
    device = " ".join(part for part in (report.manufacturer, report.model) if part) or "SR"
    family = f" ({report.profile})" if report.profile else ""
    for line in _wrapped(f"{device}{family}, Template {report.template or '-'}", width):
        yield f"{bold}{line}{reset}"
    yield f"Patient {report.patient_id or '-'}, {report.content_time or '-'}"
    yield report.sop_uid


def _measurements(rows: Sequence[Measurement], width: int, style: TextStyle) -> Iterator[str]:
    bold, _, reset = style
    cells = [(title(one), plain(one.value), one.unit, one.id) for one in rows]
    widths = [
        max(_width(HEADINGS[column]), *(_width(cell[column]) for cell in cells), 0)
        for column in range(1, 4)
    ]
    name_width = max(width - sum(widths) - 5, NAME_WIDTH)
    yield f"{bold}{_line(HEADINGS, name_width, widths)}{reset}"
    for one, cell in zip(rows, cells, strict=True):
        first, *more = _wrapped(cell[0], name_width) or [""]
        yield _line((first, *cell[1:]), name_width, widths)
        yield from (f"  {line}" for line in more)
        yield from _dimmed("; ".join(details(one)), width, style, indent="    ")


def _line(row: TableCells, name_width: int, widths: Sequence[int]) -> str:
    name, value, unit, made = row
    return (
        f"{_pad(name, name_width)}  {' ' * (widths[0] - _width(value))}{value} "
        f"{_pad(unit, widths[1])}  {made}"
    ).rstrip()


def _decisions(rows: Sequence[NumDecision], width: int, style: TextStyle) -> Iterator[str]:
    """Yield two lines for each NUM: kept (+) or not (-), place, value, name; then the reason."""
    yield "+ übernommen / told, - nicht übernommen / left out"
    places = max((len(one.place) for one in rows), default=0)
    for one in rows:
        value = f"{one.value} {one.unit}".rstrip() or "?"
        mark = "+" if one.kept else "-"
        first, *more = _wrapped(
            f"{mark} {one.place:<{places}}  {value}  {one.name}", width, rest=" " * (places + 4)
        )
        yield first
        yield from more
        beside = f" ({one.beside})" if one.beside else ""
        yield from _dimmed(
            f"{one.rule}: {reason(one.rule)}{beside}", width, style, indent=" " * (places + 4)
        )


def _statements(report: Report, width: int, style: TextStyle) -> Iterator[str]:
    """Yield what the report says in words, label and text."""
    bold, _, reset = style
    told = [one for one in report.statements if not one.fetal_sex]
    if told:
        yield f"{bold}Angaben{reset}"
    for one in told:
        first, *more = statement_text(one).split("\n")
        yield from _wrapped(f"{statement_label(one)}: {first}", width, rest="  ")
        for line in more:
            yield from _wrapped(line, width, first="  ", rest="  ")


def _statement_decisions(
    rows: Sequence[StatementDecision], width: int, style: TextStyle
) -> Iterator[str]:
    """Yield two lines for each date, text and code: told (+) or not (-), then the reason."""
    places = max((len(one.place) for one in rows), default=0)
    rest = " " * (places + 4)
    for one in rows:
        mark = "+" if one.kept else "-"
        said = f"{one.name}: {one.value}".rstrip(": ")
        yield from _wrapped(f"{mark} {one.place:<{places}}  {said}", width, rest=rest)
        yield from _dimmed(f"{one.rule}: {reason(one.rule)}", width, style, indent=rest)


def _dimmed(text: str, width: int, style: TextStyle, *, indent: str) -> Iterator[str]:
    _, dim, reset = style
    for line in _wrapped(text, width, first=indent, rest=indent):
        yield f"{dim}{line}{reset}"


def _count(report: Report) -> str:
    count = f"{len(report.measurements)} Messwerte / measurements"
    if report.not_measured:
        count += f", {report.not_measured} nicht gemessen / not measured"
    if report.untold:
        count += f", {len(report.untold)} ohne Ergebnis / without a result"
    return count


def _wrapped(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    """Return ``text`` in lines of at most ``width`` letters."""
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=rest)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Return the columns a terminal gives to ``text``."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if _is_wide(letter) else 1 for letter in text
    )


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in {"W", "F"}
