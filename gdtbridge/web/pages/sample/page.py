"""The page of the sample audit: the cases, the check list of one, what devices leave out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Response, request

from gdtbridge.sample_audit.model import CaseSheet
from gdtbridge.web.access.principal import concerns
from gdtbridge.web.numbers import number_of
from gdtbridge.web.pages.frame import Frame
from gdtbridge.web.pages.header import Area
from gdtbridge.web.pages.routing import READ, PageRoute
from gdtbridge.web.pages.sample.devices import HOME, QUIET, TELL, device_name
from gdtbridge.web.pages.sample.labels import told_labels
from gdtbridge.web.pages.sample.wording import held_in, loud_sentences, shown_rows, summary
from gdtbridge.web.ports import CorePorts
from gdtbridge.web.problems import refuse

THUMBNAIL: Final = 320
CASE: Final = "fall"
"""Parameter that says which case is shown."""


@dataclass(frozen=True, slots=True)
class SamplePages:
    """Shows the cases a KV asks for, and what pictures lack."""

    frame: Frame
    core: CorePorts

    def routes(self) -> tuple[PageRoute, ...]:
        """Return the pages: path, name, view, methods."""
        picture = f"{HOME}/fall/<int:case_id>/bild/<int:instance_id>"
        return (
            (HOME, "sample", self.show, READ),
            (picture, "sample_picture", self.picture, READ),
        )

    def show(self) -> Response:
        """Show everything; of the cases that of ``fall``, else the first."""
        return self.shown()

    def shown(self, typed: str = "", errors: tuple[str, ...] = ()) -> Response:
        """Return the page, with a list that was typed and what is wrong with it."""
        texts, desk = self.frame.texts, self.core.sample
        sheets = desk.sheets()
        sheet = _chosen(sheets, number_of(request.args.get(CASE, "")))
        if sheet is not None and sheet.patient is not None:
            concerns(sheet.patient.id, f"sample:{sheet.case.day}")
        stations = self.core.outlook.stations()
        return self.frame.show(
            "sample/sample.html",
            texts("nav.sample"),
            Area.SAMPLE,
            status=422 if errors else 200,
            keys=("form",),
            own=True,
            cases=[(one, *summary(one, texts)) for one in sheets],
            sheet=sheet,
            rows=shown_rows(sheet, texts) if sheet is not None else [],
            loud=loud_sentences(sheet, texts) if sheet is not None else [],
            place=sheets.index(sheet) + 1 if sheet is not None else 0,
            following=_following(sheets, sheet),
            held=held_in(sheets, texts),
            unseen=sum(one.case.seen_at is None for one in sheets if one.pictures),
            sets=desk.exports.all(),
            keep_seconds=desk.exports.keep_seconds,
            typed=typed,
            errors=errors,
            home=HOME,
            unlabelled=told_labels(desk.checks.of_today(), stations, texts),
            quiet=desk.checks.quiet(),
            device_name=lambda aet: device_name(self.core, aet),
            quiet_path=QUIET,
            tell_path=TELL,
        )

    def picture(self, case_id: int, instance_id: int) -> Response:
        """Return a picture of a case, small; 404 for one that is of no such case."""
        case = self.core.sample.case(case_id)
        found = self.core.sample.checker.finder.find(case)
        if instance_id not in {one.listed.instance_id for one in found.pictures}:
            raise refuse(404)
        if found.patient is not None:
            concerns(found.patient.id, f"sample:{case.day}")
        shown = self.core.pictures.thumbnail(instance_id, THUMBNAIL)
        if shown.problem:
            raise refuse(404)
        headers = {"Cache-Control": "private, max-age=3600"}
        return Response(shown.data, 200, headers, content_type=shown.media_type)


def _chosen(sheets: list[CaseSheet], wanted: int | None) -> CaseSheet | None:
    first = sheets[0] if sheets else None
    return next((one for one in sheets if one.case.id == wanted), first)


def _following(sheets: list[CaseSheet], sheet: CaseSheet | None) -> int:
    """Return the id of the case after one, of the first after the last; 0 where there is none."""
    if sheet is None or len(sheets) < 2:
        return 0
    return sheets[(sheets.index(sheet) + 1) % len(sheets)].case.id
