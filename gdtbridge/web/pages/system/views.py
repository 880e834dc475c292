"""The pages of *System*."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Response, request

from gdtbridge.attention import AttentionItem
from gdtbridge.settings import SettingInForce
from gdtbridge.settings.sources import OriginKind
from gdtbridge.web.pages.frame import Frame
from gdtbridge.web.pages.header import PATHS, Area, kinds_of
from gdtbridge.web.pages.routing import READ, PageRoute
from gdtbridge.web.pages.system.parts import part_lines
from gdtbridge.web.pages.visitor import visitor
from gdtbridge.web.ports import Readiness, SystemPort
from gdtbridge.web.problems import refuse
from gdtbridge.web.study_viewer import StudyViewer

HOME: Final = PATHS[Area.SYSTEM]
SETTINGS: Final = f"{HOME}/einstellungen"
DIAGNOSIS: Final = f"{HOME}/diagnose"
WORDS: Final = "wort"
"""Parameter with what settings are looked for."""


@dataclass(frozen=True, slots=True)
class NeedLine:
    """What needs a person, in the words of the page."""

    kind: str
    detail: str
    since: float
    way_out: str


@dataclass(frozen=True, slots=True)
class SystemPages:
    """How the installation is, and which settings are in force."""

    frame: Frame
    port: SystemPort
    readiness: Readiness
    viewer: StudyViewer

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the pages: path, name, view, methods."""
        return (
            (HOME, "system", self.show, READ),
            (SETTINGS, "system_settings", self.show_settings, READ),
            (DIAGNOSIS, "system_diagnosis", self.diagnosis, ("GET",)),
        )

    def show(self) -> Response:
        """Return how everything is; settings are for who administers."""
        texts = self.frame.texts
        report = self.port.report(kinds_of(Area.SYSTEM))
        said = self._said() if visitor().may_administer else []
        return self.frame.show(
            "system/system.html",
            texts("system.title"),
            Area.SYSTEM,
            parts=list(part_lines(self.readiness(), texts)),
            report=report,
            ohif=self.viewer.ohif_version,
            needs=[self._need(one) for one in report.needs],
            settings=said,
            settings_path=SETTINGS,
            diagnosis_path=DIAGNOSIS,
        )

    def show_settings(self) -> Response:
        """Return every setting in force that has the words that were typed."""
        if not visitor().may_administer:
            raise refuse(403)
        words = request.args.get(WORDS, "")[:100]
        return self.frame.show(
            "system/settings.html",
            self.frame.texts("system.settings.title"),
            Area.SYSTEM,
            own=True,
            settings=self.port.settings_in_force(words),
            words=words,
            settings_path=SETTINGS,
        )

    def diagnosis(self) -> Response:
        """Return the file for support, to be saved."""
        if not visitor().may_administer:
            raise refuse(403)
        name = f"gdtbridge-diagnose-{datetime.now().astimezone():%Y-%m-%d}.zip"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        }
        content = self.port.diagnosis(self.readiness())
        return Response(content, 200, headers, content_type="application/zip")

    def _said(self) -> list[SettingInForce]:
        """Return what is no default."""
        found = self.port.settings_in_force()
        return [one for one in found if one.origin.kind is not OriginKind.DEFAULT]

    def _need(self, item: AttentionItem) -> NeedLine:
        kind = (item.kind.german_for(1), item.kind.english_for(1))[self.frame.texts.language]
        detail = self.frame.formats.one_of(item.detail)
        return NeedLine(kind, detail, item.since, item.way_out)
