"""What devices tell of their steps (MPPS): when an exam is over, by every habit that is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gdtbridge.commands.dossier import as_values, lines_of
from gdtbridge.exams.steps import StepFault, StepRefused, StepState
from gdtbridge.exams.steps import store as step_store
from tests.tools.practice import Practice
from tests.tools.steps import (
    STUDY,
    WRONG_ENTRY,
    StepDevice,
    begun,
    ended,
    items,
    message,
)
from worklist import Entry

QUIET, LIMIT = 61, 3601
"""Seconds after which an exam is due: the quiet time, the limit."""

HABITS = {
    # what the device does, in words of `play`
    "announces what it sent": "begin image:1 image:2 end:1,2 now records=1",
    "tells the end before it sends": "begin end:1,2 image:1 quiet records=0 image:2 now records=1",
    "sends before it tells the beginning": "image:1 begin quiet records=0 end:1 now records=1",
    "announces nothing": "begin image:1 end now records=0 quiet records=1",
    "announces nothing, long after": "begin image:1 quiet quiet end now records=0 quiet records=1",
    "pauses during the exam": (
        "begin image:1 quiet quiet image:2 quiet records=0 end:1,2 now records=1"
    ),
    "never ends": "begin image:1 quiet records=0 limit records=1",
    "ends without the images": "begin image:1 end:1,2 quiet records=0 limit records=1",
    "ends too early, image late": "begin image:1 end:1,2 limit records=1 image:2 quiet records=1",
    "ends twice": "begin image:1 end:1 end:1 now records=1 quiet records=1",
    "is discontinued": "begin image:1 stop:1 now records=1",
    "is discontinued without a word": "begin image:1 stop now records=0 quiet records=1",
    "has no image at all": "begin stop now limit records=0",
    "completes without an image": "begin end limit records=0",
    "announces what never comes": "begin end:1 limit limit records=0",
    "opens an exam again": (
        "begin image:1 end:1 now records=1 begin:2.25.8 image:2 quiet records=1 "
        "end:2.25.8:1,2 quiet records=1"
    ),
    "has two steps": (
        "begin image:1 end:1 begin:2.25.8 now records=0 image:2 quiet records=0 "
        "end:2.25.8:2 now records=1"
    ),
    "begins again without an end": "begin image:1 begin:2.25.8 end:2.25.8:1 now records=1",
    "discontinues and begins again": "begin stop begin:2.25.8 image:1 end:2.25.8:1 now records=1",
    "names other images than it sends": "begin image:1 end:9 quiet records=0 limit records=1",
}


def play(device: StepDevice, words: str) -> None:
    """Do what ``words`` say; ``records=N`` is how many records there are by then."""
    practice = device.practice
    waits = {"now": 1, "quiet": QUIET, "limit": LIMIT}
    for word in words.split():
        name, _, rest = word.partition(":")
        uid, _, listed = rest.rpartition(":")
        instances = [f"2.25.50{one}" for one in listed.split(",") if one]
        if name == "begin":
            device.begin(uid=rest or "2.25.7")
        elif name == "image":
            practice.send(SOPInstanceUID=instances[0], AccessionNumber="")
        elif name in {"end", "stop"}:
            state = "COMPLETED" if name == "end" else "DISCONTINUED"
            device.end(*instances, uid=uid or "2.25.7", state=state)
        elif name in waits:
            practice.wait(waits[name])
        else:
            assert len(practice.files()) == int(word.partition("=")[2]), (words, practice.files())


@pytest.fixture
def tmp_path(memory: Path) -> Path:
    """Return a folder in memory: what is synced is tried elsewhere."""
    return memory


@pytest.fixture
def device(practice: Practice) -> StepDevice:
    """Return a device that tells of its steps."""
    return StepDevice(practice)


@pytest.mark.parametrize("words", HABITS.values(), ids=HABITS)
def test_habits(device: StepDevice, words: str) -> None:
    """Every habit ends in one record, at the right moment, and never in none that has images."""
    play(device, words)


def test_waiting_for_the_end_survives_a_restart(device: StepDevice) -> None:
    """Step and deadline are in the database."""
    play(device, "begin image:1 quiet records=0")
    again = StepDevice(device.practice.again())
    play(again, "quiet records=0 end:1 now records=1")


def test_a_device_that_never_ends_steps_is_not_waited_for(device: StepDevice) -> None:
    """After three exams it began and never ended the quiet time is enough, until it ends one."""
    practice = device.practice
    for number in range(1, 4):
        device.begin(begun(f"2.25.{number}"), f"2.25.6{number}")
    practice.wait(LIMIT)
    play(device, "begin image:1 quiet records=1")


@pytest.mark.parametrize("settings_text", ["[[device]]\naet = 'us01'\nprofile = 'never-ends'\n"])
def test_a_device_the_practice_knows_to_never_end_steps(device: StepDevice) -> None:
    """Its profile says so: the quiet time is enough from its first exam on."""
    play(device, "begin image:1 quiet records=1")


class TestHabitsSomebodyKnows:
    """Devices whose profile says what their steps are worth."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return the settings of a practice that knows two of its devices."""
        device = '[[device]]\naet = "{}"\nperformed_steps = "{}"\n'
        return device.format("NEVER", "started-only") + device.format("WRONG", "ignored")

    def test_a_device_known_never_to_end(self, practice: Practice) -> None:
        """It is not waited for, not even once; its entry shows who is being examined."""
        device = StepDevice(practice, "NEVER")
        entry = practice.core.orders.place(practice.order()).entry
        device.begin(begun(STUDY, entry.AccessionNumber))
        assert [one.ScheduledProcedureStepStatus for one in practice.core.orders.all()] == [
            "STARTED"
        ]
        play(device, "image:1 quiet records=1")

    def test_a_device_whose_steps_mean_nothing(self, practice: Practice) -> None:
        """They are taken, and change nothing."""
        device = StepDevice(practice, "WRONG")
        entry = practice.core.orders.place(practice.order()).entry
        device.begin(begun(STUDY, entry.AccessionNumber, PatientID="4712"))
        play(device, "image:1 end:1,2 now records=0 quiet records=1")
        assert problems(practice) == []
        assert len(practice.core.steps.messages("2.25.7")) == 2


