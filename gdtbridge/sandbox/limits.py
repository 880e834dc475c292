"""The limits a child process lives under: memory, CPU time, no files, its own standard output."""

from __future__ import annotations

import math
import os
import sys
from typing import BinaryIO, Final

if sys.platform != "win32":  # there the parent's deadline is the only limit
    import resource

NICENESS: Final = 10
"""By how much children give way that work ahead of anybody's wish."""


def give_way() -> None:
    """Let everything else go before this process."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)


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


def own_standard_output() -> BinaryIO:
    """Return standard output and point its number elsewhere: a C library may print there."""
    sys.stdout.flush()
    own = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return os.fdopen(own, "wb")
