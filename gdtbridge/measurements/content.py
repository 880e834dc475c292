"""Content items one at a time: their names, values, units and modifiers (PS3.3 C.17.3).

A modifier counts whatever its relationship, because its concept says what it is: Canon sends
Selection Status by HAS CONCEPT MOD, GE by HAS PROPERTIES.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from gdtbridge.measurements.codes import QUALIFIERS, Role, plain_unit, role_of
from gdtbridge.measurements.elements import Item, Tag
from gdtbridge.measurements.model import Code, ReportLimitError
from gdtbridge.measurements.numbers import decimal_of
from gdtbridge.measurements.text import Decoder
from gdtbridge.measurements.warn import Warnings

MAX_FINDINGS: Final = 20_000
MAX_JOINED: Final = 4
CONTAINS: Final = "CONTAINS"


@dataclass(frozen=True, slots=True)
class Context:
    """What modifiers say, inherited from containers and overridden below (PS3.16 TID 5202)."""

    site: Code | None = None
    laterality: Code | None = None
    topography: Code | None = None
    mode: Code | None = None
    method: Code | None = None
    equation: Code | None = None
    view: Code | None = None
    cycle: Code | None = None
    breathing: Code | None = None
    flow: Code | None = None
    stage: Code | None = None
    protocol: Code | None = None
    fetus: Code | None = None
    label: Code | None = None
    derivation: Code | None = None
    selection: Code | None = None

    def with_modifiers(self, found: dict[Role, Code]) -> Context:
        """Return this context with ``found`` on top; a new site forgets where in the old one."""
        if not found:
            return self
        forget = {"topography": None} if Role.SITE in found and Role.TOPOGRAPHY not in found else {}
        return replace(self, **forget, **{role.value: code for role, code in found.items()})


@dataclass(frozen=True, slots=True)
class SeedMark:
    """What the seed system called a value, where it read one."""

    id: str
    name: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Number:
    """The value of a NUM: its unit as we print it, and the code value it was sent with."""

    value: Decimal
    unit: str
    unit_code: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One NUM that is a result, before selection and naming.

    ``row`` is the private table's row number where there is one (SonoScape 10037), ``device_id``
    the device's own name of what was measured. ``kept_by_seed`` marks the one of each seed id that
    the seed system would have reported.
    """

    name: Code
    value: Decimal
    unit: str
    context: Context
    place: str
    unit_code: str | None = None
    seed: SeedMark | None = None
    device_id: str | None = None
    row: int | None = None
    kept_by_seed: bool = False