def test_the_first_instance_is_enough_where_that_is_wanted(device: StepDevice) -> None:
    """`exam.trigger` counts more than a step in progress."""
    object.__setattr__(device.practice.settings.exam, "trigger", "first_instance")
    play(device, "begin image:1 now records=1")


def test_several_studies_in_one_step(device: StepDevice) -> None:
    """A step for two requested procedures keeps both waiting and ends both."""
    one, other = begun(STUDY), begun("2.25.1001")
    one.ScheduledStepAttributesSequence.append(other.ScheduledStepAttributesSequence[0])
    device.begin(one)
    practice = device.practice
    practice.send(SOPInstanceUID="2.25.501", AccessionNumber="")
    practice.send(SOPInstanceUID="2.25.502", AccessionNumber="", StudyInstanceUID="2.25.1001")
    practice.wait(QUIET)
    assert practice.files() == []
    device.end("2.25.501", "2.25.502")
    practice.wait(1)
    assert len(practice.files()) == 2


def test_a_step_that_names_no_study(device: StepDevice) -> None:
    """The instances it announces say which exam it is for."""
    bare = begun()
    del bare.ScheduledStepAttributesSequence
    device.begin(bare)
    device.practice.send(SOPInstanceUID="2.25.501", AccessionNumber="")
    device.end("2.25.501")
    device.practice.wait(1)
    assert len(device.practice.files()) == 1


# ---------------------------------------------------------------------------- what is taken


def step(practice: Practice, uid: str = "2.25.7") -> object:
    """Return a step as the database has it."""
    with practice.core.database.read() as connection:
        return step_store.find(connection, uid)


def test_a_step_without_a_uid_is_given_one(device: StepDevice) -> None:
    """By the command, else by its attributes, else by us."""
    assert device.begin(uid=None).startswith("2.25.")
    assert device.begin(begun(SOPInstanceUID="1.2.3"), uid=None) == "1.2.3"


REFUSED: dict[str, tuple[Callable[[StepDevice], object], StepFault]] = {
    "completed at once": (
        lambda d: d.begin(begun(PerformedProcedureStepStatus="COMPLETED")),
        StepFault.STATE,
    ),
    "a state that is none": (
        lambda d: d.begin(begun(PerformedProcedureStepStatus="READY")),
        StepFault.STATE,
    ),
    "a UID twice": (lambda d: play(d, "begin begin"), StepFault.DUPLICATE),
    "an unknown step": (lambda d: play(d, "end"), StepFault.UNKNOWN),
    "a change after the end": (lambda d: play(d, "begin end:1 end:2"), StepFault.FINAL),
    "another end": (lambda d: play(d, "begin end stop"), StepFault.FINAL),
    "nothing": (
        lambda d: d.practice.core.steps.create(message(items()), "2.25.7"),
        StepFault.NO_DATASET,
    ),
}


