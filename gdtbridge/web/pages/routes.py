"""Every page by its path; `gdtbridge.web.app` adds them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask import request

from gdtbridge.settings import Settings
from gdtbridge.web.pages.assets import asset
from gdtbridge.web.pages.clarify import ClarifyPages
from gdtbridge.web.pages.deliveries import DeliveryPages
from gdtbridge.web.pages.devices import DevicePages
from gdtbridge.web.pages.entry.page import EntryPage
from gdtbridge.web.pages.entry.routes import entry_routes
from gdtbridge.web.pages.exams import (
    CurvePages,
    ExamPage,
    HandingOutPages,
    ListPages,
    SendingPages,
    StudyLinkPages,
    Suggestions,
    listing,
    suggestions,
)
from gdtbridge.web.pages.exams import exam as exam_page
from gdtbridge.web.pages.exams.panels import PicturePanels
from gdtbridge.web.pages.exams.pictures import PicturePages
from gdtbridge.web.pages.frame import Frame
from gdtbridge.web.pages.routing import PREFIX, READ, PageRoute
from gdtbridge.web.pages.sample import sample_routes
from gdtbridge.web.pages.setup import SetupPages
from gdtbridge.web.pages.setup.views import HOME as SETUP
from gdtbridge.web.pages.signing_in import SignInPages
from gdtbridge.web.pages.system import (
    AccountPages,
    StudyLinkList,
    SystemPages,
    TokenPages,
    TrailPage,
)
from gdtbridge.web.pages.today import page as today
from gdtbridge.web.pages.today.page import TodayPage
from gdtbridge.web.ports import CorePorts, Readiness
from gdtbridge.web.study_viewer import StudyViewer


def page_routes(
    frame: Frame,
    core: CorePorts,
    settings: Settings,
    readiness: Readiness,
    ways_in: SignInPages,
) -> Iterator[PageRoute]:
    """Yield every page."""
    viewer = StudyViewer(settings.viewer, core.ohif)
    yield from ways_in.routes()
    yield "/", "start", lambda: frame.go(SETUP if core.setup.is_due else today.PATH), READ
    yield "/static/<version>/<path:name>", "asset", asset, READ
    yield "/mehr", "more", lambda: frame.show("more.html", frame.texts("nav.more")), READ
    yield from SystemPages(frame, core.system, readiness, viewer).routes()
    yield from AccountPages(frame, core.access, settings).routes()
    yield from TokenPages(frame, core.access).routes()
    yield from StudyLinkList(frame, core).routes()
    yield from TrailPage(frame, core.audit).routes()
    yield from SetupPages(frame, core.setup).routes()
    yield today.PATH, "today", TodayPage(frame, core, local_now).show, READ
    yield from entry_routes(EntryPage(frame, core, settings, local_now))
    lists, exam = (
        ListPages(frame, core),
        ExamPage(frame, core, viewer, settings.access.study_link_hours),
    )
    yield listing.PATH, "exams", lists.show, READ
    yield listing.PATIENT_PATH, "patient", lists.patient, READ
    yield suggestions.PATH, "suggestions", Suggestions(frame, core).show, READ
    yield f"{exam_page.PATH}/<int:exam_id>", "exam", exam.show, READ
    yield from CurvePages(frame, core).routes()
    yield from SendingPages(frame, core.sending).routes()
    yield from HandingOutPages(frame, core, settings.access.study_link_hours).routes()
    yield from StudyLinkPages(frame, core, settings).routes()
    panels = PicturePanels(frame, core)
    yield (
        f"{exam_page.PATH}/<int:exam_id>/neben/<int:earlier_id>",
        "exam_beside",
        panels.beside,
        READ,
    )
    yield from PicturePages(frame, core).routes()
    yield from DeliveryPages(frame, core.deliveries).routes()
    yield from ClarifyPages(frame, core.clarifying, panels).routes()
    yield from DevicePages(frame, core.devices, settings).routes()
    yield from sample_routes(frame, core, local_now)


def local_now() -> datetime:
    """Return the time in the practice, naive."""
    return datetime.now()  # noqa: DTZ005 - an appointment is in local time


def is_page() -> bool:
    """Return whether the call at hand is of a page, or a browser's that found none."""
    if request.endpoint is not None:
        return request.endpoint.startswith(PREFIX)
    return any(kind == "text/html" for kind, _ in request.accept_mimetypes)


def wants_a_page() -> bool:
    """Return whether a person waits for the call at hand: a browser opens it, or sends a form."""
    return any(kind == "text/html" for kind, _ in request.accept_mimetypes)
