"""The walk: a content tree to findings, each with what its ancestors say about it.

Written for trees as devices send them, so the rules are loose where that is safe. A NUM is a result
when it is reached by CONTAINS through anything but a NUM; below a NUM there are properties only
(PS3.16 TID 300, 310), and a NUM reached otherwise (HAS OBS CONTEXT, INFERRED FROM) describes
something else. The walk keeps its own stack, so no depth can exhaust Python's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gdtbridge.measurements import sonoscape
from gdtbridge.measurements.codes import Role, is_anatomy
from gdtbridge.measurements.content import Content, Context, Finding, SeedMark
from gdtbridge.measurements.elements import Item, Tag
from gdtbridge.measurements.identity import seed_group_mark
from gdtbridge.measurements.model import Code

MEASUREMENT_GROUP: Final = "125007"
"""Measurement Group, DCM (PS3.16 TID 5203)."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A content item still to be visited.

    ``group_mode`` is the image mode written in the measurement group right above it, empty where
    the group names none, None outside of groups.
    """

    item: Item
    place: str
    context: Context
    group_mode: str | None = None


def walk(content: Content, root: Item) -> None:
    """Fill ``content.findings`` and ``content.warnings`` from the tree, in tree order."""
    waiting = [_Node(root, "1", Context())]
    while waiting:
        node = waiting.pop()
        if content.kind(node.item) == "NUM":
            _visit_number(content, node)
        elif sonoscape.is_row(content, node.item):
            sonoscape.read_row(content, node.item, node.place, node.context)
        else:
            waiting.extend(reversed(_below(content, node)))


def _below(content: Content, node: _Node) -> list[_Node]:
    """Return the contained children of an item, with what the item says about them."""
    modifiers = content.modifiers(node.item)
    name = content.name(node.item)
    context = node.context
    if Role.SITE not in modifiers and is_anatomy(name):
        context = context.with_modifiers({Role.SITE: name})
    context = context.with_modifiers(modifiers)
    mode = None
    if name.value == MEASUREMENT_GROUP:
        mode = modifiers[Role.MODE].text if Role.MODE in modifiers else ""
    nodes = []
    for child, place in content.children(node.item, node.place):
        if not content.contained(child):
            continue
        if Tag.ReferencedContentItemIdentifier in child.values:
            content.warnings.add("by_reference", place)
        else:
            nodes.append(_Node(child, place, context, mode))
    return nodes


def _visit_number(content: Content, node: _Node) -> None:
    if not node.item.complete:
        content.warnings.add("incomplete_item", node.place)
        return
    name = content.name(node.item)
    if not name.text:
        content.warnings.add("no_name", node.place)
        return
    number = content.number(node.item, node.place)
    if number is None:
        return
    if not name.meaning:
        content.warnings.add("no_meaning", node.place)
    content.add(
        Finding(
            name=name,
            value=number.value,
            unit=number.unit,
            unit_code=number.unit_code,
            context=node.context.with_modifiers(content.modifiers(node.item)),
            place=node.place,
            seed=_seed_mark(name, node),
        )
    )


def _seed_mark(name: Code, node: _Node) -> SeedMark | None:
    if node.group_mode is None or not name.meaning:
        return None
    return seed_group_mark(name.meaning, node.group_mode)
