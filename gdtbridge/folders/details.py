"""What else a record says of an order: its GDT fields and the details they become.

What cannot be read is left out and told: an order is never refused for its weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gdtbridge.errors import OrderError
from gdtbridge.folders.procedures import text_of
from gdtbridge.gdt.read.record import Record
from gdtbridge.gdt.tables.fields import FIELDS
from gdtbridge.gdt.text import printable
from gdtbridge.orders.details import DETAILS, details_of
from worklist import DETAIL_RULES, EntryDetails

DETAIL_GDT: Final[Mapping[str, tuple[str, ...]]] = {
    "priority": ("8501",),
    "referrer": ("4219",),
    "requester": ("8491", "8615"),
    "height": ("3622",),
    "weight": ("3623", "3632"),
    "pregnancy": ("8510",),
    "lmp": ("8512",),
    "allergies": ("3656",),
    "reason": ("4209", "4207"),
    "comment": ("6227",),
}
"""The fields each detail is taken from, the first that says something (GDT 2.1 5, 3.0 4)."""
_CODES: Final[Mapping[str, Mapping[str, str]]] = {
    "priority": {"1": "notfall", "2": "eilig"},
    "pregnancy": {"0": "nein", "1": "ja"},
}
"""8501 as in KBV's forms (2=eilig) and LDT (1=Notfall); 8510 as in LDT."""
_UNSAID: Final = {"height": "0", "weight": "0", "lmp": "0"}

NOT_TAKEN: Final = (
    "Feld {field} ({name}) steht nicht auf der Arbeitsliste: {problem} / Field {field} is not on "
    "the worklist."
)
SHORTENED: Final = (
    "Feld {field} ({name}) steht auf {limit} Zeichen gekürzt auf der Arbeitsliste. / Field {field} "
    "is shortened on the worklist."
)


def details_in(record: Record) -> tuple[EntryDetails, tuple[str, ...]]:
    """Return what a record says beside the procedure, and notes on what could not be taken."""
    said: dict[str, str] = {}
    notes = []
    for name, numbers in DETAIL_GDT.items():
        field = next((number for number in numbers if text_of(record, number)), "")
        text = _text(record, field, name) if field else ""
        if not text:
            continue
        whole, text = text, _within(name, text)
        try:
            details_of({name: text})
        except OrderError as error:
            notes.append(
                NOT_TAKEN.format(field=field, name=FIELDS[field].name, problem=error.problem)
            )
            continue
        if text != whole:
            limit = DETAIL_RULES[DETAILS[name].keyword].limit
            notes.append(SHORTENED.format(field=field, name=FIELDS[field].name, limit=limit))
        said[name] = text
    return details_of(said), tuple(notes)


def _text(record: Record, field: str, name: str) -> str:
    """Return what a field says of a detail, in the words of `DETAILS`."""
    if DETAIL_RULES[DETAILS[name].keyword].VR == "PN":
        return _name(text_of(record, field))
    if name == "allergies":
        return "; ".join(filter(None, map(_plain, record.all(field))))
    text = _plain(text_of(record, field))
    if name in _UNSAID and not text.strip("0,."):
        return ""
    return _CODES.get(name, {}).get(text, text)


def _plain(text: str) -> str:
    return printable(text).replace("\\", "/").strip()


def _name(text: str) -> str:
    """Return a name of free text as a PN: ``Meier, Anna`` has a given name, else all is one."""
    family, _, given = text.replace("^", " ").replace("=", " ").partition(",")
    name = f"{family.strip()}^{given.strip()}".strip("^")
    return _plain(name)


def _within(name: str, text: str) -> str:
    """Return a text as far as the worklist has room for it; of several values each."""
    limit = DETAIL_RULES[DETAILS[name].keyword].limit
    if DETAILS[name].read is not str and name != "allergies":
        return text
    parts = text.split("; ") if name == "allergies" else [text]
    return "; ".join(part[:limit].strip() for part in parts[:10])
