"""Quantities a search asks for (R4 3.1.1.4.12): a number with the digits that count, and a unit.

Units are compared, never converted: who asks for 5 cm does not find 50 mm.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from gdtbridge.fhir.elements import Json


class NumberPrefix(StrEnum):
    """How a number is compared (R4 3.1.1.4.6); ``ap`` is not among them."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    LT = "lt"
    GE = "ge"
    LE = "le"


@dataclass(frozen=True, slots=True)
class WantedQuantity:
    """A number, how it is compared, and the unit that is asked for.

    ``system`` and ``code`` are empty where any will do; without a system the code may be the unit
    as people read it.
    """

    prefix: NumberPrefix
    number: Decimal
    system: str = ""
    code: str = ""

    @classmethod
    def of(cls, text: str, unit: str) -> WantedQuantity | None:
        """Return what ``ge5.4`` and ``system|code`` ask for; None where that is no number."""
        prefix, digits = text[:2], text[2:]
        if prefix not in set(NumberPrefix):
            prefix, digits = NumberPrefix.EQ, text
        try:
            number = Decimal(digits)
        except InvalidOperation:
            return None
        system, _, code = unit.partition("|")
        return cls(NumberPrefix(prefix), number, system, code) if _is_sane(number) else None

    def fits(self, quantity: Json) -> bool:
        """Return whether a Quantity is meant."""
        return "value" in quantity and self._has_unit(quantity) and self._has_number(quantity)

    def _has_unit(self, quantity: Json) -> bool:
        if self.system and quantity.get("system") != self.system:
            return False
        names = (
            {quantity.get("code")} if self.system else {quantity.get("code"), quantity.get("unit")}
        )
        return not self.code or self.code in names

    def _has_number(self, quantity: Json) -> bool:
        """Return whether the number fits; equal is what rounds to the digits asked for."""
        value = Decimal(quantity["value"])
        exponent = self.number.as_tuple().exponent
        half = Decimal(5).scaleb(int(exponent) - 1)
        is_equal = self.number - half <= value < self.number + half
        return {
            NumberPrefix.EQ: is_equal,
            NumberPrefix.NE: not is_equal,
            NumberPrefix.GT: value > self.number,
            NumberPrefix.LT: value < self.number,
            NumberPrefix.GE: value >= self.number,
            NumberPrefix.LE: value <= self.number,
        }[self.prefix]


def _is_sane(number: Decimal) -> bool:
    """Return whether a number is finite and of a size that is computed with at once."""
    return (
        number.is_finite() and -50 < number.adjusted() < 50 and len(number.as_tuple().digits) < 50
    )
