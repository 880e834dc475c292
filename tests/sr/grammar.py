"""Whole reports by the grammar of the ultrasound templates (PS3.16 TID 5000 to 5300, 1500, 12000).

A report is first drawn as a plan: branches that say things, leaves with one or several readings.
From a plan come the report itself (`built`) and, by a computation of its own, the measurements that
were put in (`put_in`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from hypothesis import strategies as st
from pydicom.dataset import Dataset

from gdtbridge.tsv import table
from tests.sr import builder, terms
from tests.sr.terms import Term

Says = tuple[tuple[str, Term], ...]
"""Modifiers: role and what it says."""

FORBIDDEN = "9999.5"
"""The number of every property: it must never come back."""

WHOSE = {
    (what, code)
    for what, says, code, *_ in table("sr/subject.tsv")
    if says in {"mother", "fetus", "pregnancy"}
}
"""Sites and concepts of which the table says that they are the mother's, or a child's."""


class Reading(NamedTuple):
    """One value of a leaf and its standing among its repeats.

    ``moment`` is its own time (DT), ``qualifier`` what the device says against it.
    """

    literal: str
    derivation: Term | None = None
    selection: Term | None = None
    wins: bool = True
    copy: bool = False
    moment: str = ""
    qualifier: str = ""


@dataclass(frozen=True, slots=True)
class Leaf:
    """What is measured once: its readings, and what hangs below each (names of `BELOW`)."""

    name: Term
    says: Says
    unit: str
    readings: tuple[Reading, ...]
    below: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """A container, what it says of everything below, what stands in it, and when it was made."""

    name: Term
    says: Says
    items: tuple[Branch | Leaf, ...]
    moment: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A report before it is written.

    ``nested`` puts side and segment below the site, ``canon`` attaches the status as Canon does.
    """

    template: str
    branches: tuple[Branch, ...]
    nested: bool
    canon: bool


class Value(NamedTuple):
    """A measurement as it must come back."""

    identity: frozenset[tuple[str, str]]
    value: str
    unit: str
    derivation: str
    selection: str


# ── What was put in ──────────────────────────────────────────────────────────────────────────────


def leaves(plan: Plan) -> Iterator[tuple[Leaf, dict[str, Term]]]:
    """Yield every leaf with all that is said of it."""
    waiting: list[tuple[Branch | Leaf, dict[str, Term]]] = [(item, {}) for item in plan.branches]
    while waiting:
        item, inherited = waiting.pop()
        own = dict(item.says)
        if isinstance(item, Branch) and item.name in terms.VESSELS + terms.ORGANS:
            own.setdefault("site", item.name)
        if "site" in own:
            inherited = {role: term for role, term in inherited.items() if role != "topography"}
        context = {**inherited, **own}
        if isinstance(item, Leaf):
            yield item, context | of_fetus(plan, item, context)
        else:
            waiting.extend((child, context) for child in item.items)


def of_fetus(plan: Plan, leaf: Leaf, context: dict[str, Term]) -> dict[str, Term]:
    """Return the mark of a fetus without a name, where nothing says whose such a value is."""
    if plan.template != "5000" or "fetus" in context:
        return {}
    site = context.get("site")
    told = ("concept", leaf.name.key) in WHOSE or (site and ("site", site.key) in WHOSE)
    return {} if told else {"fetus": terms.UNNUMBERED}


def identity(leaf: Leaf, context: dict[str, Term]) -> frozenset[tuple[str, str]]:
    """Return what a leaf measures."""
    return frozenset(
        [("concept", leaf.name.key), *((role, term.key) for role, term in context.items())]
    )


def put_in(plan: Plan) -> Counter[Value]:
    """Return the measurements that must come back."""
    return Counter(
        Value(
            identity(leaf, context),
            str(Decimal(reading.literal)),
            terms.UNITS[leaf.unit],
            reading.derivation.meaning if reading.derivation else "",
            reading.selection.meaning if reading.selection else "",
        )
        for leaf, context in leaves(plan)
        for reading in leaf.readings
        if not reading.copy and reading.wins
    )


