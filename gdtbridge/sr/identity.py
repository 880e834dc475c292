"""Identities and ids of measurements, equal from one exam to the next.

An id depends on what a measurement is and on nothing else: concept, site, side, image mode, method
and so on, with SNOMED RT and CT counted as one. Neither the value nor its unit (a setting of the
device) nor the derivation enters, so that a mean and a single reading of the same thing carry on
one series. Changing anything here breaks the trends of every practice: the tests hold real ids.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from gdtbridge.sr.codes import (
    AVERAGES,
    CHOICES,
    EXTREMES,
    SPREADS,
    STATISTICS,
    Concept,
    ModifierRole,
    normal,
)
from gdtbridge.sr.content import NumFinding
from gdtbridge.sr.context import ModifierContext
from gdtbridge.sr.model import Code, Report
from gdtbridge.sr.numbers import plain
from gdtbridge.tsv import table

HASH_LENGTH: Final = 8
"""Base32 characters: 40 bits, a collision in a report of 300 has odds of 1 in 24 million."""

PREFIX_LENGTH: Final = 10
"""Characters of readable prefix; with the hash 18, below `LONGEST_ID`."""

LONGEST_ID: Final = 20
"""Characters of an id, whoever makes it."""

IDENTITY_ROLES: Final = (
    # The order enters the hash.
    ModifierRole.SITE,
    ModifierRole.LATERALITY,
    ModifierRole.TOPOGRAPHY,
    ModifierRole.MODE,
    ModifierRole.METHOD,
    ModifierRole.EQUATION,
    ModifierRole.VIEW,
    ModifierRole.CYCLE,
    ModifierRole.BREATHING,
    ModifierRole.FLOW,
    ModifierRole.STAGE,
    ModifierRole.PROTOCOL,
    ModifierRole.FETUS,
    ModifierRole.LABEL,
)

_UMLAUTS: Final = str.maketrans({"Ä": "AE", "Ö": "OE", "Ü": "UE", "ẞ": "SS", "Ø": "OE", "Æ": "AE"})
_NOT_PLAIN: Final = re.compile(r"[^A-Z0-9]+")
_WORDLIKE: Final = re.compile(r"[A-Z]{3}")

Identity = tuple[str, ...]


class IdentityExtra(StrEnum):
    """Parts of an identity only some measurements have, ``name=…`` behind `IDENTITY_ROLES`."""

    DERIVATION = "derivation"
    """A statistic that is another quantity: minimum, maximum, deviation (`codes.STATISTICS`)."""
    SHORT_LABEL = "short_label"
    """The device's short name of what the codes say (PS3.16 TID 5301)."""
    TRACKING = "tracking"
    """The lesion or group (Tracking Identifier, without one its UID)."""
    IN = "in"
    """A container whose name tells values apart (`codes.tells_apart`), once for each."""
    OF = "of"
    """The measurement a gestational age or a percentile was derived from."""
    FINDING = "finding"
    """What the value is about (a fibroid), once for each of several around it."""
    NUMBER = "nth"
    """Which of several findings of one kind, without names: ``nth==2``; the first has none."""
    EARLIER = "earlier"
    """A value of an earlier exam; whatever its day, all of them are one series."""
    MODIFIER = "mod"
    """A concept modifier without a role: ``mod=DCM:125306=DCM:125313``, sorted."""


def identity_of(finding: NumFinding) -> Identity:
    """Return concept and modifiers of a finding as comparable text."""
    companion = finding.companion_of
    of = (f"{IdentityExtra.OF}={_key(companion)}",) if companion is not None else ()
    earlier = (f"{IdentityExtra.EARLIER}=",) if finding.earlier is not None else ()
    return (_key(finding.name), *_context_keys(finding.context), *of, *earlier)


def context_keys(context: ModifierContext) -> Identity:
    """Return what a context says as comparable text; where in the tree does not count."""
    return _context_keys(context)


