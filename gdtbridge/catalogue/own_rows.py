"""Rows of the practice's own beside those of the catalogue: filled up, changed, refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from gdtbridge.catalogue.rows import CODING_COLUMNS, CatalogueError, CatalogueRow, read_row

CHANGEABLE: Final = ("name", "unit", "decimals", "group")
"""Columns an own row without a concept may change for an id the catalogue has."""


def completed(
    cells: Mapping[str, str], rows: Iterable[CatalogueRow], place: str
) -> Mapping[str, str]:
    """Return the cells of an own row, filled up from the catalogue; raise `CatalogueError`."""
    known = next((row for row in rows if row.id == cells.get("id")), None)
    usual = {column: str(getattr(known, column)) for column in CHANGEABLE} if known else {}
    whole = {**usual, **cells}
    for column in ("id", *CHANGEABLE):
        if column not in whole:
            raise CatalogueError(f"{place}, {column}: fehlt. / is missing.")
    return whole


def changed(
    rows: Sequence[CatalogueRow], cells: Mapping[str, str], place: str
) -> list[CatalogueRow]:
    """Return the rows, one id with the practice's cells; raise `CatalogueError`."""
    made = cells.get("id", "")
    if not any(row.id == made for row in rows):
        raise CatalogueError(
            f"{place}, concept: fehlt; {made!r} steht nicht im Katalog. / is missing; the "
            "catalogue has no such id."
        )
    if cells.get("where"):
        raise CatalogueError(f"{place}, where: nur mit concept. / only with a concept.")
    result = []
    for row in rows:
        if row.id == made:
            usual = {column: str(getattr(row, column)) for column in CHANGEABLE}
            fixed = {column: str(getattr(row, column)) for column in CODING_COLUMNS}
            result.append(read_row({**usual, **cells, **fixed}, place))
        else:
            result.append(row)
    return result


def refuse_two_meanings(added: Iterable[CatalogueRow], ours: Sequence[CatalogueRow]) -> None:
    """Raise `CatalogueError` where one id would stand for two things."""
    meant = {row.id: row for row in ours}
    for row in added:
        other = meant.setdefault(row.id, row)
        for column in CHANGEABLE:
            if getattr(row, column) != getattr(other, column):
                raise CatalogueError(
                    f"catalogue.rows ({row.id}), {column}: Im Katalog hat diese id "
                    f"{getattr(other, column)!r}; ändern Sie die id als Ganzes mit einer Zeile "
                    "ohne concept. / The catalogue has another value for this id; change the id as "
                    "a whole by a row without concept."
                )
