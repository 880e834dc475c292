"""Content items one at a time: their names, values and units (PS3.3 C.17.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum
from typing import Final, Literal

from gdtbridge.dataset.parser import Item
from gdtbridge.dataset.tags import Tag
from gdtbridge.dataset.text import TextDecoder
from gdtbridge.sr.codes import QUALIFIERS, plain_unit
from gdtbridge.sr.context import ModifierContext
from gdtbridge.sr.model import Code, MeasurementProperty, NumDecision, ReportLimitError, Subject
from gdtbridge.sr.numbers import decimal_of, plain
from gdtbridge.sr.profiles import DeviceHabits
from gdtbridge.sr.warn import WarningList

MAX_CHARACTERS: Final = 512
"""Longer texts are no names; they are cut."""

MAX_FINDINGS: Final = 20_000

CONTAINS: Final = "CONTAINS"

NAMELESS: Final = Code("", "", "")
"""Concept name of an item without one."""

NO_NUMBER: Final = Decimal("NaN")
"""Value of a NUM without a readable number."""

_QUALIFIER_WORDS: Final = {reason: reason for reason in QUALIFIERS.values()}

_WORDED: Final = (Tag.TextValue, Tag.UID, Tag.Date, Tag.DateTime, Tag.Time)
"""Where an item that is no code and no number has its value (PS3.3 C.17.3.2.1); no name of a person
is read."""

_CODE_ELEMENTS: Final = (
    Tag.CodeValue,
    Tag.LongCodeValue,
    Tag.URNCodeValue,
    Tag.CodingSchemeDesignator,
    Tag.CodeMeaning,
)


@dataclass(frozen=True, slots=True)
class PrivateRow:
    """The row of SonoScape's private table a NUM stands in (`sonoscape`); texts empty where absent.

    ``concept`` is the code value of the NUM's own name.
    """

    device_id: str
    name: str
    source: str
    result_number: int | None
    concept: str


@dataclass(frozen=True, slots=True)
class MeasuredValue:
    """The value of a NUM, the unit without annotations, and the unit's code as sent.

    ``fault`` is the code of the warning or rule that says why there is no result; without a
    readable number the value is NaN. ``sent`` is the literal.
    """

    value: Decimal
    unit: str
    unit_code: str
    fault: str = ""
    sent: str = ""


@dataclass(frozen=True, slots=True)
class NumFinding:
    """A NUM that is a result, before selection and naming.

    ``row`` is the private row the NUM stands in, ``group_mode`` the image mode written in the
    measurement group right above the NUM (empty where the group names none, None outside of
    groups). ``companion_of`` is the concept a gestational age or a percentile belongs to, None also
    where that is not known; ``companion_of_chosen`` says that the device chose a value of that.
    ``fault`` is why the NUM gives no result (`MeasuredValue`), empty for one that does.
    ``earlier`` is the day of an earlier exam it is of (ISO 8601), empty where that is not known.
    """

    name: Code
    value: Decimal
    unit: str
    context: ModifierContext
    place: str
    unit_code: str | None = None
    row: PrivateRow | None = None
    group_mode: str | None = None
    companion_of: Code | None = None
    companion_of_chosen: bool = False
    properties: tuple[MeasurementProperty, ...] = ()
    inferred_from: tuple[str, ...] = ()
    observed: str = ""
    fault: str = ""
    sent: str = ""
    subject: Subject = Subject.PATIENT
    earlier: str | None = None

    @property
    def result_number(self) -> int | None:
        """Number among the readings of a private row, None outside of such rows."""
        return self.row.result_number if self.row is not None else None


class Pregnancy(IntEnum):
    """Whether a report is about a pregnancy."""

    NONE = 0
    POSSIBLE = 1
    """It is, or about a woman's pelvis: obstetrics and gynaecology share title and template."""
    SHOWN = 2


@dataclass(frozen=True, slots=True)
class StatementFinding:
    """A date, text or code that modifies nothing, before it is decided whether it is told.

    ``value`` is a text or date as a code with a meaning only, ``observed`` and ``earlier`` are as
    those of a `NumFinding`.
    """

    name: Code
    kind: str
    value: Code
    context: ModifierContext
    place: str
    observed: str = ""
    earlier: str | None = None


