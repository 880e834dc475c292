"""What of a table must be reported: the rules of choice, written a second time.

The sentinel -9999, SonoScape's -1 and its single readings go first. Of what is left, exact twins
(siblings of the same identity, literal and unit) collapse; among repeats (same identity) the
selected one wins, then the mean; otherwise all are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache

from pydicom.sr._snomed_dict import mapping

from tests.sr.expected.tables import Row, Table

NOT_IDENTITY = frozenset({"place", "concept", "value", "unit", "derivation", "selection", "row"})

NEIGHBOURS = {"G-A22A": "410668003"}
"""Length as GE writes it; the table of the standard has G-D7FE."""

SENTINEL = -9999
"""What no patient has, whatever is measured."""

Identity = frozenset[tuple[str, str]]


def one_spelling(written: str) -> str:
    """Return a code of a table in the spelling of identities: SNOMED RT as CT, text in small."""
    scheme, value, meaning = written.split("|", 2)
    if not value:
        return "=" + " ".join(meaning.casefold().split())
    if scheme == "SRT" and (known := mapping["SRT"].get(value) or NEIGHBOURS.get(value)):
        return f"SCT:{known}"
    return f"{scheme.upper()}:{value}"


def identity(row: Row) -> Identity:
    """Return what a row measures: its concept and everything that is said about it."""
    said = ((role, one_spelling(code)) for role, code in row.items() if role not in NOT_IDENTITY)
    return frozenset([("concept", one_spelling(row["concept"])), *said])


@lru_cache
def plain_unit(unit: str) -> str:
    """Return a UCUM unit without annotations, and nothing for "no units"."""
    while "{" in unit:
        before, _, rest = unit.partition("{")
        unit = before + rest.partition("}")[2]
    return "" if unit == "1" else unit


def remaining(table: Table) -> list[Row]:
    """Return the rows that must be reported, in the order of the tree."""
    rows = _measured(table)
    rows = [row for row in rows if not _is_single_reading(row, rows)]
    groups: dict[object, list[Row]] = {}
    for row in rows:
        groups.setdefault(_together(row, table), []).append(row)
    kept = {id(row) for group in groups.values() for row in _chosen(group)}
    return [row for row in rows if id(row) in kept]


def _together(row: Row, table: Table) -> object:
    """Return what repeats have in common: identity, and the container but in echo reports.

    The groups of echo reports say mode and protocol only; elsewhere two groups are two things, such
    as two lesions (PS3.16 TID 5203, 1501).
    """
    if table.template in {"5200", "5300"}:
        return identity(row)
    return identity(row), _container(row)


def _container(row: Row) -> str:
    return row["place"].rpartition(".")[0]


def _measured(table: Table) -> list[Row]:
    nothing = {SENTINEL, -1} if table.manufacturer.casefold() == "sonoscape" else {SENTINEL}
    return [row for row in table.rows if Decimal(row["value"]) not in nothing]


def _is_single_reading(row: Row, rows: Iterable[Row]) -> bool:
    return row.get("row", "-1") != "-1" and any(
        other.get("row") == "-1" and identity(other) == identity(row) for other in rows
    )


def _is_selected(row: Row) -> bool:
    return "selection" in row


def _is_mean(row: Row) -> bool:
    return row.get("derivation", "").endswith("|Mean")


def _chosen(repeats: list[Row]) -> list[Row]:
    """Return one of each set of twins, and of those the selected or else the means or else all.

    Twins are siblings: the same value in two groups is said twice.
    """
    distinct: dict[tuple[str, str, str], Row] = {}
    for row in sorted(repeats, key=_weight):
        distinct.setdefault((row["value"], plain_unit(row["unit"]), _container(row)), row)
    wanted: tuple[Callable[[Row], bool], ...] = (_is_selected, _is_mean)
    for wins in wanted:
        if winners := [row for row in distinct.values() if wins(row)]:
            return winners
    return list(distinct.values())


def _weight(row: Row) -> int:
    return 0 if _is_selected(row) else 1 if _is_mean(row) else 2
