"""What a derivation makes of a value: itself, an extreme, a spread, a count (``derivations.tsv``).

Devices code it by the standard, by codes of their own with a telling meaning (``IQR``,
``Écart-type``), as text, and in modifiers and labels of other names. Here all of these become the
one code of the table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from gdtbridge.sr.codes import Concept, ModifierRole, normal
from gdtbridge.sr.model import Code
from gdtbridge.sr.plain_words import plain_words
from gdtbridge.tsv import table

ANYWHERE: Final = "~"


MISTAKABLE: Final = frozenset({"sd", "std", "var", "cv", "range", "rango", "max min"})
"""Words of a spread that may be a label as well."""


class DerivationKind(StrEnum):
    """What a derived value is to the measurement."""

    VALUE = "value"
    EXTREME = "extreme"
    SPREAD = "spread"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class _Derivation:
    code: Concept
    kind: DerivationKind
    words: re.Pattern[str]


@lru_cache(maxsize=1)
def _derivations() -> tuple[tuple[_Derivation, ...], Mapping[Concept, _Derivation]]:
    """Return the rows in their order, and by each of their codes."""
    rows: list[_Derivation] = []
    by_code: dict[Concept, _Derivation] = {}
    for code, kind, further, words, _ in table("sr/derivations.tsv"):
        pattern = "|".join(
            rf"(?:.* )?{word[1:]}(?: .*)?" if word.startswith(ANYWHERE) else word
            for word in words.split("|")
        )
        row = _Derivation(_concept(code), DerivationKind(kind), re.compile(pattern))
        rows.append(row)
        by_code |= dict.fromkeys([row.code, *map(_concept, further.split())], row)
    return tuple(rows), MappingProxyType(by_code)


def _concept(text: str) -> Concept:
    scheme, _, value = text.partition(":")
    return scheme, value


@lru_cache(maxsize=1024)
def _named(code: Code) -> _Derivation | None:
    rows, by_code = _derivations()
    known = by_code.get(normal(code)) if code.value else None
    words = plain_words(code.meaning or code.value)
    return known or next((row for row in rows if row.words.fullmatch(words)), None)


def derivation_kind(code: Code | None) -> DerivationKind | None:
    """Return what kind of derivation a code or text is; None for none and for an unknown one."""
    known = _named(code) if code is not None else None
    return known.kind if known is not None else None


def with_derivation(
    modifiers: Mapping[ModifierRole, Code], further: tuple[tuple[Code, Code], ...]
) -> tuple[dict[ModifierRole, Code], tuple[tuple[Code, Code], ...]]:
    """Return modifiers in which a derivation has its one code, wherever the device put it.

    A label or another modifier counts only where it unmistakably says a spread: ``Average`` and
    ``SD`` may be names somebody gave.
    """
    found, rest = dict(modifiers), further
    derivation = found.get(ModifierRole.DERIVATION)
    if derivation is None:
        said = next((pair for pair in further if _is_no_value(pair[1])), None)
        label = found.get(ModifierRole.LABEL)
        if said is not None:
            derivation, rest = said[1], tuple(pair for pair in further if pair is not said)
        elif label is not None and not label.value and _is_no_value(label):
            derivation = label
    known = _named(derivation) if derivation is not None else None
    if derivation is not None and known is not None:
        scheme, value = known.code
        found[ModifierRole.DERIVATION] = Code(value, scheme, derivation.text)
    return found, rest


def _is_no_value(code: Code) -> bool:
    """Return whether a text that is no derivation says a spread; short ones may be names."""
    words = plain_words(code.meaning or code.value)
    return words not in MISTAKABLE and derivation_kind(code) is DerivationKind.SPREAD
