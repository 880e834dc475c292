"""The rows of the catalogue: how they are written, read and checked.

The column ``where`` says what each modifier must be for a row to be meant: ``site=LV
mode=-,2D,+MM`` is the left ventricle, and an image mode that is absent, 2D or M-mode. Alternatives
are

- ``-``: the modifier is absent;
- a term of ``terms.tsv``: it has one of the term's codes;
- ``*``: whatever it is, absent or not, it makes no other measurement;
- ``+`` and a term, or ``+`` alone for any: as before, and it is appended to id and name.

A modifier ``where`` does not name must be absent: what it would make of the measurement nobody
knows. But a statistic (minimum, maximum, deviation), the stage and the protocol of an exam under
stress, a fetus and the tracking identifier of a lesion leave the measurement what it is and are
appended, and a short label says the same as the codes and is passed over (`UNNAMED`). ``UNI``
(Unilateral) says no more than an absent laterality and needs no naming. A ``*`` of its own stands
for concepts that say everything themselves (`PRECOORDINATED`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from gdtbridge.sr import ucum
from gdtbridge.sr.codes import ModifierRole, side_of
from gdtbridge.sr.model import Code
from gdtbridge.tsv import table

MEASUREMENT_COLUMNS: Final = ("id", "name", "unit", "decimals", "group")
"""Columns of ``measurements.tsv``."""

CODING_COLUMNS: Final = ("concept", "meaning", "where", "source")
"""Columns of ``codings.tsv`` behind the id."""

COLUMNS: Final = (*MEASUREMENT_COLUMNS, *CODING_COLUMNS)
MODIFIERS: Final = (*(role.value for role in ModifierRole), "of", "in", "tracking")
"""What ``where`` may name. Behind the roles is what only some values have: the measurement a
gestational age was derived from, a private container, a lesion."""

ID_LENGTH: Final = 8
"""Characters of an id without what is appended: shorter than any id made of a hash has."""

SUFFIX_LENGTH: Final = 6
NAME_LENGTH: Final = 60
"""Characters of a name: what practice software shows of a test on one line."""

MAX_DECIMALS: Final = 6
ABSENT: Final = "-"
ANY: Final = "*"
APPENDED: Final = "+"

NAMED: Final = "="
"""Begins a concept that is a name: what devices without a defined code call a measurement."""

PRECOORDINATED: Final = (
    # What a concept such as "LVIDd, 2D" says itself, so that repeating it changes nothing
    ModifierRole.SITE,
    ModifierRole.MODE,
    ModifierRole.METHOD,
    ModifierRole.VIEW,
    ModifierRole.CYCLE,
    ModifierRole.FLOW,
    ModifierRole.LABEL,
)

_ID: Final = re.compile(rf"[A-Z1-9]{{1,{ID_LENGTH}}}(?:0[A-Z1-9]{{1,{SUFFIX_LENGTH}}})*")
_CONCEPT: Final = re.compile(r"[0-9A-Za-z_-]+:[^\s:]+")


class CatalogueError(ValueError):
    """A row cannot be; the text names row and column."""


@dataclass(frozen=True, slots=True)
class ModifierChoice:
    """The alternatives ``where`` allows for one modifier."""

    absent: bool = False
    anything: bool = False
    silent: frozenset[str] = frozenset()
    appended: frozenset[str] = frozenset()
    anything_appended: bool = False


NEUTRAL: Final = frozenset({"UNI"})
"""Terms that say no more than the absence of the modifier."""

_ABSENT: Final = ModifierChoice(absent=True, silent=NEUTRAL)
_TOLD: Final = ModifierChoice(absent=True, anything_appended=True)

UNNAMED: Final[Mapping[str, ModifierChoice]] = MappingProxyType(
    dict.fromkeys(MODIFIERS, _ABSENT)
    | {
        ModifierRole.DERIVATION: ModifierChoice(
            absent=True,
            appended=frozenset({"MIN", "MAX", "STD", "PTP", "IQR", "IQRM", "VK", "VAR"}),
        ),
        ModifierRole.STAGE: _TOLD,
        ModifierRole.PROTOCOL: _TOLD,
        ModifierRole.FETUS: _TOLD,
        ModifierRole.TRACKING: _TOLD,
        ModifierRole.SHORT_LABEL: ModifierChoice(anything=True),
    }
)
"""What a row says of each modifier it does not name; of one nobody knows it says nothing."""


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """A coding of a measurement, with the measurement's name, unit and group.

    ``concept`` is the normalised code (``LN:29436-3``), ``meaning`` what its scheme calls it,
    ``source`` where the code is defined or was seen, ``unit`` the UCUM code values are converted
    to. ``where`` is the text, ``choices`` what it says.
    """

    id: str
    name: str
    unit: str
    decimals: int
    group: str
    concept: str
    meaning: str
    where: str
    source: str
    choices: Mapping[str, ModifierChoice]


@dataclass(frozen=True, slots=True)
class CatalogueTerms:
    """The words of ``where``: the term of each code, and the German word of each term.

    A code is ``SCT:…``, or a text instead of one with the modifier it may stand in:
    ``laterality==lt``.
    """

    by_code: Mapping[str, str]
    words: Mapping[str, str]

    def term(self, role: str, key: str) -> str:
        """Return the term of what a modifier says, empty for none; ``key`` as in an identity."""
        if not key.startswith("="):
            return self.by_code.get(key, "")
        if role == ModifierRole.LATERALITY:
            side = ":".join(side_of(Code("", "", key.removeprefix("="))))
            return self.by_code.get(side, "") or self.by_code.get(f"{role}={key}", "")
        return self.by_code.get(f"{role}={key}", "")


@lru_cache(maxsize=1)
def terms() -> CatalogueTerms:
    """Return the terms of ``terms.tsv``."""
    by_code, words = {}, {}
    for term, code, _, word in table("catalogue/terms.tsv"):
        by_code[code], words[term] = term, word
    return CatalogueTerms(MappingProxyType(by_code), MappingProxyType(words))


@lru_cache(maxsize=1)
def built_in() -> tuple[CatalogueRow, ...]:
    """Return the codings of ``codings.tsv`` in the order of ``measurements.tsv``."""
    codings: dict[str, list[list[str]]] = {}
    for id_, *cells in table("catalogue/codings.tsv"):
        codings.setdefault(id_, []).append(cells)
    rows = []
    for facts in table("catalogue/measurements.tsv"):
        measurement = dict(zip(MEASUREMENT_COLUMNS, facts, strict=True))
        for cells in codings.pop(facts[0]):
            coding = dict(zip(CODING_COLUMNS, cells, strict=True))
            rows.append(read_row(measurement | coding, f"measurements.tsv ({facts[0]})"))
    if codings:
        raise CatalogueError(f"codings.tsv, id: {', '.join(codings)}")
    return tuple(rows)


@lru_cache(maxsize=1)
def maxima() -> frozenset[str]:
    """Return the ids of the measurements whose maximum is told besides (``maxima.tsv``)."""
    return frozenset(made for made, _ in table("catalogue/maxima.tsv"))


def read_row(cells: Mapping[str, str], place: str) -> CatalogueRow:
    """Return the row; raise `CatalogueError` that begins with ``place`` and names the column."""
    try:
        return CatalogueRow(
            id=_matching(
                "id", cells["id"], _ID, "A-Z und 1-9, höchstens 8", "A-Z and 1-9, up to 8"
            ),
            name=_name(cells["name"]),
            unit=_unit(cells["unit"]),
            decimals=_decimals(cells["decimals"]),
            group=_filled("group", cells["group"]),
            concept=_concept(cells["concept"]),
            meaning=cells.get("meaning", ""),
            where=cells.get("where", ""),
            source=cells.get("source", ""),
            choices=choices_of(cells.get("where", "")),
        )
    except CatalogueError as error:
        raise CatalogueError(f"{place}, {error}") from error


def _matching(column: str, text: str, pattern: re.Pattern[str], german: str, english: str) -> str:
    if not pattern.fullmatch(text):
        raise CatalogueError(f"{column} = {text!r}: erlaubt ist {german}. / allowed is {english}.")
    return text


def _filled(column: str, text: str) -> str:
    if not text.strip():
        raise CatalogueError(f"{column}: fehlt. / is missing.")
    return text.strip()


def _name(text: str) -> str:
    if len(_filled("name", text)) > NAME_LENGTH:
        raise CatalogueError(
            f"name: höchstens {NAME_LENGTH} Zeichen. / at most {NAME_LENGTH} characters."
        )
    return text.strip()


def _unit(text: str) -> str:
    if ucum.parse(text) is None:
        raise CatalogueError(
            f"unit = {text!r}: keine bekannte UCUM-Einheit, ohne Einheit 1. / no known UCUM unit; "
            "for a mere number 1."
        )
    return text


def _decimals(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= MAX_DECIMALS):
        raise CatalogueError(f"decimals = {text!r}: 0 bis {MAX_DECIMALS}. / 0 to {MAX_DECIMALS}.")
    return int(text)


def _concept(text: str) -> str:
    if text.startswith(NAMED) and text == text.casefold():
        return text
    _matching("concept", text, _CONCEPT, "SCHEMA:CODE, z. B. LN:29436-3", "SCHEME:CODE")
    scheme, _, value = text.partition(":")
    return f"{scheme.upper()}:{value}"


@lru_cache(maxsize=2048)
def choices_of(where: str) -> Mapping[str, ModifierChoice]:
    """Return what ``where`` says of each modifier; raise `CatalogueError`."""
    found: dict[str, ModifierChoice] = {}
    for part in where.split():
        if part == ANY:
            continue
        role, mark, alternatives = part.partition("=")
        if not mark or role not in MODIFIERS or role in found:
            known = ", ".join(MODIFIERS)
            raise CatalogueError(
                f"where: {part!r}: je Merkmal einmal MERKMAL=WERT,WERT mit {known}. / each "
                "modifier once, as MODIFIER=VALUE,VALUE."
            )
        found[role] = _choice(part, alternatives.split(","))
    if ANY in where.split():
        found = dict.fromkeys(PRECOORDINATED, ModifierChoice(anything=True)) | found
    return MappingProxyType(found)


def _choice(part: str, alternatives: Sequence[str]) -> ModifierChoice:
    marked = {one.removeprefix(APPENDED) for one in alternatives if one.startswith(APPENDED)}
    named = {one for one in alternatives if not one.startswith(APPENDED)}
    known = terms().words
    unknown = sorted((named - {ABSENT, ANY} | marked - {""}) - known.keys())
    if unknown:
        raise CatalogueError(
            f"where: {part!r}: {', '.join(map(repr, unknown))} ist kein Begriff aus "
            "terms.tsv. / is no term of terms.tsv."
        )
    return ModifierChoice(
        absent=ABSENT in named,
        anything=ANY in named,
        silent=frozenset(named - {ABSENT, ANY}),
        appended=frozenset(marked - {""}),
        anything_appended="" in marked,
    )
