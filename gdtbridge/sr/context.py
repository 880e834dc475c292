"""What holds at a content item: modifiers, sections, findings and subjects above it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final

from gdtbridge.sr.codes import ModifierRole, are_opposite
from gdtbridge.sr.model import Code, Subject

MAX_CONTAINERS: Final = 8
"""Private containers around a value that count, the innermost; real reports have at most three."""

MAX_FURTHER: Final = 64
"""Further modifiers of a value that count, the innermost."""

SIDE: Final = ModifierRole.LATERALITY


@dataclass(frozen=True, slots=True)
class DescribedFinding:
    """A finding the values below it are about (`findings`).

    ``place`` is where it stands in the tree, ``index`` its number among all of the report,
    ``number`` tells it from others of its kind, 0 for the only one. Of a ``container`` named for
    the finding the name counts as a container's.
    """

    concept: Code
    place: str
    index: int = 0
    number: int = 0
    container: bool = False


@dataclass(frozen=True, slots=True)
class ModifierContext:
    """Modifiers in force at an item: inherited from containers, overridden below (PS3.16 TID 5202).

    ``section`` is the nearest container with a name, ``containers`` are those around a value whose
    names tell it from others (`codes.tells_apart`), outermost first. ``further`` are concept
    modifiers without a role, as concept and value. ``short_label`` is the device's short name of
    what the codes say in full. ``findings`` are those a value is about, the outer one first.
    ``subject`` is whose the values are by what is said nearest to them,
    ``subject_id`` the name of a subject that is not said to be the patient. ``before`` is the day
    of an earlier exam the values are said to be of (`earlier`), ``observed`` when they were
    measured (DT), both by what is said nearest to them. ``other_side`` is a side said further out
    that ``laterality`` contradicts.
    """

    site: Code | None = None
    laterality: Code | None = None
    other_side: Code | None = None
    topography: Code | None = None
    mode: Code | None = None
    method: Code | None = None
    equation: Code | None = None
    view: Code | None = None
    cycle: Code | None = None
    breathing: Code | None = None
    flow: Code | None = None
    stage: Code | None = None
    stage_number: Code | None = None
    protocol: Code | None = None
    fetus: Code | None = None
    label: Code | None = None
    short_label: Code | None = None
    tracking: Code | None = None
    tracking_uid: Code | None = None
    derivation: Code | None = None
    selection: Code | None = None
    section: Code | None = None
    containers: tuple[Code, ...] = ()
    further: tuple[tuple[Code, Code], ...] = ()
    findings: tuple[DescribedFinding, ...] = ()
    subject: Subject | None = None
    subject_id: Code | None = None
    before: str | None = None
    observed: str = ""

    def with_modifiers(self, found: dict[ModifierRole, Code]) -> ModifierContext:
        """Return this context with ``found`` on top; a new site forgets where in the old one."""
        if not found:
            return self
        changes: dict[str, Any] = {role.value: code for role, code in found.items()}
        if ModifierRole.SITE in found:
            changes.setdefault("topography", None)
        if self.laterality is not None and are_opposite(self.laterality, found.get(SIDE)):
            changes["other_side"] = self.laterality
        return self._changed(changes)

    def with_further(self, found: tuple[tuple[Code, Code], ...]) -> ModifierContext:
        """Return this context with further modifiers; one of the same concept is overridden."""
        if not found:
            return self
        names = {name for name, _ in found}
        kept = tuple(pair for pair in self.further if pair[0] not in names)
        return self._changed({"further": (kept + found)[-MAX_FURTHER:]})

    def about(self, subject: Subject | None, subject_id: Code | None = None) -> ModifierContext:
        """Return this context with the subject stated nearer to a value; None states nothing."""
        subject, subject_id = subject or self.subject, subject_id or self.subject_id
        if (subject, subject_id) == (self.subject, self.subject_id):
            return self
        return self._changed({"subject": subject, "subject_id": subject_id})

    def within(self, section: Code, *, tells_apart: bool) -> ModifierContext:
        """Return what holds inside a named container."""
        if not tells_apart:
            return self._changed({"section": section})
        containers = (*self.containers, section)[-MAX_CONTAINERS:]
        return self._changed({"section": section, "containers": containers})

    def _changed(self, changes: Mapping[str, Any]) -> ModifierContext:
        """Return this context with other fields, as ``dataclasses.replace`` in half its time."""
        values = list(_FIELDS_OF(self))
        for name, value in changes.items():
            values[_PLACES[name]] = value
        return ModifierContext(*values)


_NAMES: Final = tuple(field.name for field in fields(ModifierContext))
_FIELDS_OF: Final = attrgetter(*_NAMES)
_PLACES: Final = {name: place for place, name in enumerate(_NAMES)}