@lru_cache(maxsize=1024)
def _context_keys(context: ModifierContext) -> Identity:
    """Return the keys of the roles that count; siblings mostly share one context."""
    keys = []
    for role in IDENTITY_ROLES:
        code: Code | None = getattr(context, role.value)
        keys.append(f"{role.value}={_key(code)}" if code is not None else "")
    return (*keys, *_extra_keys(context))


def _extra_keys(context: ModifierContext) -> Iterator[str]:
    derivation, tracking = context.derivation, context.tracking or context.tracking_uid
    if derivation is not None and normal(derivation) in STATISTICS:
        yield f"{IdentityExtra.DERIVATION}={_key(derivation)}"
    if context.short_label is not None:
        yield f"{IdentityExtra.SHORT_LABEL}={_key(context.short_label)}"
    if tracking is not None:
        yield f"{IdentityExtra.TRACKING}={_key(tracking)}"
    for container in context.containers:
        yield f"{IdentityExtra.IN}={_key(container)}"
    for finding in context.findings:
        if not finding.container:
            yield f"{IdentityExtra.FINDING}={_key(finding.concept)}"
    if any(finding.number > 1 for finding in context.findings):
        numbers = ".".join(str(finding.number or 1) for finding in context.findings)
        yield f"{IdentityExtra.NUMBER}=={numbers}"
    yield from sorted(
        f"{IdentityExtra.MODIFIER}={_key(name)}={_key(code)}" for name, code in context.further
    )


@lru_cache(maxsize=4096)
def _key(code: Code) -> str:
    if code.value:
        return ":".join(normal(code))
    return "=" + " ".join(code.meaning.casefold().split())


class NumberedId(NamedTuple):
    """An id, and the number of its value among ``repeats`` values of one identity.

    Numbers go in the order measured. The value that ``stands`` for the others has the plain id.
    """

    id: str
    identity: Identity
    repeat: int
    repeats: int
    stands: bool = True


def ids_of(findings: Sequence[NumFinding]) -> list[str]:
    """Return an id for each finding, unique among them, of at most 20 characters A-Z and 0-9."""
    return [one.id for one in numbered(findings)]


def numbered(
    findings: Sequence[NumFinding], identities: Sequence[Identity] | None = None
) -> list[NumberedId]:
    """Return an id for each finding and its number among those with one identity.

    What the device chose has the plain id, else what was measured last; for the others their
    number enters the hash. ``identities`` are those of the findings, where they are known already.
    """
    alike: dict[Identity, list[int]] = {}
    for index, identity in enumerate(identities or map(identity_of, findings)):
        alike.setdefault(identity, []).append(index)
    made: dict[int, NumberedId] = {}
    taken: set[str] = set()
    for identity in sorted(alike):
        several = [(index, findings[index]) for index in alike[identity]]
        plain = 0
        if len(several) > 1:
            several = _as_measured(several)
            plain = _standing([one for _, one in several])
        prefix = _prefix(several[plain][1])
        numbers = (plain, *(number for number in range(len(several)) if number != plain))
        for number in numbers:
            ordinal = 0 if number == plain else number + 1
            while (one := _made(prefix, identity, ordinal)) in taken:
                ordinal += len(several) + 1
            taken.add(one)
            index = several[number][0]
            made[index] = NumberedId(one, identity, number + 1, len(several), number == plain)
    return [made[index] for index in range(len(findings))]


def _as_measured(several: Sequence[tuple[int, NumFinding]]) -> list[tuple[int, NumFinding]]:
    """Return repeats in the order measured: by Observation DateTime if all have one, else the tree.

    The order of items in a tree is that of their making (PS3.17 Annex I).
    """
    timed = all(one.observed for _, one in several)

    def measured_at(pair: tuple[int, NumFinding]) -> tuple[str, list[int]]:
        place = [int(number) for number in pair[1].place.split(".")]
        return pair[1].observed if timed else "", place

    return sorted(several, key=measured_at)


