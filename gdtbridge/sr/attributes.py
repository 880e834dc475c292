"""Modifiers, properties and sources among an item's children (PS3.16 TID 300, 310).

A modifier counts whatever its relationship, because its concept says what it is: Canon sends
Selection Status by HAS CONCEPT MOD, GE by HAS PROPERTIES. The same goes for properties. Items meant
by reference count as if they were there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gdtbridge.dataset.parser import Item
from gdtbridge.dataset.tags import Tag
from gdtbridge.sr.codes import (
    FETUS_CLASS,
    FINDING,
    PATIENT_CLASS,
    PROPERTIES,
    SILENT_MODIFIERS,
    SUBJECT_CLASS,
    SUBJECT_ID,
    Concept,
    ModifierRole,
    normal,
    role_of,
)
from gdtbridge.sr.content import CONTAINS, ContentReader
from gdtbridge.sr.derivations import with_derivation
from gdtbridge.sr.model import Code, MeasurementProperty, Subject
from gdtbridge.sr.profiles import DeviceQuirk
from gdtbridge.sr.statement_table import is_identifying
from gdtbridge.sr.subject import ANATOMIC_IDENTIFIER, is_mark, names_fetus

MAX_JOINED: Final = 4
"""Modifiers of one role that count; real reports have at most two or three."""

MAX_PROPERTIES: Final = 64
"""Properties and further modifiers kept of one item."""

CONCEPT_MODIFIER: Final = "HAS CONCEPT MOD"
ACQUISITION_CONTEXT: Final = "HAS ACQ CONTEXT"
PROPERTY: Final = "HAS PROPERTIES"
INFERRED_FROM: Final = "INFERRED FROM"

OLD_GE_TEXTS: Final[dict[str, ModifierRole]] = {
    "43130": ModifierRole.LATERALITY,
    "43133": ModifierRole.SITE,
}
"""Texts of GE's old layout (`DeviceQuirk.SITE_AND_SIDE_AS_TEXT`)."""

OLD_GE_SIDE: Final = "side="

LABEL_SIDES: Final[dict[str, Code]] = {
    # First words of labels that say the side (`DeviceQuirk.SIDE_IN_LABEL`)
    "lt": Code("G-A101", "SRT", "Left"),
    "left": Code("G-A101", "SRT", "Left"),
    "rt": Code("G-A100", "SRT", "Right"),
    "right": Code("G-A100", "SRT", "Right"),
}


@dataclass(slots=True)
class ItemAttributes:
    """Modifiers, properties and sources of an item, in tree order.

    ``subject`` is whose its values are where the item says so itself, ``subject_id`` the subject's
    name where it is not said whose that is.
    """

    modifiers: dict[ModifierRole, Code] = field(default_factory=dict)
    further: tuple[tuple[Code, Code], ...] = ()
    properties: tuple[MeasurementProperty, ...] = ()
    inferred_from: tuple[str, ...] = ()
    subject: Subject | None = None
    subject_id: Code | None = None


@dataclass(slots=True)
class _FoundAttributes:
    """Attributes of an item while they are collected."""

    roles: dict[ModifierRole, list[Code]] = field(default_factory=dict)
    further: list[tuple[Code, Code]] = field(default_factory=list)
    properties: list[MeasurementProperty] = field(default_factory=list)
    inferred_from: list[str] = field(default_factory=list)
    subject: dict[Concept, Code] = field(default_factory=dict)

    def add_role(self, role: ModifierRole, value: Code) -> None:
        self.roles.setdefault(role, []).append(value)


def attributes_of(content: ContentReader, item: Item, place: str) -> ItemAttributes:
    """Return the attributes the children of ``item`` give.

    Properties are read of numbers only. A reference that leads nowhere is a warning.
    """
    found = _FoundAttributes()
    is_number = content.kind(item) == "NUM"
    for child, child_place in content.children(item, place):
        relation = content.relation(child)
        if Tag.ReferencedContentItemIdentifier not in child.values:
            _read_child(content, child, relation, found, is_number=is_number)
        elif relation != CONTAINS or is_number:  # `tree` tells the others
            _read_reference(content, child, child_place, found, is_number=is_number)
    subject, subject_id = _take_subject(found)
    if not (found.roles or found.further or found.properties or found.inferred_from):
        return ItemAttributes(subject=subject, subject_id=subject_id)
    modifiers, further = with_derivation(
        {role: joined(codes) for role, codes in found.roles.items()},
        tuple(found.further[:MAX_PROPERTIES]),
    )
    _take_side_from_label(content, modifiers)
    return ItemAttributes(
        modifiers,
        further,
        tuple(found.properties[:MAX_PROPERTIES]),
        tuple(found.inferred_from[:MAX_PROPERTIES]),
        subject,
        subject_id,
    )


def _read_reference(
    content: ContentReader, child: Item, place: str, found: _FoundAttributes, *, is_number: bool
) -> None:
    target = content.referenced(child)
    if target is None:
        content.warnings.add("by_reference", place)
        return
    item, item_place = target
    relation = content.relation(child)
    if relation == INFERRED_FROM and content.kind(item) == "NUM":
        found.inferred_from.append(item_place)
    else:
        _read_child(content, item, relation, found, is_number=is_number)


def _read_child(
    content: ContentReader, child: Item, relation: str, found: _FoundAttributes, *, is_number: bool
) -> None:
    name = content.name(child)
    role = role_of(name)
    if role is None:
        kind = content.kind(child)
        if kind in {"TEXT", "CODE"} and names_fetus(name):
            role = ModifierRole.FETUS
        elif name.text and kind != "CONTAINER":
            _read_without_role(content, child, relation, found, is_number=is_number)
    value = content.modifier_value(child) if role is not None else None
    if role is None or value is None:
        return
    found.add_role(role, value)
    if role is ModifierRole.SITE:
        _read_below_site(content, child, found)


