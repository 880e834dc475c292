"""What the modifiers of a measurement say, in the catalogue's terms, whoever coded them.

A side within an organ's code (Left kidney) is a side and the organ; a side as text (``Lt``) is
one too. The texts of codes nobody else knows count where they are those of the standard, so that a
maker's own code for "left ventricle basal anterior segment" is that segment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from gdtbridge.catalogue.names import GENERIC_CONTAINERS, GENERIC_NAMES
from gdtbridge.catalogue.rows import built_in, terms
from gdtbridge.sr.codes import ModifierRole
from gdtbridge.sr.identity import IdentityExtra
from gdtbridge.sr.model import Measurement, ReportStatement
from gdtbridge.tsv import table

FIELDS: Final[dict[str, str]] = {
    ModifierRole.EQUATION: "method",
    ModifierRole.CYCLE: "phase",
    ModifierRole.BREATHING: "phase",
    ModifierRole.TRACKING: "group",
    ModifierRole.SHORT_LABEL: "label",
    "of": "companion_of",
}
"""Fields of a measurement that are not named for the modifier."""

REDUNDANT: Final = frozenset(
    # Further modifiers that leave a measurement what it is; others (Indexed, Fractional Change) are
    # unknown to every row (PS3.16 TID 5302, CID 12302, 12303)
    {
        "DCM:125305",  # Finding Observation Type
        "DCM:125306=DCM:125316",  # Measurement Type: Directly measured
        "DCM:125306=DCM:125315",  # Measurement Type: Calculated
        "DCM:125306=DCM:113857",  # Measurement Type: Manual Entry
    }
)

SIDES: Final = ("L", "R")

_VOIDING: Final = (
    (re.compile(r"\b(?:pre|prior|before|vor|prä)[ -]?(?:to )?(?:der )?(?:void|mikt)"), "VOIDPR"),
    (
        re.compile(r"\b(?:post|after|nach)[ -]?(?:der )?(?:void|mikt)|residual|restharn|\bpvr\b"),
        "VOIDPO",
    ),
)
"""Words for the states of a bladder; devices write them wherever a text may stand."""

_WITH_VOIDING: Final = (
    ModifierRole.STAGE,
    ModifierRole.LABEL,
    ModifierRole.SHORT_LABEL,
    ModifierRole.PROTOCOL,
    ModifierRole.TOPOGRAPHY,
    ModifierRole.SITE,
    IdentityExtra.IN,
    IdentityExtra.MODIFIER,
)

_SPOKEN: Final = frozenset({ModifierRole.SITE, ModifierRole.LATERALITY, ModifierRole.TOPOGRAPHY})
"""Modifiers whose text counts where the code is a maker's own."""

DEFINED_SCHEMES: Final = frozenset(
    {"SCT", "SRT", "LN", "DCM", "UCUM", "NCIT", "FMA", "RADLEX", "UMLS"}
)
"""Coding schemes whose codes mean what they mean, whatever text stands beside them."""

_SIDE_BEFORE: Final = re.compile(
    r"(?:structure of )?(left|right|lt\.?|rt\.?|linke[rs]?|rechte[rs]?|li\.|re\.) (.+)"
)
_SIDE_BEHIND: Final = re.compile(
    r"(.+?),? (left|right|links|rechts|li\.?|re\.?|lt\.?|rt\.?"
    r"|gauche|droite?|sinistr[oa]|destr[oa]|izquierd[oa]|derech[oa]|esquerd[oa]|direit[oa])"
)
_NUMBER_BEHIND: Final = re.compile(r" \d+$")
_STRUCTURE: Final = re.compile(r"^structure of | structure$| \(body structure\)$")


class SaidModifier(NamedTuple):
    """A modifier as said: the key of the identity, its term (empty for none), its text."""

    key: str
    term: str
    text: str = ""


NOTHING: Final = SaidModifier("", "")
"""What an absent modifier says."""


@dataclass(slots=True)
class _LastSaid:
    """The modifiers of the last measurement: entry, title and remarks ask for them in turn."""

    pair: tuple[Measurement | ReportStatement, Mapping[str, SaidModifier]] | None = None


_LAST: Final = _LastSaid()


def said_by(measurement: Measurement | ReportStatement) -> Mapping[str, SaidModifier]:
    """Return what the modifiers say by role (``site``, ``mod``), sides taken out of organs."""
    last = _LAST.pair
    if last is None or last[0] is not measurement:
        _LAST.pair = last = (measurement, _said_by(measurement))
    return last[1]


def _said_by(measurement: Measurement | ReportStatement) -> Mapping[str, SaidModifier]:
    found: dict[str, SaidModifier] = {}
    for one in measurement.identity[1:]:
        if not one or _is_redundant(one):
            continue
        role, _, key = one.partition("=")
        text = str(getattr(measurement, FIELDS.get(role, role), None) or "")
        found[role] = SaidModifier(key, _term(role, key, text), text)
    return _with_the_voiding(_with_the_side(_with_the_organ(found, measurement)), measurement)


