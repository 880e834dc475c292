"""What a simulated device does, by its habits, before anything goes over the wire."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydicom.dataset import Dataset

from gdtbridge.cli import main
from gdtbridge.confirmation.model import CommitmentResult
from gdtbridge.simulator.bad_objects import changed, further, spoil, typed
from gdtbridge.simulator.exam import make_exam, read_sample, sample_folder
from gdtbridge.simulator.habits import habits
from gdtbridge.simulator.result import SentInstance, SimulatedExam
from gdtbridge.simulator.script import Act, script
from gdtbridge.simulator.steps import begun, completed, discontinued

NOW = datetime.fromisoformat("2026-05-04T07:08:09")


def entry() -> Dataset:
    """Return a worklist answer as far as a device needs it."""
    step = Dataset()
    step.ScheduledProcedureStepID = "S1"
    ds = Dataset()
    ds.PatientName = "Müller^Änne"
    ds.PatientID = "777"
    ds.PatientBirthDate = "19580312"
    ds.PatientSex = "F"
    ds.AccessionNumber = "R0000000015"
    ds.RequestedProcedureDescription = "Schilddrüse"
    ds.StudyInstanceUID = "2.25.777"
    ds.ScheduledProcedureStepSequence = [step]
    return ds


def objects(*chosen: str) -> list[Dataset]:
    """Return an image and a report of a device with these habits."""
    made = [read_sample(sample_folder() / name) for name in ("images/echo-1.dcm", "sr/abdomen.dcm")]
    make_exam(made, entry(), NOW)
    spoil(made, frozenset(chosen))
    return made


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ((), "BEGIN SEND END ASK WAIT"),
        (("no-mpps",), "SEND ASK WAIT"),
        (("mpps-started-only",), "BEGIN SEND ASK WAIT"),
        (("mpps-images-first",), "SEND BEGIN END ASK WAIT"),
        (("mpps-set-first",), "BEGIN END SEND ASK WAIT"),
        (("mpps-final-twice",), "BEGIN SEND END END ASK WAIT"),
        (("mpps-reopened",), "BEGIN SEND END BEGIN SEND_MORE END ASK WAIT"),
        (("mpps-discontinued",), "BEGIN SEND DISCONTINUE ASK WAIT"),
        (("mpps-wrong-entry",), "BEGIN DISCONTINUE"),
        (("resend-all",), "BEGIN SEND END SEND_AGAIN ASK WAIT"),
        (("same-uids-other-content",), "BEGIN SEND END SEND_CHANGED ASK WAIT"),
        (("commitment-first",), "BEGIN ASK SEND END WAIT"),
        (("dies",), "BEGIN DIE"),
        (("dies", "no-mpps"), "DIE"),
        (("mpps-set-first", "resend-all", "no-mpps"), "SEND SEND_AGAIN ASK WAIT"),
        (("mpps-started-only", "commitment-first"), "BEGIN ASK SEND WAIT"),
    ],
)
def test_script(chosen: tuple[str, ...], expected: str) -> None:
    """Habits change the order of acts, also several together."""
    acts = script(frozenset(chosen), commitment=True)
    assert " ".join(act.name for act in acts) == expected
    without = {Act.ASK, Act.WAIT}
    assert script(frozenset(chosen), commitment=False) == tuple(
        act for act in acts if act not in without
    )


@pytest.mark.parametrize(
    ("habit", "charset", "name"),
    [
        (None, b"ISO_IR 100", "Müller^Änne".encode("latin-1")),
        ("utf-8", b"ISO_IR 192", "Müller^Änne".encode()),
        ("utf-8-as-latin-1", b"ISO_IR 100", "Müller^Änne".encode()),
        ("undeclared-latin-1", None, "Müller^Änne".encode("latin-1")),
    ],
)
def test_letters_on_the_wire(
    tmp_path: Path, habit: str | None, charset: bytes | None, name: bytes
) -> None:
    """The bytes of the name are what the habit makes of it, under the label it gives."""
    report = objects(*([habit] if habit else []))[1]
    report.save_as(tmp_path / "sent.dcm")
    sent = (tmp_path / "sent.dcm").read_bytes()
    assert name in sent
    assert (charset is None) == (b"\x08\x00\x05\x00CS" not in sent)
    if charset is not None:
        assert b"\x08\x00\x05\x00CS" + len(charset).to_bytes(2, "little") + charset in sent


@pytest.mark.parametrize(
    ("habit", "study", "accession"),
    [
        ("own-study-uid", False, "R0000000015"),
        ("no-accession", True, ""),
        ("unscheduled", False, ""),
        ("accession-typed", True, "15"),
    ],
)
def test_what_an_object_says_of_its_order(habit: str, study: bool, accession: str) -> None:  # noqa: FBT001
    """Study and accession number are the order's or not, alike in all objects of the exam."""
    image, report = objects(habit)
    assert image.StudyInstanceUID == report.StudyInstanceUID
    assert (image.StudyInstanceUID == "2.25.777") == study
    assert [image.AccessionNumber, report.AccessionNumber] == [accession] * 2


