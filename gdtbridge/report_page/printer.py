"""Prints reports in guarded child processes: a file can cost time, but not the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gdtbridge.report_page.sheet import Person
from gdtbridge.report_page.wire import MAX_BODY, MAX_TEXT, decode_printed, encode_person
from gdtbridge.sandbox import IDLE_SECONDS, Gone, GuardedRoom, Workers
from gdtbridge.sr import ReportLimitError


class Form(StrEnum):
    """How a sheet is printed."""

    HTML = "html"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class Printed:
    """A sheet: ``title`` names it in German (``Messwerte Echokardiographie 15.01.2024``)."""

    title: str
    data: bytes


class Printer(GuardedRoom):
    """Prints Structured Reports; share one object between threads.

    ``catalogue_rows`` are the practice's own (`Catalogue.load`). ``seconds`` bounds the wall clock
    for one report, ``memory_bytes`` a child's address space, ``processes`` how many reports are
    printed at a time.
    """

    def __init__(
        self,
        catalogue_rows: Sequence[Mapping[str, str]] = (),
        *,
        seconds: float = 20,
        memory_bytes: int = 512 * 1024 * 1024,
        processes: int = 1,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._rows = [dict(cells) for cells in catalogue_rows]
        super().__init__(
            Workers(
                "gdtbridge.report_page.child",
                seconds=seconds,
                memory_bytes=memory_bytes,
                processes=processes,
                idle_seconds=idle_seconds,
                max_text=MAX_TEXT,
                max_body=MAX_BODY,
            )
        )

    def print(self, path: Path, form: Form, person: Person | None = None) -> Printed:
        """Return the sheet of the report in ``path``; raise `ReportError` and nothing else.

        ``person`` is whose the report is where that is known better than the file does.
        """
        request = {
            "path": str(path.absolute()),
            "form": form.value,
            "rows": self._rows,
            "person": encode_person(person),
        }
        try:
            answer = self._workers.ask(request)
        except Gone as gone:
            raise ReportLimitError(str(gone)) from None
        return Printed(*decode_printed(answer))
