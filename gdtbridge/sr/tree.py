"""The walk: a content tree to findings, each with the modifiers of its ancestors.

Written for trees as devices send them, so the rules are loose where that is safe. A NUM is a result
when it is reached by CONTAINS, or as a property of a finding, through anything but a NUM; below a
NUM there are properties only (PS3.16 TID 300, 310), and a NUM reached otherwise (HAS OBS CONTEXT,
INFERRED FROM) describes something else. The walk keeps its own stack, so no depth can exhaust
Python's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gdtbridge.dataset.parser import Item
from gdtbridge.dataset.tags import Tag
from gdtbridge.sr import earlier, findings, sonoscape, stages, statements, subject
from gdtbridge.sr.attributes import CONCEPT_MODIFIER, INFERRED_FROM, ItemAttributes, attributes_of
from gdtbridge.sr.codes import (
    BIOMETRY_GROUP,
    COMPANIONS,
    MEASUREMENT_GROUP,
    Concept,
    ModifierRole,
    is_anatomy,
    normal,
    role_of,
    tells_apart,
)
from gdtbridge.sr.content import CONTAINS, NAMELESS, ContentReader, NumFinding
from gdtbridge.sr.context import ModifierContext
from gdtbridge.sr.model import Code, Subject
from gdtbridge.sr.no_results import OTHER_REPORT, rule_of

ROOT: Final = "1"
"""Place of the root."""

RULES_BY_RELATION: Final[dict[str, str]] = {
    # Why a NUM that is not contained is no result; everything else is context
    INFERRED_FROM: "basis",
    CONCEPT_MODIFIER: "modifier",
}


@dataclass(frozen=True, slots=True)
class _MeasuredConcept:
    """The only concept in a biometry group, and whether the device chose a value of it."""

    concept: Code
    chosen: bool


@dataclass(frozen=True, slots=True)
class _TreeNode:
    """A content item still to be visited.

    ``group_mode`` is the image mode written in the measurement group right above it, empty where
    the group names none, None outside of groups. ``measured`` says what a biometry group right
    above it is about, where that is clear.
    """

    item: Item
    place: str
    context: ModifierContext
    group_mode: str | None = None
    measured: _MeasuredConcept | None = None


def walk(content: ContentReader) -> None:
    """Fill ``content.findings`` and ``content.warnings`` from the tree, in tree order."""
    subject.begin(content)
    waiting = [_TreeNode(content.root, ROOT, ModifierContext())]
    while waiting:
        node = waiting.pop()
        if content.kind(node.item) == "NUM":
            _visit_number(content, node)
            _pass_over_below(content, node.item, node.place)
        elif sonoscape.is_row(content, node.item):
            sonoscape.read_row(content, node.item, node.place, node.context)
            _pass_over_in_row(content, node)
        else:
            waiting.extend(reversed(_below(content, node)))
    subject.settle(content)
    earlier.settle(content)
    stages.settle(content)


def _below(content: ContentReader, node: _TreeNode) -> list[_TreeNode]:
    """Return the contained children of an item with the context that holds for them."""
    said = attributes_of(content, node.item, node.place)
    name = content.name(node.item)
    concept = normal(name)
    is_container = content.kind(node.item) == "CONTAINER"
    context = _context_below(content, node, name if is_container else NAMELESS, said)
    statements.visit(content, node.item, node.place, context)
    context = subject.at_finding(context, findings.below(content, node.item, node.place, context))
    mode = None
    if name.value == MEASUREMENT_GROUP[1]:
        mode = said.modifiers[ModifierRole.MODE].text if ModifierRole.MODE in said.modifiers else ""
    measured = _measured_in(content, node.item) if concept == BIOMETRY_GROUP else None
    nodes = []
    for child, place in content.children(node.item, node.place):
        relation = content.relation(child)
        if not findings.leads_to_results(content, child, relation):
            _pass_over(content, child, place, RULES_BY_RELATION.get(relation, "context"))
        elif Tag.ReferencedContentItemIdentifier in child.values:
            content.warnings.add("by_reference", place)
        else:
            nodes.append(_TreeNode(child, place, context, mode, measured))
    return nodes


def _context_below(
    content: ContentReader, node: _TreeNode, name: Code, said: ItemAttributes
) -> ModifierContext:
    """Return the context below a container: its own, its name, its modifiers, its subject."""
    context, site = node.context, said.modifiers.get(ModifierRole.SITE)
    apart = tells_apart(name) and not subject.is_plain_section(name)
    apart = apart or _is_second_anatomy(name, said)
    if node.place != ROOT:
        context = subject.below_container(content, context, name, site)
    if is_anatomy(name) and not apart:
        context = context.with_modifiers({ModifierRole.SITE: name})
    context = context.with_modifiers(said.modifiers)
    if node.place == ROOT:  # what modifies the root is about the document
        return subject.stated(
            content, context, said.subject if said.subject is Subject.FETUS else None
        )
    context = subject.stated(content, context, said.subject, said.subject_id)
    context = context.with_further(said.further)
    context = earlier.below_container(content, node.item, name, context)
    if not name.text or normal(name) in {BIOMETRY_GROUP, MEASUREMENT_GROUP}:
        return context
    return context.within(name, tells_apart=apart and context.before == node.context.before)


def _is_second_anatomy(name: Code, said: ItemAttributes) -> bool:
    """Return whether a container is named for another body part than its own Finding Site."""
    site = said.modifiers.get(ModifierRole.SITE)
    return site is not None and is_anatomy(name) and normal(site) != normal(name)


def _measured_in(content: ContentReader, group: Item) -> _MeasuredConcept | None:
    """Return the concept a biometry group measures; None for several or none."""
    names: dict[Concept, Code] = {}
    chosen = False
    for child, _ in content.children(group, ""):
        name = content.name(child)
        if content.kind(child) != "NUM" or content.relation(child) != CONTAINS:
            continue
        if not name.text or normal(name) in COMPANIONS:
            continue
        names.setdefault(normal(name), name)
        chosen |= any(
            role_of(content.name(below)) is ModifierRole.SELECTION
            for below, _ in content.children(child, "")
        )
    return _MeasuredConcept(next(iter(names.values())), chosen) if len(names) == 1 else None


def _visit_number(content: ContentReader, node: _TreeNode) -> None:
    name = content.name(node.item)
    number = content.number(node.item, node.place, "" if name.text else "no_name")
    fault = number.fault or (OTHER_REPORT if content.is_other else rule_of(name, number.unit))
    if name.text and not name.meaning:
        content.warnings.add("no_meaning", node.place)
    said = attributes_of(content, node.item, node.place)
    measured = node.measured if normal(name) in COMPANIONS else None
    context = subject.at_number(content, node.context, name, said.modifiers.get(ModifierRole.SITE))
    context = context.with_modifiers(said.modifiers).with_further(said.further)
    context = subject.stated(content, context, said.subject, said.subject_id)
    context = earlier.at_number(content, node.item, name, context)
    content.add(
        NumFinding(
            name=name,
            value=number.value,
            unit=number.unit,
            unit_code=number.unit_code,
            context=context,
            place=node.place,
            group_mode=node.group_mode,
            companion_of=measured.concept if measured is not None else None,
            companion_of_chosen=measured is not None and measured.chosen,
            properties=said.properties,
            inferred_from=said.inferred_from,
            observed=context.observed,
            fault=fault,
            sent=number.sent,
        )
    )


def _pass_over_below(content: ContentReader, number: Item, place: str) -> None:
    """Note the NUMs below a NUM, which are properties of it or what it was computed from."""
    if content.passed is None:
        return
    for child, below in content.children(number, place):
        basis = content.relation(child) == INFERRED_FROM
        _pass_over(content, child, below, "basis" if basis else "property")


def _pass_over_in_row(content: ContentReader, row: _TreeNode) -> None:
    for child, place in content.children(row.item, row.place):
        if content.kind(child) == "NUM":
            _pass_over_below(content, child, place)
        else:
            _pass_over(content, child, place, "context")


def _pass_over(content: ContentReader, item: Item, place: str, rule: str) -> None:
    """Note every NUM in this part of the tree as no result, if decisions were asked for."""
    if content.passed is None:
        return
    waiting = [(item, place)]
    while waiting:
        found, at = waiting.pop()
        if content.kind(found) == "NUM":
            content.pass_over(found, at, rule)
        waiting.extend(content.children(found, at))
