"""Which objects go where, and at which hours they may leave: ``[[forward]]`` as a pure function."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from typing import Final, Self

from gdtbridge.dataset.values import folded_title
from gdtbridge.retrieve.peers import ArchivePeer
from gdtbridge.settings import ForwardSettings


@dataclass(frozen=True, slots=True)
class ForwardFacts:
    """What rules ask of an object: who sent it to which of our AE titles, and what it is."""

    device: str
    called: str
    modality: str
    sop_class: str


CONDITIONS: Final = ("device", "called", "modality", "sop_class")
"""The facts a rule may restrict; each is also the name of the rule's set."""


@dataclass(frozen=True, slots=True)
class HourWindow:
    """A part of the day in local time, the end not in it; it may go past midnight."""

    begin: time
    end: time

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the window ``HH:MM-HH:MM``; equal ends are the whole day."""
        begin, _, end = text.partition("-")
        return cls(time.fromisoformat(begin), time.fromisoformat(end))

    def contains(self, moment: time) -> bool:
        """Return whether it is open then."""
        if self.begin < self.end:
            return self.begin <= moment < self.end
        return moment >= self.begin or moment < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardRule:
    """A rule: objects whose facts are in every set that is not empty go to the peer ``to``.

    AE titles and modalities are compared whatever their case. ``calling_aet`` is the title we call
    with, ``only_asked`` says that objects go only when a person asks.
    """

    to: str
    device: frozenset[str] = frozenset()
    called: frozenset[str] = frozenset()
    modality: frozenset[str] = frozenset()
    sop_class: frozenset[str] = frozenset()
    hours: tuple[HourWindow, ...] = ()
    calling_aet: str = ""
    parallel: int = 1
    only_asked: bool = False

    @classmethod
    def of(cls, settings: ForwardSettings, to: str, aet: str) -> Self:
        """Return the rule a table says; ``to`` is the peer's title as its own table writes it."""
        return cls(
            to=to,
            device=frozenset(map(folded_title, settings.devices)),
            called=frozenset(map(folded_title, settings.called)),
            modality=frozenset(map(folded_title, settings.modalities)),
            sop_class=frozenset(settings.sop_classes),
            hours=tuple(map(HourWindow.of, settings.hours)),
            calling_aet=settings.as_ or aet,
            parallel=settings.parallel,
            only_asked=settings.when == "asked",
        )

    def fits(self, facts: ForwardFacts) -> bool:
        """Return whether an object fulfils every condition."""
        return all(
            not (wanted := getattr(self, name)) or folded_title(getattr(facts, name)) in wanted
            for name in CONDITIONS
        )

    def is_open(self, moment: time) -> bool:
        """Return whether objects may leave then (local time)."""
        return not self.hours or any(one.contains(moment) for one in self.hours)


@dataclass(frozen=True, slots=True)
class ForwardTarget:
    """A peer that objects are forwarded to, and its rules in the order of the settings."""

    peer: ArchivePeer
    rules: tuple[ForwardRule, ...]

    @property
    def aet(self) -> str:
        """The peer's AE title, as its table writes it: what copies name as their destination."""
        return self.peer.aet

    @property
    def parallel(self) -> int:
        """How many associations there may be at once."""
        return max(one.parallel for one in self.rules)

    def wants(self, facts: ForwardFacts) -> bool:
        """Return whether an object goes there by itself."""
        return any(one.fits(facts) and not one.only_asked for one in self.rules)

    def may_leave(self, facts: ForwardFacts, moment: time) -> bool:
        """Return whether an object that waits may leave then; what no rule is for always may."""
        fitting = [one for one in self.rules if one.fits(facts)]
        return not fitting or any(one.is_open(moment) for one in fitting)

    def is_ever_open(self, moment: time) -> bool:
        """Return whether any rule lets anything leave then."""
        return any(one.is_open(moment) for one in self.rules)

    def calling_aet(self, facts: ForwardFacts) -> str:
        """Return the AE title we call with: that of the first rule that fits, else the first."""
        fitting = (one for one in self.rules if one.fits(facts))
        return next(fitting, self.rules[0]).calling_aet


def targets_of(
    settings: Iterable[ForwardSettings], peers: Iterable[ArchivePeer], aet: str
) -> list[ForwardTarget]:
    """Return the peers that rules name, each once; we are called ``aet`` unless a rule says so.

    Raises `KeyError` for a destination that is no peer: `gdtbridge.settings` refuses those.
    """
    by_title = {folded_title(one.aet): one for one in peers}
    rules: dict[str, list[ForwardRule]] = {}
    for one in settings:
        title = folded_title(one.to)
        rules.setdefault(title, []).append(ForwardRule.of(one, by_title[title].aet, aet))
    return [ForwardTarget(by_title[title], tuple(mine)) for title, mine in rules.items()]
