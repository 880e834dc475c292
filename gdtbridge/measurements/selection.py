"""Which values of a report are told, by named rules (``rules.RULES``).

Nothing that says something of its own is left out: not measured, written twice, or a repeat where
the device itself says which value stands. Where it does not say so all repeats are told.

Values are repeats when they have one identity and stand in one container, for the standard makes
all samples of a measurement siblings (PS3.16 TID 5203, PS3.17 Annex I). Two lesions measured under
one name in two groups are no repeats of each other.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from gdtbridge.measurements.codes import COMPANIONS, normal
from gdtbridge.measurements.content import Finding
from gdtbridge.measurements.identity import identity_of, is_mean, marked_for_seed
from gdtbridge.measurements.profiles import Device, Quirk
from gdtbridge.measurements.sonoscape import AGGREGATE, NOT_MEASURED

Alive = dict[int, Finding]
"""The findings that are still told, by their number, in tree order."""

Loss = tuple[int, int | None]
"""A finding to leave out, and the one that is told instead, if any."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding, the rule it is told or left out by, and the place of what is told instead."""

    finding: Finding
    rule: str
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is told, in tree order, and the verdict on every finding."""

    kept: list[Finding]
    verdicts: list[Verdict]

    @property
    def not_measured(self) -> int:
        """Return how many values only said that nothing was measured."""
        return sum(verdict.rule == "not_measured" for verdict in self.verdicts)


def select(findings: Iterable[Finding], device: Device) -> Selection:
    """Apply the rules in their order."""
    alive: Alive = dict(enumerate(findings))
    lost: dict[int, Verdict] = {}
    for rule, losses in VALUE_RULES:
        _leave_out(alive, lost, rule, losses(alive, device))
    alive = dict(zip(alive, marked_for_seed(list(alive.values())), strict=True))
    for rule, losses in REPEAT_RULES:
        _leave_out(alive, lost, rule, losses(alive, device))
    told = _told(alive)
    count = len(alive) + len(lost)
    return Selection(
        list(alive.values()), [told.get(index) or lost[index] for index in range(count)]
    )


def _leave_out(alive: Alive, lost: dict[int, Verdict], rule: str, losses: Iterable[Loss]) -> None:
    """Move losers from ``alive`` to ``lost``; a seed id goes on to what is told instead."""
    for loser, winner in list(losses):
        finding = alive.pop(loser)
        lost[loser] = Verdict(finding, rule, alive[winner].place if winner is not None else "")
        if winner is not None and finding.kept_by_seed and not alive[winner].kept_by_seed:
            alive[winner] = replace(alive[winner], kept_by_seed=True, seed=finding.seed)


def _unmeasured(alive: Alive, device: Device) -> Iterator[Loss]:
    if Quirk.MINUS_ONE in device.quirks:
        yield from ((at, None) for at, one in alive.items() if one.value == NOT_MEASURED)


def _single_readings(alive: Alive, _device: Device) -> Iterator[Loss]:
    """Yield the rows of a private table that have an aggregate (result number -1) beside them."""
    aggregates = {identity_of(one): at for at, one in alive.items() if one.row == AGGREGATE}
    if not aggregates:
        return
    for at, one in alive.items():
        if one.row not in {None, AGGREGATE} and identity_of(one) in aggregates:
            yield at, aggregates[identity_of(one)]


def _twins(alive: Alive, device: Device) -> Iterator[Loss]:
    """Yield second writings: GE sends a chosen value with Selection Status and once without.

    Each value with a status swallows one without, of the same derivation if there is one.
    """
    plain: dict[Hashable, list[int]] = {}
    for at, one in alive.items():
        if one.context.selection is None:
            plain.setdefault((_literally(one), _repeats_of(one, device)), []).append(at)
    for at, one in alive.items():
        copies = plain.get((_literally(one), _repeats_of(one, device)))
        if one.context.selection is None or not copies:
            continue
        derivation = one.context.derivation
        copy = min(copies, key=lambda copy: alive[copy].context.derivation != derivation)
        copies.remove(copy)
        yield copy, at


def _duplicates(alive: Alive, device: Device) -> Iterator[Loss]:
    """Yield values that are written again with everything the same.

    Of siblings only a chosen value or a mean exists once by its nature; two plain readings may well
    be equal. A device known to write its containers twice does so with all of them.
    """
    everywhere = Quirk.WRITTEN_TWICE in device.quirks
    first: dict[Hashable, int] = {}
    for at, one in alive.items():
        if not everywhere and one.context.selection is None and not is_mean(one):
            continue
        same = (_literally(one), one.context, one.properties, one.observed)
        winner = first.setdefault(same if everywhere else (same, _container(one)), at)
        if winner != at:
            yield at, winner


def _not_chosen(alive: Alive, device: Device) -> Iterator[Loss]:
    return _beside(alive, device, lambda one: one.context.selection is not None)


def _in_mean(alive: Alive, device: Device) -> Iterator[Loss]:
    return _beside(alive, device, lambda one: is_mean(one) and one.context.selection is None)


def _beside(alive: Alive, device: Device, stands: Callable[[Finding], bool]) -> Iterator[Loss]:
    """Yield repeats that have a value beside them which ``stands`` for the measurement."""
    standing: dict[Hashable, int] = {}
    for at, one in alive.items():
        if stands(one) and _may_stand(one):
            standing.setdefault(_repeats_of(one, device), at)
    if not standing:
        return
    for at, one in alive.items():
        winner = standing.get(_repeats_of(one, device))
        if winner is not None and not stands(one) and one.context.selection is None:
            yield at, winner


def _may_stand(finding: Finding) -> bool:
    """Return whether others with its identity surely are repeats of it.

    Gestational ages of different measurements may look alike where no group tells them apart.
    """
    return finding.companion_of is not None or normal(finding.name) not in COMPANIONS


def _repeats_of(finding: Finding, device: Device) -> Hashable:
    """Return what repeats of one measurement have in common."""
    same = (identity_of(finding), finding.context.tracking_uid)
    if Quirk.GROUPS_ARE_SECTIONS in device.quirks:
        return same
    return (*same, _container(finding))


def _container(finding: Finding) -> str:
    return finding.place.rpartition(".")[0]


def _literally(finding: Finding) -> Hashable:
    return (identity_of(finding), str(finding.value), finding.unit, finding.row)


Rules = tuple[tuple[str, Callable[[Alive, Device], Iterator[Loss]]], ...]

VALUE_RULES: Final[Rules] = (
    ("not_measured", _unmeasured),
    ("single_reading", _single_readings),
)
"""What is no value of its own, before the seed system's ids are given."""

REPEAT_RULES: Final[Rules] = (
    ("twin", _twins),
    ("duplicate", _duplicates),
    ("not_chosen", _not_chosen),
    ("in_mean", _in_mean),
)
"""Which of several values stands."""


def _told(alive: Alive) -> dict[int, Verdict]:
    """Return the verdicts on what is told."""
    counts: dict[Hashable, int] = {}
    for one in alive.values():
        key = identity_of(one)
        counts[key] = counts.get(key, 0) + 1
    return {at: Verdict(one, _kept_by(one, counts[identity_of(one)])) for at, one in alive.items()}


def _kept_by(finding: Finding, alike: int) -> str:
    if finding.context.selection is not None:
        return "chosen"
    if is_mean(finding):
        return "mean"
    if finding.row == AGGREGATE:
        return "aggregate"
    return "repeat" if alike > 1 else "single"
