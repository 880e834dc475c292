"""Links that show one exam of one patient for a limited time: made, shown, opened, revoked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from flask import Response, request

from gdtbridge.accounts import AccountError, NewStudyLink, SharedStudy, StudyLink
from gdtbridge.handing_out import AssignedExam
from gdtbridge.retrieve.attributes import QueryLevel
from gdtbridge.retrieve.finder import OneStudy
from gdtbridge.retrieve.viewer_manifest import FIELDS, MEDIA_TYPE, notice_manifest, study_manifest
from gdtbridge.retrieve.web_search import WebQuery
from gdtbridge.settings import Settings
from gdtbridge.viewers import ohif_path, weasis_url
from gdtbridge.web.access.cookie import SessionCookie
from gdtbridge.web.access.principal import concerns, concerns_nothing, principal
from gdtbridge.web.dicomweb.uri import ROOT as WADO
from gdtbridge.web.own_address import OwnAddress
from gdtbridge.web.pages.exams.exam import PATH
from gdtbridge.web.pages.exams.handing_out import NEVER_KEPT, PART
from gdtbridge.web.pages.frame import Frame, Notice
from gdtbridge.web.pages.header import Area
from gdtbridge.web.pages.posted import posted
from gdtbridge.web.pages.routing import READ, PageRoute
from gdtbridge.web.pages.submissions import FIELD
from gdtbridge.web.ports import CorePorts
from gdtbridge.web.problems import refuse
from gdtbridge.web.viewer_redirect import ViewerRedirect

SHARED: Final = "/bilder"
MANIFEST: Final = "weasis.xml"
"""What Weasis fetches of a link: older versions know by the ending what it is."""
WEASIS_HOURS: Final = 12
"""How long Weasis may load a study it was started with, at most."""
NO_LINKS: Final = (
    "Links sind abgeschaltet (access.study_link_hours). / Links are switched off"
    " (access.study_link_hours)."
)
SEVERAL: Final = (
    "In dieser Untersuchung sind Bilder mehrerer Patienten; bitte auf ihrer Seite unter Mitgeben "
    "einen Link je Patient erstellen. / This exam has pictures of several patients; make a link "
    "for each on its page."
)
UNDECIDED: Final = (
    "Es steht noch nicht fest, in welche Akte diese Untersuchung gehört. / It is not decided yet "
    "whose this exam is."
)


@dataclass(frozen=True, slots=True)
class StudyLinkPages:
    """Makes, opens and revokes links; what a link shows is decided where DICOMweb is asked."""

    frame: Frame
    core: CorePorts
    settings: Settings

    def routes(self) -> Iterator[PageRoute]:
        """Yield the pages: path, name, view, methods."""
        links = f"{PATH}/<int:exam_id>/link"
        yield links, "study_link_make", self.make, ("POST",)
        yield f"{links}/<int:number>/sperren", "study_link_revoke", self.revoke, ("POST",)
        yield f"{SHARED}/<secret>", "shared_study", self.open, READ
        yield f"{SHARED}/<secret>/{MANIFEST}", "weasis_manifest", self.manifest, READ
        yield "/weasis", "weasis", self.weasis, ("GET",)

    def make(self, exam_id: int) -> Response:
        """Make a link to one patient's part of an exam, and show it, this once."""
        fields = posted()
        part = self.core.handing.exams.marked(exam_id, fields.get(PART, ""))
        return self.frame.submissions.once(fields.get(FIELD, ""), lambda: self._make(part))

    def _make(self, part: AssignedExam) -> Response:
        made = self._made(part, self.settings.access.study_link_hours)
        shown = self.frame.show(
            "exams/study_link.html",
            self.frame.texts("study_link.made_title"),
            Area.EXAMS,
            own=True,
            part=part,
            until=made.link.expires_at,
            address=self._own.absolute(f"{SHARED}/{made.secret}"),
            back=f"{PATH}/{part.exam.id}/mitgeben?{PART}={part.mark}",
        )
        shown.headers.update(NEVER_KEPT)
        return shown

    def revoke(self, exam_id: int, number: int) -> Response:
        """Let a link to a part of an exam show nothing any more."""
        fields = posted()
        part = self.core.handing.exams.marked(exam_id, fields.get(PART, ""))
        if all(one.id != number for one in self.core.access.study_links.good(_shared(part))):
            raise refuse(404)
        self.core.access.study_links.revoke(number, principal().actor)
        back = f"{PATH}/{exam_id}/mitgeben?{PART}={part.mark}"
        return self.frame.go(back, Notice(self.frame.texts("study_link.revoked")))

    def open(self, secret: str) -> Response:
        """Let whoever has a link look, in a viewer they choose; nothing of the patient is shown."""
        link = self.core.access.memory.study_link(secret)
        if link is None or self._part(link) is None:
            over = self.frame.texts("study_link.over")
            return self.frame.show("exams/study_link_over.html", over, status=410, own=True)
        study = link.shared.study_instance_uid
        concerns(link.shared.patient_id, f"exam:{study}", link.name)
        has_ohif = self.core.ohif.installed() is not None
        answer = self.frame.show(
            "exams/shared_study.html",
            self.frame.texts("study_link.look"),
            own=True,
            until=link.expires_at,
            ohif=ohif_path(study) if has_ohif else "",
            weasis=self._weasis_url(secret),
        )
        answer.headers["Referrer-Policy"] = "no-referrer"  # its address is the secret
        return SessionCookie.for_links(self.settings.http).give(answer, secret)

    def weasis(self) -> Response:
        """Start Weasis on a study, with a link of its own for as long as it may load."""
        study = request.args.get("study", "")
        parts = self.core.handing.exams.of_study(study)
        if not parts:
            raise refuse(404, UNDECIDED)
        if len(parts) > 1:
            raise refuse(409, SEVERAL)
        hours = min(self.settings.access.study_link_hours, WEASIS_HOURS)
        made = self._made(parts[0], hours)
        return ViewerRedirect(self._weasis_url(made.secret))

    def manifest(self, secret: str) -> Response:
        """Answer with what Weasis shows of a link: its study, or a sentence that it is over.

        That it is over is no refusal (410) here: Weasis would tell of one that the manifest cannot
        be loaded, and offer to try again.
        """
        wado = self._own.absolute(WADO)
        link = self.core.access.memory.study_link(secret)
        if link is None or self._part(link) is None:
            concerns_nothing()
            title, text = (self.frame.texts(f"study_link.{key}") for key in ("over", "over_told"))
            return Response(notice_manifest(wado, title, text), content_type=MEDIA_TYPE)
        shared = link.shared
        concerns(shared.patient_id, f"exam:{shared.study_instance_uid}", link.name)
        query = WebQuery(
            level=QueryLevel.IMAGE,
            path={"StudyInstanceUID": shared.study_instance_uid},
            fields=FIELDS,
            with_defaults=False,
        )
        only = OneStudy(shared.study_instance_uid, shared.patient_id)
        rows = self.core.archive.find(query, sees_held=False, only=only)
        return Response(study_manifest(rows, wado, secret), content_type=MEDIA_TYPE)

    def _weasis_url(self, secret: str) -> str:
        return weasis_url(self._own.absolute(f"{SHARED}/{secret}/{MANIFEST}"))

    def _made(self, part: AssignedExam, hours: float) -> NewStudyLink:
        if not hours:
            raise refuse(403, NO_LINKS)
        shared = _shared(part)
        concerns(shared.patient_id, f"exam:{shared.study_instance_uid}")
        try:
            return self.core.access.study_links.make(shared, hours, principal().actor)
        except AccountError as error:
            raise refuse(409, error.problem) from None

    def _part(self, link: StudyLink) -> AssignedExam | None:
        """Return what a link shows; None where it is no longer its patient's."""
        parts = self.core.handing.exams.of_study(link.shared.study_instance_uid)
        return next((one for one in parts if _shared(one) == link.shared), None)

    @property
    def _own(self) -> OwnAddress:
        return OwnAddress(self.settings.http.public_url)


def _shared(part: AssignedExam) -> SharedStudy:
    return SharedStudy(part.exam.study_instance_uid, part.exam.patient_id)
