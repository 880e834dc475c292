"""Findings and what is measured of them: the fibroid a diameter is of, the nodule of a length.

Devices write a finding as a CODE or TEXT with numbers below it (by CONTAINS or HAS PROPERTIES), as
a CODE beside the numbers of a measurement group (PS3.16 TID 1501), or as the name of a container.
All of that is told of the numbers, in name and identity. What is a finding and what a circumstance
``statements.tsv`` says. Of several findings of one kind without names of their own each gets a
number, in the order of the tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from gdtbridge.dataset.parser import Item
from gdtbridge.sr.attributes import ACQUISITION_CONTEXT, PROPERTY, joined
from gdtbridge.sr.codes import (
    MEASUREMENT_GROUP,
    PROPERTIES,
    STANDARD_CONTAINERS,
    SUMMARIES,
    Concept,
    ModifierRole,
    is_anatomy,
    normal,
    role_of,
)
from gdtbridge.sr.content import CONTAINS, ContentReader, NumFinding, StatementFinding
from gdtbridge.sr.context import DescribedFinding, ModifierContext
from gdtbridge.sr.identity import Identity, context_keys
from gdtbridge.sr.model import Code, FindingName
from gdtbridge.sr.profiles import DeviceQuirk
from gdtbridge.sr.statement_table import StatementUse, row_of

SITE: Final = ModifierRole.SITE

NUMBERS: Final = frozenset({"NUM"})

DESCRIBING: Final = frozenset({"CODE", "TEXT"})
"""Value Types of items that may be findings."""

SAYING: Final = frozenset({"CODE", "TEXT", "DATE", "DATETIME", "TIME"})
"""Value Types of what may be told in words; others name persons and objects."""

CONTEXTS: Final = frozenset({"HAS OBS CONTEXT", ACQUISITION_CONTEXT})

LONGEST_TEXT: Final = 64
"""Characters of a text that names a finding; what is longer is cut, for it goes into names."""

ANSWERS: Final[frozenset[Concept]] = frozenset(
    # Values that say nothing but that a thing is there, or how it is (PS3.16 CID 222, 230, 240)
    {
        ("SCT", "373066001"),  # Yes
        ("SCT", "373067005"),  # No
        ("SCT", "373068000"),  # Undetermined
        ("SCT", "52101004"),  # Present
        ("SCT", "2667000"),  # Absent
        ("SCT", "263654008"),  # Abnormal
        ("SCT", "17621005"),  # Normal
        ("SCT", "371934000"),  # Normality Undetermined
        ("DCM", "121053"),  # Present
        ("DCM", "121054"),  # Absent
        ("DCM", "121059"),  # Presence Undetermined
    }
)
ANSWER_WORDS: Final = frozenset(
    {"yes", "no", "present", "absent", "normal", "abnormal", "positive", "negative", "seen"}
    | {"ja", "nein", "vorhanden", "auffällig", "unauffällig", "true", "false", "1", "0"}
)

SIZES: Final[frozenset[Concept]] = frozenset(
    # What says nothing without the thing that is measured (PS3.16 CID 7469, 6165)
    {
        ("SCT", "81827009"),  # Diameter
        ("SCT", "410668003"),  # Length
        ("SCT", "103355008"),  # Width
        ("DCM", "121211"),  # Path length
        ("DCM", "121207"),  # Height
        ("DCM", "121206"),  # Distance
        ("SCT", "131197000"),  # Depth
        ("SCT", "118565006"),  # Volume
        ("SCT", "42798000"),  # Area
        ("SCT", "103339001"),  # Long Axis
        ("SCT", "103340004"),  # Short Axis
        ("SCT", "131191004"),  # Perimeter
        ("SCT", "74551000"),  # Circumference
    }
)

FINDING_WORDS: Final = re.compile(
    # A container so called is one thing that was found
    r"\b(lesion|nodule|mass|cyst|fibroid|myoma|leiomyoma|polyp|tumou?r|abscess|ha?ematoma|stone"
    r"|calculus|lymph node|follicle|plaque|läsion|knoten|zyste|myom|raumforderung|herd|konkrement"
    r"|lymphknoten|follikel|hämatom)(?![a-z])",
    re.IGNORECASE,
)


def leads_to_results(content: ContentReader, child: Item, relation: str) -> bool:
    """Return whether what is reached by ``relation`` from no number may be or hold results.

    A property of a finding is one, what TID 310 says of a value is none. A finding that modifies
    something may have numbers of its own, and some devices write what is told as a context.
    """
    if relation == CONTAINS:
        return True
    if relation == PROPERTY:
        return content.kind(child) != "NUM" or normal(content.name(child)) not in PROPERTIES
    if content.kind(child) not in SAYING:
        return False
    row = row_of(content.name(child))
    told = row is not None and row.use is StatementUse.TOLD
    return (told and relation in CONTEXTS) or is_named_finding(content.name(child))


def below(
    content: ContentReader, item: Item, place: str, context: ModifierContext
) -> ModifierContext:
    """Return what holds below an item, with the finding that it is or names."""
    kind = content.kind(item)
    if kind in DESCRIBING:
        return _below_statement(content, item, place, context)
    if kind != "CONTAINER" or "." not in place:  # the root is titled, not found
        return context
    name = content.name(item)
    concept = _said_in(content, item, place) if _is_group(content, item) else None
    if concept is not None and is_organ(concept):
        own = any(role_of(content.name(child)) is SITE for child, _ in content.children(item, ""))
        return context if own else context.with_modifiers({SITE: concept})
    if concept is not None:
        return _described(content, DescribedFinding(concept, place), context)
    if _is_thing_found(name):
        found = DescribedFinding(name, place, container=True)
        return _described(content, found, context)
    return context


def _below_statement(
    content: ContentReader, item: Item, place: str, context: ModifierContext
) -> ModifierContext:
    name, value = content.name(item), content.modifier_value(item)
    role = role_of(name)
    if value is None or not _has_below(content, item, SAYING | {"NUM"}):
        return context
    if role is not None:
        return context.with_modifiers({role: value})
    row = row_of(name)
    if row is not None and row.use not in {StatementUse.TOLD, StatementUse.FINDING}:
        return context
    if is_answer(value) and name.text:
        return _described(content, DescribedFinding(name, place), context)
    if is_organ(value):
        return context.with_modifiers({SITE: value})
    return _described(content, DescribedFinding(_short(value), place), context)


def _described(
    content: ContentReader, found: DescribedFinding, context: ModifierContext
) -> ModifierContext:
    found = replace(found, index=len(content.described))
    context = replace(context, findings=(*context.findings, found))
    content.described[found.place] = context
    return context


def _said_in(content: ContentReader, group: Item, place: str) -> Code | None:
    """Return the finding a measurement group is about; None where it names none."""
    said = []
    for child, _ in content.children(group, place):
        if content.kind(child) not in DESCRIBING or not is_named_finding(content.name(child)):
            continue
        value = content.modifier_value(child)
        modifies = content.relation(child) not in {CONTAINS, PROPERTY, "HAS OBS CONTEXT"}
        if value is None or modifies or is_answer(value) or _has_below(content, child, NUMBERS):
            continue
        said.append(_short(value))
    return joined(said) if said else None


def is_named_finding(name: Code) -> bool:
    """Return whether a concept is that of a finding, whatever its value (Finding, Diagnosis)."""
    row = row_of(name)
    return row is not None and row.use is StatementUse.FINDING


def is_organ(value: Code) -> bool:
    """Return whether a finding is but the organ that was measured; a lymph node is a finding."""
    return is_anatomy(value) and FINDING_WORDS.search(value.meaning) is None


def _is_group(content: ContentReader, container: Item) -> bool:
    """Return whether a container holds one thing's values: no section and no organ.

    Of a private one nobody knows; its values must be mere sizes, which are nothing on their own.
    """
    name = content.name(container)
    if normal(name) == MEASUREMENT_GROUP or is_named_finding(name):
        return True
    if not name.text or name.scheme in STANDARD_CONTAINERS or is_anatomy(name):
        return False
    children = [child for child, _ in content.children(container, "")]
    numbers = [content.name(child) for child in children if content.kind(child) == "NUM"]
    nested = any(content.kind(child) == "CONTAINER" for child in children)
    return bool(numbers) and not nested and all(normal(one) in SIZES for one in numbers)


def _is_thing_found(name: Code) -> bool:
    """Return whether a container is named for a thing that was found (a nodule)."""
    if name.scheme in STANDARD_CONTAINERS or is_anatomy(name) or is_named_finding(name):
        return False
    return FINDING_WORDS.search(name.meaning) is not None


def is_answer(value: Code) -> bool:
    """Return whether a value says only that a thing is there, or whether it is normal."""
    return normal(value) in ANSWERS or value.text.casefold() in ANSWER_WORDS


def _has_below(content: ContentReader, item: Item, kinds: frozenset[str]) -> bool:
    """Return whether an item contains what is told, or has it as a property."""
    waiting = [item]
    while waiting:
        for child, _ in content.children(waiting.pop(), ""):
            if content.relation(child) not in {CONTAINS, PROPERTY}:
                continue
            if content.kind(child) in kinds and role_of(content.name(child)) is None:
                return True
            waiting.append(child)
    return False


def _short(value: Code) -> Code:
    """Return a value as the name of a finding."""
    if value.value or len(value.meaning) <= LONGEST_TEXT:
        return value
    return replace(value, meaning=value.meaning[:LONGEST_TEXT].rstrip())


def names_of(context: ModifierContext) -> tuple[FindingName, ...]:
    """Return the findings a value is about, also one that is told as a modifier."""
    known = {one.concept for one in context.findings}
    modifying = [value for name, value in context.further if is_named_finding(name)]
    return (
        *(FindingName(value) for value in modifying if value not in known),
        *(FindingName(one.concept, one.number, one.index) for one in context.findings),
    )


_Said = NumFinding | StatementFinding


# --- several of one kind -------------------------------------------------------------------------


def number_findings(content: ContentReader) -> None:
    """Give each finding its number where there are several of its kind that nothing tells apart."""
    if not content.described:
        return
    values = _said_by_finding([*content.findings, *content.statements])
    kinds: dict[tuple[Identity, str, bool], list[str]] = {}
    for place, context in content.described.items():  # in the order of the tree
        if place in values:
            outer = context.findings[-2].place if len(context.findings) > 1 else ""
            earlier = any(one.earlier is not None for one in values[place])
            kinds.setdefault((context_keys(context), outer, earlier), []).append(place)
    numbers = dict(pair for places in kinds.values() for pair in _numbered(content, places, values))
    if numbers:
        for at, number in enumerate(content.findings):
            content.findings[at] = replace(number, context=_with_numbers(number.context, numbers))
        for at, one in enumerate(content.statements):
            content.statements[at] = replace(one, context=_with_numbers(one.context, numbers))


def _numbered(
    content: ContentReader, places: list[str], values: dict[str, list[_Said]]
) -> Iterator[tuple[str, int]]:
    """Yield the number of each finding of one kind; nothing where there is but one.

    A summary repeats findings, some devices write everything twice, and what one container lacks
    another of the same thing may have.
    """
    known: list[tuple[str, frozenset[tuple[str, ...]]]] = []
    number_of: dict[str, int] = {}
    ordered = _as_found(places, values)
    for place in sorted(ordered, key=lambda one: _is_summary(content.described[one])):
        said = frozenset(_literal(one) for one in values[place])
        again = next((at for at, other in known if _is_again(content, place, said, other)), None)
        if again is None and content.described[place].findings[-1].container:
            again = _completed(place, known, values)
        if again is None:
            known.append((place, said))
        number_of[place] = number_of[again] if again is not None else len(known)
    if len(known) > 1:
        yield from number_of.items()


def _as_found(places: list[str], values: dict[str, list[_Said]]) -> list[str]:
    """Return findings in the order measured: by their first times if all have one, else the tree.

    The order of items in a tree is that of their making (PS3.17 Annex I).
    """
    first = {place: min(one.observed for one in values[place]) for place in places}
    return sorted(places, key=lambda one: first[one]) if all(first.values()) else places


def _is_again(
    content: ContentReader,
    place: str,
    said: frozenset[tuple[str, ...]],
    other: frozenset[tuple[str, ...]],
) -> bool:
    """Return whether a finding repeats another: the same in a summary, or written twice."""
    if _is_summary(content.described[place]):
        return said <= other
    return DeviceQuirk.WRITTEN_TWICE in content.device.quirks and said == other


def _completed(
    place: str,
    known: Iterable[tuple[str, frozenset[tuple[str, ...]]]],
    values: dict[str, list[_Said]],
) -> str | None:
    """Return the container whose values those of ``place`` go on with: none is there twice."""
    own = {_what(one) for one in values[place]}
    for other, _ in known:
        if own.isdisjoint(_what(one) for one in values[other]):
            return other
    return None


def _said_by_finding(said: Iterable[_Said]) -> dict[str, list[_Said]]:
    """Return what is said of the finding at each place."""
    by_place: dict[str, list[_Said]] = {}
    for one in said:
        for finding in one.context.findings:
            by_place.setdefault(finding.place, []).append(one)
    return by_place


def _is_summary(context: ModifierContext) -> bool:
    return context.section is not None and normal(context.section) in SUMMARIES


def _what(one: _Said) -> tuple[Concept, Identity]:
    return normal(one.name), context_keys(replace(one.context, findings=()))


def _literal(one: _Said) -> tuple[str, ...]:
    if isinstance(one, NumFinding):
        return (*normal(one.name), str(one.value), one.unit)
    return (*normal(one.name), *normal(one.value), one.value.meaning)


def _with_numbers(context: ModifierContext, numbers: dict[str, int]) -> ModifierContext:
    if not any(finding.place in numbers for finding in context.findings):
        return context
    findings = (replace(one, number=numbers.get(one.place, 0)) for one in context.findings)
    return replace(context, findings=tuple(findings))
