"""What stands above every page: how much needs a person, and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Final

from gdtbridge.attention.kinds import KINDS, AttentionLevel
from gdtbridge.health import PartState
from gdtbridge.tsv import table


class Area(StrEnum):
    """The areas of the page, as the navigation names them (``nav.*`` in the catalogue)."""

    TODAY = "today"
    EXAMS = "exams"
    CLARIFY = "clarify"
    DEVICES = "devices"
    DELIVERIES = "deliveries"
    SAMPLE = "sample"
    SYSTEM = "system"


PATHS: Final[Mapping[Area, str]] = {
    Area.TODAY: "/heute",
    Area.EXAMS: "/untersuchungen",
    Area.CLARIFY: "/klaeren",
    Area.DEVICES: "/geraete",
    Area.DELIVERIES: "/zustellungen",
    Area.SAMPLE: "/stichprobe",
    Area.SYSTEM: "/system",
}
ICONS: Final[Mapping[Area, str]] = {
    Area.TODAY: "calendar",
    Area.EXAMS: "images",
    Area.CLARIFY: "triangle-alert",
    Area.DEVICES: "monitor",
    Area.DELIVERIES: "send",
    Area.SAMPLE: "shield-check",
    Area.SYSTEM: "settings",
}
PART_AREAS: Final[Mapping[str, Area]] = {
    "attention": Area.CLARIFY,
    "callers": Area.DEVICES,
    "dicom": Area.DEVICES,
    "exams": Area.CLARIFY,
    "exchange": Area.DELIVERIES,
    "forward": Area.DELIVERIES,
    "outbox": Area.DELIVERIES,
}
"""The area that tells more of a kind of part; of others System does."""
FAULT: Final = AttentionLevel.FAULT


@dataclass(frozen=True, slots=True)
class HouseState:
    """How the house is: what needs a person in each area, and which parts do not work."""

    needs: Mapping[Area, int] = field(default_factory=dict)
    broken: tuple[str, ...] = ()
    place: Area = Area.SYSTEM
    """Where a person sees to what does not work."""
    waits: tuple[str, ...] = ()
    """Parts of which something waits within its patience."""

    @property
    def is_calm(self) -> bool:
        """Whether no part, no delivery and no exam waits for a person."""
        return not self.broken and not any(self.needs.values())


@cache
def area_of(kind: str) -> Area:
    """Return where a kind of what needs a person is shown (``areas.tsv``)."""
    return _areas()[kind]


def kinds_of(area: Area) -> frozenset[str]:
    """Return the kinds of what needs a person that an area shows."""
    return frozenset(kind for kind, place in _areas().items() if place is area)


@cache
def _areas() -> Mapping[str, Area]:
    return {kind: Area(area) for kind, area in table("web/pages/areas.tsv")}


def house_state(parts: Mapping[str, PartState]) -> HouseState:
    """Return what the states of the parts mean for a person; touches nothing."""
    needs: Counter[Area] = Counter()
    for part in parts.values():
        for kind, count in part.waiting.items():
            needs[area_of(kind)] += count
    broken = {name: part for name, part in parts.items() if not part.ok}
    waits = tuple(name for name, part in parts.items() if part.ok and part.waits)
    return HouseState(dict(needs), tuple(broken), _place(broken), waits)


def _place(broken: Mapping[str, PartState]) -> Area:
    """Return the area all of what does not work belongs to; System where it is of several."""
    areas = {area for name, part in broken.items() for area in _areas_of(name, part)}
    return next(iter(areas)) if len(areas) == 1 else Area.SYSTEM


def _areas_of(name: str, part: PartState) -> Iterator[Area]:
    """Yield where a part is seen to: `attention` where its faults are."""
    kind = name.partition(":")[0]
    if kind == "attention":
        yield from (area_of(one) for one in part.waiting if KINDS[one].level is FAULT)
    else:
        yield PART_AREAS.get(kind, Area.SYSTEM)
