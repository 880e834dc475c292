"""Reports with a mother, her children, earlier exams, stages, sides and repeats.

The plans are those of ``grammar.py``. What must come back is computed here from the plan alone: of
each number whose it is, of when, of which side and at which stage. Every number stands once in a
report, so that it is known again wherever it comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from hypothesis import strategies as st

from tests.sr import terms
from tests.sr.grammar import Branch, Leaf, Plan, Reading, says
from tests.sr.terms import Term

TODAY = ("20240115100001", "20240115100002", "20240115100003")
THEN = "20231215101500"

LVIDD, EF, PSV = terms.CARDIAC[0], terms.CARDIAC[1], terms.FLOWING[0]
LENGTH, CERVIX = terms.SIZES[0], Term("LN|11961-0|Cervix Length")
BPD, EFW = terms.FETAL[0], terms.FETAL[2]
HEART, KIDNEY, FOLLICLE = terms.HEART[0], terms.ORGANS[0], terms.ORGANS[3]
UTERINE = terms.snomed("91079009", "T-46820", "Uterine Artery")

MEASURED: dict[Term, tuple[str, int]] = {
    # What is measured, its unit, and about which number nobody wonders at
    LVIDD: ("mm", 45),
    EF: ("%", 55),
    PSV: ("cm/s", 60),
    LENGTH: ("mm", 40),
    CERVIX: ("mm", 35),
    BPD: ("mm", 50),
    EFW: ("g", 1500),
}
STAGES = [terms.STAGES[0], terms.snomed("128975004", "F-01604", "Resting State")]
SIDES = [terms.LEFT, terms.RIGHT]  # Unilateral says nothing
OF_FETUS, OF_MOTHER = {BPD, EFW}, {CERVIX}
MOTHERS_SITES = {FOLLICLE, UTERINE}
MOTHERS_SECTIONS = {terms.CHARACTERISTICS, terms.PELVIS}
SECTIONS = [*terms.FINDINGS, terms.BIOMETRY[0], terms.CHARACTERISTICS, terms.PELVIS]
NOT_MEASURED = "DCM|114006|Measurement failure"


class Told(NamedTuple):
    """What must be told of a number: keys of terms, empty for none."""

    fetal: bool
    fetus: str
    earlier: bool
    side: str
    stage: str


# ── What must come back ──────────────────────────────────────────────────────────────────────────


def paths(plan: Plan) -> Iterator[tuple[Leaf, tuple[Branch, ...]]]:
    """Yield every leaf with the branches around it, the outermost first."""
    waiting: list[tuple[Branch, tuple[Branch, ...]]] = [(one, ()) for one in plan.branches]
    while waiting:
        branch, around = waiting.pop()
        for item in branch.items:
            if isinstance(item, Leaf):
                yield item, (*around, branch)
            else:
                waiting.append((item, (*around, branch)))


def is_about_pregnancy(plan: Plan) -> bool:
    """Return whether anything in the plan says that there is a child."""
    if plan.template == "5000" or any(leaf.name in OF_FETUS for leaf, _ in paths(plan)):
        return True
    return any(
        one.name in terms.BIOMETRY or "fetus" in dict(one.says) for one in branches(plan.branches)
    )


def branches(several: Iterable[Branch | Leaf]) -> Iterator[Branch]:
    """Yield every container, also the empty ones."""
    for one in several:
        if isinstance(one, Branch):
            yield one
            yield from branches(one.items)


def nearest(role: str, leaf: Leaf, around: tuple[Branch, ...]) -> Term | None:
    """Return what is said nearest to a leaf."""
    every = (leaf.says, *(one.says for one in reversed(around)))
    return next((dict(spoken)[role] for spoken in every if role in dict(spoken)), None)


def is_fetal(leaf: Leaf, around: tuple[Branch, ...]) -> bool:
    """Return whose the values of a leaf are in a report about a pregnancy."""
    if leaf.name in OF_FETUS | OF_MOTHER:
        return leaf.name in OF_FETUS
    placed = False
    for one in reversed(around):
        spoken = dict(one.says)
        if "fetus" in spoken:
            return True
        if not placed and spoken.get("site") in MOTHERS_SITES:
            return False
        placed = placed or "site" in spoken
        if one.name in MOTHERS_SECTIONS:
            return False
        if one.name in terms.BIOMETRY:
            return True
    return True


def is_earlier(reading: Reading, around: tuple[Branch, ...]) -> bool:
    """Return whether a value is of an earlier exam: by a container, else by the nearest time."""
    if any(one.name in terms.PREVIOUS for one in around):
        return True
    moments = (reading.moment, *(one.moment for one in reversed(around)))
    return next((one for one in moments if one), TODAY[0])[:8] != TODAY[0][:8]


def told(plan: Plan) -> dict[str, Told]:
    """Return what must be told of each number that must come back."""
    about = is_about_pregnancy(plan)
    found = {}
    for leaf, around in paths(plan):
        fetal = about and is_fetal(leaf, around)
        fetus, side, stage = (
            nearest(role, leaf, around) for role in ("fetus", "laterality", "stage")
        )
        for reading in leaf.readings:
            if reading.wins and not reading.qualifier:
                found[reading.literal] = Told(
                    fetal=fetal,
                    fetus=fetus.key if fetus is not None and fetal else "",
                    earlier=is_earlier(reading, around),
                    side=side.key if side is not None else "",
                    stage=stage.key if stage is not None else "",
                )
    return found


# ── Drawing plans ────────────────────────────────────────────────────────────────────────────────


@st.composite
def readings(draw: st.DrawFn) -> tuple[Reading, ...]:
    """Draw one value, several with or without times, one of them chosen, or one that is none."""
    first, second, third = (Reading("0", moment=moment) for moment in TODAY)
    latest = terms.LATEST_CHOSEN
    return draw(
        st.sampled_from(
            [
                (Reading("0"),),
                (Reading("0"),),
                (Reading("0"), Reading("0"), Reading("0")),
                (third, first, second),
                (first, second._replace(selection=latest), third._replace(wins=False))[1:],
                (Reading("0", selection=latest), Reading("0", wins=False)),
                (Reading("0", moment=THEN), first),
                (Reading("0", qualifier=NOT_MEASURED), Reading("0")),
            ]
        )
    )


LEAF = st.builds(
    lambda name, drawn: Leaf(name, (), MEASURED[name][0], drawn),
    st.sampled_from(sorted(MEASURED, key=lambda term: term.today)),
    readings(),
)
GROUP_OF = st.builds(
    Branch,
    st.just(terms.GROUP),
    says(stage=STAGES) | says(site=[HEART, UTERINE], stage=STAGES),
    st.lists(LEAF, min_size=1, max_size=3).map(tuple),
    st.sampled_from(["", "", "", TODAY[0], THEN]),
)
SECTION = st.builds(
    Branch,
    st.sampled_from(SECTIONS),
    says(fetus=terms.FETUSES[:2], site=[HEART, KIDNEY, FOLLICLE, UTERINE], laterality=SIDES),
    st.lists(GROUP_OF, min_size=1, max_size=2).map(tuple),
    st.sampled_from(["", "", "", "", THEN]),
)
PART = (
    SECTION
    | SECTION
    | st.builds(
        lambda name, section: Branch(name, (), (section,)), st.sampled_from(terms.PREVIOUS), SECTION
    )
)


def plans() -> st.SearchStrategy[Plan]:
    """Draw a report, obstetric or not, in which no two leaves measure the same."""
    return st.builds(
        lambda template, parts: numbered(without_doubles(Plan(template, parts, True, False))),
        st.sampled_from(["5000", "5000", "5200", "1500"]),
        st.lists(PART, min_size=2, max_size=4).map(tuple),
    )


def without_doubles(plan: Plan) -> Plan:
    """Return the plan without leaves that measure what another does on the same day."""
    taken: set[object] = set()
    doubles: set[int] = set()
    about = is_about_pregnancy(plan)
    for leaf, around in paths(plan):
        fetal = about and is_fetal(leaf, around)
        roles = ("laterality", "stage") if leaf.name == BPD else ("site", "laterality", "stage")
        spoken = tuple(nearest(role, leaf, around) for role in roles)  # a BPD has but one site
        fetus = nearest("fetus", leaf, around) if fetal else None
        keys = {(leaf.name, spoken, fetal, fetus, is_earlier(one, around)) for one in leaf.readings}
        if not taken.isdisjoint(keys):
            doubles.add(id(leaf))
        taken |= keys

    def pruned(branch: Branch) -> Branch:
        kept = (item for item in branch.items if id(item) not in doubles)
        return replace(
            branch, items=tuple(pruned(item) if isinstance(item, Branch) else item for item in kept)
        )

    return replace(plan, branches=tuple(map(pruned, plan.branches)))


def numbered(plan: Plan) -> Plan:
    """Return the plan with a number for each reading that stands nowhere else."""
    count = iter(range(1, 1000))

    def counted(item: Branch | Leaf) -> Branch | Leaf:
        if isinstance(item, Branch):
            return replace(item, items=tuple(map(counted, item.items)))
        about = MEASURED[item.name][1]
        made = (one._replace(literal=f"{about}.{next(count):03}") for one in item.readings)
        return replace(item, readings=tuple(made))

    branches = tuple(one for one in map(counted, plan.branches) if isinstance(one, Branch))
    return replace(plan, branches=branches)
