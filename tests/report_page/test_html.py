"""The sheet as HTML, read by a parser that is not ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gdtbridge.report_page.html import to_html
from gdtbridge.report_page.sheet import ReportSheet, SheetFact, SheetGroup
from tests.report_page.conftest import sheet_of_file
from tests.sr.builder import dataset, echo_section, num

VOID = {"meta"}


class Page(HTMLParser):
    """Collects elements, attributes and the cells of rows; refuses what is not closed."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.cells: list[str] = []
        self._open: list[str] = []
        self.feed(page.decode("utf-8"))
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "td":
            self.cells.append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "td" in self._open:
            self.cells[-1] += data


@pytest.mark.parametrize("name", ["echo", "abdomen", "thyroid"])
def test_every_value_is_in_its_cell(project: Path, name: str) -> None:
    """Name with remark, value, unit: three cells for each measurement."""
    sheet = sheet_of_file(project / f"samples/sr/{name}.dcm")
    page = Page(to_html(sheet))
    rows = (row for group in sheet.groups for row in group.rows)
    wanted = [cell for row in rows for cell in (row.name + row.remark, row.value, row.unit)]
    assert page.cells == wanted


def test_texts_stand_behind_their_word(project: Path) -> None:
    """What a group says in words is a cell as wide as the table."""
    made = sheet_of_file(project / "samples/sr/abdomen.dcm")
    facts = (SheetFact("Kommentar", "erste <Zeile>"), SheetFact("", "zweite"))
    page = Page(to_html(replace(made, groups=(SheetGroup("Angaben", (), facts),))))
    assert page.cells == ["Kommentar: erste <Zeile>", "zweite"]


def test_it_needs_nothing_from_elsewhere(project: Path) -> None:
    """No script, no link, no picture: what is shown is what is in the file."""
    data = to_html(sheet_of_file(project / "samples/sr/echo.dcm"))
    page = Page(data)
    assert page.elements.isdisjoint({"script", "link", "img", "iframe", "object", "a"})
    assert page.attributes.isdisjoint({"src", "href", "style", "onload"})
    assert b"url(" not in data
    assert b"default-src 'none'" in data


def test_markup_in_a_report_is_text(sheet: Callable[..., ReportSheet]) -> None:
    """A device's words open no element and run no template."""
    name = "<img src=x onerror=alert(1)> {{ 7*7 }} & \"'"
    made = sheet(
        dataset(
            echo_section(num(f"99X|1|{name}", "1", "<i>")),
            PatientName="<script>^</title>",
            Manufacturer="</style><script>",
        )
    )
    page = Page(to_html(made))
    assert page.elements.isdisjoint({"img", "script", "i"})
    assert page.cells[0].startswith(name)
    assert page.cells[2] == "<i>"
