"""The child's side: serve requests from standard input within limits on memory and CPU time.

The child's arguments are ``SECONDS MEMORY_BYTES``. It writes nothing but answers anywhere, least of
all values of a file; the wall clock is the parent's.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Sequence
from typing import BinaryIO, Final

from gdtbridge.sandbox.answer import Answer

if sys.platform != "win32":  # there the parent's deadline is the only limit
    import resource

READY: Final = Answer(b'{"ready": true}')


def serve_room(arguments: Sequence[str], answer: Callable[[bytes], Answer]) -> int:
    """Answer the requests of standard input until it ends; return the exit code.

    ``answer`` gets a request as a line of JSON; it raises nothing that may be about the request.
    """
    seconds, memory_bytes = float(arguments[0]), int(arguments[1])
    limit_memory(memory_bytes)
    with _own_standard_output() as answers:
        serve(answer, sys.stdin.buffer, answers, seconds)
    return 0


def serve(
    answer: Callable[[bytes], Answer], requests: BinaryIO, answers: BinaryIO, seconds: float
) -> None:
    """Answer each line of ``requests``; each may use ``seconds`` of CPU time."""
    READY.write_to(answers)
    for line in requests:
        limit_cpu(seconds)
        answer(line).write_to(answers)


def limit_memory(memory_bytes: int) -> None:
    """Bound the address space, forbid writing files and core dumps."""
    if sys.platform == "win32":
        return
    for kind, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))


def limit_cpu(seconds: float) -> None:
    """Let this process use ``seconds`` more CPU time; the limit counts from its start."""
    if sys.platform == "win32":
        return
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used + seconds) + 1, hard))


def _own_standard_output() -> BinaryIO:
    """Return standard output and point its number elsewhere: a C library may print there."""
    sys.stdout.flush()
    own = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return os.fdopen(own, "wb")
