"""One unit for each dimension, for what the catalogue does not have (``dimensions.tsv``).

An exam sent in m/s and the same exam sent in cm/s say the same amount in the same unit under one
id. What is in a unit that is not understood has an id of its own for each such unit.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final

from gdtbridge.sr import ucum
from gdtbridge.sr.identity import HASH_LENGTH
from gdtbridge.sr.model import Measurement
from gdtbridge.sr.plain_words import plain_words
from gdtbridge.tsv import table

SIGNIFICANT: Final = 4
"""Digits a converted number has at least, where it has so many."""

MOST_DECIMALS: Final = 6


@dataclass(frozen=True, slots=True)
class AmountInUnit:
    """A measurement's number in the unit of its dimension (UCUM, empty for none), and its id."""

    id: str
    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class _DimensionRow:
    unit: str
    decimals: int
    words: re.Pattern[str] | None
    least: Fraction | None


@lru_cache(maxsize=1)
def _rows() -> tuple[_DimensionRow, ...]:
    return tuple(
        _DimensionRow(
            unit,
            int(decimals),
            re.compile(rf"\b(?:{words})\b") if words else None,
            Fraction(least) if least else None,
        )
        for unit, decimals, words, least, _ in table("catalogue/dimensions.tsv")
    )


def amount_of(measurement: Measurement) -> AmountInUnit:
    """Return a measurement in the unit of its dimension; one in no known unit stays as sent."""
    unit = measurement.unit or "1"
    words = _words_of(measurement)
    for row in _rows():
        value = _in_unit(measurement.value, unit, row.unit)
        if (
            value is not None
            and (row.words is None or row.words.search(words))
            and (row.least is None or abs(value) >= row.least)
        ):
            told = _shortened(measurement.value, value, row.decimals)
            return AmountInUnit(measurement.id, told, measurement.unit and row.unit)
    return AmountInUnit(_id_with(measurement), measurement.value, measurement.unit)


def _words_of(measurement: Measurement) -> str:
    """Return what the device says of a measurement, for the patterns of the rows."""
    said = (
        measurement.name,
        measurement.label,
        measurement.group,
        measurement.mode,
        measurement.method,
        measurement.site,
    )
    return plain_words(" ".join(text for text in said if text))


def _in_unit(value: Decimal, source: str, target: str) -> Fraction | None:
    """Return the value in another unit; a part of a hundred is no part of one."""
    have, want = ucum.parse(source), ucum.parse(target)
    if have is None or want is None or have.dimension != want.dimension:
        return None
    if not have.dimension and have.factor != want.factor:
        return None
    return ucum.convert(value, source, target)


def _shortened(sent: Decimal, value: Fraction, decimals: int) -> Decimal:
    """Return the value with the row's decimals, or more for four digits, without zeros behind.

    The digits sent stay where they are no more than that.
    """
    magnitude = Decimal(value.numerator) / Decimal(value.denominator)
    places = max(decimals, SIGNIFICANT - 1 - magnitude.adjusted()) if value else decimals
    told = ucum.rounded(value, min(places, MOST_DECIMALS))
    if told == sent:
        return sent
    whole = told.to_integral_value()
    return whole.quantize(Decimal(1)) if told == whole else told.normalize()


def _id_with(measurement: Measurement) -> str:
    """Return an id that has the unit in its hash: two units nobody can convert are two series."""
    prefix = measurement.id[:-HASH_LENGTH]
    digest = hashlib.sha256(f"{measurement.id}\x1f{measurement.unit}".encode()).digest()
    return prefix + base64.b32encode(digest)[:HASH_LENGTH].decode("ascii")
