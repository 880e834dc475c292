"""*Links zum Ansehen*: every link that shows an exam to whoever has it; no patient is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Response

from gdtbridge.accounts import StudyLink
from gdtbridge.web.access.principal import concerns, principal
from gdtbridge.web.pages.frame import Frame, Notice
from gdtbridge.web.pages.header import PATHS, Area
from gdtbridge.web.pages.posted import posted
from gdtbridge.web.pages.routing import READ, PageRoute
from gdtbridge.web.pages.submissions import FIELD
from gdtbridge.web.ports import CorePorts

HOME: Final = f"{PATHS[Area.SYSTEM]}/links"
MOST: Final = 200
"""Links the page lists."""


@dataclass(frozen=True, slots=True)
class ListedLink:
    """A link, and what of it the page shows; ``exam_id`` is None where the exam is gone."""

    link: StudyLink
    exam_id: int | None
    is_good: bool


@dataclass(frozen=True, slots=True)
class StudyLinkList:
    """Shows the links without their secrets, and revokes them."""

    frame: Frame
    core: CorePorts

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the pages: path, name, view, methods."""
        return (
            (HOME, "study_links", self.all, READ),
            (f"{HOME}/<int:number>/sperren", "listed_link_revoke", self.revoke, ("POST",)),
        )

    def all(self) -> Response:
        """Show the links: those that are good first, the newest of each first."""
        good = self.core.access.study_links.is_good
        found = sorted(self.core.access.study_links.all(), key=lambda one: (not good(one), -one.id))
        shown = found[:MOST]
        exams = self.core.handing.exams.ids_of(one.shared.study_instance_uid for one in shown)
        return self.frame.show(
            "system/study_links.html",
            self.frame.texts("study_link.all"),
            Area.SYSTEM,
            own=True,
            links=[
                ListedLink(one, exams.get(one.shared.study_instance_uid), good(one))
                for one in shown
            ],
            more=len(found) - len(shown),
            home=HOME,
        )

    def revoke(self, number: int) -> Response:
        """Let a link show nothing any more."""
        fields = posted()

        def revoke() -> Response:
            link = self.core.access.study_links.revoke(number, principal().actor)
            concerns(link.shared.patient_id, f"exam:{link.shared.study_instance_uid}")
            return self.frame.go(HOME, Notice(self.frame.texts("study_link.revoked")))

        return self.frame.submissions.once(fields.get(FIELD, ""), revoke)
