"""Laws that hold for every report the templates allow (``grammar.py`` draws them)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.sr._snomed_dict import mapping

from gdtbridge.sr import Measurement, Report, read_report
from tests.sr import builder, terms
from tests.sr.grammar import (
    FORBIDDEN,
    Branch,
    Leaf,
    Plan,
    Value,
    aimed,
    built,
    placed,
    plans,
    put_in,
)
from tests.sr.terms import Term

Read = Callable[..., Report]

SYNTAXES = st.sampled_from(sorted(builder.SYNTAXES))
RANDOMS = st.randoms(use_true_random=False)

pytestmark = [
    pytest.mark.law,
    pytest.mark.timeout(400),  # a failure is first made small, which takes a while
]

fewer = settings(max_examples=settings().max_examples // 5)


@pytest.fixture(scope="module")
def reread(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Return a function that writes a report, in any encoding, and reads it back."""
    path = tmp_path_factory.mktemp("grammar") / "report.dcm"

    def write_and_read(report: Dataset, syntax: str = "explicit", **options: bool) -> Report:
        return read_report(builder.write(report, path, syntax, **options))

    return write_and_read


def terms_of(words: object) -> Iterator[Term]:
    """Yield the terms of a module's variable."""
    if isinstance(words, Term):
        yield words
    elif isinstance(words, list | dict):
        for word in words.values() if isinstance(words, dict) else words:
            yield from terms_of(word)


def test_terms_have_the_codes_of_the_standard() -> None:
    """Both spellings of a term are a pair of the table the standard gives (PS3.16)."""
    pairs = [term for words in vars(terms).values() for term in terms_of(words) if term.older]
    assert len(pairs) > 40
    for term in pairs:
        assert mapping["SRT"][term.older.split("|")[1]] == term.today.split("|")[1], term


def said_of(found: Measurement) -> frozenset[tuple[str, str]]:
    """Return what a measurement is, as pairs of role and key, for the roles the grammar has."""
    concept, *roles = found.identity
    pairs = [role.split("=", 1) for role in roles if role.partition("=")[0] in terms.MODIFIER_NAMES]
    return frozenset([("concept", concept), *((role, key) for role, key in pairs)])


def values(report: Report) -> Counter[Value]:
    """Return what a report gave back."""
    return Counter(
        Value(
            said_of(found),
            str(found.value),
            found.unit,
            found.derivation or "",
            found.selection or "",
        )
        for found in report.measurements
    )


def filed(report: Report) -> set[tuple[str, str, str]]:
    """Return what a practice files: under which id, which value in which unit."""
    return {(found.id, str(found.value), found.unit) for found in report.measurements}


def ids(report: Report) -> dict[frozenset[tuple[str, str]], set[str]]:
    """Return the ids of each identity; repeats that all stay share them among each other."""
    found: dict[frozenset[tuple[str, str]], set[str]] = {}
    for one in report.measurements:
        found.setdefault(said_of(one), set()).add(one.id)
    return found


def shuffled(report: Dataset, random: Random) -> Dataset:
    """Change the order of siblings everywhere."""
    for _, item in placed(report):
        if "ContentSequence" in item:
            children = list(item.ContentSequence)
            random.shuffle(children)
            item.ContentSequence = children
    return aimed(report)


@given(plan=plans(), syntax=SYNTAXES, older=st.booleans(), undefined=st.booleans())
def test_what_was_put_in_comes_back(
    reread: Read, plan: Plan, syntax: str, *, older: bool, undefined: bool
) -> None:
    """Every measurement with its identity, value and unit, and no other: no property, no source."""
    report, _ = built(plan, older=older)
    event(f"TID {plan.template}")
    found = reread(report, syntax, undefined_lengths=undefined)
    assert values(found) == put_in(plan)
    assert not found.warnings
    assert all(str(one.value) != FORBIDDEN for one in found.measurements)


@fewer
@given(plans(), RANDOMS)
def test_order_of_siblings_changes_nothing(reread: Read, plan: Plan, random: Random) -> None:
    """Shuffled at every level, a report gives the same measurements under the same ids."""
    before = reread(built(plan)[0])
    after = reread(shuffled(built(plan)[0], random))
    assert values(after) == values(before)
    assert ids(after) == ids(before)


@fewer
@given(plan=plans(), syntax=SYNTAXES, older=st.booleans())
def test_ids_are_unique_and_stable(reread: Read, plan: Plan, syntax: str, *, older: bool) -> None:
    """Neither the encoding nor the spelling of SNOMED makes an id, and no two are the same."""
    today = reread(built(plan)[0])
    other = reread(built(plan, older=older)[0], syntax)
    assert filed(other) == filed(today)
    made = [found.id for found in today.measurements]
    assert len(set(made)) == len(made)


