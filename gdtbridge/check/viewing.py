"""Whether the viewer the settings name is there."""

from __future__ import annotations

from collections.abc import Iterator

from gdtbridge.check.result import CheckResult
from gdtbridge.ohif import OhifFolder
from gdtbridge.settings import Settings
from gdtbridge.viewers import is_own_ohif


def check_viewer(settings: Settings) -> Iterator[CheckResult]:
    """Yield that pages lead to OHIF of the bridge itself, and whether it is installed.

    Raises `OSError` where its folder cannot be read.
    """
    if not is_own_ohif(settings.viewer):
        return
    found = OhifFolder(settings.ohif_folder).installed()
    if found is not None:
        yield CheckResult("viewer.kind", ok=True, text=f"OHIF {found.version}")
        return
    text = (
        "OHIF ist nicht installiert, „In OHIF öffnen“ fehlt bei den Untersuchungen; gdtbridge "
        "viewer install holt es. / OHIF is not installed, exams have no button for it; gdtbridge "
        "viewer install fetches it."
    )
    yield CheckResult("viewer.kind", ok=True, text=text, needs_person=True)