def _with_the_organ(
    found: dict[str, SaidModifier], measurement: Measurement | ReportStatement
) -> dict[str, SaidModifier]:
    """Return the modifiers, the only private container as site where it is called an organ.

    A site that is coded must be the same; containers that say nothing do not count.
    """
    inside = found.get(IdentityExtra.IN)
    names = [one for one in (measurement.group or "").split(" / ") if not _is_generic(one)]
    if inside is None or len(names) != 1 or IdentityExtra.TRACKING in found:
        return found
    text = " ".join(names[0].casefold().split())
    organ = term_of_text(ModifierRole.SITE, text) or (_sided_text(text) or ("",))[0]
    site = found.get(ModifierRole.SITE)
    if not organ or (site is not None and site.term != organ):
        return found
    if site is None:  # of one with a side `_with_the_side` finds the term
        term = term_of_text(ModifierRole.SITE, text)
        found[ModifierRole.SITE] = SaidModifier(f"={text}", term, names[0])
    del found[IdentityExtra.IN]
    return found


def says_organ(measurement: Measurement | ReportStatement) -> bool:
    """Return whether the private container around a value says its organ, and nothing else."""
    inside = any(one.startswith(f"{IdentityExtra.IN}=") for one in measurement.identity)
    return inside and IdentityExtra.IN not in said_by(measurement)


def _is_generic(container: str) -> bool:
    return container.casefold() in GENERIC_CONTAINERS


def contradicting_sides(measurement: Measurement) -> tuple[str, ...]:
    """Return the terms of both sides where a measurement has two, the nearest last."""
    said = dict(one.partition("=")[::2] for one in measurement.identity[1:] if one)
    role = ModifierRole.LATERALITY
    sides = _sides_of(said[role], measurement.laterality or "") if role in said else []
    if measurement.other_side:
        sides.insert(0, _side_of_text(measurement.other_side))
    site = ModifierRole.SITE
    organ = _sided(said[site], measurement.site or "") if site in said else None
    if organ is not None:
        sides.insert(0, organ[1])
    told = tuple(dict.fromkeys(side for side in sides if side in SIDES))
    return told if len(told) > 1 else ()


def _sides_of(key: str, text: str) -> list[str]:
    """Return the terms of a laterality; one item may say several (``attributes.joined``)."""
    scheme, _, values = key.partition(":")
    if "+" in values:
        return [terms().by_code.get(f"{scheme}:{value}", "") for value in values.split("+")]
    return [_term(ModifierRole.LATERALITY, key, text)]


def _is_redundant(modifier: str) -> bool:
    role, _, pair = modifier.partition("=")
    return role == IdentityExtra.MODIFIER and not REDUNDANT.isdisjoint(
        {pair, pair.partition("=")[0]}
    )


def _term(role: str, key: str, text: str) -> str:
    """Return the term of a modifier; empty where no term says it."""
    known = terms().term(role, key)
    if not known and role == ModifierRole.STAGE and key.startswith("="):
        known = terms().term(role, _NUMBER_BEHIND.sub("", key))
    if known or role not in _SPOKEN:
        return known
    scheme = key.partition(":")[0]
    return "" if scheme in DEFINED_SCHEMES else term_of_text(role, text or key.removeprefix("="))


@lru_cache(maxsize=1024)
def term_of_text(role: str, text: str) -> str:
    """Return the term a text names, by its meaning or German word; empty for none."""
    plain = _STRUCTURE.sub("", " ".join(text.casefold().split()))
    return terms().term(role, f"={plain}") or _by_meaning().get(plain, "")


class OwnName(NamedTuple):
    """What a maker calls a measurement of its own: name, and the side written in it."""

    name: str
    side: str


def own_name(measurement: Measurement) -> OwnName:
    """Return the name of a measurement without a defined code, as a row may have it.

    A generic name (Value) is what its label says; a side at the label's beginning or end is none.
    """
    name = measurement.name
    generic = name.casefold() in GENERIC_NAMES
    label = measurement.label if generic else None
    plain = " ".join((label or name).casefold().split())
    before, behind = _SIDE_BEFORE.fullmatch(plain), _SIDE_BEHIND.fullmatch(plain)
    if label is None or (before is None and behind is None):
        return OwnName(plain, "")
    if before is not None:
        return OwnName(before[2], _side_of_text(before[1]))
    assert behind is not None  # noqa: S101 - one of both
    return OwnName(behind[1], _side_of_text(behind[2]))


