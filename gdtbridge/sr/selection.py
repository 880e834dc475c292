"""Which values of a report are told, by named rules (``rules.RULES``).

Nothing that says something of its own is left out: not measured, written twice, or a repeat where
the device itself says which value stands. Where it does not say so all repeats are told.

Values are repeats when they have one identity and stand in one container, for the standard makes
all samples of a measurement siblings (PS3.16 TID 5203, PS3.17 Annex I). Two lesions measured under
one name in two groups are no repeats of each other.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gdtbridge.sr.codes import COMPANIONS, SUMMARIES, normal
from gdtbridge.sr.content import NumFinding
from gdtbridge.sr.derivations import DerivationKind, derivation_kind
from gdtbridge.sr.identity import (
    Identity,
    identity_of,
    is_chosen,
    is_mean,
    is_spread,
    precedence,
)
from gdtbridge.sr.limits import is_possible
from gdtbridge.sr.model import Code
from gdtbridge.sr.profiles import DeviceHabits, DeviceQuirk
from gdtbridge.sr.sonoscape import AGGREGATE, NOT_MEASURED

Loss = tuple[int, int | None]
"""A finding to leave out, and the one that is told instead, if any."""


@dataclass(slots=True)
class _RemainingFindings:
    """Findings not left out so far, by their number in tree order, and all identities."""

    alive: dict[int, NumFinding]
    identity: list[Identity]
    device: DeviceHabits

    def repeats_of(self, at: int) -> Hashable:
        """Return what repeats of one measurement have in common."""
        finding = self.alive[at]
        same = (self.identity[at], finding.context.tracking_uid)
        if DeviceQuirk.GROUPS_ARE_SECTIONS in self.device.quirks:
            return same
        return (*same, _container(finding))

    def literal(self, at: int) -> Hashable:
        """Return what second writings of a value have in common."""
        finding = self.alive[at]
        return (self.identity[at], str(finding.value), finding.unit, finding.result_number)


@dataclass(frozen=True, slots=True)
class FindingVerdict:
    """A finding, the rule that tells it or leaves it out, the place of the value told instead."""

    finding: NumFinding
    rule: str
    beside: str = ""


@dataclass(frozen=True, slots=True)
class FindingSelection:
    """The findings told with their identities, in tree order, and the verdict on every finding."""

    kept: list[NumFinding]
    verdicts: list[FindingVerdict]
    identities: list[Identity]

    @property
    def not_measured(self) -> int:
        """Return how many values only said that nothing was measured."""
        return sum(verdict.rule == "not_measured" for verdict in self.verdicts)


def select(findings: Iterable[NumFinding], device: DeviceHabits) -> FindingSelection:
    """Apply the rules in their order."""
    found = list(findings)
    values = _RemainingFindings(dict(enumerate(found)), [identity_of(one) for one in found], device)
    lost = {at: FindingVerdict(one, one.fault) for at, one in enumerate(found) if one.fault}
    for at in lost:
        del values.alive[at]
    for rule, losses in VALUE_RULES:
        _leave_out(values.alive, lost, rule, losses(values))
    for rule, losses in REPEAT_RULES:
        _leave_out(values.alive, lost, rule, losses(values))
    told = _told(values)
    verdicts = [told.get(at) or lost[at] for at in range(len(found))]
    identities = [values.identity[at] for at in values.alive]
    return FindingSelection(list(values.alive.values()), verdicts, identities)


def _leave_out(
    alive: dict[int, NumFinding], lost: dict[int, FindingVerdict], rule: str, losses: Iterable[Loss]
) -> None:
    """Move losers from ``alive`` to ``lost``."""
    for loser, winner in list(losses):
        place = alive[winner].place if winner is not None else ""
        lost[loser] = FindingVerdict(alive.pop(loser), rule, place)


def _unmeasured(values: _RemainingFindings) -> Iterator[Loss]:
    everywhere = DeviceQuirk.MINUS_ONE in values.device.quirks
    for at, one in values.alive.items():
        if one.value == NOT_MEASURED and (everywhere or one.row is not None):
            yield at, None


def _counts(values: _RemainingFindings) -> Iterator[Loss]:
    for at, one in values.alive.items():
        if derivation_kind(one.context.derivation) is DerivationKind.COUNT:
            yield at, None


def _impossible(values: _RemainingFindings) -> Iterator[Loss]:
    """Yield what no patient has; a deviation has the range of its dimension only."""
    for at, one in values.alive.items():
        concept = None if is_spread(one) else normal(one.name)
        if not is_possible(concept, one.value, one.unit, one.name.text):
            yield at, None


def _single_readings(values: _RemainingFindings) -> Iterator[Loss]:
    """Yield the rows of a private table that have an aggregate (result number -1) beside them."""
    identity = values.identity
    aggregates = {
        identity[at]: at for at, one in values.alive.items() if one.result_number == AGGREGATE
    }
    if not aggregates:
        return
    for at, one in values.alive.items():
        if one.result_number not in {None, AGGREGATE} and identity[at] in aggregates:
            yield at, aggregates[identity[at]]


def _twins(values: _RemainingFindings) -> Iterator[Loss]:
    """Yield second writings: GE sends a chosen value with Selection Status and once without.

    Each value with a status swallows one without, of the same derivation if there is one.
    """
    chosen = [(at, one) for at, one in values.alive.items() if is_chosen(one)]
    if not chosen:
        return
    plain: dict[Hashable, dict[Code | None, deque[int]]] = {}
    for at, one in values.alive.items():
        if one.context.selection is None:
            copies = plain.setdefault((values.literal(at), values.repeats_of(at)), {})
            copies.setdefault(one.context.derivation, deque()).append(at)
    for at, one in chosen:
        copies = plain.get((values.literal(at), values.repeats_of(at)), {})
        same = one.context.derivation
        derivation = same if same in copies else next(iter(copies), None)
        if derivation in copies:
            yield copies[derivation].popleft(), at
            if not copies[derivation]:
                del copies[derivation]


def _duplicates(values: _RemainingFindings) -> Iterator[Loss]:
    """Yield values that a sibling repeats in every respect.

    A device known to write its containers twice does so wherever they stand.
    """
    everywhere = DeviceQuirk.WRITTEN_TWICE in values.device.quirks
    first: dict[Hashable, int] = {}
    for at, one in values.alive.items():
        same = (values.literal(at), one.context, one.properties, one.observed)
        winner = first.setdefault(same if everywhere else (same, _container(one)), at)
        if winner != at:
            yield at, winner


def _summaries(values: _RemainingFindings) -> Iterator[Loss]:
    """Yield values a summary repeats from a section; a chosen value stands before the other."""
    alive = values.alive
    elsewhere: dict[Hashable, int] = {}
    for at, one in alive.items():
        if not _is_summary(one):
            first = elsewhere.setdefault(values.literal(at), at)
            if precedence(one) < precedence(alive[first]):
                elsewhere[values.literal(at)] = at
    lost: set[int] = set()
    for at, one in alive.items():
        other = elsewhere.get(values.literal(at))
        if not _is_summary(one) or other is None or other in lost:
            continue
        loser, winner = at, other
        if precedence(one) < precedence(alive[other]):
            loser, winner = other, at
        lost.add(loser)
        yield loser, winner


def _is_summary(finding: NumFinding) -> bool:
    section = finding.context.section
    return section is not None and normal(section) in SUMMARIES


def _not_chosen(values: _RemainingFindings) -> Iterator[Loss]:
    return _beside(values, is_chosen)


def _in_mean(values: _RemainingFindings) -> Iterator[Loss]:
    return _beside(values, is_mean)


def _beside(values: _RemainingFindings, stands: Callable[[NumFinding], bool]) -> Iterator[Loss]:
    """Yield repeats that have a value beside them which ``stands`` for the measurement.

    Values with different statuses (a minimum and a maximum) stand for nothing but themselves, and
    a value with a status of any kind is not left out.
    """
    alive = values.alive
    standing: dict[Hashable, int] = {}
    unclear: set[Hashable] = set()
    for at, one in alive.items():
        if stands(one) and _has_sure_repeats(one):
            key = values.repeats_of(at)
            first = alive[standing.setdefault(key, at)]
            if first.context.selection != one.context.selection:
                unclear.add(key)
    for at, one in alive.items() if standing else ():
        if stands(one) or one.context.selection is not None:
            continue
        key = values.repeats_of(at)
        if key in standing and key not in unclear:
            yield at, standing[key]


def _has_sure_repeats(finding: NumFinding) -> bool:
    """Return whether others with its identity surely are repeats of it.

    Gestational ages of different measurements may look alike where no group tells them apart.
    """
    return finding.companion_of is not None or normal(finding.name) not in COMPANIONS


def _container(finding: NumFinding) -> str:
    return finding.place.rpartition(".")[0]


Rules = tuple[tuple[str, Callable[[_RemainingFindings], Iterator[Loss]]], ...]

VALUE_RULES: Final[Rules] = (
    ("not_measured", _unmeasured),
    ("count", _counts),
    ("impossible", _impossible),
    ("single_reading", _single_readings),
)
"""What is no value of its own."""

REPEAT_RULES: Final[Rules] = (
    ("twin", _twins),
    ("duplicate", _duplicates),
    ("summary", _summaries),
    ("not_chosen", _not_chosen),
    ("in_mean", _in_mean),
)
"""Which of several values stands."""


def _told(values: _RemainingFindings) -> dict[int, FindingVerdict]:
    """Return the verdicts on the findings that are told."""
    counts = Counter(values.identity[at] for at in values.alive)
    return {
        at: FindingVerdict(one, _kept_by(one, counts[values.identity[at]]))
        for at, one in values.alive.items()
    }


def _kept_by(finding: NumFinding, alike: int) -> str:
    if is_chosen(finding):
        return "chosen"
    if is_mean(finding):
        return "mean"
    if finding.result_number == AGGREGATE:
        return "aggregate"
    return "repeat" if alike > 1 else "single"
