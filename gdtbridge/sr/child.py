"""The reading process: ``python -m gdtbridge.sr.child SECONDS MEMORY_BYTES``.

Reads requests ``{"path": …, "explain": …}`` from standard input, one JSON line each, and writes one
line with the report or the error (`gdtbridge.sandbox` keeps the limits).
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import BinaryIO

from gdtbridge import sandbox
from gdtbridge.dataset.image_libraries import keep_image_libraries_out
from gdtbridge.sandbox import Answer
from gdtbridge.sr.model import ReportError, ReportLimitError, UnreadableReportError
from gdtbridge.sr.report import read_report
from gdtbridge.sr.wire import MAX_ANSWER, encode_error, encode_report


def serve(requests: BinaryIO, answers: BinaryIO, seconds: float) -> None:
    """Answer each line of ``requests`` with one line; each may use ``seconds`` of CPU time."""
    sandbox.serve(_answer, requests, answers, seconds)


def _answer(line: bytes) -> Answer:
    gc.disable()  # a tree has no cycles, and looking for them takes a third of the time
    try:
        return Answer(_report_or_error(line).encode("ascii"))
    finally:
        gc.enable()


def _report_or_error(line: bytes) -> str:
    try:
        asked = json.loads(line)
        report = read_report(Path(asked["path"]), explain=bool(asked.get("explain")))
        answer = encode_report(report)
    except ReportError as error:
        return encode_error(error)
    except (MemoryError, RecursionError):
        return encode_error(
            ReportLimitError("Der Bericht braucht zu viel Speicher. / Too much memory needed.")
        )
    except Exception as error:  # noqa: BLE001 - whatever a file provokes is about that file only
        return encode_error(
            UnreadableReportError(
                f"Der Bericht lässt sich nicht lesen. / Cannot be read: {type(error).__name__}."
            )
        )
    if len(answer) > MAX_ANSWER:
        return encode_error(ReportLimitError("Der Bericht ist zu groß. / The report is too large."))
    return answer


if __name__ == "__main__":
    keep_image_libraries_out()  # pydicom, where a character set needs it, would bring them
    sys.exit(sandbox.serve_room(sys.argv[1:], _answer))
