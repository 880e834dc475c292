"""The printing process: ``python -m gdtbridge.report_page.child SECONDS MEMORY_BYTES``.

Reads requests ``{"path": …, "form": …, "rows": …, "person": …}`` from standard input, one JSON line
each, and answers each (`wire`, `gdtbridge.sandbox`).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from gdtbridge.catalogue.catalogue import Catalogue
from gdtbridge.dataset.image_libraries import keep_image_libraries_out
from gdtbridge.report_page.compose import sheet_of
from gdtbridge.report_page.head import read_head
from gdtbridge.report_page.sheet import Sheet
from gdtbridge.report_page.wire import decode_person, encode_printed, encode_refusal
from gdtbridge.sandbox import Answer, serve_room
from gdtbridge.sr import ReportError, ReportLimitError, UnreadableReportError, read_report


def answer(line: bytes) -> Answer:
    """Return the answer to one request; whatever goes wrong is an error answer."""
    try:
        return _do(line)
    except ReportError as error:
        return encode_refusal(error)
    except (MemoryError, RecursionError):
        return encode_refusal(
            ReportLimitError("Der Bericht braucht zu viel Speicher. / Too much memory needed.")
        )
    except Exception as error:  # noqa: BLE001 - whatever a file provokes is about that file only
        return encode_refusal(
            UnreadableReportError(
                "Der Bericht lässt sich nicht drucken. / Cannot be printed: "
                f"{type(error).__name__}."
            )
        )


def _do(line: bytes) -> Answer:
    request = json.loads(line)
    path = Path(request["path"])
    report, head = read_report(path), read_head(path)
    person = decode_person(request["person"])
    sheet = sheet_of(report, head, Catalogue.load(request["rows"]), person)
    title = f"{sheet.title} {sheet.day}".rstrip()
    return encode_printed(title, _printed(sheet, request["form"]))


def _printed(sheet: Sheet, form: str) -> bytes:
    """Load what the form needs and nothing else."""
    if form == "pdf":
        from gdtbridge.report_page.pdf import to_pdf

        return to_pdf(sheet)
    from gdtbridge.report_page.html import to_html

    return to_html(sheet)


if __name__ == "__main__":
    import PIL  # noqa: F401 - ReportLab does not start without it

    keep_image_libraries_out()  # pydicom, where a character set needs it, would bring the others
    sys.exit(serve_room(sys.argv[1:], answer))
