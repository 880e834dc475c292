"""Tables of expected measurements, made from what DCMTK prints.

``python -m tests.sr.expected.tables FOLDER`` writes one table per report in ``FOLDER``
beside this file. A table lists every NUM that is a result, before anything is chosen, with the
codes as sent: ``SRT|T-32600|Left Ventricle``. An empty cell says that there is none, ``"`` that it
is the cell above.
"""

from __future__ import annotations

import csv
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.sr.expected.dumps import Coded, Dump, Node, of_dcmdump, of_dsrdump

FOLDER = Path(__file__).parent

DAMAGED = frozenset({"edge_empty_measuredvalue_qualifier", "edge_numeric_literals"})
"""Reports with invalid values, behind which ``dsrdump`` prints nothing more."""

CUT = frozenset({"edge_truncated"})
"""Reports that ``dsrdump`` refuses."""

NAMES = {
    # Concept names of the modifiers (PS3.16 TID 300, 5000, 5203, 5301), in the spellings of the
    # reports at hand.
    "SRT|G-C0E3": "site",
    "SCT|363698007": "site",
    "99GEMS|GEU-1005-7": "site",
    "SRT|G-C171": "laterality",
    "SCT|272741003": "laterality",
    "SRT|G-A1F8": "topography",
    "SCT|106233006": "topography",
    "SRT|G-0373": "mode",
    "SCT|399264008": "mode",
    "SRT|G-C036": "method",
    "SCT|370129005": "method",
    "DCM|121420": "equation",
    "LN|8278-4": "equation",
    "DCM|111031": "view",
    "SRT|R-4089A": "cycle",
    "SCT|272518008": "cycle",
    "SRT|G-C048": "flow",
    "SCT|260674002": "flow",
    "LN|18139-6": "stage",
    "LN|11951-1": "fetus",
    "DCM|121037": "fetus",
    "LN|12510-4": "label",
    "99GEMS|GEU-1005-5": "label",
    "DCM|125309": "label",
    "DCM|121401": "derivation",
    "DCM|121404": "selection",
}

COLUMNS = ("place", "concept", "value", "unit", *dict.fromkeys(NAMES.values()), "row")

ROW, ROW_ID, ROW_NAME, ROW_MODE, ROW_NUMBER = "10020", "10031", "10033", "10036", "10037"
"""SonoScape's private table: a row, and what it says of its number (TEXT below it)."""

DITTO = '"'

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """What one report holds: its rows by column, empty cells left out."""

    manufacturer: str
    template: str
    rows: list[Row]


def written(code: Coded) -> str:
    """Return a code as the tables write it."""
    return "|".join(code)


def rows_of(dump: Dump) -> list[Row]:
    """Return every result of the tree in its order."""
    rows: list[Row] = []
    _collect(dump.root, {}, rows)
    return rows


def _collect(node: Node, inherited: Row, rows: list[Row]) -> None:
    said = _modifiers(node)
    if "site" not in said and node.kind == "CONTAINER" and node.name[1].startswith("T-"):
        said["site"] = written(node.name)
    if "site" in said and "topography" not in said:
        inherited = {role: code for role, code in inherited.items() if role != "topography"}
    context = {**inherited, **said}
    if node.kind == "CONTAINER" and node.name[1] == ROW:
        _collect_row(node, context, rows)
    elif node.kind != "NUM":
        for child in node.children:
            if child.relation == "CONTAINS":
                _collect(child, context, rows)
    elif node.number is not None and _is_number(node.number):
        rows.append(_row(node, node.name, context))


def _row(node: Node, concept: Coded, context: Row) -> Row:
    unit = node.coded[1] if node.coded else ""
    found = {"place": node.place, "concept": written(concept), "value": node.number or ""}
    return {**found, "unit": unit, **context}


def _modifiers(node: Node) -> Row:
    """Return what the children of an item say of it, and what is said of its site."""
    said: Row = {}
    for child in node.children:
        role = NAMES.get("|".join(child.name[:2]))
        value = child.coded or (("", "", child.text) if child.text else None)
        if role is None or value is None or child.kind not in {"CODE", "TEXT"}:
            continue
        said[role] = written(value)
        if role == "site":
            said.update(_modifiers(child))
    return said


def _collect_row(node: Node, context: Row, rows: list[Row]) -> None:
    said = {child.name[1]: child.text or "" for child in node.children if child.kind == "TEXT"}
    concept = (node.name[0], said[ROW_ID], said[ROW_NAME])
    extra = {"mode": f"||{said[ROW_MODE]}", "row": said[ROW_NUMBER]}
    rows.extend(
        _row(child, concept, {**context, **extra})
        for child in node.children
        if child.kind == "NUM" and child.number is not None
    )


def _is_number(literal: str) -> bool:
    return re.fullmatch(r"[-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?", literal) is not None


# ── Files ────────────────────────────────────────────────────────────────────────────────────────


def dump_of(file: Path) -> Dump:
    """Return the tree of a report from the program that shows all of it."""
    return of_dcmdump(file) if file.stem in DAMAGED | CUT else of_dsrdump(file)


def save(dump: Dump, path: Path) -> None:
    """Write the table of a report."""
    rows = rows_of(dump)
    columns = [name for name in COLUMNS if any(row.get(name) for row in rows)] or ["place"]
    above: Row = {}
    with path.open("w", encoding="utf-8", newline="") as target:
        target.write(f"# manufacturer={dump.manufacturer}\ttemplate={dump.template}\n")
        writer = csv.writer(
            target, "excel-tab", quoting=csv.QUOTE_NONE, lineterminator="\n", quotechar=None
        )
        writer.writerow(columns)
        for row in rows:
            cells = [row.get(name, "") for name in columns]
            writer.writerow(
                [
                    DITTO if cell and cell == above.get(name) and len(cell) > 8 else cell
                    for name, cell in zip(columns, cells, strict=True)
                ]
            )
            above = row


def load(path: Path) -> Table:
    """Read a table back."""
    head, *lines = path.read_text("utf-8").splitlines()
    about = dict(part.split("=", 1) for part in head.removeprefix("# ").split("\t"))
    columns = lines[0].split("\t")
    rows: list[Row] = []
    above: Row = {}
    for line in lines[1:]:
        cells = dict(zip(columns, line.split("\t"), strict=True))
        above = {name: above[name] if cell == DITTO else cell for name, cell in cells.items()}
        rows.append({name: cell for name, cell in above.items() if cell})
    return Table(about["manufacturer"], about["template"], rows)


def main() -> None:
    """Write the tables of all reports in the folder named on the command line."""
    for file in sorted(Path(sys.argv[1]).glob("*.dcm")):
        save(dump_of(file), FOLDER / f"{file.stem}.tsv")


if __name__ == "__main__":
    main()
