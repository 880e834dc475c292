"""Reads reports in guarded child processes: a file can cost time, but not the service."""

from __future__ import annotations

from pathlib import Path

from gdtbridge.sandbox import IDLE_SECONDS, Gone, GuardedRoom, Workers
from gdtbridge.sr.model import Report, ReportLimitError
from gdtbridge.sr.wire import MAX_ANSWER, decode_answer


class ReportReader(GuardedRoom):
    """Reads reports in child processes; share one object between threads.

    ``seconds`` bounds the wall clock for one report, ``memory_bytes`` a child's address space,
    ``processes`` how many reports are read at a time.
    """

    def __init__(
        self,
        *,
        seconds: float = 20,
        memory_bytes: int = 512 * 1024 * 1024,
        processes: int = 1,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        super().__init__(
            Workers(
                "gdtbridge.sr.child",
                seconds=seconds,
                memory_bytes=memory_bytes,
                processes=processes,
                idle_seconds=idle_seconds,
                max_text=MAX_ANSWER,
            )
        )

    def read(self, path: Path, *, explain: bool = False) -> Report:
        """Return the report in ``path``; raise `ReportError` and nothing else.

        With ``explain`` the report has a decision for every NUM of the file.
        """
        try:
            answer = self._workers.ask({"path": str(path.absolute()), "explain": explain})
        except Gone as gone:
            raise ReportLimitError(str(gone)) from None
        return decode_answer(answer.text)