def _standing(several: Sequence[NumFinding]) -> int:
    """Return which of several in the order measured stands for them.

    The companion of a chosen value goes before that of another. A minimum beside a maximum, both
    chosen for what they are, stands for nothing but itself.
    """
    extremes = {
        normal(one.context.selection)
        for one in several
        if one.context.selection is not None and normal(one.context.selection) in EXTREMES
    }
    ranks = []
    for one in several:
        status = one.context.selection
        only_itself = len(extremes) > 1 and status is not None and normal(status) in extremes
        rank = LEAST if only_itself else precedence(one)
        ranks.append((rank, not one.companion_of_chosen))
    best = min(ranks)
    return max(at for at, rank in enumerate(ranks) if rank == best)


LEAST: Final = 3
"""Precedence of what stands for itself only."""


def precedence(finding: NumFinding) -> int:
    """Return 0 for what the device chose, 1 for a mean, 2 for the rest."""
    if is_chosen(finding):
        return 0
    return 1 if is_mean(finding) else 2


def is_chosen(finding: NumFinding) -> bool:
    """Return whether the device says that this value stands for the measurement."""
    status = finding.context.selection
    return status is not None and normal(status) in CHOICES


def is_mean(finding: NumFinding) -> bool:
    """Return whether the value says that it is the mean or median of others."""
    derivation = finding.context.derivation
    return derivation is not None and normal(derivation) in AVERAGES


def is_spread(finding: NumFinding) -> bool:
    """Return whether the value says how much others differ, in their unit."""
    derivation = finding.context.derivation
    return derivation is not None and normal(derivation) in SPREADS


def made_id(prefix: str, identity: Identity) -> str:
    """Return the id of an identity: the prefix and `HASH_LENGTH` characters of its hash."""
    return _made(prefix, identity, 0)


def _made(prefix: str, identity: Identity, ordinal: int) -> str:
    text = "\x1f".join(identity) + (f"\x1f#{ordinal}" if ordinal else "")
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return prefix + base64.b32encode(digest)[:HASH_LENGTH].decode("ascii")


def _prefix(finding: NumFinding) -> str:
    """Return the readable letters an id begins with.

    A user's label or the device's own id says more than the concept. For standard codes the
    letters come from a fixed table, because devices word the meaning differently.
    """
    label = finding.context.label or finding.context.short_label
    if label is not None and _WORDLIKE.search(made := abbreviated(label.text)):
        return made
    if finding.row is not None and finding.row.device_id:
        return abbreviated(finding.row.device_id) or "M"
    known = abbreviations().get(normal(finding.name))
    return known or abbreviated(finding.name.text) or "M"


@lru_cache(maxsize=1024)
def abbreviated(name: str) -> str:
    """Return one or two words shortened, the initials of more, in A-Z and 0-9 (may be empty)."""
    plain = unicodedata.normalize("NFKD", name.upper().translate(_UMLAUTS))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = [word for word in _NOT_PLAIN.split(plain) if word]
    if len(words) > 3:
        return "".join(word[0] for word in words)[:PREFIX_LENGTH]
    return "".join(word[: PREFIX_LENGTH // len(words)] for word in words)


@lru_cache(maxsize=1)
def abbreviations() -> dict[Concept, str]:
    """Return the fixed prefixes of standard measurement codes (``abbreviations.tsv``)."""
    return {(row[0], row[1]): row[2] for row in table("sr/abbreviations.tsv")}


def fingerprint(report: Report) -> str:
    """Return SHA-256 (hexadecimal) over ids, values and units, and what is said in words.

    Two revisions with the same fingerprint say the same: order, names and trailing zeros do not
    count, and neither do warnings.
    """
    rows = sorted(
        f"{one.id}\x1f{plain(one.value.normalize())}\x1f{one.unit}" for one in report.measurements
    )
    rows += sorted(f"{one.id}\x1f{one.value}" for one in report.statements)
    return hashlib.sha256("\x1e".join(rows).encode("utf-8")).hexdigest()
