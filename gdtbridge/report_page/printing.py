"""A sheet to the bytes of a file, in this process."""

from __future__ import annotations

from gdtbridge.report_page.sheet import PageFormat, ReportSheet


def print_sheet(sheet: ReportSheet, page_format: PageFormat) -> bytes:
    """Return the file; only the libraries its format needs are loaded."""
    if page_format is PageFormat.PDF:
        from gdtbridge.report_page.pdf import to_pdf

        return to_pdf(sheet)
    from gdtbridge.report_page.html import to_html

    return to_html(sheet)


def print_together(sheets: tuple[ReportSheet, ...]) -> bytes:
    """Return one HTML file of several sheets."""
    from gdtbridge.report_page.html import to_html

    return to_html(*sheets)


def prepare_child() -> None:
    """Let a child have Pillow, without which ReportLab does not start, and no other library."""
    import PIL  # noqa: F401

    from gdtbridge.dataset.image_libraries import keep_image_libraries_out

    keep_image_libraries_out()