def mirrored(plan: Plan) -> Plan:
    """Return the plan with left and right, and fetuses A and B, changed for each other."""
    swaps = {
        terms.LEFT: terms.RIGHT,
        terms.RIGHT: terms.LEFT,
        terms.FETUSES[0]: terms.FETUSES[1],
        terms.FETUSES[1]: terms.FETUSES[0],
    }

    def turned(item: Branch | Leaf) -> Branch | Leaf:
        says = tuple((role, swaps.get(term, term)) for role, term in item.says)
        if isinstance(item, Leaf):
            return replace(item, says=says)
        return replace(item, says=says, items=tuple(map(turned, item.items)))

    branches = tuple(branch for branch in map(turned, plan.branches) if isinstance(branch, Branch))
    return replace(plan, branches=branches)


@fewer
@given(plans())
def test_sides_and_twins_never_mix(reread: Read, plan: Plan) -> None:
    """What is measured left has other ids than the same right; so have the twins."""
    measured = {value.identity for value in put_in(plan)}
    turned = {value.identity for value in put_in(mirrored(plan))}
    sided = measured - turned
    assume(sided)
    here = ids(reread(built(plan)[0]))
    there = ids(reread(built(mirrored(plan))[0]))
    assert (set(here), set(there)) == (measured, turned)
    others = set().union(*there.values())
    assert all(here[key].isdisjoint(others) for key in sided)


UNKNOWN: list[Callable[[], Dataset]] = [
    lambda: builder.text("99NEW|1|Remark", "unremarkable"),
    lambda: builder.code("99NEW|2|Impression", "99NEW|3|Normal", rel="CONTAINS"),
    lambda: builder.num("99NEW|4|Room Temperature", "21", "Cel", rel="HAS ACQ CONTEXT"),
    lambda: builder.num("LN|11878-6|Number of Fetuses", "2", "1", rel="HAS OBS CONTEXT"),
    lambda: builder.container("99NEW|5|Appendix", builder.text("99NEW|6|Text", "see above")),
    lambda: builder.node("WAVEFORM", "99NEW|7|Curve", rel="CONTAINS"),
    lambda: builder.node("HOLOGRAM", "99NEW|8|A type of tomorrow", rel="CONTAINS"),
    lambda: builder.node("DATE", "LN|11778-8|EDD", rel="CONTAINS"),
    lambda: builder.code("DCM|121005|Observer Type", "DCM|121007|Device", rel="HAS OBS CONTEXT"),
]


@fewer
@given(plans(), st.lists(st.tuples(st.sampled_from(UNKNOWN), st.integers(0, 99)), min_size=1))
def test_unknown_items_change_nothing(
    reread: Read, plan: Plan, unknown: list[tuple[Callable[[], Dataset], int]]
) -> None:
    """Items of unknown concept, type or relationship cost nothing and add nothing."""
    before = reread(built(plan)[0])
    report, _ = built(plan)
    containers = [item for _, item in placed(report) if item.get("ValueType") == "CONTAINER"]
    for make, where in unknown:
        parent = containers[where % len(containers)]
        children = list(parent.get("ContentSequence", ()))
        children.insert(where % (len(children) + 1), make())
        parent.ContentSequence = children
    assert filed(reread(aimed(report))) == filed(before)


BREAKS: dict[str, list[Dataset] | None] = {
    # warning: what stands in place of the measured value; the name goes where that is None
    "no_value": [],
    "no_name": None,
    "several_values": [builder.measured("1", "cm"), builder.measured("2", "cm")],
    "no_number": [builder.measured("", "cm")],
    "bad_number": [builder.measured("4,800", "cm")],
}


@fewer
@given(plans(), st.sampled_from(sorted(BREAKS)), st.integers(0, 99))
def test_a_broken_item_costs_itself_and_is_told(
    reread: Read, plan: Plan, fault: str, which: int
) -> None:
    """One faulty value is warned of where it stands; all others come back."""
    report, numbers = built(plan)
    single = [item for leaf, item in numbers if len(leaf.readings) == 1]
    assume(single)
    item = single[which % len(single)]
    before = reread(report)
    instead = BREAKS[fault]
    if instead is None:
        del item.ConceptNameCodeSequence
    else:
        item.MeasuredValueSequence = instead
    after = reread(report)
    assert filed(after) < filed(before)
    (lost,) = {found.place for found in before.measurements} - {
        found.place for found in after.measurements
    }
    assert [(warning.code, warning.place) for warning in after.warnings] == [(fault, lost)]


@fewer
@given(plans(), st.sampled_from(sorted(terms.WORDS)), SYNTAXES)
def test_character_sets_keep_words(reread: Read, plan: Plan, charset: str, syntax: str) -> None:
    """A label is read as it was written, whatever set its letters come from."""
    word = terms.WORDS[charset]
    leaf = builder.num(
        f"99NEW|9|{word}",
        "1",
        "cm",
        builder.text("LN|12510-4|Identifier", word, rel="HAS OBS CONTEXT"),
    )
    report, _ = built(plan)
    report.SpecificCharacterSet = charset
    report.ContentSequence = Sequence([leaf, *report.ContentSequence])
    found = reread(report, syntax).measurements
    assert [(one.name, one.label) for one in found if one.code == "9"] == [(word, word)]
