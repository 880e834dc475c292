"""Foreign reports against tables that were not written by the reader under test.

Tables come from DCMTK's printed trees, the choice among repeats from a second implementation of the
rules (``expected/rules.py``). For each report precision and recall are printed.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from gdtbridge.sr import Measurement, read_report
from tests.sr.expected import tables
from tests.sr.expected.dumps import of_dcmdump, of_dsrdump
from tests.sr.expected.rules import Identity, identity, plain_unit, remaining

pytestmark = pytest.mark.slow  # reads much data

TABLES = sorted(path.stem for path in tables.FOLDER.glob("*.tsv"))


class Value(NamedTuple):
    """A measurement as both sides describe it: what a practice would see of it."""

    name: str
    value: str
    unit: str
    identity: Identity
    derivation: str
    selection: str

    def __str__(self) -> str:
        what = ", ".join(f"{role} {code}" for role, code in sorted(self.identity))
        return f"{self.name} = {self.value} {self.unit} [{what}] {self.derivation} {self.selection}"


def meaning(code: str) -> str:
    """Return what a person reads of a code of a table."""
    return code.rpartition("|")[2]


def of_table(row: tables.Row) -> Value:
    """Return an expected measurement."""
    return Value(
        meaning(row["concept"]),
        str(Decimal(row["value"])),  # the digits sent, in one spelling
        plain_unit(row["unit"]),
        identity(row),
        meaning(row.get("derivation", "")),
        meaning(row.get("selection", "")),
    )


def of_reader(found: Measurement) -> Value:
    """Return a measurement that was read; of its identity what the tables have columns for."""
    concept, *said = found.identity
    pairs = [part.split("=", 1) for part in said if part.partition("=")[0] in tables.COLUMNS]
    return Value(
        found.name,
        str(found.value),
        found.unit,
        frozenset([("concept", concept), *((role, code) for role, code in pairs)]),
        found.derivation or "",
        found.selection or "",
    )


def listed(values: Counter[Value]) -> str:
    """Return values as lines, to be read in a failure."""
    return "\n".join(f"    {value}" for value in sorted(values.elements(), key=str)[:20])


@pytest.mark.parametrize("name", TABLES)
def test_measurements_agree_with_the_table(
    corpus: Path, name: str, record_property: Callable[[str, object], None]
) -> None:
    """Name, value, unit, identity, derivation and status of every value, none more, none less."""
    file = corpus / "sr" / f"{name}.dcm"
    if not file.is_file():
        pytest.skip(f"no {file.name}")
    rows = remaining(tables.load(tables.FOLDER / f"{name}.tsv"))
    expected = Counter(of_table(row) for row in rows)
    read = Counter(of_reader(found) for found in read_report(file).measurements)
    right = (read & expected).total()
    figures = f"precision {share(right, read.total())}, recall {share(right, expected.total())}"
    record_property("figure", f"{name}: {right} measurements, {figures}")
    if read != expected:
        missing, extra = listed(expected - read), listed(read - expected)
        pytest.fail(f"{figures}\n  missing:\n{missing}\n  too much:\n{extra}", pytrace=False)


def share(part: int, whole: int) -> str:
    """Return a share with three digits; of nothing it is all."""
    return f"{part / whole if whole else 1:.3f}"


@pytest.mark.parametrize("name", TABLES)
def test_each_value_is_told_where_the_table_has_it(corpus: Path, name: str) -> None:
    """The place of a measurement is a row of the table with the same value."""
    file = corpus / "sr" / f"{name}.dcm"
    if not file.is_file():
        pytest.skip(f"no {file.name}")
    rows = {row["place"]: row for row in tables.load(tables.FOLDER / f"{name}.tsv").rows}
    for found in read_report(file).measurements:
        assert of_table(rows[found.place]) == of_reader(found)


def test_every_report_of_the_corpus_has_a_table(corpus: Path) -> None:
    """No report is left out of the comparison."""
    reports = {file.stem for file in (corpus / "sr").glob("*.dcm")}
    assert reports <= set(TABLES)


@pytest.mark.peer
@pytest.mark.parametrize("name", TABLES)
def test_tables_are_what_dcmtk_prints(corpus: Path, name: str) -> None:
    """Each table is what ``dsrdump`` and ``dcmdump`` show; where one shows less, it is known."""
    file = corpus / "sr" / f"{name}.dcm"
    if shutil.which("dsrdump") is None or not file.is_file():
        pytest.skip(f"no dsrdump (DCMTK), or no {file.name}")
    expected = tables.load(tables.FOLDER / f"{name}.tsv").rows
    assert stripped(tables.rows_of(of_dcmdump(file))) == expected
    if name not in tables.CUT:
        shown = stripped(tables.rows_of(of_dsrdump(file)))
        assert shown == (expected[: len(shown)] if name in tables.DAMAGED else expected)


def stripped(rows: Iterable[tables.Row]) -> list[tables.Row]:
    """Return the rows as a table gives them back: without empty cells."""
    return [{name: cell for name, cell in row.items() if cell} for row in rows]