# ── The report ───────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Building:
    """Writes a plan as items; ``numbers`` are the written results, in the order of the plan."""

    plan: Plan
    older: bool
    numbers: list[tuple[Leaf, Dataset]] = field(default_factory=list)

    def branch(self, branch: Branch) -> Dataset:
        """Return a container."""
        below: list[Dataset] = []
        for item in branch.items:
            below += [self.branch(item)] if isinstance(item, Branch) else self.leaf(item)
        name = branch.name.spelled(older=self.older)
        made = builder.container(name, *self.modifiers(branch.says), *below)
        if branch.moment:
            made.ObservationDateTime = branch.moment
        return made

    def leaf(self, leaf: Leaf) -> list[Dataset]:
        """Return one NUM per reading."""
        items = []
        for reading in leaf.readings:
            standing = (("derivation", reading.derivation), ("selection", reading.selection))
            says = (*leaf.says, *((role, term) for role, term in standing if term))
            below = [BELOW[name]() for name in leaf.below]
            name = leaf.name.spelled(older=self.older)
            item = builder.num(name, reading.literal, leaf.unit, *self.modifiers(says), *below)
            if reading.moment:
                item.ObservationDateTime = reading.moment
            if reading.qualifier:
                item.NumericValueQualifierCodeSequence = [builder.coded(reading.qualifier)]
            items.append(item)
            self.numbers.append((leaf, item))
        return items

    def modifiers(self, says: Says) -> list[Dataset]:
        """Return modifier items; side and segment go below a site where the plan nests them."""
        written = {role: self.modifier(role, term) for role, term in says}
        site = written.get("site")
        if self.plan.nested and site is not None:
            nested = [written.pop(role) for role in ("laterality", "topography") if role in written]
            if nested:
                site.ContentSequence = nested
        return list(written.values())

    def modifier(self, role: str, term: Term) -> Dataset:
        """Return one modifier."""
        name = terms.MODIFIER_NAMES[role].spelled(older=self.older)
        relation = terms.RELATIONS.get(role, builder.MODIFIER)
        if role == "selection" and not self.plan.canon:
            relation = builder.PROPERTY
        if term.today.startswith("||"):
            return builder.text(name, term.meaning, rel=relation)
        return builder.code(name, term.spelled(older=self.older), rel=relation)


def built(plan: Plan, *, older: bool = False) -> tuple[Dataset, list[tuple[Leaf, Dataset]]]:
    """Return the report of a plan, and the results in it with what they were made of."""
    building = Building(plan, older)
    branches = [building.branch(branch) for branch in plan.branches]
    return aimed(builder.dataset(*branches, template=plan.template)), building.numbers


def placed(
    item: Dataset, place: tuple[int, ...] = (1,)
) -> Iterator[tuple[tuple[int, ...], Dataset]]:
    """Yield an item and everything below, with places."""
    yield place, item
    for number, child in enumerate(item.get("ContentSequence", ()), start=1):
        yield from placed(child, (*place, number))


def aimed(report: Dataset) -> Dataset:
    """Let every reference point to the first number, wherever it stands now."""
    numbers = (place for place, item in placed(report) if item.get("ValueType") == "NUM")
    first = next(numbers, (1,))
    for _, item in placed(report):
        if "ReferencedContentItemIdentifier" in item:
            item.ReferencedContentItemIdentifier = list(first)
    return report


def _limit(name: str) -> Dataset:
    return builder.num(name, FORBIDDEN, "cm", rel=builder.PROPERTY)


def _by_reference() -> Dataset:
    item = Dataset()
    item.RelationshipType = "INFERRED FROM"
    item.ReferencedContentItemIdentifier = [1]
    return item


def _image() -> Dataset:
    item = builder.node("IMAGE", "", rel="INFERRED FROM")
    reference = Dataset()
    reference.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.6.1"
    reference.ReferencedSOPInstanceUID = "2.25.99"
    item.ReferencedSOPSequence = [reference]
    return item