def _read_without_role(
    content: ContentReader, child: Item, relation: str, found: _FoundAttributes, *, is_number: bool
) -> None:
    name, kind = content.name(child), content.kind(child)
    concept, value = normal(name), content.modifier_value(child)
    in_words = relation in {PROPERTY, CONTAINS} and kind != "NUM"
    says_something = in_words or (kind == "NUM" and relation != INFERRED_FROM)
    if value is None or (kind == "TEXT" and _read_old_ge_text(content, name, value, found)):
        return
    if _is_of_subject(concept, relation, value):
        found.subject[concept] = value
    elif is_identifying(name):
        return
    elif is_number and kind in {"CODE", "TEXT"} and concept == FINDING:
        found.further.append((name, value))
    elif is_number and (concept in PROPERTIES or says_something):
        found.properties.extend(_properties(content, child, name))
    elif _is_further(relation, kind, concept):
        found.further.append((name, value))


def _is_of_subject(concept: Concept, relation: str, value: Code) -> bool:
    """Return whether an item says whose the values are; an Anatomic Identifier may do so too."""
    if concept in {SUBJECT_CLASS, SUBJECT_ID}:
        return True
    of_context = concept == ANATOMIC_IDENTIFIER and relation != CONCEPT_MODIFIER
    return of_context and is_mark(value.text)


def _is_further(relation: str, kind: str, concept: Concept) -> bool:
    """Return whether an item without a role tells its parent from others.

    Numbers and texts of the acquisition (heart rate, time) change from exam to exam; codes of it
    (posture) do not.
    """
    if concept in SILENT_MODIFIERS:
        return False
    if relation == CONCEPT_MODIFIER:
        return kind in {"CODE", "TEXT"}
    return relation == ACQUISITION_CONTEXT and kind == "CODE"


def _read_below_site(content: ContentReader, site: Item, found: _FoundAttributes) -> None:
    """Add laterality, topography and whatever else modifies a Finding Site below it (TID 300)."""
    for child, _ in content.children(site, ""):
        name = content.name(child)
        role = role_of(name)
        value = content.modifier_value(child)
        if value is None:
            continue
        if role is ModifierRole.LATERALITY or role is ModifierRole.TOPOGRAPHY:
            found.add_role(role, value)
        elif role is None and content.relation(child) == CONCEPT_MODIFIER and name.text:
            found.further.append((name, value))


def _read_old_ge_text(
    content: ContentReader, name: Code, value: Code, found: _FoundAttributes
) -> bool:
    """Take site or side from a text of GE's old layout; return whether it is one."""
    if (
        DeviceQuirk.SITE_AND_SIDE_AS_TEXT not in content.device.quirks
        or name.value not in OLD_GE_TEXTS
    ):
        return False
    text = value.text
    if text.casefold().startswith(OLD_GE_SIDE):
        text = text[len(OLD_GE_SIDE) :].strip()
    if text:
        found.add_role(OLD_GE_TEXTS[name.value], Code("", "", text))
    return True


def _take_subject(found: _FoundAttributes) -> tuple[Subject | None, Code | None]:
    """Return the subject an item states, and its name where it is not said whose that is.

    A Subject ID is the fetus where the subject is one and has no other name.
    """
    stated = found.subject.get(SUBJECT_CLASS)
    kind = normal(stated) if stated is not None else None
    name = found.subject.get(SUBJECT_ID) or found.subject.get(ANATOMIC_IDENTIFIER)
    if kind == FETUS_CLASS and name is not None and ModifierRole.FETUS not in found.roles:
        found.add_role(ModifierRole.FETUS, name)
    if kind == FETUS_CLASS or ModifierRole.FETUS in found.roles:
        return Subject.FETUS, None
    if kind == PATIENT_CLASS:
        return Subject.PATIENT, None
    return None, name if kind is None else None


def _take_side_from_label(content: ContentReader, modifiers: dict[ModifierRole, Code]) -> None:
    """Set the side a label starts with, where the device is known for it and coded none."""
    label = modifiers.get(ModifierRole.LABEL)
    if label is None or DeviceQuirk.SIDE_IN_LABEL not in content.device.quirks:
        return
    first, _, rest = label.text.partition(" ")
    side = LABEL_SIDES.get(first.casefold().rstrip("."))
    if side is not None and rest:
        modifiers.setdefault(ModifierRole.LATERALITY, side)


def _properties(content: ContentReader, item: Item, name: Code) -> Iterator[MeasurementProperty]:
    """Yield the property an item is; an unreadable number is none."""
    if content.kind(item) == "NUM":
        number = content.quiet_number(item)
        if number is not None:
            value, unit = number
            yield MeasurementProperty(name.text, value, unit, name.value, name.scheme)
        return
    value_code = content.modifier_value(item)
    if value_code is not None:
        yield MeasurementProperty(name.text, value_code.text, "", name.value, name.scheme)


def joined(codes: list[Code]) -> Code:
    """Return several modifiers of one role as one code, whatever their order, doubles once."""
    if len(codes) == 1:
        return codes[0]
    distinct: dict[tuple[str, ...], Code] = {}
    for code in sorted(codes, key=lambda code: (*normal(code), code.meaning)):
        said = normal(code) if code.value else (" ".join(code.meaning.casefold().split()),)
        distinct.setdefault(said, code)
    codes = list(distinct.values())[:MAX_JOINED]
    if len(codes) == 1:
        return codes[0]
    concepts = [normal(code) for code in codes if code.value]
    return Code(
        "+".join(value for _, value in concepts),
        concepts[0][0] if concepts else "",
        ", ".join(code.text for code in codes),
    )
