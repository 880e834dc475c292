"""Foreign reports in the chart: every value against a table written by hand."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, cast

import pytest

from gdtbridge.sr import Report, read_report
from tests.sr.chart import Comparison, Expected, Verdict, chart_of, compare
from tests.sr.expected import tables
from tests.sr.expected.dumps import Node, of_dcmdump

TABLE = tables.FOLDER / "chart" / "field.tsv"
COLUMNS = (
    "report", "place", "concept", "sent", "verdict", "id", "value", "unit", "name", "notes",
    "never", "why",
)  # fmt: skip


class Row(NamedTuple):
    """A row of the table: what DCMTK prints of an item, and what a chart is to say of it."""

    place: str
    concept: str
    sent: str
    expected: Expected


def read_table() -> dict[str, list[Row]]:
    """Return the rows of each report."""
    lines = (line for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#"))
    reports: dict[str, list[Row]] = {}
    for cells in csv.DictReader(lines, COLUMNS, restval="", delimiter="\t", quoting=csv.QUOTE_NONE):
        expected = Expected(
            cells["value"], cells["unit"], cells["id"], cells["name"], cells["notes"],
            cells["never"], cast("Verdict", cells["verdict"]),
        )  # fmt: skip
        row = Row(cells["place"], cells["concept"], cells["sent"], expected)
        reports.setdefault(cells["report"], []).append(row)
    return reports


ROWS = read_table()

ONE_NAME = frozenset({"f26_unit_probe"})
"""Reports whose private groups all bear one name, so that values are told apart by id only."""


def read(corpus: Path, name: str) -> Report:
    """Return a report of the corpus with its decisions; skip where it is not there."""
    file = corpus / "field" / "sr" / f"{name}.dcm"
    if not file.is_file():
        pytest.skip(f"no {file.name}")
    return read_report(file, explain=True)


def test_charts_agree_with_the_table(
    corpus: Path, record_property: Callable[[str, object], None]
) -> None:
    """Every value of every report is in the chart as the table has it, none more, none less."""
    if not (corpus / "field" / "sr").is_dir():
        pytest.skip("no reports from the field")
    done = {
        name: compare(chart_of(read(corpus, name)), [row.expected for row in rows])
        for name, rows in ROWS.items()
    }
    right = sum(one.right for one in done.values())
    precision = right / sum(one.shown for one in done.values())
    recall = 1 - sum(len(one.missing) for one in done.values()) / sum(x.due for x in done.values())
    record_property(
        "figure",
        f"charts of {len(done)} reports from the field: {right} values, "
        f"precision {precision:.3f}, recall {recall:.3f}",
    )
    wrong = {name: one for name, one in done.items() if not one.is_right}
    if wrong:
        pytest.fail(report_of(wrong), pytrace=False)


def report_of(wrong: dict[str, Comparison]) -> str:
    """Return what is wrong, report by report."""
    return "\n".join(f"{name}:{one}" for name, one in wrong.items())


@pytest.mark.parametrize("name", ROWS)
def test_what_is_left_out_is_explained(corpus: Path, name: str) -> None:
    """What the chart does not say has a decision at its place; ids and names differ."""
    report = read(corpus, name)
    lines = chart_of(report)
    assert len({line.id for line in lines}) == len(lines)
    assert name in ONE_NAME or len({line.name for line in lines}) == len(lines)
    assert report.decisions is not None
    left = {one.place for one in report.decisions if not one.kept}
    for row in ROWS[name]:
        if row.expected.verdict == "left":
            assert row.place in left, row


def test_every_report_from_the_field_has_rows(corpus: Path) -> None:
    """No report is left out of the comparison."""
    assert {file.stem for file in (corpus / "field" / "sr").glob("*.dcm")} <= set(ROWS)


@pytest.mark.peer
@pytest.mark.parametrize("name", ROWS)
def test_rows_are_what_dcmtk_prints(corpus: Path, name: str) -> None:
    """Each number, date, text and code that ``dcmdump`` shows has a row, and no row is invented."""
    file = corpus / "field" / "sr" / f"{name}.dcm"
    if shutil.which("dcmdump") is None or not file.is_file():
        pytest.skip(f"no dcmdump (DCMTK), or no {file.name}")
    shown = list(items(of_dcmdump(file).root))
    rows = [row for row in ROWS[name] if row.expected.verdict != "besides"]
    assert [(row.place, row.concept, row.sent) for row in rows] == shown


def items(node: Node) -> Iterator[tuple[str, str, str]]:
    """Yield place, name and content of what may be told, in the order of the tree."""
    name = "|".join(node.name)
    if node.kind == "NUM":
        yield node.place, name, f"{node.number} {node.coded[1] if node.coded else ''}"
    elif node.relation == "CONTAINS" and node.kind in {"DATE", "TEXT", "CODE"}:
        yield node.place, name, node.text or "|".join(node.coded or ())
    for child in node.children:
        yield from items(child)