def _outline() -> Dataset:
    item = builder.node("SCOORD", "DCM|111030|Image Region", rel="INFERRED FROM")
    item.GraphicType = "POLYLINE"
    item.GraphicData = [1.0, 2.0, 3.0, 4.0]
    item.ContentSequence = [builder.node("IMAGE", "", rel="SELECTED FROM")]
    return item


def _source() -> Dataset:
    elsewhere = builder.code(builder.SITE, "SRT|T-D4000|Abdomen")
    return builder.num(builder.DIAMETER, FORBIDDEN, "mm", elsewhere, rel="INFERRED FROM")


BELOW: dict[str, Callable[[], Dataset]] = {
    # TID 310, 315 and 320: what may hang below a measurement and is none
    "lower limit": lambda: _limit("SCT|385524004|Normal Range Lower Limit"),
    "upper limit": lambda: _limit("SRT|R-0038B|Normal Range Upper Limit"),
    "z-score": lambda: _limit("DCM|121416|Z-Score of measurement"),
    "percentile": lambda: _limit("SRT|R-00397|5th Percentile Value of population"),
    "normality": lambda: builder.code(
        "DCM|121402|Normality", "SCT|17621005|Normal", rel=builder.PROPERTY
    ),
    "authority": lambda: builder.text(
        "DCM|121408|Normal Range Authority", "Hadlock", rel=builder.PROPERTY
    ),
    "source": _source,
    "reference": _by_reference,
    "image": _image,
    "outline": _outline,
}


# ── Drawing plans ────────────────────────────────────────────────────────────────────────────────

LITERALS = st.one_of(
    # What a living patient may have of each concept below, in each of its units (`sr.limits`)
    st.decimals("0.51", "3.99", places=2).map(str),
    st.integers(1, 3).map(str),
    st.floats(0.6, 3.9, allow_nan=False).map(lambda number: f"{number:.9g}"),
    st.sampled_from(["1.2E+0", "12E-1", "+3.10", ".75"]),
)


def says(**roles: list[Term]) -> st.SearchStrategy[Says]:
    """Draw what is said: of each role one term or nothing."""
    drawn = {role: st.none() | st.sampled_from(several) for role, several in roles.items()}
    return st.fixed_dictionaries(drawn).map(
        lambda found: tuple((role, term) for role, term in found.items() if term is not None)
    )


@st.composite
def readings(draw: st.DrawFn) -> tuple[Reading, ...]:
    """Draw one value, or repeats as devices send them; their literals differ as numbers."""
    first, second, third = draw(st.lists(LITERALS, min_size=3, max_size=3, unique_by=Decimal))
    chosen = Reading(first, terms.MEAN, terms.MEAN_CHOSEN)
    latest = Reading(first, None, terms.LATEST_CHOSEN)
    return draw(
        st.sampled_from(
            [
                (Reading(first),),
                (latest,),
                (latest, Reading(first, copy=True)),
                (chosen, Reading(first, terms.MEAN, copy=True)),
                (Reading(second, wins=False), Reading(third, wins=False), chosen),
                (
                    Reading(second, wins=False),
                    Reading(third, wins=False),
                    Reading(first, terms.MEAN),
                ),
                (latest, Reading(second, wins=False)),
                (Reading(first), Reading(second), Reading(third)),
            ]
        )
    )


def leaf(names: list[Term], spoken: st.SearchStrategy[Says]) -> st.SearchStrategy[Leaf]:
    """Draw a leaf that measures one of ``names``."""
    return st.builds(
        Leaf,
        st.sampled_from(names),
        spoken,
        st.sampled_from(sorted(terms.UNITS)),
        readings(),
        st.lists(st.sampled_from(sorted(BELOW)), max_size=3).map(tuple),
    )


def branch(
    names: list[Term],
    spoken: st.SearchStrategy[Says],
    *items: st.SearchStrategy[Branch] | st.SearchStrategy[Leaf],
) -> st.SearchStrategy[Branch]:
    """Draw a container of up to four ``items``."""
    inside = st.lists(st.one_of(*items), max_size=4).map(tuple)
    return st.builds(Branch, st.sampled_from(names), spoken, inside)


NOTHING: st.SearchStrategy[Says] = st.just(())