@pytest.mark.parametrize(("act", "fault"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(
    device: StepDevice, act: Callable[[StepDevice], object], fault: StepFault
) -> None:
    """Only what means nothing, or what the standard forbids."""
    with pytest.raises(StepRefused) as caught:
        act(device)
    assert caught.value.fault is fault


TAKEN = {
    "no state": begun(PerformedProcedureStepStatus=""),
    "an underscore": begun(PerformedProcedureStepStatus="IN_PROGRESS"),
    "no patient": begun(PatientID="", PatientName="", PatientBirthDate="", PatientSex=""),
    "little": items(StudyInstanceUID=STUDY, PatientID="4711"),
    "UTF-8": begun(SpecificCharacterSet="ISO_IR 192"),
}


@pytest.mark.parametrize("dataset", TAKEN.values(), ids=TAKEN)
def test_what_is_taken(device: StepDevice, dataset: object) -> None:
    """What devices leave out or write otherwise keeps no step from being one."""
    device.begin(dataset)  # type: ignore[arg-type]
    play(device, "image:1 quiet records=0 end:1 now records=1")


def test_a_change_names_whom_the_beginning_left_open(device: StepDevice) -> None:
    """Whoever was named first stays; an empty name is filled in."""
    device.begin(begun(PatientID="", PatientName=""))
    steps = device.practice.core.steps
    for number in ("4711", "4712"):
        steps.update(message(items(PatientID=number, PatientName="Müller^Änne")), "2.25.7")
    found = step(device.practice)
    assert (found.patient_id, found.patient_name) == ("4711", "Müller^Änne")  # type: ignore[attr-defined]


def test_an_end_that_is_none(device: StepDevice) -> None:
    """A state nobody knows ends nothing."""
    device.begin()
    with pytest.raises(StepRefused):
        device.end(state="DONE")
    assert step(device.practice).state is StepState.IN_PROGRESS  # type: ignore[attr-defined]


def test_a_reason_is_kept(device: StepDevice) -> None:
    """Why a step was discontinued, in the device's words."""
    device.begin()
    device.end(
        state="DISCONTINUED", reason=("110513", "DCM", "Discontinued for unspecified reason")
    )
    found = step(device.practice)
    assert found.state is StepState.DISCONTINUED  # type: ignore[attr-defined]
    assert found.reason == "Discontinued for unspecified reason"  # type: ignore[attr-defined]


def test_the_list_of_images_may_come_before_the_end(device: StepDevice) -> None:
    """A change while the step is in progress announces; the last list counts."""
    device.begin()
    change = ended(["2.25.501", "2.25.502"])
    change.PerformedProcedureStepStatus = "IN PROGRESS"
    device.practice.core.steps.update(message(change), "2.25.7")
    device.practice.core.steps.update(
        message(items(PerformedProcedureStepStatus="COMPLETED")), "2.25.7"
    )
    play(device, "image:1 quiet records=0 image:2 now records=1")


# ---------------------------------------------------------------------------- the worklist


class TestWorklist:
    """What becomes of the order whose patient is examined."""

    @pytest.fixture
    def settings_text(self) -> str:
        """Return the settings of a practice that wants to be told."""
        return '[gdt]\nstates = ["started", "discontinued"]\n'

    @pytest.fixture
    def entry(self, practice: Practice) -> Entry:
        """Return the entry of an order for the patient of the tests."""
        return practice.core.orders.place(practice.order()).entry

    def listed(self, practice: Practice) -> list[str]:
        """Return the status of each entry of the list."""
        return [one.ScheduledProcedureStepStatus for one in practice.core.orders.all()]

    def told(self, practice: Practice) -> list[str]:
        """Return what the practice software was told so far."""
        practice.wait(1)
        found = practice.records().items()
        return [one.all("6228")[-1] for name, one in found if name.startswith("state-")]

    def test_from_the_beginning_to_the_end(self, device: StepDevice, entry: Entry) -> None:
        """The entry is STARTED, then gone; the practice software is told once; the result comes."""
        practice = device.practice
        device.begin(begun(entry.StudyInstanceUID, entry.AccessionNumber))
        assert self.listed(practice) == ["STARTED"]
        assert self.told(practice) == ["Untersuchung begonnen: Abdomen"]
        practice.send(SOPInstanceUID="2.25.501", StudyInstanceUID=entry.StudyInstanceUID)
        device.end("2.25.501")
        assert self.listed(practice) == []
        assert self.told(practice) == ["Untersuchung begonnen: Abdomen"]
        assert f"{entry.AccessionNumber}.gdt" in practice.files()

    @pytest.mark.parametrize("scheduled", ["study", "number", "typed"])
    def test_how_an_order_is_reached(
        self, device: StepDevice, entry: Entry, scheduled: str
    ) -> None:
        """By the study's UID, or by the accession number, also one typed by hand."""
        number = entry.AccessionNumber
        said = {
            "study": (entry.StudyInstanceUID, ""),
            "number": ("2.25.9", number),
            "typed": ("2.25.9", number.lower()),
        }
        device.begin(begun(*said[scheduled]))
        assert self.listed(device.practice) == ["STARTED"]

    @pytest.mark.parametrize("reason", [(), WRONG_ENTRY])
    def test_a_discontinued_step(
        self, device: StepDevice, entry: Entry, reason: tuple[str, ...]
    ) -> None:
        """The patient waits on, whatever the reason, and can be begun again."""
        device.begin(begun(entry.StudyInstanceUID))
        device.end(state="DISCONTINUED", reason=reason)
        assert self.listed(device.practice) == ["SCHEDULED"]
        assert "Untersuchung abgebrochen: Abdomen" in self.told(device.practice)
        device.begin(begun(entry.StudyInstanceUID), "2.25.8")
        assert self.listed(device.practice) == ["STARTED"]

    def test_the_last_of_several_steps_ends_it(self, device: StepDevice, entry: Entry) -> None:
        """An order with two steps stays until both are over."""
        for uid in ("2.25.7", "2.25.8"):
            device.begin(begun(entry.StudyInstanceUID), uid)
        device.end(uid="2.25.7")
        assert self.listed(device.practice) == ["STARTED"]
        device.end(uid="2.25.8")
        assert self.listed(device.practice) == []

    @pytest.mark.parametrize(
        "other",
        [
            {"PatientID": "4712"},
            {"PatientName": "Anders^Anna", "PatientBirthDate": "19700101"},
        ],
    )
    def test_a_step_of_somebody_else(
        self, device: StepDevice, entry: Entry, other: dict[str, str]
    ) -> None:
        """An order is for its patient: nobody else's step begins or ends it."""
        device.begin(begun(entry.StudyInstanceUID, entry.AccessionNumber, **other))
        device.end()
        assert self.listed(device.practice) == ["SCHEDULED"]
        assert self.told(device.practice) == []

    def test_what_is_done_stays_done(self, device: StepDevice, entry: Entry) -> None:
        """An exam opened again puts nobody back on the list."""
        for uid in ("2.25.7", "2.25.8"):
            device.begin(begun(entry.StudyInstanceUID), uid)
            device.end(uid=uid)
            assert self.listed(device.practice) == []


# ---------------------------------------------------------------------------- whose it is


def held(practice: Practice) -> list[str]:
    """Return why the exams are held, of each of their people."""
    return [one.held_because for one in practice.core.overview.exams() if one.held_because]


OTHERS = {
    "another number": {"PatientID": "4712"},
    "another person": {"PatientName": "Anders^Anna", "PatientBirthDate": "19700101"},
    "another person without a number": {
        "PatientID": "",
        "PatientName": "Anders^Anna",
        "PatientBirthDate": "19700101",
    },
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_step_for_another_patient_than_the_images(
    device: StepDevice, other: dict[str, str]
) -> None:
    """Nothing is sent until a person says whose it is; the step's patient is proposed."""
    device.begin(begun(**other))
    play(device, "image:1 end:1 now records=0")
    practice = device.practice
    assert held(practice) == ["step-of-other-patient"]
    practice.core.held.release(STUDY, "4711", who="Test")
    practice.wait(1)
    (record,) = practice.records().values()
    assert (record.patient.id, record.patient.family_name) == ("4711", "Müller")
    assert (held(practice), problems(practice)) == ([], [])


SAME = {
    "the same": {},
    "another spelling": {"PatientName": "MUELLER^AENNE"},
    "a number the device made": {"PatientID": "20261130-025512", "PatientName": "NOTFALL"},
    "nobody": {"PatientID": "", "PatientName": "", "PatientBirthDate": ""},
}


@pytest.mark.parametrize("same", SAME.values(), ids=SAME)
def test_a_step_that_may_be_of_the_patient(device: StepDevice, same: dict[str, str]) -> None:
    """Another spelling, or a number the device invented, contradicts nobody."""
    device.begin(begun(**same))
    play(device, "image:1 end:1 now records=1")


def test_the_wrong_entry_was_selected(device: StepDevice) -> None:
    """The device says so itself: the images are held, and the right patient waits on."""
    practice = device.practice
    entry = practice.core.orders.place(practice.order()).entry
    device.begin(begun(entry.StudyInstanceUID))
    practice.send(
        SOPInstanceUID="2.25.501", StudyInstanceUID=entry.StudyInstanceUID, AccessionNumber=""
    )
    device.end("2.25.501", state="DISCONTINUED", reason=WRONG_ENTRY)
    practice.wait(1)
    assert held(practice) == ["wrong-entry"]
    assert practice.files() == []
    practice.core.orders.clean()
    assert len(practice.core.orders.all()) == 1


def test_a_wrong_entry_without_an_image(device: StepDevice) -> None:
    """What is examined after the device took it back is the patient's."""
    device.begin()
    device.end(state="DISCONTINUED", reason=WRONG_ENTRY)
    device.practice.clock.seconds += 5
    play(device, "begin:2.25.8 image:1 end:2.25.8:1 now records=1")


def test_a_step_leads_to_the_order(device: StepDevice) -> None:
    """A study of the device's own, without a number: the step says for which order it is."""
    practice = device.practice
    entry = practice.core.orders.place(practice.order(station="OTHER")).entry
    device.begin(begun(STUDY, entry.AccessionNumber))
    play(device, "image:1 end:1 now records=1")
    assert practice.files() == [f"{entry.AccessionNumber}.gdt"]


def problems(practice: Practice) -> list[str]:
    """Return the kinds of what of steps waits for a person."""
    codes = (one.code for one in practice.core.attention.items())
    return [code for code in codes if code.startswith("step-")]


@pytest.mark.parametrize("act", ["another", "wrong-entry"])
def test_what_a_device_says_after_the_report(device: StepDevice, act: str) -> None:
    """A result that went to somebody else's chart is on the list until a person has looked."""
    practice = device.practice
    play(device, "image:1 quiet records=1")
    device.begin(begun(PatientID="4712") if act == "another" else None)
    if act == "wrong-entry":
        device.end("2.25.501", state="DISCONTINUED", reason=WRONG_ENTRY)
    assert problems(practice) == ["step-contradicts"]
    practice.core.corrections.accept(STUDY, who="Test")
    assert problems(practice) == []


def test_instances_that_never_come(device: StepDevice) -> None:
    """They are told once the exam is reported without them, and end when they come."""
    practice = device.practice
    play(device, "begin image:1 end:1,2 quiet records=0")
    assert problems(practice) == []
    play(device, "limit records=1")
    assert problems(practice) == ["step-instances-missing"]
    play(device, "image:2")
    assert problems(practice) == []


def test_an_exam_of_which_nothing_came(device: StepDevice) -> None:
    """Without any object it is told after an hour, and a person may accept it."""
    practice = device.practice
    play(device, "begin end:1 quiet")
    assert problems(practice) == []
    play(device, "limit")
    assert problems(practice) == ["step-instances-missing"]
    practice.core.corrections.accept(STUDY, who="Test")
    assert problems(practice) == []


def test_a_dossier_tells_of_the_steps(device: StepDevice) -> None:
    """When, how far, whom, and what is missing."""
    play(device, "begin image:1 end:1,2")
    dossier = device.practice.core.overview.dossier(STUDY)
    assert device.practice.core.overview.step_states([STUDY]) == {STUDY: StepState.COMPLETED}
    (line,) = [one for one in lines_of(dossier) if "angekündigt" in one]
    assert "beendet / completed, 4711 Müller, Änne" in line
    assert line.endswith("2 Objekte angekündigt / objects announced, 1 fehlen / missing")
    told = json.dumps(as_values(dossier)["steps"])
    assert '"state": "COMPLETED"' in told
    assert '"announced": 2, "missing": 1' in told
