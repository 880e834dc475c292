"""No value changes subject, time, side or stage (``whose_grammar.py`` draws the reports).

Found by these laws with few examples, one break of the code at a time:

- ``subject``: what nobody places is the mother's; her sites, or her sections, say nothing; an outer
  statement counts before a nearer one; a mother's value keeps the Fetus ID around it;
- ``earlier``: Previous Findings, the time of a container or that of a value say nothing;
- ``content``: a new site forgets the side;
- ``codes``: Stage is no modifier;
- ``identity`` and ``repeats``: repeats follow the tree although all of them have times.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from gdtbridge.catalogue.catalogue import standard
from gdtbridge.catalogue.presentation import present_all
from gdtbridge.sr import Measurement, Report, read_report
from gdtbridge.sr.model import Subject
from tests.sr import builder
from tests.sr.grammar import Leaf, Plan, aimed, built, placed
from tests.sr.whose_grammar import Told, plans, told

Read = Callable[[Plan, Random | None], Report]

pytestmark = [pytest.mark.law, pytest.mark.timeout(400)]

few = settings(max_examples=max(settings().max_examples // 3, 30))


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Return a function that writes a plan, its siblings shuffled if asked, and reads it."""
    path = tmp_path_factory.mktemp("whose") / "report.dcm"

    def write_and_read(plan: Plan, random: Random | None = None) -> Report:
        report, numbers = built(plan)
        report.StudyDate = report.ContentDate
        if random is not None:
            shuffle(report, numbers, random)
        return read_report(builder.write(report, path))

    return write_and_read


def shuffle(report: Dataset, numbers: list[tuple[Leaf, Dataset]], random: Random) -> None:
    """Change the order of siblings everywhere but among repeats whose times do not say it."""
    leaf_of = {id(item): leaf for leaf, item in numbers}
    for _, item in placed(report):
        if "ContentSequence" not in item:
            continue
        before = list(item.ContentSequence)
        after = list(before)
        random.shuffle(after)
        leaves = {id(leaf_of[id(one)]): leaf_of[id(one)] for one in before if id(one) in leaf_of}
        for leaf in leaves.values():
            if not all(one.moment for one in leaf.readings):
                own = iter([one for one in before if leaf_of.get(id(one)) is leaf])
                after = [next(own) if leaf_of.get(id(one)) is leaf else one for one in after]
        item.ContentSequence = after
    aimed(report)


def seen(one: Measurement) -> Told:
    """Return what a measurement says of itself, in the words of the grammar."""
    said = dict(part.partition("=")[::2] for part in one.identity if "=" in part)
    fetus = said.get("fetus", "")
    return Told(
        fetal=one.subject is Subject.FETUS,
        fetus="" if fetus == "=ohne nummer" else fetus,
        earlier=one.earlier is not None,
        side=said.get("laterality", ""),
        stage=said.get("stage", ""),
    )


@few
@given(plan=plans())
def test_no_value_changes_subject_time_side_or_stage(read: Read, plan: Plan) -> None:
    """Every number comes back as what it was put in as, and none that is no result."""
    report = read(plan, None)
    found = {str(one.value): seen(one) for one in (*report.measurements, *report.earlier)}
    assert found == told(plan)
    assert all(one.earlier is None for one in report.measurements)


@few
@given(plan=plans())
def test_in_the_chart_no_two_have_one_id_or_name(read: Read, plan: Plan) -> None:
    """Child, side, stage and number of a repeat are in both; a child has blocks of its own.

    With the day of an earlier exam a name may be longer than its field, its id stays its own.
    """
    measurements = read(plan, None).with_earlier().measurements
    shown = present_all(measurements, standard())
    assert len({one.id for one in shown}) == len(shown)
    names = [one.name for one in present_all(read(plan, None).measurements, standard())]
    assert len(set(names)) == len(names)
    families: dict[str, set[Told]] = {}
    for one, value in zip(measurements, shown, strict=True):
        families.setdefault(re.sub("0R[1-9]$", "", value.id), set()).add(seen(one))
    assert all(len(whose) == 1 for whose in families.values())
    assert [one.subject != "" for one in shown] == [
        one.subject is Subject.FETUS for one in measurements
    ]


@few
@given(plan=plans(), random=st.randoms(use_true_random=False))
def test_order_of_siblings_changes_nothing(read: Read, plan: Plan, random: Random) -> None:
    """Ids, numbers of repeats and what stands for them are the same, in record and chart.

    Repeats without times are an exception among themselves: the tree is all that says which of them
    was the last.
    """

    def filed(report: Report) -> set[tuple[object, ...]]:
        whole = report.with_earlier().measurements
        shown = present_all(whole, standard())
        return {
            (str(one.value), one.id, one.repeat, one.stands, chart.id, chart.name)
            for one, chart in zip(whole, shown, strict=True)
        }

    assert filed(read(plan, random)) == filed(read(plan, None))
