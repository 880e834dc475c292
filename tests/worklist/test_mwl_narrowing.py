"""What an index finds for a query is never less than what matches, whatever was changed before."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worklist.conftest import MORNING, STEP_KEYS, Ask, Make
from worklist import NameForm, WorklistFolder
from worklist.exclusion import exclusions
from worklist.form import encoded, item_of
from worklist.index import FolderIndex, WorklistFile
from worklist.item import Element, Item, item_from, sequence_element, text_element
from worklist.keys import KeyIndex
from worklist.query import MatchPolicy, Query, StationPolicy

NAMES = [
    "Müller^Hans",
    "MÜLLER^Hans=山田",
    "Muller",
    "Mueller^H",
    "Weiß^Ä",
    "Мюллер^И",
    "",
    "A\\B",
    "^",
]
IDS = ["4711", "4712", "47", "e\u0301", "é", "A^1", "47*", ""]
DAYS = ["20240115", "20240116", "2024.01.15", "20231231", "heute", ""]
STATIONS = ["US01", "US02", "us01", "US01\\US02", ""]
NAME_KEYS = [
    "müller^hans",
    "mü*",
    "muller*",
    "m?ller*",
    "*hans",
    "=山田",
    "mueller^*",
    "weiss*",
    "a",
]
ID_KEYS = ["4711", "47*", "4?11", "*", "é", "e\u0301*", "4711\\4712", "A^*", "47\\*", "47\\e*"]
DAY_KEYS = [
    "20240115",
    "20240115-",
    "-20240115",
    "20240115-20240116",
    "heute",
    "20231231\\20240116",
]
STATION_KEYS = ["US01", "US*", "US01\\US02", "*1", "US03"]

POLICIES = [
    MatchPolicy(),
    MatchPolicy(combined_start=True),
    MatchPolicy(night=datetime(2024, 1, 15, 18)),  # noqa: DTZ001 - local time
    MatchPolicy(institution="Nord"),
    *(MatchPolicy(station=one) for one in StationPolicy),
    MatchPolicy(modality="US", extra_days=1),
    MatchPolicy(modality="*", names=frozenset(NameForm)),
]


def of(keyword: str, text: str) -> tuple[int, Element]:
    """Return an element with all values of a text."""
    tag, element = text_element(keyword, text)
    return tag, replace(element, texts=tuple(filter(None, text.split("\\"))))


@st.composite
def items(draw: st.DrawFn) -> Item:
    """Return a dataset as foreign files may have it: anything may be missing or odd."""
    step = dict(
        (
            of("ScheduledProcedureStepStartDate", draw(st.sampled_from(DAYS))),
            of("ScheduledProcedureStepStartTime", draw(st.sampled_from(["08", "1200", ""]))),
            of("ScheduledStationAETitle", draw(st.sampled_from(STATIONS))),
            of("Modality", draw(st.sampled_from(["US", "SR", ""]))),
        )
    )
    root = dict(
        (
            of("PatientName", draw(st.sampled_from(NAMES))),
            of("PatientID", draw(st.sampled_from(IDS))),
            of("AccessionNumber", draw(st.sampled_from(IDS))),
            of("PatientBirthDate", draw(st.sampled_from(DAYS))),
            of("StudyInstanceUID", draw(st.sampled_from(["1.2", "1.2.3"]))),
        )
    )
    if not draw(st.booleans()):
        root.pop(draw(st.sampled_from(sorted(root))))
    return root | dict((sequence_element("ScheduledProcedureStepSequence", step),))


KEYS = {
    "PatientName": NAME_KEYS,
    "PatientID": ID_KEYS,
    "AccessionNumber": ID_KEYS,
    "PatientBirthDate": DAY_KEYS,
    "StudyInstanceUID": ["1.2", "1.2.*", "1.2\\1.2.3"],
    "ScheduledProcedureStepStartDate": DAY_KEYS,
    "ScheduledProcedureStepStartTime": ["0800", "-1200", ""],
    "ScheduledStationAETitle": STATION_KEYS,
    "Modality": ["US", "U*", ""],
}


def queries() -> st.SearchStrategy[dict[str, str]]:
    """Return the keys of a query."""
    return st.fixed_dictionaries(
        {}, optional={keyword: st.sampled_from(values) for keyword, values in KEYS.items()}
    )


def asking(charset: str, values: dict[str, str]) -> Item:
    """Return a query as it is received."""
    step = dict(of(keyword, text) for keyword, text in values.items() if keyword in STEP_KEYS)
    root = dict(of(keyword, text) for keyword, text in values.items() if keyword not in STEP_KEYS)
    root.update([of("SpecificCharacterSet", charset)])
    return root | dict((sequence_element("ScheduledProcedureStepSequence", step),))


@pytest.mark.law
@given(
    served=st.lists(items(), max_size=8),
    values=queries(),
    charset=st.sampled_from(["", "ISO_IR 100", "ISO_IR 192", "ISO_IR 144"]),
    policy=st.sampled_from(POLICIES),
    calling=st.sampled_from(["", "US01"]),
    seed=st.integers(0, 3),
)
def test_nothing_that_matches_is_left_out(
    served: list[Item],
    values: dict[str, str],
    charset: str,
    policy: MatchPolicy,
    calling: str,
    seed: int,
) -> None:
    """The same answers, in the same order, as by comparing every entry."""
    index, chance = FolderIndex(), Random(seed)
    names = [f"{number}.wl" for number in range(len(served))]
    for name, item in zip(names, served, strict=True):
        index.put(WorklistFile(name, None, (chance.choice(served),), order=("", "")))
        index.put(WorklistFile(name, None, (item,), order=(str(chance.random()), "")))
    if names:
        index.drop(gone := chance.choice(names))
    else:
        gone = ""
    left = [one for name in names if name != gone and (one := index.record(name)) is not None]
    left.sort(key=lambda record: (record.order, record.name))
    query = Query.of(asking(charset, values), policy, calling_aet=calling)

    found = [item for item in index.served(query.keys) if query.matches(item)]

    assert found == [one.served[0] for one in left if query.matches(one.served[0])]
    # what is not answered is told by which key, and nothing else is
    answered = [one.served[0] for one in left if not exclusions(query, one.served[0])]
    assert found == answered


def test_few_entries_are_compared_for_a_precise_question(make: Make, ask: Ask) -> None:
    """Number, name, day and station each lead to the few that have them."""
    index = KeyIndex()
    for number in range(50):
        day = MORNING.replace(day=number % 25 + 1)
        entry = make(PatientID=str(number), PatientName=f"Ä{number}^Otto", scheduled=day)
        index.put(str(number), [item_of(entry)])

    def chosen(**values: str) -> set[str] | None:
        return index.choose(Query.of(item_from(ask(**values))).keys)

    assert chosen(PatientID="7") == {"7"}
    assert chosen(PatientID="x") == set()
    assert chosen(PatientName="ä17^*") == {"17"}
    assert chosen(PatientName="Ae17^*") == {"17"}  # as a device without umlauts is shown it
    assert chosen(ScheduledProcedureStepStartDate="20240103") == {"2", "27"}
    assert chosen(ScheduledProcedureStepStartDate="20240103", PatientID="27") == {"27"}
    assert chosen(ScheduledProcedureStepStartDate="20240102-20240103", Modality="US") == {
        "1", "2", "26", "27"
    }  # fmt: skip
    assert chosen(PatientID="*") is None
    assert chosen(PatientName="*7*") is None


def test_an_index_forgets_what_a_file_said_before(make: Make, ask: Ask) -> None:
    """A file that says something else is found by that alone; one that is gone by nothing."""
    index = FolderIndex()
    entry = make(PatientID="1")
    record = WorklistFile("a.wl", None, (item_of(entry),), entry)
    changed = replace(entry, PatientID="2", AccessionNumber="R2", StudyInstanceUID="1.9")
    index.put(record)
    index.put(WorklistFile("a.wl", None, (item_of(changed),), changed))

    assert index.by_accession(entry.AccessionNumber) is None
    assert index.of_patient("1") == []
    assert [one.entry for one in index.of_patient("2")] == [changed]
    query = item_from(ask(PatientID="1"))
    assert list(index.served(Query.of(query).keys)) == []
    index.drop("a.wl")
    assert (index.by_accession("R2"), index.by_study_uid("1.9")) == (None, None)
    assert (index.names(), index.problems(), index.entries()) == ([], (), ())


def test_a_link_is_followed_whatever_nobody_tells(tmp_path: Path, make: Make, ask: Ask) -> None:
    """What a link leads to lies elsewhere: its changes are seen all the same."""
    folder = WorklistFolder(tmp_path / "worklist", interval_seconds=0.0)
    entry = make(AccessionNumber="R0000000007")
    real = tmp_path / "real"
    real.write_bytes(encoded(entry))
    (folder.path / "R0000000007-20240115103015.wl").symlink_to(real)
    assert folder.entries() == (entry,)

    real.write_bytes(encoded(replace(entry, PatientID="4712")))
    assert [found.PatientID for found in folder.entries()] == ["4712"]