def test_typed_number_without_digits_stays() -> None:
    """Somebody types what counts, and a number of letters alone as it is."""
    assert [typed("R0000000015"), typed("4711"), typed("ABC")] == ["15", "4711", "ABC"]


def test_objects_made_of_others() -> None:
    """A changed object has the same UID and other pixels, a further one its own UID."""
    image, _ = objects()
    other, more = changed(image), further(image)
    assert other.SOPInstanceUID == image.SOPInstanceUID != more.SOPInstanceUID
    assert other.PixelData != image.PixelData == more.PixelData
    assert more.file_meta.MediaStorageSOPInstanceUID == more.SOPInstanceUID
    assert more.SeriesInstanceUID == image.SeriesInstanceUID


def test_step_names_order_and_objects() -> None:
    """N-CREATE says whose and which order's, N-SET which objects, images and reports apart."""
    made = objects("report-in-image-series")
    began, ended = begun(entry(), made[0], "US01", NOW), completed(made, NOW)
    (scheduled,) = began.ScheduledStepAttributesSequence
    (series,) = ended.PerformedSeriesSequence
    images = series.ReferencedImageSequence
    others = series.ReferencedNonImageCompositeSOPInstanceSequence

    assert (began.PatientID, str(began.PatientName)) == ("777", "Müller^Änne")
    assert (scheduled.AccessionNumber, scheduled.StudyInstanceUID) == ("R0000000015", "2.25.777")
    assert scheduled.ScheduledProcedureStepID == "S1"
    assert began.PerformedProcedureStepStatus == "IN PROGRESS"
    assert [one.ReferencedSOPInstanceUID for one in images] == [made[0].SOPInstanceUID]
    assert [one.ReferencedSOPInstanceUID for one in others] == [made[1].SOPInstanceUID]


def test_step_is_discontinued_with_its_reason() -> None:
    """The reason is a code of CID 9300."""
    step = discontinued([], NOW, ("110514", "Incorrect worklist entry selected"))
    (reason,) = step.PerformedProcedureStepDiscontinuationReasonCodeSequence
    assert (reason.CodeValue, reason.CodingSchemeDesignator) == ("110514", "DCM")
    assert step.PerformedProcedureStepStatus == "DISCONTINUED"


@pytest.mark.parametrize(
    ("committed", "failed", "green"),
    [(("1", "2"), {}, True), (("1",), {}, False), (("1",), {"2": 0x0112}, False)],
)
def test_green(committed: tuple[str, ...], failed: dict[str, int], green: bool) -> None:  # noqa: FBT001
    """A device is green only when every object it sent is answered for."""
    sent = tuple(SentInstance("x", uid, 0) for uid in ("1", "2"))
    result = CommitmentResult("2.25.1", frozenset(committed), failed)
    exam = SimulatedExam("", "", sent, (0, 0x0107), result, commitment_wanted=True)
    assert (exam.is_green, exam.ok) == (green, green)
    assert not SimulatedExam("", "", sent, commitment_wanted=True).ok
    assert not SimulatedExam("", "", sent, (0x0110,)).ok


def test_habits_are_listed() -> None:
    """``--habits`` shows every one in both languages."""
    done = CliRunner().invoke(main, ["simulate", "--habits"])
    assert done.exit_code == 0
    assert done.output.splitlines() == [str(habit) for habit in habits()]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--habit", "rude"], "rude"),
        (["--habit", "commitment-first"], "--commitment-port"),
    ],
)
def test_wrong_habits_are_refused(tmp_path: Path, arguments: list[str], said: str) -> None:
    """An unknown habit, or one that lacks a port, is wrong usage."""
    settings = tmp_path / "gdtbridge.toml"
    settings.write_text("")
    done = CliRunner().invoke(main, ["simulate", "--config", str(settings), *arguments])
    assert (done.exit_code, said in done.output) == (2, True)