@dataclass(slots=True)
class ContentReader:
    """Reads the items of one report; ``findings`` and ``warnings`` fill in tree order.

    ``is_other`` says that the report is of another kind and has no ultrasound values.
    ``passed`` collects the numbers that are no findings, where somebody asked for them.
    ``described`` has for the place of each finding with values below what holds there.
    ``never_pregnant`` says that the patient is a man or too young, ``pregnancy`` whether the
    report, as far as it was read, is about one (`subject`).
    """

    text: TextDecoder
    root: Item
    big_endian: bool = False
    template: str | None = None
    is_other: bool = False
    device: DeviceHabits = field(default_factory=DeviceHabits)
    warnings: WarningList = field(default_factory=WarningList)
    findings: list[NumFinding] = field(default_factory=list)
    passed: list[NumDecision] | None = None
    described: dict[str, ModifierContext] = field(default_factory=dict)
    never_pregnant: bool = False
    pregnancy: Pregnancy = Pregnancy.NONE
    statements: list[StatementFinding] = field(default_factory=list)
    _codes: dict[tuple[bytes | None, ...], Code | None] = field(default_factory=dict)
    _names: dict[int, Code] = field(default_factory=dict)
    """Concept names by the identity of their items, which live as long as ``root``."""
    _terms: dict[bytes, str] = field(default_factory=dict)

    def code(self, item: Item, tag: Tag) -> Code | None:
        """Return the first code of the code sequence ``tag``, None where it is absent or empty."""
        items = item.sequences.get(tag)
        if not items:
            return None
        raw = tuple(map(items[0].values.get, _CODE_ELEMENTS))
        if raw not in self._codes:  # the same few codes come again and again
            value, long_value, urn, scheme, meaning = (self.text(part or b"") for part in raw)
            code = Code(value or long_value or urn, scheme, meaning)
            self._codes[raw] = code if code.text else None
        return self._codes[raw]

    def string(self, item: Item, tag: Tag) -> str:
        """Return a text element, empty where it is absent."""
        raw = item.values.get(tag)
        return self.text(raw) if raw else ""

    def name(self, item: Item) -> Code:
        """Return the concept name, an empty code where there is none."""
        known = self._names.get(id(item))
        if known is None:
            known = self.code(item, Tag.ConceptNameCodeSequence) or NAMELESS
            self._names[id(item)] = known
        return known

    def children(self, item: Item, place: str) -> Iterator[tuple[Item, str]]:
        """Yield the content items below with their places."""
        for number, child in enumerate(item.sequences.get(Tag.ContentSequence, ()), start=1):
            yield child, f"{place}.{number}"

    def kind(self, item: Item) -> str:
        """Return the Value Type (CONTAINER, NUM, CODE); a NUM shows itself without one too."""
        raw = item.values.get(Tag.ValueType)
        if raw is None and Tag.MeasuredValueSequence in item.sequences:
            return "NUM"
        return self._term(raw)

    def relation(self, item: Item) -> str:
        """Return the relationship to the item above; a missing one counts as CONTAINS."""
        return self._term(item.values.get(Tag.RelationshipType)) or CONTAINS

    def _term(self, raw: bytes | None) -> str:
        """Return a defined term of the standard in capitals, empty where there is none."""
        if not raw:
            return ""
        known = self._terms.get(raw)
        if known is None:
            known = self._terms[raw] = self.text(raw).upper()
        return known

    def referenced(self, item: Item) -> tuple[Item, str] | None:
        """Return the item that is meant by reference, with its place (PS3.3 C.17.3.2.5).

        None where the reference leads nowhere.
        """
        raw = item.values.get(Tag.ReferencedContentItemIdentifier, b"")
        order: Literal["big", "little"] = "big" if self.big_endian else "little"
        numbers = [int.from_bytes(raw[at : at + 4], order) for at in range(0, len(raw) & ~3, 4)]
        if numbers[:1] != [1]:
            return None
        found = self.root
        for number in numbers[1:]:
            below = found.sequences.get(Tag.ContentSequence, [])
            if not 1 <= number <= len(below):
                return None
            found = below[number - 1]
        return found, ".".join(str(number) for number in numbers)

    def modifier_value(self, item: Item) -> Code | None:
        """Return a modifier's code, or its text, UID or number as a code with a meaning only."""
        if not item.complete:
            return None
        code = self.code(item, Tag.ConceptCodeSequence)
        if code is not None:
            return code
        said = (self.string(item, tag) for tag in _WORDED if tag in item.values)
        text = next(filter(None, said), "")
        for measured in item.sequences.get(Tag.MeasuredValueSequence, ())[:1]:
            text = text or self.string(measured, Tag.NumericValue)
        return Code("", "", text) if text else None

    def number(self, item: Item, place: str, fault: str = "") -> MeasuredValue:
        """Return value and unit of a NUM; one that gives no result has a fault, and a warning.

        ``fault`` is what the caller knows against it.
        """
        measured = item.sequences.get(Tag.MeasuredValueSequence, ())
        raw = measured[0].values.get(Tag.NumericValue, b"") if measured else b""
        value, problem = decimal_of(raw)
        literal = self.text(raw)
        qualifier = self._qualifier(item) or (self._qualifier(measured[0]) if measured else "")
        detail = ""
        if not item.complete:
            fault = "incomplete_item"
        elif not fault and qualifier:
            fault, detail = "qualified" if literal else "no_value", qualifier
        elif not fault and not measured:
            fault = "no_value"
        elif not fault and len(measured) > 1:
            fault = "several_values"
        elif not fault:
            fault = problem if value is None else ""
        if fault or problem:
            self.warnings.add(fault or problem, place, detail)
        unit = self._unit(measured[0], place, quiet=bool(fault)) if measured else None
        return MeasuredValue(
            value=value if value is not None else NO_NUMBER,
            unit=plain_unit(unit) if unit is not None else "",
            unit_code=unit.value if unit is not None else "",
            fault=fault,
            sent=literal,
        )

    def quiet_number(self, item: Item) -> tuple[str, str] | None:
        """Return literal and unit of a NUM that is a property; None without a readable number."""
        measured = item.sequences.get(Tag.MeasuredValueSequence, [])
        if len(measured) != 1 or not item.complete:
            return None
        value, _ = decimal_of(measured[0].values.get(Tag.NumericValue, b""))
        if value is None:
            return None
        unit = self.code(measured[0], Tag.MeasurementUnitsCodeSequence)
        return plain(value), plain_unit(unit) if unit is not None else ""

    def _qualifier(self, item: Item) -> str:
        """Return why the device says there is no result, empty where it says no such thing.

        A code of its own counts by its meaning.
        """
        code = self.code(item, Tag.NumericValueQualifierCodeSequence)
        if code is None:
            return ""
        meaning = " ".join(code.meaning.casefold().split())
        return QUALIFIERS.get(code.value) or _QUALIFIER_WORDS.get(meaning, "")

    def _unit(self, measured: Item, place: str, *, quiet: bool) -> Code | None:
        unit = self.code(measured, Tag.MeasurementUnitsCodeSequence)
        if quiet:
            return unit
        if unit is None:
            self.warnings.add("no_unit", place)
        elif unit.scheme.upper() != "UCUM":
            self.warnings.add("foreign_unit", place)
        return unit

    def pass_over(self, item: Item, place: str, rule: str) -> None:
        """Note a NUM that is no finding, if decisions were asked for."""
        if self.passed is None:
            return
        value = unit = ""
        for measured in item.sequences.get(Tag.MeasuredValueSequence, ())[:1]:
            value = self.string(measured, Tag.NumericValue)
            code = self.code(measured, Tag.MeasurementUnitsCodeSequence)
            unit = plain_unit(code) if code is not None else ""
        self.passed.append(NumDecision(place, self.name(item).text, value, unit, False, rule))

    def add(self, finding: NumFinding) -> None:
        """Keep a finding; too many raise `ReportLimitError`, because none may be lost silently."""
        if len(self.findings) >= MAX_FINDINGS:
            raise ReportLimitError("Zu viele Messwerte. / Too many measurements.")
        self.findings.append(finding)
