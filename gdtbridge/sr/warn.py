"""Warnings of one report: codes, and the texts for people."""

from __future__ import annotations

from typing import Final

from gdtbridge.sr.model import ReportWarning

MAX_WARNINGS: Final = 200

MESSAGES: Final[dict[str, str]] = {
    "truncated": "Die Datei ist abgeschnitten; was fehlt, ist unbekannt. "
    "/ The file is cut off; what is missing is unknown.",
    "damaged": "Längenangaben in der Datei stimmen nicht. / Lengths in the file are wrong.",
    "incomplete_item": "Unvollständiger Messwert übergangen. / Incomplete measurement skipped.",
    "no_value": "Kein Messwert. / No value.",
    "no_number": "Der Messwert ist leer. / The value is empty.",
    "several_values": "Mehrere Zahlen in einem Messwert; übergangen. "
    "/ Several numbers in one value; skipped.",
    "bad_number": "Der Messwert ist keine Zahl; übergangen. / The value is no number; skipped.",
    "decimal_comma": "Dezimalkomma statt Punkt; als solches gelesen. "
    "/ A decimal comma instead of a point; read as such.",
    "qualified": "Das Gerät sagt zum Wert selbst, dass er kein Ergebnis ist. "
    "/ The device itself says of the value that it is no result.",
    "other_report": "Bericht anderer Art (etwa Strahlendosis): keine Ultraschall-Messwerte. "
    "/ A report of another kind (such as radiation dose): no ultrasound values.",
    "no_unit": "Keine Einheit angegeben. / No unit given.",
    "foreign_unit": "Die Einheit ist nicht in UCUM angegeben. / The unit is not coded in UCUM.",
    "display_unit": "Einheit aus der Anzeigeeinheit des Geräts. "
    "/ Unit taken from the device's display unit.",
    "unit_conflict": "Einheit und Anzeigeeinheit widersprechen sich; es gilt die Einheit des "
    "Werts. / Unit and display unit disagree; the value's own unit stands.",
    "no_name": "Messwert ohne Bezeichnung übergangen. / Measurement without a name skipped.",
    "no_meaning": "Die Bezeichnung fehlt, es gibt nur einen Code. "
    "/ There is no name but a code only.",
    "by_reference": "Verweis statt Inhalt übergangen. / Reference instead of content skipped.",
    "untold_averages": "Mittelwerte, die das Gerät daneben als XML führt, stehen nicht im Bericht. "
    "/ Averages the device keeps beside it as XML are not in the report.",
    "more_warnings": "Weitere Hinweise sind nicht aufgeführt. / Further warnings are not listed.",
}


class WarningList:
    """Collects warnings; after `MAX_WARNINGS` one last says that there were more."""

    def __init__(self) -> None:
        self._found: list[ReportWarning] = []

    def add(self, code: str, place: str, detail: str = "") -> None:
        """Add a warning of `MESSAGES`; ``detail`` must not come from the file."""
        if len(self._found) > MAX_WARNINGS:
            return
        if len(self._found) == MAX_WARNINGS:
            code, place, detail = "more_warnings", "", ""
        message = f"{MESSAGES[code]} ({detail})" if detail else MESSAGES[code]
        self._found.append(ReportWarning(code, message, place))

    def all(self) -> tuple[ReportWarning, ...]:
        """Return the warnings in their order."""
        return tuple(self._found)
