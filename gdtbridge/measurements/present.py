"""A report for people and programs: JSON, a table, remarks, ids of either scheme."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Collection, Sequence
from typing import Final, Literal

from gdtbridge.measurements.model import Measurement, Report
from gdtbridge.measurements.numbers import plain

JSON_KEYS: Final = (
    "id",
    "name",
    "value",
    "unit",
    "code",
    "scheme",
    "site",
    "laterality",
    "mode",
    "method",
    "derivation",
    "phase",
    "fetus",
    "label",
)
"""Keys of a measurement in the JSON, in order."""

REMARKS: Final = (
    # Field of Measurement to its German word
    ("label", "Bezeichnung"),
    ("site", "Ort"),
    ("topography", "Lage"),
    ("laterality", "Seite"),
    ("fetus", "Fetus"),
    ("mode", "Bildmodus"),
    ("view", "Schnittebene"),
    ("method", "Methode"),
    ("phase", "Phase"),
    ("flow", "Flussrichtung"),
    ("stage", "Stufe"),
    ("protocol", "Protokoll"),
    ("derivation", "Ableitung"),
    ("selection", "Auswahl"),
)

GERMAN: Final[dict[str, str]] = {
    # What stands for itself in no chart. Meanings of CID 244, 3627, 224 to German.
    "left": "links",
    "right": "rechts",
    "bilateral": "beidseits",
    "right and left": "beidseits",
    "unilateral": "",
    "mean": "Mittelwert",
    "mean value chosen": "Mittelwert",
    "most recent value chosen": "letzter Wert",
    "user chosen value": "vom Untersucher gewählt",
    "estimated": "geschätzt",
    "calculated": "berechnet",
    "measured": "gemessen",
    "best value": "bester Wert",
    "systole": "Systole",
    "diastole": "Diastole",
}

BOLD: Final = "\x1b[1m"
DIM: Final = "\x1b[2m"
RESET: Final = "\x1b[0m"


def report_to_json(report: Report) -> dict[str, object]:
    """Return the report in the shape ``sr show --json`` prints; values are decimal strings."""
    return {
        "sop_uid": report.sop_uid,
        "study_uid": report.study_uid,
        "template": report.template,
        "patient_id": report.patient_id,
        "measurements": [_measurement_to_json(one) for one in report.measurements],
        "warnings": [
            {"code": warning.code, "message": warning.message, "place": warning.place}
            for warning in report.warnings
        ],
    }


def _measurement_to_json(measurement: Measurement) -> dict[str, object]:
    values: dict[str, object] = {key: getattr(measurement, key) for key in JSON_KEYS}
    values["value"] = plain(measurement.value)
    return values


def fingerprint(report: Report) -> str:
    """Return SHA-256 (hexadecimal) over ids, values and units.

    Two revisions with the same fingerprint say the same: order, names and trailing zeros do not
    count, and neither do warnings.
    """
    rows = sorted(
        f"{one.id}\x1f{plain(one.value.normalize())}\x1f{one.unit}" for one in report.measurements
    )
    return hashlib.sha256("\x1e".join(rows).encode("utf-8")).hexdigest()


def test_ids(report: Report, scheme: Literal["stable", "seed"]) -> tuple[str, ...]:
    """Return the id of each measurement, all different.

    ``seed`` gives the ids the seed system would have written, as long as it made them, and the
    stable id to what it would not have reported.
    """
    if scheme == "stable":
        return tuple(one.id for one in report.measurements)
    taken = {one.seed_id for one in report.measurements if one.seed_id is not None}
    ids = []
    for one in report.measurements:
        made = one.seed_id
        if made is None:
            made, number = one.id, 0
            while made in taken:
                number += 1
                made = f"{one.id[:16]}{number}"
            taken.add(made)
        ids.append(made)
    return tuple(ids)


def title(measurement: Measurement) -> str:
    """Return one line that names the measurement: label before concept, site and side behind."""
    name = measurement.name
    if measurement.label is not None and measurement.label.casefold() != name.casefold():
        name = f"{measurement.label} ({name})"
    where = " ".join(
        part
        for part in (measurement.site, measurement.topography, _german(measurement.laterality))
        if part and part.casefold() not in name.casefold()
    )
    return f"{name}, {where}" if where else name


def remarks(measurement: Measurement, without: Collection[str] = ()) -> tuple[str, ...]:
    """Return what else is to be said, one short German line each: ``Ort: …``, ``Seite: …``.

    ``without`` are fields of the measurement that need no saying.
    """
    lines = []
    for field, word in REMARKS:
        text = _german(getattr(measurement, field))
        if text and field not in without:
            lines.append(f"{word}: {text}")
    return tuple(lines)


def _german(text: str | None) -> str:
    return GERMAN.get(text.casefold(), text) if text is not None else ""


def report_to_text(report: Report, *, colour: bool = False) -> str:
    """Return the report as a table for a terminal, values with their units."""
    bold, dim, reset = (BOLD, DIM, RESET) if colour else ("", "", "")
    lines = [
        f"{bold}{report.manufacturer or 'SR'}, Template {report.template or '-'}{reset}",
        f"Patient {report.patient_id or '-'}, {report.content_time or '-'}, {report.sop_uid}",
    ]
    rows = [
        (one.id, plain(one.value), one.unit, one.name, "; ".join(remarks(one)))
        for one in report.measurements
    ]
    lines += _table(rows, dim, reset)
    lines.append(_count(report))
    lines += [
        f"{dim}{warning.place or '-'}: {warning.message}{reset}" for warning in report.warnings
    ]
    return "\n".join(lines)


def _table(rows: Sequence[tuple[str, str, str, str, str]], dim: str, reset: str) -> list[str]:
    widths = [max((_width(row[column]) for row in rows), default=0) for column in range(4)]
    return [
        f"  {_pad(row[0], widths[0])}  {row[1]:>{widths[1]}} {_pad(row[2], widths[2])}  "
        f"{_pad(row[3], widths[3])}  {dim}{row[4]}{reset}".rstrip()
        for row in rows
    ]


def _count(report: Report) -> str:
    count = f"{len(report.measurements)} Messwerte / measurements"
    if report.not_measured:
        count += f", {report.not_measured} nicht gemessen / not measured"
    return count


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Return the columns a terminal gives to ``text``."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if _is_wide(letter) else 1 for letter in text
    )


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in {"W", "F"}