def said_beside_its_name(measurement: Measurement) -> dict[str, SaidModifier]:
    """Return the modifiers without what the name of a maker's own code says already.

    These are the label it was taken from and containers that say nothing; its side is one.
    """
    found = dict(said_by(measurement))
    own = own_name(measurement)
    group = (measurement.group or "").casefold().split(" / ")
    if not set(group) - GENERIC_CONTAINERS:
        found.pop(IdentityExtra.IN, None)
    if measurement.name.casefold() in GENERIC_NAMES:
        found.pop(ModifierRole.LABEL, None)
    if own.side and ModifierRole.LATERALITY not in found:
        word = terms().words[own.side]
        found[ModifierRole.LATERALITY] = SaidModifier(own.side, own.side, word)
    return found


@lru_cache(maxsize=1)
def _by_meaning() -> Mapping[str, str]:
    """Return the term of each meaning and German word that belongs to one term only."""
    found: dict[str, set[str]] = {}
    for term, code, meaning, word in table("catalogue/terms.tsv"):
        texts = {meaning, word} if "=" not in code else {word}
        for text in texts - {""}:
            plain = _STRUCTURE.sub("", text.casefold())
            found.setdefault(plain, set()).add(term)
    return {text: next(iter(meant)) for text, meant in found.items() if len(meant) == 1}


def _with_the_side(found: dict[str, SaidModifier]) -> dict[str, SaidModifier]:
    """Return the modifiers, a side within the organ's code as laterality unless one is coded."""
    site = found.get(ModifierRole.SITE)
    organ = _sided(site.key, site.text) if site is not None and not site.term else None
    if site is None or organ is None:
        return found
    whole, side = organ
    found[ModifierRole.SITE] = SaidModifier(site.key, whole, site.text)
    coded = found.get(ModifierRole.LATERALITY)
    if coded is None or coded.term not in SIDES:
        found[ModifierRole.LATERALITY] = SaidModifier(side, side, terms().words[side])
    return found


def _with_the_voiding(
    found: dict[str, SaidModifier], measurement: Measurement | ReportStatement
) -> dict[str, SaidModifier]:
    """Return the modifiers of a bladder with before or after voiding as its stage."""
    site = found.get(ModifierRole.SITE)
    if site is None or site.term != "BLADDER":
        return found
    for role in _WITH_VOIDING:
        said = found.get(role)
        state = _voiding(said, role, measurement) if said is not None else ""
        if said is None or not state:
            continue
        if role != ModifierRole.SITE:
            del found[role]
        found[ModifierRole.STAGE] = SaidModifier(state, state, terms().words[state])
        break
    return found


def _voiding(said: SaidModifier, role: str, measurement: Measurement | ReportStatement) -> str:
    """Return the term of the state a modifier says, by its code or in words; empty for none."""
    code = said.key.rpartition("=")[2] if role == IdentityExtra.MODIFIER else said.key
    known = terms().by_code.get(code, "")
    if known in {state for _, state in _VOIDING}:
        return known
    texts = {
        IdentityExtra.IN: measurement.group or "",
        IdentityExtra.MODIFIER: " ".join(one.value for one in measurement.further),
    }
    text = texts.get(IdentityExtra(role)) if role in texts else said.text
    plain = " ".join((text or "").casefold().split())
    return next((state for words, state in _VOIDING if words.search(plain)), "")


def _sided(key: str, text: str) -> tuple[str, str] | None:
    """Return organ and side a site says at once: by its code, else by its text."""
    known = _sided_codes().get(key)
    return known or (_sided_text(text) if text else None)


@lru_cache(maxsize=1)
def _sided_codes() -> Mapping[str, tuple[str, str]]:
    return {code: (whole, side) for code, _, whole, side, _ in table("catalogue/sides.tsv")}


@lru_cache(maxsize=1024)
def _sided_text(text: str) -> tuple[str, str] | None:
    """Return organ and side of a text (``Left kidney``); None for parts such as a left ventricle.

    Only what has two sides by the catalogue's rows is one of them.
    """
    plain = _STRUCTURE.sub("", " ".join(text.casefold().split()))
    before, behind = _SIDE_BEFORE.fullmatch(plain), _SIDE_BEHIND.fullmatch(plain)
    side, rest = ("", "")
    if before is not None:
        side, rest = before[1], before[2]
    elif behind is not None:
        side, rest = behind[2], behind[1]
    whole = term_of_text(ModifierRole.SITE, rest) if rest else ""
    return (whole, _side_of_text(side)) if whole in _paired() else None


def _side_of_text(text: str) -> str:
    return term_of_text(ModifierRole.LATERALITY, text)


@lru_cache(maxsize=1)
def _paired() -> frozenset[str]:
    """Return the terms of sites that have a left and a right."""
    found: set[str] = set()
    for row in built_in():
        site = row.choices.get(ModifierRole.SITE)
        side = row.choices.get(ModifierRole.LATERALITY)
        if site is not None and side is not None and set(SIDES) <= side.appended:
            found |= site.silent | site.appended
    return frozenset(found)
