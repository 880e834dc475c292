"""A process that dies at a given line, without a process: for tests of what a crash leaves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType

TraceFunction = Callable[[FrameType, str, object], "TraceFunction | None"]

Tried = Callable[[int], Iterable[int]]
"""Which of so many lines are tried, counted from 1."""


class SimulatedCrash(BaseException):
    """The process dies here."""


def files_of(rooms: Mapping[ModuleType, Collection[str]]) -> frozenset[str]:
    """Return the files of these modules of each package; each must be there to be walked."""
    files = {
        Path(str(room.__file__)).with_name(f"{name}.py")
        for room, names in rooms.items()
        for name in names
    }
    missing = {path for path in files if not path.is_file()}
    if missing:
        raise FileNotFoundError(missing)
    return frozenset(map(str, files))


@contextmanager
def dying_at(line: int, walked: Collection[str]) -> Iterator[list[int]]:
    """Raise `SimulatedCrash` at the n-th line run in the files ``walked``; count the lines.

    What a dead process would not do either, such as going on after a ``finally``, dies too.
    """
    count = [0]

    def trace(frame: FrameType, event: str, _argument: object) -> TraceFunction | None:
        if frame.f_code.co_filename not in walked:
            return None
        if event == "line":
            count[0] += 1
            if count[0] == line:
                raise SimulatedCrash
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield count
    finally:
        sys.settrace(before)
