"""Which of several values stands, by which rule, and what becomes of every NUM of a file."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from gdtbridge.sr import NumDecision, Report, ReportReader, read_report
from gdtbridge.sr.rules import RULES, reason
from gdtbridge.sr.selection import REPEAT_RULES, VALUE_RULES
from tests.sr.builder import (
    DERIVATION,
    DIAMETER,
    FINDINGS,
    GROUP,
    LATEST_CHOSEN,
    LVIDD,
    MEAN,
    MEAN_CHOSEN,
    METHOD,
    PROPERTY,
    SELECTION,
    code,
    container,
    dataset,
    echo_section,
    empty_num,
    num,
    row,
    sonoscape,
    text,
    write,
)
from tests.sr.conftest import predecessor_id

Read = Callable[[Dataset], Report]
Explain = Callable[[Dataset], Report]

MINIMUM = "SRT|R-404FB|Minimum"
MAXIMUM = "SRT|G-A437|Maximum"
DEVIATION = "SRT|R-10047|Standard Deviation"


@pytest.fixture
def explain(tmp_path: Path) -> Explain:
    """Return a function that reads a report with a decision for every NUM."""
    return lambda report: read_report(write(report, tmp_path / "r.dcm"), explain=True)


def chosen(name: str, value: str, *modifiers: Dataset, status: str = LATEST_CHOSEN) -> Dataset:
    """Return a NUM with a Selection Status as GE writes it."""
    return num(name, value, "cm", *modifiers, code(SELECTION, status, rel=PROPERTY))


def mean(name: str, value: str) -> Dataset:
    """Return a NUM that is a mean."""
    return num(name, value, "cm", code(DERIVATION, MEAN))


def single(name: str, value: str) -> Dataset:
    """Return a bare NUM."""
    return num(name, value, "cm")


def values(report: Report) -> list[str]:
    """Return the literals in order."""
    return [str(one.value) for one in report.measurements]


def decisions(report: Report) -> tuple[NumDecision, ...]:
    """Return the decisions of a report that was read with them."""
    assert report.decisions is not None
    return report.decisions


def rules(report: Report) -> list[tuple[str, str]]:
    """Return literal and rule of each NUM in the order of the file."""
    return [(one.value, one.rule) for one in decisions(report)]


REPEATS: list[tuple[str, list[Dataset], list[str], list[str]]] = [
    # what, the siblings, what is told, the rule of each sibling
    ("one", [single(LVIDD, "1")], ["1"], ["single"]),
    (
        "a twin without its status, as GE Vivid writes it",
        [chosen(LVIDD, "1"), single(LVIDD, "1")],
        ["1"],
        ["chosen", "twin"],
    ),
    (
        "a twin that lacks the derivation too, as GE LOGIQ writes it",
        [chosen(LVIDD, "1", code(DERIVATION, MEAN), status=MEAN_CHOSEN), single(LVIDD, "1")],
        ["1"],
        ["chosen", "twin"],
    ),
    (
        "of two candidates the mean is the twin of a chosen mean",
        [
            single(LVIDD, "1"),
            mean(LVIDD, "1"),
            chosen(LVIDD, "1", code(DERIVATION, MEAN), status=MEAN_CHOSEN),
        ],
        ["1"],
        ["not_chosen", "twin", "chosen"],
    ),
    (
        "a chosen beat among beats",
        [single(LVIDD, "1"), chosen(LVIDD, "2"), single(LVIDD, "3")],
        ["2"],
        ["not_chosen", "chosen", "not_chosen"],
    ),
    (
        "a chosen beat and the mean",
        [single(LVIDD, "1"), chosen(LVIDD, "2"), mean(LVIDD, "1.5")],
        ["2"],
        ["not_chosen", "chosen", "not_chosen"],
    ),
    (
        "beats and their mean",
        [single(LVIDD, "1"), single(LVIDD, "2"), mean(LVIDD, "1.5")],
        ["1.5"],
        ["in_mean", "in_mean", "mean"],
    ),
    (
        "beats alone, two of them equal",
        [single(LVIDD, "1"), single(LVIDD, "2"), single(LVIDD, "1")],
        ["1", "2"],
        ["repeat", "repeat", "duplicate"],
    ),
    (
        "a mean written twice",
        [mean(LVIDD, "1"), mean(LVIDD, "1")],
        ["1"],
        ["mean", "duplicate"],
    ),
    (
        "a chosen value written twice with its status",
        [chosen(LVIDD, "1"), chosen(LVIDD, "1")],
        ["1"],
        ["chosen", "duplicate"],
    ),
    (
        "two chosen values: nobody can say which",
        [chosen(LVIDD, "1"), chosen(LVIDD, "2")],
        ["1", "2"],
        ["chosen", "chosen"],
    ),
    (
        "two means of different numbers",
        [mean(LVIDD, "1"), mean(LVIDD, "2"), single(LVIDD, "1.4")],
        ["1", "2"],
        ["mean", "mean", "in_mean"],
    ),
    (
        "several chosen values of one kind and a beat",
        [chosen(LVIDD, "1"), chosen(LVIDD, "2"), single(LVIDD, "3")],
        ["1", "2"],
        ["chosen", "chosen", "not_chosen"],
    ),
    (
        "a minimum and a maximum are chosen for what they are, the mean stays",
        [
            chosen(LVIDD, "1", status=MINIMUM),
            chosen(LVIDD, "3", status=MAXIMUM),
            mean(LVIDD, "2"),
            single(LVIDD, "2.1"),
        ],
        ["1", "3", "2"],
        ["chosen", "chosen", "mean", "in_mean"],
    ),
    (
        "a private status says nothing we know",
        [chosen(LVIDD, "1", status="99X|1|Not used"), single(LVIDD, "2")],
        ["1", "2"],
        ["repeat", "repeat"],
    ),
    (
        "a status as concept modifier, as Canon writes it",
        [num(LVIDD, "1", "cm", code(SELECTION, LATEST_CHOSEN)), single(LVIDD, "2")],
        ["1"],
        ["chosen", "not_chosen"],
    ),
    (
        "another concept is no repeat",
        [chosen(LVIDD, "1"), single(DIAMETER, "1")],
        ["1", "1"],
        ["chosen", "single"],
    ),
    (
        "another method is no repeat",
        [chosen(LVIDD, "1"), num(LVIDD, "2", "cm", code(METHOD, "DCM|125209|Teichholz"))],
        ["1", "2"],
        ["chosen", "single"],
    ),
    (
        "an unknown concept modifier is no repeat",
        [chosen(LVIDD, "1"), num(LVIDD, "2", "cm", code("99X|7|Side of plane", "99X|8|Far"))],
        ["1", "2"],
        ["chosen", "single"],
    ),
    (
        "minimum, maximum and deviation are quantities of their own",
        [
            mean(LVIDD, "2"),
            *(num(LVIDD, "1", "cm", code(DERIVATION, of)) for of in (MINIMUM, MAXIMUM, DEVIATION)),
        ],
        ["2", "1", "1", "1"],
        ["mean", "single", "single", "single"],
    ),
]


@pytest.mark.parametrize(
    ("items", "told", "expected"), [row[1:] for row in REPEATS], ids=[row[0] for row in REPEATS]
)
def test_rules_of_repeats(
    explain: Explain, items: list[Dataset], told: list[str], expected: list[str]
) -> None:
    """Siblings with one identity: a chosen one, else a mean, else all."""
    report = explain(dataset(container(FINDINGS, container(GROUP, *items)), template=None))
    assert [one.rule for one in decisions(report)] == expected
    assert values(report) == told


@pytest.mark.parametrize("other", [num(LVIDD, "4.20", "cm"), num(LVIDD, "4.2", "mm")])
def test_other_literal_or_unit_is_no_twin(explain: Explain, other: Dataset) -> None:
    """It is a repeat that was not chosen; a conversion is never assumed."""
    report = explain(dataset(echo_section(chosen(LVIDD, "4.2"), other)))
    assert [one.rule for one in decisions(report)] == ["chosen", "not_chosen"]


def test_repeats_are_marked(read: Read) -> None:
    """Where none was chosen each says which of how many it is, as they were measured."""
    beats = ["67.28", "49.82", "58.16"]
    report = read(dataset(echo_section(*(num("LN|18043-0|EF", beat, "%") for beat in beats))))
    assert values(report) == beats
    assert [(one.repeat, one.repeats) for one in report.measurements] == [(1, 3), (2, 3), (3, 3)]
    assert len({one.id for one in report.measurements}) == 3


def test_two_groups_are_two_things(explain: Explain) -> None:
    """The chosen size of one lesion hides nothing of another one without a name."""
    groups = [container(GROUP, chosen(DIAMETER, "1")), container(GROUP, single(DIAMETER, "2"))]
    report = explain(dataset(container(FINDINGS, *groups), template="1500"))
    assert rules(report) == [("1", "chosen"), ("2", "repeat")]


def test_groups_of_an_echo_report_are_one(explain: Explain) -> None:
    """In TID 5200 a group names mode and protocol, so beats may lie in several of them."""
    groups = [container(GROUP, chosen(DIAMETER, "1")), container(GROUP, single(DIAMETER, "2"))]
    report = explain(dataset(container(FINDINGS, *groups), template="5200"))
    assert rules(report) == [("1", "chosen"), ("2", "not_chosen")]
    assert decisions(report)[1].beside == decisions(report)[0].place


@pytest.mark.parametrize(
    ("summary", "section", "expected"),
    [
        (single(LVIDD, "1"), single(LVIDD, "1"), ["summary", "single"]),
        (chosen(LVIDD, "1"), single(LVIDD, "1"), ["chosen", "summary"]),
        (single(LVIDD, "1"), chosen(LVIDD, "1"), ["summary", "chosen"]),
        (chosen(LVIDD, "1"), chosen(LVIDD, "1"), ["summary", "chosen"]),
        (single(LVIDD, "1"), single(LVIDD, "1.0"), ["repeat", "repeat"]),
        (single(LVIDD, "1"), single(DIAMETER, "1"), ["single", "single"]),
    ],
)
@pytest.mark.parametrize(
    "title", ["DCM|121111|Summary", "LN|55112-7|Document Summary", "DCM|125008|Fetus Summary"]
)
def test_summary_tells_nothing_twice(
    explain: Explain, title: str, summary: Dataset, section: Dataset, expected: list[str]
) -> None:
    """What a summary repeats is told once."""
    report = dataset(container(title, summary), container(FINDINGS, section), template="5000")
    assert [one.rule for one in decisions(explain(report))] == expected


def timed(item: Dataset, second: int) -> Dataset:
    """Return an item with its own time."""
    item.ObservationDateTime = f"202401151030{second:02}"
    return item


ORDERS = list(
    itertools.permutations(
        [
            timed(single(LVIDD, "4.2"), 1),
            timed(single(LVIDD, "4.1"), 2),
            timed(single(LVIDD, "4.10"), 3),
            timed(mean(DIAMETER, "7"), 4),
        ]
    )
)


@pytest.mark.parametrize("order", ORDERS, ids=range(len(ORDERS)))
def test_order_of_siblings_changes_nothing_beside_their_times(
    read: Read, order: tuple[Dataset, ...]
) -> None:
    """Observation DateTime says which beat was the first, wherever it stands."""
    shuffled = read(dataset(echo_section(*order)))
    assert {
        (str(one.value), one.repeat, one.stands, one.id == "LVIDDEJ6GJ65V")
        for one in shuffled.measurements
        if one.code == "29436-3"
    } == {("4.2", 1, False, False), ("4.1", 2, False, False), ("4.10", 3, True, True)}


def test_repeats_without_times_are_in_the_order_of_the_tree(read: Read) -> None:
    """A single one that has no time leaves nothing but the tree; the last stands for all."""
    beats = [timed(single(LVIDD, "4.3"), 9), single(LVIDD, "4.1"), timed(single(LVIDD, "4.2"), 1)]
    report = read(dataset(echo_section(*beats)))
    assert [(str(one.value), one.repeat, one.stands) for one in report.measurements] == [
        ("4.3", 1, False),
        ("4.1", 2, False),
        ("4.2", 3, True),
    ]


def test_the_number_of_a_repeat_makes_its_id(read: Read) -> None:
    """The first beat has one id in every exam, whichever the device chose."""

    def ids(*beats: Dataset) -> list[str]:
        groups = [container(GROUP, beat) for beat in beats]
        report = read(dataset(container(FINDINGS, *groups), template="1500"))
        return [one.id for one in report.measurements]

    last = ids(single(LVIDD, "4.1"), single(LVIDD, "4.2"), single(LVIDD, "4.3"))
    first = ids(chosen(LVIDD, "4.1"), single(LVIDD, "4.2"), single(LVIDD, "4.3"))
    assert first[0] == last[2]
    assert first[1] == last[1]


def test_seed_id_goes_on_to_what_stands(read: Read) -> None:
    """Where the seed system kept a value that is left out here, its id is not lost."""
    beats = [chosen(LVIDD, "4.2"), single(LVIDD, "4.3"), single(LVIDD, "4.2")]
    report = read(dataset(echo_section(*beats)))
    assert [(str(one.value), predecessor_id(one)) for one in report.measurements] == [
        ("4.2", "SOEC2DLVIEDD")
    ]


def test_every_number_of_the_file_is_explained(explain: Explain) -> None:
    """Results, properties, context, faults: each NUM has its place and its rule."""
    lower = num("SRT|R-41F90|Normal Range Lower Limit", "20", "%", rel=PROPERTY)
    basis = num(LVIDD, "3", "cm", rel="INFERRED FROM")
    fetuses = num("LN|11878-6|Number of Fetuses", "1", "1", rel="HAS OBS CONTEXT")
    report = explain(
        dataset(
            container(
                FINDINGS,
                fetuses,
                num("LN|11871-1|FL/AC", "22", "%", lower, basis),
                empty_num("LN|1|x", "DCM|114006|Measurement failure"),
                num("LN|1|x", "1,500", "cm"),
                num("", "1", "cm"),
            )
        )
    )
    assert [(one.place, one.value, one.kept, one.rule) for one in decisions(report)] == [
        ("1.1.1", "1", False, "context"),
        ("1.1.2", "22", True, "single"),
        ("1.1.2.1", "20", False, "property"),
        ("1.1.2.2", "3", False, "basis"),
        ("1.1.3", "", False, "no_value"),
        ("1.1.4", "1,500", False, "bad_number"),
        ("1.1.5", "1", False, "no_name"),
    ]
    assert all(" / " in reason(one.rule) for one in decisions(report))


def test_rows_of_sonoscape_are_explained(explain: Explain) -> None:
    """Aggregates, single readings and what was not measured."""
    rows = [row("A", "A", "0", "1"), row("A", "A", "-1", "2"), row("B", "B", "-1", "-1")]
    report = explain(sonoscape(*rows))
    assert rules(report) == [("1", "single_reading"), ("2", "aggregate"), ("-1", "not_measured")]


def test_nothing_is_explained_unasked(read: Read, tmp_path: Path) -> None:
    """Decisions cost time and room; the reading process gives them on demand."""
    item = dataset(echo_section(single(LVIDD, "1"), text("LN|1|x", "y")))
    assert read(item).decisions is None
    with ReportReader() as reader:
        path = write(item, tmp_path / "r.dcm")
        assert reader.read(path).decisions is None
        assert rules(reader.read(path, explain=True)) == [("1", "single")]


def test_every_rule_is_documented(project: Path) -> None:
    """The page has the rules there are, in the order in which they are tried."""
    page = (project / "docs" / "reference" / "measurements.md").read_text(encoding="utf-8")
    table = page.split("## Which value stands")[1].split("## ")[0]
    documented = re.findall(r"^\| `(\w+)` \| (told|left out|no result) \|", table, re.MULTILINE)
    assert [name for name, _ in documented] == list(RULES)
    assert [name for name, what in documented if what == "told"] == [
        name for name, rule in RULES.items() if rule.kept
    ]
    tried = [name for name, _ in (*VALUE_RULES, *REPEAT_RULES)]
    assert [name for name, what in documented if what == "left out"] == tried
