"""The parameters of a call: from the bytes of ``/worklist/add`` to an `OrderRequest`.

Scripts of practice software build the call by pasting strings together. Values therefore may be
UTF-8 or Windows-1252 (each value by itself), percent-encoded or not, and surrounded by blanks.
What cannot be read with certainty is refused: a wrong name is worse than none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Final

from gdtbridge.gdt.errors import GdtDateError
from gdtbridge.gdt.tables.dates import NO_DATE, BirthDate, read_birth_date
from gdtbridge.orders import OrderRequest
from gdtbridge.orders.details import DETAILS, details_of
from gdtbridge.orders.schedule import start_said
from gdtbridge.people import Patient
from gdtbridge.web.forms import RawParameter
from gdtbridge.web.problems import CallRefused, FieldProblem, refuse_fields


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a call: the caller's name, the core's name, and what the value must be."""

    name: str
    field: str
    required: bool = False
    may_be_empty: bool = True
    older: str | None = None
    """How the system before us spelled the name; accepted."""


PARAMETERS: Final = (
    Parameter("id", "patient_id", required=True, may_be_empty=False),
    Parameter("lastname", "family_name", required=True, may_be_empty=False, older="name"),
    # Some people have one name only, so an empty first name is a statement; a missing one is a
    # mistake in the script.
    Parameter("firstname", "given_name", required=True, older="surname"),
    Parameter("birthdate", "birth_date", required=True, may_be_empty=False),
    Parameter("sex", "sex", required=True, may_be_empty=False),
    Parameter("modality", "modality"),
    Parameter("scheduledStation", "station"),
    Parameter("procedure", "procedure"),
    Parameter("physician", "physician"),
    Parameter("date", "scheduled"),
    Parameter("time", "time"),
    *(Parameter(name, name) for name in DETAILS),
)

FIELD_NAMES: Final[Mapping[str, str]] = {p.field: p.name for p in PARAMETERS}
"""The core's field names to the caller's."""

SEXES: Final[Mapping[str, str]] = {"0": "O", "1": "M", "2": "F", "3": "O"}
"""Medical Office's numbers to Patient's Sex (0010,0040), PS3.3 C.7.1.1."""

MISSING: Final = "Fehlt. / Is missing."
EMPTY: Final = "Darf nicht leer sein. / Must not be empty."
CONTRADICTORY: Final = "Mehrfach mit verschiedenen Werten. / Given more than once, differently."
UNREADABLE: Final = "Zeichensatz unklar, bitte UTF-8 senden. / Unclear encoding, please send UTF-8."
CONTROL: Final = (
    "Enthält Steuerzeichen oder Zeilenumbrüche. / Contains control characters or line breaks."
)
NO_SEX: Final = "Muss 0, 1, 2 oder 3 sein. / Must be 0, 1, 2 or 3."
FUTURE: Final = "Liegt in der Zukunft. / Is in the future."

_DOS_UMLAUT: Final = re.compile(rb"[\x81\x84\x94\x99]")
"""ü, ä, ö, Ö in CP437; in Windows-1252 one is nothing, the others do not stand in names."""
_CONTROL: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_UNREADABLE: Final = frozenset({"Co", "Cn"})
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_INVISIBLE: Final = "Cf"
"""Marks of writing direction, soft hyphens, joiners: pasted along, seen by nobody."""


def order_request(values: Iterable[RawParameter], today: date, at: time) -> OrderRequest:
    """Return the order asked for ``today`` (the last day of all: not known) at a local time.

    Raises `CallRefused` or `OrderError` naming the first parameter that is wrong.
    """
    texts = texts_of(values, PARAMETERS)
    born = _birth_date(texts["birthdate"], today)
    return OrderRequest(
        patient=Patient(
            id=texts["id"],
            family_name=texts["lastname"],
            given_name=texts["firstname"],
            birth_date=born.day,
            sex=_sex(texts["sex"]) or None,
            birth_date_as_sent=born.partial,
        ),
        modality=texts.get("modality") or None,
        station=texts.get("scheduledStation") or None,
        procedure=texts.get("procedure", ""),
        physician=texts.get("physician", ""),
        scheduled=start_said(texts.get("date", ""), texts.get("time", ""), today, at),
        details=details_of({name: texts[name] for name in DETAILS if name in texts}),
    )


def texts_of(values: Iterable[RawParameter], parameters: Sequence[Parameter]) -> dict[str, str]:
    """Return the text of every known parameter that was given, by the parameter's name.

    Raises `CallRefused` naming the first that is missing or cannot be read with certainty.
    """
    known = {p.name: p for p in parameters} | {p.older: p for p in parameters if p.older}
    texts: dict[str, str] = {}
    for value in values:
        parameter = known.get(value.name)
        if parameter is None:
            continue
        text = _text(parameter.name, value.value)
        if texts.setdefault(parameter.name, text) != text:
            raise _wrong(parameter.name, CONTRADICTORY)
    for parameter in parameters:
        _require(parameter, texts.get(parameter.name))
    return texts


def _require(parameter: Parameter, text: str | None) -> None:
    if parameter.required and text is None:
        raise _wrong(parameter.name, MISSING)
    if not parameter.may_be_empty and not text:
        raise _wrong(parameter.name, EMPTY)


def _text(name: str, value: bytes) -> str:
    text = without_invisible(_decode(name, value)).strip("\0").strip()
    fault = fault_of(text)
    if fault is not None:
        raise _wrong(name, fault)
    return text


def _decode(name: str, value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        if _DOS_UMLAUT.search(value):
            raise _wrong(name, UNREADABLE) from None
    try:
        return value.decode("cp1252")
    except UnicodeDecodeError:
        raise _wrong(name, UNREADABLE) from None


def without_invisible(text: str) -> str:
    """Return ``text`` composed, without blanks around it and without invisible characters.

    Every kind of blank becomes the usual one. Names that look alike must not differ by what nobody
    sees, and a reversed writing direction would show another name on the device than in the
    practice.
    """
    categories = ((character, unicodedata.category(character)) for character in text)
    kept = (" " if category == "Zs" else c for c, category in categories if category != _INVISIBLE)
    return unicodedata.normalize("NFC", "".join(kept)).strip()


def fault_of(text: str) -> str | None:
    """Return why ``text`` is refused, if it is: control characters, or traces of a wrong decoding.

    The latter are U+FFFD, which stands for what somebody before us could not read, and code points
    without a meaning.
    """
    categories = {unicodedata.category(c) for c in text}
    if categories & _CONTROL:
        return CONTROL
    return UNREADABLE if categories & _UNREADABLE or _REPLACEMENT in text else None


def _birth_date(text: str, today: date) -> BirthDate:
    try:
        born = read_birth_date(text)
    except GdtDateError as error:
        raise _wrong("birthdate", str(error)) from error
    if born == BirthDate():
        raise _wrong("birthdate", NO_DATE)
    if born.day is not None and born.day > today:
        raise _wrong("birthdate", FUTURE)
    return born


def _sex(text: str) -> str:
    try:
        return SEXES[text]
    except KeyError:
        raise _wrong("sex", NO_SEX) from None


def _wrong(name: str, problem: str) -> CallRefused:
    return refuse_fields(FieldProblem(name, problem))
