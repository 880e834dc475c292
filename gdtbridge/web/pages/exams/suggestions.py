"""``/untersuchungen/vorschlaege``: the first hits while somebody types into the search field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Response, request

from gdtbridge.web.pages.exams.listing import LONGEST, patient_path
from gdtbridge.web.pages.frame import Frame
from gdtbridge.web.pages.today.wording import shown
from gdtbridge.web.ports import CorePorts

PATH: Final = "/untersuchungen/vorschlaege"
MOST: Final = 8


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Shows what is being typed finds; a part of a page, without a frame."""

    frame: Frame
    core: CorePorts

    def show(self) -> Response:
        """Return the first hits for ``suche`` as options of a list."""
        found = self.core.search.suggestions(request.args.get("suche", "")[:LONGEST], MOST)
        return self.frame.part(
            "exams/suggestions.html",
            lines=[shown(one, self.frame.formats) for one in found.lines],
            patients=found.patients,
            patient_path=patient_path,
        )
