"""Reads Structured Reports in child processes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gdtbridge.sandbox.client import SandboxClient
from gdtbridge.sandbox.room import SandboxRoom, SandboxTask, SandboxTexts
from gdtbridge.sr.model import (
    NotAReportError,
    Report,
    ReportHindered,
    ReportLimitError,
    UnreadableReportError,
)

READ_REPORT: Final = SandboxTask("gdtbridge.sr.report:read_report", Report)

REPORTS: Final = SandboxRoom(
    place=f"{__name__}:REPORTS",
    tasks=(READ_REPORT,),
    errors=(NotAReportError, UnreadableReportError, ReportLimitError, ReportHindered),
    damage=UnreadableReportError,
    limit=ReportLimitError,
    hindered=ReportHindered,
    texts=SandboxTexts(
        failed="Der Bericht lässt sich nicht lesen. / Cannot be read: ",
        memory="Der Bericht braucht zu viel Speicher. / Too much memory needed.",
        too_large="Der Bericht ist zu groß. / The report is too large.",
    ),
    # pydicom, where a character set needs it, would bring the image libraries
    prepare="gdtbridge.dataset.image_libraries:keep_image_libraries_out",
)
"""Children that read; the 20,000 measurements a report may have take less than the 32 MiB."""


class ReportReader(SandboxClient):
    """Reads Structured Reports in child processes; threads may share one object."""

    room = REPORTS

    def read(self, path: Path, *, explain: bool = False) -> Report:
        """Return the report in ``path``; raise `ReportError` and nothing else.

        With ``explain`` the report has a decision for every NUM of the file.
        """
        return self.call(READ_REPORT, path=path.absolute(), explain=explain)
