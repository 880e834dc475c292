"""German words for a measurement: title and remarks."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from decimal import Context, Decimal, InvalidOperation
from typing import Final

from gdtbridge.catalogue.modifiers import (
    SaidModifier,
    contradicting_sides,
    own_name,
    said_by,
    says_organ,
    term_of_text,
)
from gdtbridge.catalogue.names import GENERIC_CONTAINERS, GENERIC_NAMES, readable
from gdtbridge.catalogue.rows import terms
from gdtbridge.catalogue.words import german_word
from gdtbridge.sr import ucum
from gdtbridge.sr.codes import PROPERTIES, SPREADS, ModifierRole, normal
from gdtbridge.sr.findings import is_named_finding
from gdtbridge.sr.identity import IdentityExtra
from gdtbridge.sr.model import Code, Measurement, MeasurementProperty, ReportStatement
from gdtbridge.sr.numbers import plain
from gdtbridge.sr.stages import NUMBERED
from gdtbridge.sr.statement_table import row_of
from gdtbridge.sr.subject import UNNUMBERED_FETUS, mark

REPEAT: Final = "Wiederholung"
"""The word of the remark that numbers repeats."""

DIGITS: Final = 6
"""Significant digits a text shows of a device's number; more are no measurement."""

REMARKS: Final = (
    # Field of Measurement to its German word
    ("label", "Bezeichnung"),
    ("companion_of", "Zu"),
    ("group", "Gruppe"),
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

IN_TITLE: Final = frozenset(
    {
        "label",
        "companion_of",
        "group",
        "site",
        "topography",
        "laterality",
        "stage",
        "protocol",
        "fetus",
    }
)

FETUS: Final = "Fetus"

LESIONS: Final = frozenset({"lesion", "finding", "#"})
"""Words of an identifier that say no more than that there is a finding."""

_NUMBERED: Final = re.compile(r"(.*?)[\s#._-]*(\d{1,3}|[A-Z])")

GERMAN: Final[dict[str, str]] = {
    # What no term of the catalogue has. Meanings of CID 244, 3627, 224, 12224 to German.
    "left": "links",
    "right": "rechts",
    "bilateral": "beidseits",
    "right and left": "beidseits",
    "unilateral": "",
    "2d": "2D",
    "2d mode": "2D",
    "b mode": "2D",
    "mean": "Mittelwert",
    "median": "Median",
    "minimum": "Minimum",
    "maximum": "Maximum",
    "standard deviation": "Standardabweichung",
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


ROLES: Final[dict[str, tuple[str, ...]]] = {
    # The modifiers behind a field, where they have other names
    "method": (ModifierRole.METHOD, ModifierRole.EQUATION),
    "phase": (ModifierRole.CYCLE, ModifierRole.BREATHING),
    "companion_of": (IdentityExtra.OF,),
}


def fetus_word(fetus: str) -> str:
    """Return the words for a fetus: ``Fetus A``, or ``Fetus`` for the only one."""
    name = mark(fetus)
    if name == UNNUMBERED_FETUS.text:
        return FETUS
    return name if name.casefold().startswith(FETUS.casefold()) else f"{FETUS} {name}"


def earlier_word(day: str) -> str:
    """Return the words for the day of an earlier exam (ISO 8601, empty where it is not known)."""
    return f"vom {date.fromisoformat(day):%d.%m.%Y}" if day else "früher"


def title(measurement: Measurement) -> str:
    """Return a measurement's name in one line: finding, label, concept, site, side, fetus.

    Of a finding the German words are told where there are any (``Myom 2: Durchmesser``).
    """
    stem, tail = title_parts(measurement)
    return stem + tail


def title_parts(measurement: Measurement) -> tuple[str, str]:
    """Return the title in two: what a shortening may cut, and what tells values apart."""
    name = readable(measurement.name)
    about = finding_title(measurement)
    if about:
        name = german_word(Code(measurement.code, measurement.scheme, name)) or name
    generic, label = name.casefold() in GENERIC_NAMES, readable(measurement.label or "")
    if generic:
        name = label or "Messwert"
    elif label and label.casefold() != name.casefold():
        name = f"{label} ({name})"
    if measurement.companion_of is not None:
        name = f"{name} ({said(measurement, 'companion_of')})"
    if about:
        name = f"{about}: {name}"
    group = "" if about and _tells_group(measurement) else telling_group(measurement)
    parts = (group, said(measurement, "site"))
    where = " ".join(part for part in parts if part and part.casefold() not in name.casefold())
    side = said(measurement, "laterality") or (own_side(measurement) if generic else "")
    parts = (said(measurement, "topography"), side)
    side = " ".join(part for part in parts if part and part.casefold() not in name.casefold())
    stem = f"{name}, {where}" if where else name
    tail = f"{' ' if where else ', '}{side}" if side else ""
    if is_statistic(measurement):
        tail += f", {said(measurement, 'derivation')}"
    for field in ("stage", "protocol"):
        word = said(measurement, field)
        tail += f", {word}" if word and word.casefold() not in name.casefold() else ""
    tail += f", {fetus_word(measurement.fetus)}" if measurement.fetus else ""
    if measurement.earlier is not None:
        tail += f", {earlier_word(measurement.earlier)}"
    if not measurement.stands:
        tail += f" ({measurement.repeat} von {measurement.repeats})"
    return stem, tail


def is_statistic(measurement: Measurement) -> bool:
    """Return whether the value is a minimum, a maximum or a spread, which its name says."""
    return any(one.startswith(f"{IdentityExtra.DERIVATION}=") for one in measurement.identity)


def is_spread(measurement: Measurement) -> bool:
    """Return whether the value says how much others differ."""
    return any(
        one == f"{IdentityExtra.DERIVATION}={':'.join(code)}"
        for one in measurement.identity
        for code in SPREADS
    )


def finding_title(measurement: Measurement | ReportStatement) -> str:
    """Return what a value is about in German, several findings one after the other; may be empty.

    A lesion's own identifier stands behind in brackets unless it is the same word.
    """
    parts = []
    for finding in measurement.findings:
        word = german_word(finding.code) or finding.code.text
        counted = finding.number and not word[-1:].isdigit()
        parts.append(f"{word} {finding.number}" if counted else word)
    about = ": ".join(parts)
    if about and measurement.group and _is_tracked(measurement):
        return _with_identifier(measurement, about, measurement.group)
    return about


def telling_group(measurement: Measurement | ReportStatement) -> str:
    """Return the group without containers that say nothing (``Measurement``)."""
    if measurement.group is None or (says_organ(measurement) and not _is_tracked(measurement)):
        return ""
    names = measurement.group.split(" / ")
    return " / ".join(name for name in names if name.casefold() not in GENERIC_CONTAINERS)


def own_side(measurement: Measurement) -> str:
    """Return the German side a maker's own label is written with; empty for none."""
    side = own_name(measurement).side
    return terms().words[side] if side else ""


def _is_tracked(measurement: Measurement | ReportStatement) -> bool:
    return any(one.startswith(f"{IdentityExtra.TRACKING}=") for one in measurement.identity)


def _tells_group(measurement: Measurement) -> bool:
    """Return whether the finding's title says the group: an identifier, or the same word."""
    return _is_tracked(measurement) or measurement.group == measurement.findings[-1].code.text


def _with_identifier(
    measurement: Measurement | ReportStatement, about: str, identifier: str
) -> str:
    """Return a finding with the identifier of its lesion; of ``Nodule 2`` only the number."""
    plain = _NUMBERED.fullmatch(identifier)
    word = f"{measurement.findings[-1].code.text} {about}".casefold()
    if plain is not None and (plain[1].casefold() in word or plain[1].casefold() in LESIONS):
        return f"{about} {plain[2]}"
    return f"{about} ({identifier})"


def details(measurement: Measurement) -> tuple[str, ...]:
    """Return the remarks without what `title` says already."""
    return remarks(measurement, IN_TITLE)


def remarks(measurement: Measurement, without: Collection[str] = ()) -> tuple[str, ...]:
    """Return short German lines on modifiers, properties and repeats: ``Ort: …``, ``Seite: …``.

    ``without`` are fields of the measurement that need no saying.
    """
    lines = []
    for field, word in REMARKS:
        text = said(measurement, field)
        if text and field not in without and not _repeats_the_derivation(measurement, field, text):
            lines.append(f"{word}: {text}")
    lines += [
        f"{one.name}: {one.value}"
        for one in measurement.further
        if not is_named_finding(Code(one.code, one.scheme, one.name))  # the title says it
    ]
    lines += [_property_line(one) for one in measurement.properties]
    if measurement.repeats > 1:
        lines.append(f"{REPEAT}: {measurement.repeat} von {measurement.repeats}")
    return tuple(lines)


def doubts(measurement: Measurement) -> tuple[str, ...]:
    """Return what makes a value doubtful: sides that contradict each other."""
    sides = contradicting_sides(measurement)
    if not sides:
        return ()
    words = " und ".join(terms().words[side] for side in sides)
    return (f"Seite widersprüchlich: {words}",)


def comma(value: Decimal) -> str:
    """Return a number as a German text has it, in at most six significant digits."""
    text = plain(value)
    if "." in text and len(value.as_tuple().digits) > DIGITS:
        text = plain(Context(prec=DIGITS).create_decimal(value).normalize())
    return text.replace(".", ",")


def stage_word(text: str) -> str:
    """Return what a stage is called; a number is ``Stufe 4``, also behind a name."""
    name, _, number = text.rpartition(NUMBERED)
    if not name:
        return f"Stufe {text}" if text.isdigit() else text
    known = terms().words.get(term_of_text(ModifierRole.STAGE, name), name)
    return f"{known}, Stufe {number}"


def _repeats_the_derivation(measurement: Measurement, field: str, text: str) -> bool:
    """Return whether a selection says what the derivation says: a mean, chosen as the mean."""
    return field == "selection" and text == said(measurement, "derivation")


def said(measurement: Measurement | ReportStatement, field: str) -> str:
    """Return the text of a field: the German word for the codes, else the device's own.

    A label is a user's own word and stays, as does the name of a fetus.
    """
    if field == ModifierRole.LABEL:
        return measurement.label or ""
    if field == ModifierRole.FETUS:
        return measurement.fetus or ""
    said = said_by(measurement)
    words = [_word(said[role]) for role in ROLES.get(field, (field,)) if role in said]
    if words and all(words):
        return ", ".join(words)
    text = _german(getattr(measurement, field))
    return stage_word(text) if field == ModifierRole.STAGE else text


def _word(one: SaidModifier) -> str:
    """Return the German word of a modifier's code, empty for none."""
    scheme, _, value = one.key.partition(":")
    known = terms().words.get(one.term, "")
    return known or (value and german_word(Code(value, scheme, ""))) or ""


def _property_line(one: MeasurementProperty) -> str:
    concept = Code(one.code, one.scheme, one.name)
    row = row_of(concept)
    word = PROPERTIES.get(normal(concept)) or (row.german if row is not None else one.name)
    return f"{word}: {_german_number(one.value)} {ucum.printed(one.unit)}".rstrip()


def _german_number(text: str) -> str:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    return comma(value) if value.is_finite() else text


def _german(text: str | None) -> str:
    return GERMAN.get(text.casefold(), text) if text is not None else ""
