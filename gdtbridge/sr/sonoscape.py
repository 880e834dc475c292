"""SonoScape's private reports, templates SONO1000 and SONO10000.

A container 10020 is one row of a table: 10031 the device's id of the measurement, 10033 its name,
10036 the image mode, 10037 the result number (-1 the aggregate, 0..n the single readings), 10041
the NUM, 10042 the unit on the screen, 10043 whether it was edited by hand. The device's manual
writes the template SONO10000, files say either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from gdtbridge.dataset.parser import Item
from gdtbridge.dataset.tags import Tag
from gdtbridge.sr import earlier, subject
from gdtbridge.sr.attributes import attributes_of
from gdtbridge.sr.codes import ModifierRole
from gdtbridge.sr.content import ContentReader, NumFinding, PrivateRow
from gdtbridge.sr.context import ModifierContext
from gdtbridge.sr.model import Code
from gdtbridge.sr.ucum import parse

TEMPLATES: Final = frozenset({"SONO1000", "SONO10000"})

ROW: Final = "10020"
DEVICE_ID: Final = "10031"
NAME: Final = "10033"
SOURCE: Final = "10036"
RESULT_NUMBER: Final = "10037"
VALUE: Final = "10041"
DISPLAY_UNIT: Final = "10042"

AGGREGATE: Final = -1
"""Result number of the value the device computed from the single readings."""

NOT_MEASURED: Final = Decimal(-1)
"""What SonoScape writes where nothing was measured; other negative values are real (strain)."""


@dataclass(frozen=True, slots=True)
class _RowTexts:
    """The texts of one row, empty where absent."""

    scheme: str
    device_id: str
    name: str
    source: str
    result_number: int | None
    display_unit: str


def is_row(content: ContentReader, item: Item) -> bool:
    """Return whether ``item`` is a row of SonoScape's private table."""
    name = content.name(item)
    if name.value != ROW or content.kind(item) != "CONTAINER":
        return False
    return (content.template or "").upper() in TEMPLATES or "SONO" in name.scheme.upper()


def read_row(content: ContentReader, item: Item, place: str, context: ModifierContext) -> None:
    """Add the finding of one row, or a warning that says why there is none.

    The device's own id names a row, so the containers around it do not enter.
    """
    row = _read_texts(content, item)
    numbers = [
        (child, below)
        for child, below in content.children(item, place)
        if content.kind(child) == "NUM"
    ]
    if not numbers:
        content.warnings.add("no_value", place)
    for child, below in numbers:
        fault = "" if row.name or row.device_id else "no_name"
        if not item.complete:
            fault = "incomplete_item"
        _add_number(content, child, below, row, replace(context, containers=()), fault)


def _read_texts(content: ContentReader, item: Item) -> _RowTexts:
    texts: dict[str, str] = {}
    for child, _ in content.children(item, ""):
        value = content.modifier_value(child)
        if value is not None and content.kind(child) != "NUM":
            texts.setdefault(content.name(child).value, value.text)
    return _RowTexts(
        scheme=content.name(item).scheme,
        device_id=texts.get(DEVICE_ID, ""),
        name=texts.get(NAME, ""),
        source=texts.get(SOURCE, ""),
        result_number=_whole(texts.get(RESULT_NUMBER, "")),
        display_unit=texts.get(DISPLAY_UNIT, ""),
    )


def _add_number(
    content: ContentReader,
    item: Item,
    place: str,
    row: _RowTexts,
    context: ModifierContext,
    fault: str,
) -> None:
    number = content.number(item, place, fault)
    concept = content.name(item)
    name = Code(row.device_id or concept.value, row.scheme, row.name or row.device_id)
    if concept.value not in {VALUE, ""}:  # a row with further numbers of their own
        name = Code(f"{name.value} {concept.value}", row.scheme, f"{name.meaning} {concept.text}")
    said = attributes_of(content, item, place)
    modifiers = said.modifiers
    if row.source:
        modifiers[ModifierRole.MODE] = Code("", "", row.source)
    context = subject.at_number(content, context, name, modifiers.get(ModifierRole.SITE))
    context = earlier.at_number(content, item, name, context.with_modifiers(modifiers))
    content.add(
        NumFinding(
            name=name,
            value=number.value,
            unit=_reconcile(content, item, place, number.unit, row.display_unit),
            context=context,
            place=place,
            row=PrivateRow(row.device_id, row.name, row.source, row.result_number, concept.value),
            properties=said.properties,
            observed=context.observed,
            fault=number.fault,
            sent=number.sent,
        )
    )


def _reconcile(content: ContentReader, item: Item, place: str, unit: str, shown: str) -> str:
    """Return the unit of a value that has a coded and a displayed one.

    The number belongs to the unit coded beside it; the display unit counts only where that is
    missing. Where both are there and differ nothing is converted, a warning says so.
    """
    coded = any(
        Tag.MeasurementUnitsCodeSequence in measured.sequences
        for measured in item.sequences.get(Tag.MeasuredValueSequence, ())
    )
    if not shown or _is_same(shown, unit):
        return unit
    if not coded:
        content.warnings.add("display_unit", place)
        return shown
    content.warnings.add("unit_conflict", place)
    return unit


def _is_same(shown: str, unit: str) -> bool:
    """Return whether two spellings name one unit: ``cm²`` and ``cm2``, ``mL`` and ``ml``."""
    return shown == unit or (parse(shown) is not None and parse(shown) == parse(unit))


def _whole(text: str) -> int | None:
    """Return a result number, None where the text is no number."""
    digits = text.strip().removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 6 else None
