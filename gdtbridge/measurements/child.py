"""The reading process: ``python -m gdtbridge.measurements.child SECONDS MEMORY_BYTES``.

Reads requests ``{"path": …}`` from standard input, one JSON line each, and writes one line with the
report or the error. Nothing else is written anywhere, least of all values of a file. It limits its
own memory and CPU time; the wall clock is the parent's.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import BinaryIO, Final

from gdtbridge.measurements.model import (
    ReportError,
    ReportLimitError,
    UnreadableReportError,
)
from gdtbridge.measurements.report import read_report
from gdtbridge.measurements.wire import MAX_ANSWER, encode_error, encode_report

if sys.platform != "win32":  # there the parent's deadline is the only limit
    import resource

READY: Final = b'{"ready": true}\n'


def main(arguments: list[str]) -> int:
    """Serve requests until standard input ends."""
    seconds, memory_bytes = float(arguments[0]), int(arguments[1])
    _limit_memory(memory_bytes)
    serve(sys.stdin.buffer, sys.stdout.buffer, seconds)
    return 0


def serve(requests: BinaryIO, answers: BinaryIO, seconds: float) -> None:
    """Answer each line of ``requests`` with one line; each may use ``seconds`` of CPU time."""
    answers.write(READY)
    answers.flush()
    for line in requests:
        _limit_cpu(seconds)
        answers.write(_answer(line).encode("ascii") + b"\n")
        answers.flush()


def _answer(line: bytes) -> str:
    try:
        answer = encode_report(read_report(Path(json.loads(line)["path"])))
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


def _limit_memory(memory_bytes: int) -> None:
    """Bound the address space, forbid writing files and core dumps."""
    if sys.platform == "win32":
        return
    for kind, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))


def _limit_cpu(seconds: float) -> None:
    """Let this process use ``seconds`` more CPU time; the limit counts from its start."""
    if sys.platform == "win32":
        return
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used + seconds) + 1, hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
