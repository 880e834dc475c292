"""The sheet as HTML: one file without scripts, which may be printed."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from gdtbridge.report_page.sheet import ReportSheet

ONE_COLUMN: Final = 24
"""More rows than these are set in two columns."""


def to_html(sheet: ReportSheet) -> bytes:
    """Return the page in UTF-8; every text of the sheet is escaped."""
    rows = sum(len(group.rows) + len(group.facts) for group in sheet.groups)
    page = _template().render(sheet=sheet, two_columns=rows > ONE_COLUMN)
    return page.encode("utf-8")


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
