"""What the profile of a device changes in matching and in answers."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

import pytest

from gdtbridge.people.comparison import agree, are_written_alike
from gdtbridge.people.patient import Patient
from tests.worklist.conftest import MORNING, Ask, Make
from worklist import MatchPolicy, NameForm, WorklistFolder, matches, project, to_dataset
from worklist.names import formed

MODALITIES = [
    ("", "OT", False),
    ("", "US", True),
    ("*", "OT", True),
    ("US", "OT", True),
    ("US", "", True),
    ("OT", "US", False),
    ("OT", "", False),
]


@pytest.mark.parametrize(("policy", "asked", "found"), MODALITIES)
def test_the_modality_of_the_profile_stands_for_what_is_asked(
    make: Make, ask: Ask, policy: str, asked: str, *, found: bool
) -> None:
    """As asked, any, or the one the device examines."""
    query = ask(Modality=asked)
    assert matches(query, to_dataset(make(Modality="US")), MatchPolicy(modality=policy)) is found


def test_a_query_without_a_step_is_narrowed_too(make: Make, ask: Ask) -> None:
    """Whoever asks for nothing gets what its profile says."""
    query = ask()
    del query.ScheduledProcedureStepSequence
    entry = to_dataset(make(Modality="US"))
    assert matches(query, entry, MatchPolicy(modality="US"))
    assert not matches(query, entry, MatchPolicy(modality="OT"))


DAYS = [
    ("20240115", 0, [0]),
    ("20240115", 1, [-1, 0, 1]),
    ("20240116-20240117", 1, [0, 1, 2]),
    ("20240116-", 1, [0, 1, 2]),
    ("-20240114", 1, [-2, -1, 0]),
    ("", 1, [-2, -1, 0, 1, 2]),
    ("00010101", 1, []),
    ("no date", 1, [-2, -1, 0, 1, 2]),
]


@pytest.mark.parametrize(("asked", "extra", "found"), DAYS)
def test_extra_days_count_on_both_sides(
    make: Make, ask: Ask, asked: str, extra: int, found: list[int]
) -> None:
    """The night's entry after midnight, and tomorrow's."""
    policy = MatchPolicy(extra_days=extra)
    query = ask(ScheduledProcedureStepStartDate=asked)
    days = range(-2, 3)
    entries = {day: to_dataset(make(scheduled=MORNING + timedelta(day))) for day in days}
    assert [day for day, entry in entries.items() if matches(query, entry, policy)] == found


ALL = frozenset(NameForm)
NAMES = [
    ("Müller^Hans^Otto^Dr.^jun.", frozenset(), "Müller^Hans^Otto^Dr.^jun."),
    ("Müller^Hans^^Dr.", {NameForm.NO_AFFIXES}, "Müller^Hans"),
    ("Müller^Hans^Otto^Dr.", {NameForm.ONE_COMPONENT}, "Müller Hans Otto"),
    ("Groß^Eva", {NameForm.UPPER}, "GROSS^EVA"),
    ("Yamada^Tarou=山田^太郎", {NameForm.ALPHABETIC}, "Yamada^Tarou"),
    ("=山田^太郎", {NameForm.ALPHABETIC}, "山田^太郎"),
    ("Yamada^Tarou=山田^太郎", {NameForm.UPPER}, "YAMADA^TAROU=山田^太郎"),
    ("Groß^Eva^^Dr.=X", ALL, "GROSS EVA"),
    ("ß" * 64, {NameForm.UPPER}, "S" * 64),
    ("", ALL, ""),
]


@pytest.mark.parametrize(("name", "forms", "shown"), NAMES)
def test_a_name_in_the_forms_of_a_device(name: str, forms: set[NameForm], shown: str) -> None:
    """Each form by itself, and all together."""
    assert formed(name, forms) == shown


@pytest.mark.parametrize(
    "name", ["Groß-Weiß^Hans Peter^^Dr. med.", "von der Heide^Eva^^^jun.", "Öztürk^Ayşe", "Li^Na"]
)
def test_a_name_that_comes_back_as_shown_is_the_same_persons(name: str) -> None:
    """In whatever forms: nobody is held for it, and no record remarks on it."""
    forms = [one for size in range(1, 5) for one in combinations(NameForm, size)]
    patient = Patient.from_dicom("1", name, "19800101", "F")
    for chosen in forms:
        shown = Patient.from_dicom("1", formed(name, set(chosen)), "19800101", "F")
        assert agree(patient, shown), chosen
        assert are_written_alike(patient, shown), chosen


@pytest.mark.parametrize("asked", ["GROSS EVA", "GROSS*", "Groß^Eva", "groß*"])
def test_a_shown_name_is_found(make: Make, ask: Ask, asked: str) -> None:
    """A device asks for the name as it was shown it, or as the practice writes it."""
    policy = MatchPolicy(names=frozenset({NameForm.ONE_COMPONENT, NameForm.UPPER}))
    query = ask(charset="ISO_IR 100", PatientName=asked)
    entry = to_dataset(make(PatientName="Groß^Eva"))
    assert matches(query, entry, policy)
    assert project(query, entry, policy).PatientName == "GROSS EVA"


def test_a_device_gets_no_more_than_it_holds(folder: WorklistFolder, make: Make, ask: Ask) -> None:
    """The first by their start; without a limit all."""
    for hour in (2, 0, 1):
        folder.add(make(scheduled=MORNING + timedelta(hours=hour)))
    times = [
        match.dataset.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartTime
        for match in folder.find(ask(), policy=MatchPolicy(most_answers=2))
    ]
    assert times == ["103015", "113015"]
    assert len(list(folder.find(ask()))) == 3