FETAL_LEAF = leaf(terms.FETAL, says(equation=terms.EQUATIONS))
AGE_LEAF = leaf([terms.AGE], says(equation=terms.EQUATIONS)).map(
    lambda drawn: replace(
        drawn, readings=(Reading(drawn.readings[0].literal),)
    )  # ages are computed, not repeated
)
OBSTETRIC = st.one_of(
    branch(
        [terms.SUMMARY],
        NOTHING,
        branch([terms.FETUS_SUMMARY], says(fetus=terms.FETUSES), FETAL_LEAF, AGE_LEAF),
    ),
    branch(
        terms.BIOMETRY,
        says(fetus=terms.FETUSES),
        branch([terms.BIOMETRY_GROUP], NOTHING, FETAL_LEAF, AGE_LEAF),
    ),
    branch(
        terms.FINDINGS,
        says(site=terms.ORGANS, laterality=terms.SIDES),
        branch([terms.GROUP], says(label=terms.IDENTIFIERS), leaf(terms.SIZES, NOTHING)),
    ),
)
VASCULAR = branch(
    terms.FINDINGS,
    says(site=terms.NECK, laterality=terms.SIDES, topography=terms.SEGMENTS),
    branch(
        terms.VESSELS + terms.ORGANS,
        says(topography=terms.SEGMENTS, laterality=terms.SIDES),
        leaf(terms.FLOWING, says(cycle=terms.PHASES)),
    ),
    leaf([Term("LN|33868-1|ICA/CCA velocity ratio")], says(cycle=terms.PHASES)),
)
ECHO = branch(
    terms.FINDINGS,
    says(site=terms.HEART),
    branch(
        [terms.GROUP],
        says(mode=terms.MODES, stage=terms.STAGES, protocol=terms.PROTOCOLS, view=terms.VIEWS),
        leaf(
            terms.CARDIAC + terms.SIZES,
            says(
                site=terms.HEART,
                method=terms.METHODS,
                cycle=terms.PHASES,
                breathing=terms.BREATHS,
                flow=terms.FLOWS,
            ),
        ),
    ),
)
SIMPLIFIED = branch(
    terms.FLAT,
    NOTHING,
    leaf(
        terms.CARDIAC + terms.SIZES,
        says(site=terms.HEART, mode=terms.MODES, view=terms.VIEWS, label=terms.IDENTIFIERS),
    ),
)
GENERAL = branch(
    [terms.IMAGING],
    NOTHING,
    branch(
        [terms.GROUP],
        says(
            site=terms.ORGANS,
            laterality=terms.SIDES,
            topography=terms.SEGMENTS,
            label=terms.IDENTIFIERS,
        ),
        leaf(terms.SIZES, says(method=terms.METHODS, mode=terms.MODES)),
    ),
)
TEMPLATES: dict[str, st.SearchStrategy[Branch]] = {
    "5000": OBSTETRIC,
    "5100": VASCULAR,
    "5200": ECHO,
    "5300": SIMPLIFIED,
    "1500": GENERAL,
    "4200": GENERAL,
    "12000": GENERAL,
}


def plans() -> st.SearchStrategy[Plan]:
    """Draw a report in which no two leaves measure the same."""
    return st.sampled_from(sorted(TEMPLATES)).flatmap(
        lambda template: st.builds(
            Plan,
            st.just(template),
            st.lists(TEMPLATES[template], min_size=1, max_size=4).map(tuple),
            st.booleans(),
            st.booleans(),
        ).map(without_doubles)
    )


def without_doubles(plan: Plan) -> Plan:
    """Return the plan without the leaves that measure what another one measures."""
    taken: set[frozenset[tuple[str, str]]] = set()
    doubles: set[int] = set()
    for one, context in leaves(plan):
        key = identity(one, context)
        if key in taken:
            doubles.add(id(one))
        taken.add(key)

    def pruned(branch: Branch) -> Branch:
        kept = (item for item in branch.items if id(item) not in doubles)
        inside = (pruned(item) if isinstance(item, Branch) else item for item in kept)
        return replace(branch, items=tuple(inside))

    return replace(plan, branches=tuple(map(pruned, plan.branches)))