@dataclass(slots=True)
class Content:
    """Reads the items of one report; ``findings`` and ``warnings`` fill in tree order."""

    text: Decoder
    template: str | None = None
    warnings: Warnings = field(default_factory=Warnings)
    findings: list[Finding] = field(default_factory=list)

    def code(self, item: Item, tag: Tag) -> Code | None:
        """Return the first code of the code sequence ``tag``, None where it is absent or empty."""
        items = item.sequences.get(tag)
        if not items:
            return None
        value = ""
        for keyword in (Tag.CodeValue, Tag.LongCodeValue, Tag.URNCodeValue):
            value = value or self.string(items[0], keyword)
        code = Code(
            value,
            self.string(items[0], Tag.CodingSchemeDesignator),
            self.string(items[0], Tag.CodeMeaning),
        )
        return code if code.text else None

    def string(self, item: Item, tag: Tag) -> str:
        """Return a text element, empty where it is absent."""
        raw = item.values.get(tag)
        return self.text(raw) if raw else ""

    def name(self, item: Item) -> Code:
        """Return the concept name, an empty code where there is none."""
        return self.code(item, Tag.ConceptNameCodeSequence) or Code("", "", "")

    def children(self, item: Item, place: str) -> Iterator[tuple[Item, str]]:
        """Yield the content items below with their places."""
        for number, child in enumerate(item.sequences.get(Tag.ContentSequence, ()), start=1):
            yield child, f"{place}.{number}"

    def kind(self, item: Item) -> str:
        """Return the Value Type (CONTAINER, NUM, CODE); a NUM shows itself without one too."""
        if Tag.ValueType not in item.values and Tag.MeasuredValueSequence in item.sequences:
            return "NUM"
        return self.string(item, Tag.ValueType).upper()

    def contained(self, item: Item) -> bool:
        """Return whether the item is CONTAINed; a missing relationship counts as that."""
        return self.string(item, Tag.RelationshipType).upper() in {CONTAINS, ""}

    def modifiers(self, item: Item) -> dict[Role, Code]:
        """Return what the children of ``item`` say about it, theirs included."""
        found: dict[Role, list[Code]] = {}
        for child, _ in self.children(item, ""):
            role = role_of(self.name(child))
            value = self.modifier_value(child) if role is not None else None
            if role is None or value is None:
                continue
            found.setdefault(role, []).append(value)
            if role is Role.SITE:  # Laterality and topography may sit on the site (TID 300)
                for below, code in self.modifiers_of_site(child):
                    found.setdefault(below, []).append(code)
        return {role: _joined(codes) for role, codes in found.items()}

    def modifiers_of_site(self, site: Item) -> Iterator[tuple[Role, Code]]:
        """Yield laterality and topography written below a Finding Site."""
        for child, _ in self.children(site, ""):
            role = role_of(self.name(child))
            if role is Role.LATERALITY or role is Role.TOPOGRAPHY:
                value = self.modifier_value(child)
                if value is not None:
                    yield role, value

    def modifier_value(self, item: Item) -> Code | None:
        """Return a modifier's code, or its text or number as a code with a meaning only."""
        if not item.complete:
            return None
        code = self.code(item, Tag.ConceptCodeSequence)
        if code is not None:
            return code
        text = self.string(item, Tag.TextValue)
        for measured in item.sequences.get(Tag.MeasuredValueSequence, ())[:1]:
            text = text or self.string(measured, Tag.NumericValue)
        return Code("", "", text) if text else None

    def number(self, item: Item, place: str) -> Number | None:
        """Return value and unit of a NUM, or None with a warning."""
        measured = item.sequences.get(Tag.MeasuredValueSequence)
        if not measured:
            self.warnings.no_value(place, self._qualifier(item))
            return None
        if len(measured) > 1:
            self.warnings.add("several_values", place)
            return None
        raw = measured[0].values.get(Tag.NumericValue, b"")
        value, problem = decimal_of(raw)
        if value is None:
            self.warnings.add(problem, place)
            return None
        unit = self._unit(measured[0], place)
        if unit is None:
            return Number(value, "", "")
        return Number(value, plain_unit(unit), unit.value)

    def _qualifier(self, item: Item) -> str:
        code = self.code(item, Tag.NumericValueQualifierCodeSequence)
        return QUALIFIERS.get(code.value, "") if code is not None else ""

    def _unit(self, measured: Item, place: str) -> Code | None:
        unit = self.code(measured, Tag.MeasurementUnitsCodeSequence)
        if unit is None:
            self.warnings.add("no_unit", place)
        elif unit.scheme.upper() != "UCUM":
            self.warnings.add("foreign_unit", place)
        return unit

    def add(self, finding: Finding) -> None:
        """Keep a finding; too many raise `ReportLimitError`, because none may be lost silently."""
        if len(self.findings) >= MAX_FINDINGS:
            raise ReportLimitError("Zu viele Messwerte. / Too many measurements.")
        self.findings.append(finding)


def _joined(codes: list[Code]) -> Code:
    """Return several modifiers of one role as one; real reports have at most two or three."""
    if len(codes) == 1:
        return codes[0]
    codes = codes[:MAX_JOINED]
    return Code(
        "+".join(code.value for code in codes if code.value),
        codes[0].scheme,
        ", ".join(code.text for code in codes),
    )
