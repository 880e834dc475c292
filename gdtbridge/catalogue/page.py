"""The catalogue for people and programs: Markdown, and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from gdtbridge.catalogue.catalogue import Catalogue
from gdtbridge.catalogue.rows import COLUMNS, CatalogueRow
from gdtbridge.sr import ucum
from gdtbridge.tsv import table

HEAD: Final = """\
# The catalogue of measurements

Printed by `gdtbridge sr catalogue`; docs/reference/measurements.md tells how it is used. {counts}

Rows with one id are several codings of one measurement. `where` says what the modifiers must be:
`-` absent, a [term](#terms) one of its codes, `*` whatever, `+` before a term (or alone: any)
appended to id and name. A modifier that is not named must be absent, but statistic, stage,
protocol and tracking identifier are appended to every row, and a short label is passed over.
`*` alone stands for site, mode, method, view, cycle, flow and label: the concept says them itself.
"""
_ROW_HEAD: Final = "| id | name | unit | decimals | code | where |\n|---|---|---|---|---|---|"
_TERM_HEAD: Final = "| term | word | codes |\n|---|---|---|"


def catalogue_to_markdown(catalogue: Catalogue) -> str:
    """Return the page: a table for each group, and the terms."""
    rows = catalogue.rows
    counts = (
        f"It has {len({row.id for row in rows})} measurements in "
        f"{len({row.group for row in rows})} groups."
    )
    parts = [HEAD.format(counts=counts)]
    for group, members in groupby(rows, key=lambda row: row.group):
        lines = "\n".join(_line(row) for row in members)
        parts.append(f"## {group}\n\n{_ROW_HEAD}\n{lines}\n")
    terms = "\n".join(_term_lines(table("catalogue/terms.tsv")))
    parts.append(f"## Terms\n\n{_TERM_HEAD}\n{terms}\n")
    return "\n".join(parts)


def _line(row: CatalogueRow) -> str:
    unit = ucum.printed(row.unit) or "-"
    where = " ".join(f"`{part}`" for part in row.where.split())
    return _cells(f"`{row.id}`", row.name, unit, str(row.decimals), _code(row), where)


def _code(row: CatalogueRow) -> str:
    return f"{row.concept} {row.meaning}".rstrip()


def _term_lines(rows: Iterable[list[str]]) -> Iterator[str]:
    for term, codes in groupby(rows, key=lambda row: row[0]):
        members = list(codes)
        texts = (f"{code} {meaning}".rstrip() for _, code, meaning, _ in members)
        yield _cells(f"`{term}`", members[0][3], ", ".join(texts))


def _cells(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def catalogue_to_json(catalogue: Catalogue) -> list[dict[str, object]]:
    """Return a list of the rows with the columns of the table."""
    return [{column: getattr(row, column) for column in COLUMNS} for row in catalogue.rows]
