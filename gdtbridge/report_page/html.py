"""Sheets as HTML: one file without scripts, which may be printed."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from gdtbridge.report_page.sheet import ReportSheet

ONE_COLUMN: Final = 24
"""More rows than these are set in two columns."""


def to_html(*sheets: ReportSheet) -> bytes:
    """Return one page of all sheets in UTF-8; every text is escaped.

    Their pictures are shown from the files beside the page that they name.
    """
    wide = [sheet for sheet in sheets if _rows(sheet) > ONE_COLUMN]
    return _template().render(sheets=sheets, wide=wide).encode("utf-8")


def _rows(sheet: ReportSheet) -> int:
    return sum(len(group.rows) + len(group.facts) for group in sheet.groups)


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("sheet.html")
