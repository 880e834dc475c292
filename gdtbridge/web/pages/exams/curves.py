"""``/verlauf``: one value of a patient over time, as a curve, a table and a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response, request

from gdtbridge.catalogue.wording import comma
from gdtbridge.errors import NotFound
from gdtbridge.people import Patient
from gdtbridge.trends import Curve, CurvePoint
from gdtbridge.web.access.principal import concerns
from gdtbridge.web.pages.exams.drawing import drawing, shapes_of
from gdtbridge.web.pages.exams.listing import LONGEST, patient_path
from gdtbridge.web.pages.exams.paths import CURVE_FILE_PATH, CURVE_PATH, curve_path
from gdtbridge.web.pages.frame import Frame
from gdtbridge.web.pages.header import Area
from gdtbridge.web.pages.routing import READ, PageRoute
from gdtbridge.web.ports import CorePorts

WIDE: Final = (760, 320, 5)
NARROW: Final = (360, 260, 3)
"""Width and height of the picture on a workstation and on a phone, and its labels of time."""
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula where a text begins with it."""
NO_CURVE: Final = (
    "Diesen Wert hat der Patient nicht (mehr). / The patient does not have this value (any more)."
)


@dataclass(frozen=True, slots=True)
class CurvePages:
    """Shows one value of a patient over time."""

    frame: Frame
    core: CorePorts

    def routes(self) -> Iterator[PageRoute]:
        """Yield the page and the file."""
        yield CURVE_PATH, "curve", self.show, READ
        yield CURVE_FILE_PATH, "curve_file", self.file, READ

    def show(self) -> Response:
        """Show the series ``wert`` of the patient with the number ``nr``."""
        number, curve = self._asked()
        patient = self._patient(number)
        names = self._names(curve)
        return self.frame.show(
            "exams/curve.html",
            curve.name,
            Area.EXAMS,
            curve=curve,
            number=number,
            patient=patient,
            pictures=[
                ("only-wide", drawing(curve, *WIDE)),
                ("only-narrow", drawing(curve, *NARROW)),
            ],
            legend=[(shape, names[aet]) for aet, shape in shapes_of(curve).items()],
            names=names,
            written=comma,
            several_runs=sum(1 for _ in curve.runs()) > 1,
            patient_path=patient_path(number),
            file_path=curve_path(number, curve.series, CURVE_FILE_PATH),
        )

    def file(self) -> Response:
        """Return the values of a series as CSV for a spreadsheet."""
        number, curve = self._asked()
        written = io.StringIO()
        rows = csv.writer(written, delimiter=";")
        names = self._names(curve)
        rows.writerow(self.frame.texts(f"curve.file.{name}") for name in _COLUMNS)
        rows.writerows(self._cells(number, one, names) for one in curve.points)
        headers = {"Content-Disposition": 'attachment; filename="verlauf.csv"'}
        content = written.getvalue().encode("utf-8-sig")
        return Response(content, 200, headers, content_type="text/csv; charset=utf-8")

    def _asked(self) -> tuple[str, Curve]:
        number = request.args.get("nr", "").strip()[:LONGEST]
        series = request.args.get("wert", "").strip()[:LONGEST]
        concerns(number, "curve", series)
        curve = self.core.trends.curve(number, series)
        if curve is None:
            raise NotFound(NO_CURVE)
        return number, curve

    def _patient(self, number: str) -> Patient:
        owner = self.core.patients.owner(number)
        named = owner.patient if owner is not None else self.core.trends.patient(number)
        return named or Patient(number)

    def _names(self, curve: Curve) -> dict[str, str]:
        return {
            aet: self.core.day.shown_device(aet).shown or self.frame.texts("entry.station")
            for aet in curve.devices
        }

    def _cells(self, number: str, one: CurvePoint, names: dict[str, str]) -> Sequence[str]:
        value = one.value
        texts = (number, value.name, f"{one.at:%d.%m.%Y %H:%M}")
        measured = (value.value, value.unit, value.sent_value)
        return [
            *map(_harmless, texts),
            *measured,
            *map(_harmless, (value.method, names[one.device], one.maker)),
        ]


_COLUMNS: Final = ("number", "name", "at", "value", "unit", "sent", "method", "device", "maker")


def _harmless(text: str) -> str:
    """Return a text no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
