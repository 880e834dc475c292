"""What has to happen to the copies of an exam at one archive: a pure function of what is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from gdtbridge.exams.model import ClaimState
from gdtbridge.forward.model import CopyState, ForwardCopy, LeftIdentity
from gdtbridge.forward.rules import ForwardFacts
from gdtbridge.retrieve.leaving import LeavingObject

ClaimStanding: TypeAlias = tuple[str, str, str]
"""State, number and order number of a claim, as they stand in the database."""


class Fate(StrEnum):
    """Why an object of an exam is not to leave now."""

    UNDECIDED = "undecided"
    """Nobody has decided whose it is: it is held, or still open."""
    TAKEN_BACK = "taken-back"
    """A person withdrew its result or discarded it."""
    REPLACED = "replaced"
    """Another version of the object counts."""


@dataclass(frozen=True, slots=True)
class DecidedObject:
    """An object of an exam that may leave: what rules ask of it, and how it leaves.

    ``standing`` is where its claim stood when that was found out (`gdtbridge.forward.store`).
    """

    instance_id: int
    exam_id: int
    claim_id: int
    facts: ForwardFacts
    leaving: LeavingObject
    standing: ClaimStanding = ("", "", "")

    @property
    def is_own(self) -> bool:
        """Whether a device sent it and its results were decided on; else it was fetched."""
        return self.standing[0] == ClaimState.SETTLED

    @property
    def identity(self) -> LeftIdentity:
        """Under which it leaves."""
        return LeftIdentity.of(self.leaving.decided)


@dataclass(frozen=True, slots=True)
class Mistake:
    """Copies an archive has that say ``has`` and should say ``now`` (None: nothing)."""

    has: LeftIdentity
    now: LeftIdentity | None


@dataclass(slots=True)
class CopyPlan:
    """What is to be written: ids of instances to enter, of copies to send anew or to give up."""

    enter: list[int] = field(default_factory=list)
    again: list[int] = field(default_factory=list)
    superseded: list[int] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    """One for each copy that is wrong."""
    rights: list[LeftIdentity] = field(default_factory=list, compare=False)
    """As whom the exam's objects leave now."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing has to happen."""
        return not (self.enter or self.again or self.superseded)


def plan_copies(
    known: Sequence[ForwardCopy],
    identities: Mapping[int, LeftIdentity],
    objects: Sequence[DecidedObject],
    fates: Mapping[int, Fate],
    wants: Callable[[ForwardFacts], bool],
) -> CopyPlan:
    """Return what has to happen so that the archive gets, or has, what was decided.

    ``known`` are the exam's copies there, ``identities`` what those of them that left say,
    ``fates`` why instances that have a copy are not among ``objects``. Doing it and asking again
    gives nothing more to do.
    """
    plan = CopyPlan(rights=list(dict.fromkeys(one.identity for one in objects)))
    by_instance = {one.instance_id: one for one in known}
    for one in objects:
        copy = by_instance.pop(one.instance_id, None)
        if copy is None:
            if one.is_own and wants(one.facts):
                plan.enter.append(one.instance_id)
        else:
            _follow(plan, copy, _identity_of(copy, identities), one.identity)
    for copy in by_instance.values():
        fate = fates.get(copy.instance_id, Fate.UNDECIDED)
        if fate is not Fate.UNDECIDED and copy.state is not CopyState.SUPERSEDED:
            plan.superseded.append(copy.id)
            has = _identity_of(copy, identities)
            if has is not None:
                now = _replacement(plan.rights, has) if fate is Fate.REPLACED else None
                plan.mistakes.append(Mistake(has, now))
    return plan


def _identity_of(copy: ForwardCopy, identities: Mapping[int, LeftIdentity]) -> LeftIdentity | None:
    return identities[copy.identity_id] if copy.identity_id is not None else None


def _follow(plan: CopyPlan, copy: ForwardCopy, has: LeftIdentity | None, now: LeftIdentity) -> None:
    """Have a copy that is other than decided leave again; the archive may keep what it has."""
    if has is not None and has != now:
        plan.again.append(copy.id)
        if not has.is_same_person(now):
            plan.mistakes.append(Mistake(has, now))
    elif copy.state is CopyState.SUPERSEDED:  # what a person ended stays so
        plan.again.append(copy.id)


def _replacement(rights: Sequence[LeftIdentity], has: LeftIdentity) -> LeftIdentity | None:
    """Return what the exam's objects say now, of the same person if any does."""
    return next((one for one in rights if one.is_same_person(has)), next(iter(rights), None))
