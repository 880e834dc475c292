"""What opens a study: the viewer of the settings, as far as it is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gdtbridge.errors import ViewerError
from gdtbridge.ohif import OhifFolder
from gdtbridge.viewers import VIEWERS, ViewerChoice, is_ours, is_own_ohif, study_url

NOT_INSTALLED: Final = (
    "OHIF ist hier nicht installiert; die Verwaltung holt es mit: gdtbridge viewer install. / OHIF "
    "is not installed here; the administration fetches it by: gdtbridge viewer install."
)


@dataclass(frozen=True, slots=True)
class StudyViewer:
    """The viewer pages and calls lead to; where OHIF of the bridge is none, there is nothing."""

    choice: ViewerChoice
    ohif: OhifFolder

    @property
    def name(self) -> str:
        """What a viewer of ours is called; empty for another."""
        return VIEWERS[self.choice.kind].title if is_ours(self.choice) else ""

    @property
    def ohif_version(self) -> str | None:
        """The release of OHIF on the bridge; empty where it is missing, None where none is set."""
        if not is_own_ohif(self.choice):
            return None
        installed = self.ohif.installed()
        return installed.version if installed is not None else ""

    def url(self, study_instance_uid: str, accession_number: str = "") -> str:
        """Return the URL that opens a study (`study_url`); raise `ViewerError` where none does."""
        if self.ohif_version == "":
            raise ViewerError(NOT_INSTALLED)
        return study_url(self.choice, study_instance_uid, accession_number)
