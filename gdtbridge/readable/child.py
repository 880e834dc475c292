"""The printing process: ``python -m gdtbridge.readable.child SECONDS MEMORY_BYTES``.

Reads requests ``{"path": …, "form": …, "rows": …, "person": …}`` from standard input, one JSON line
each, and answers each (`wire`, `gdtbridge.guarded`).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from gdtbridge.guarded import Answer, serve_room
from gdtbridge.image_libraries import keep_image_libraries_out
from gdtbridge.measurements import (
    ReportError,
    ReportLimitError,
    UnreadableReportError,
    read_report,
)
from gdtbridge.measurements.catalogue import Catalogue
from gdtbridge.readable.compose import sheet_of
from gdtbridge.readable.head import read_head
from gdtbridge.readable.sheet import Sheet
from gdtbridge.readable.wire import decode_person, encode_printed, encode_refusal


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
        from gdtbridge.readable.pdf import to_pdf

        return to_pdf(sheet)
    from gdtbridge.readable.html import to_html

    return to_html(sheet)


if __name__ == "__main__":
    import PIL  # noqa: F401 - ReportLab does not start without it

    keep_image_libraries_out()  # pydicom, where a character set needs it, would bring the others
    sys.exit(serve_room(sys.argv[1:], answer))
