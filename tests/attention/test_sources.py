"""What needs a person is on one list, and off it when it is done."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gdtbridge.attention import KINDS, Attention, AttentionItem, counts
from gdtbridge.attention.sources import DiskSource
from gdtbridge.outbox import NOT_MOUNTED
from gdtbridge.schema import outbox
from tests.tools.practice import Practice
from tests.tools.reception import Reception, record


def items(practice: Practice) -> dict[str, AttentionItem]:
    """Return what needs a person, by kind; there must be one of each."""
    found = practice.core.attention.items()
    assert len({item.code for item in found}) == len(found)
    return {item.code: item for item in found}


def held(practice: Practice, uid: str = "2.25.7", **values: str) -> None:
    """Let a device send an exam without a patient number."""
    practice.send(StudyInstanceUID=uid, AccessionNumber="", **{"PatientID": "", **values})
    practice.wait()


def test_nothing_needs_a_person_at_first(practice: Practice) -> None:
    """An exam that goes its way is nobody's work."""
    practice.send()
    practice.wait()

    assert practice.core.attention.items() == []


def test_a_held_exam_is_told_with_patient_time_and_command(practice: Practice) -> None:
    """Who it may be, since when, why, and the very command; a release takes it off."""
    practice.clock.turn(60)
    held(practice, PatientID="", PatientName="NOTFALL^1", PatientBirthDate="19500101")
    item = items(practice)["held-exam"]

    assert item.subject == "exam:2.25.7:1"
    assert item.since == practice.clock.seconds - practice.quiet
    assert item.whose == "NOTFALL, 1 01.01.1950"
    assert "keine Patientennummer" in item.detail
    assert item.way_out == "gdtbridge exams release 2.25.7 --person 1 --id NUMMER"
    assert item.kind.level.value == "needs-person"

    practice.core.held.release("2.25.7", "4711")
    practice.wait()
    assert practice.core.attention.items() == []


def test_a_correction_of_a_device_is_told(practice: Practice) -> None:
    """The same object comes again for somebody else: with that patient, and both ways out."""
    practice.send(SOPInstanceUID="2.25.1")
    practice.wait()
    practice.send(SOPInstanceUID="2.25.1", PatientID="815", PatientName="Weiß^Jo")
    practice.wait()
    item = items(practice)["correction-waiting"]

    assert item.whose == "815 Weiß, Jo 24.12.1958"
    accept, discard = item.way_out.split(" | ")
    assert accept == "gdtbridge exams accept 2.25.1000 --person 2"
    assert discard == "gdtbridge exams discard 2.25.1000 --person 2 --reason GRUND"


def test_a_broken_report_is_told(practice: Practice) -> None:
    """An object that claims to be a report and is none."""
    sop_class = "1.2.840.10008.5.1.4.1.1.88.33"
    practice.send(SOPClassUID=sop_class)
    practice.wait()

    assert "4711" in items(practice)["report-unreadable"].whose


def test_an_exam_that_is_overdue_is_a_fault(practice: Practice) -> None:
    """Five minutes after it was due."""
    practice.send()
    practice.clock.turn(practice.quiet + 299)
    assert practice.core.attention.items() == []
    practice.clock.turn(2)

    assert items(practice)["exam-overdue"].kind.level.value == "fault"


def test_a_refused_order_is_told_until_its_file_is_removed(practice: Practice) -> None:
    """With the text beside it as the place to look at."""
    reception = Reception(practice)
    reception.drop(record(f3000=None))
    reception.look(seconds=61)
    item = items(practice)["order-refused"]

    text = Path(item.way_out)
    assert "ABGELEHNT" in text.read_text("utf-8-sig")
    assert item.detail.startswith("ORDER.GDT: ")
    text.with_suffix("").unlink()
    assert practice.core.attention.items() == []


def test_a_refused_order_is_old_after_a_week(practice: Practice) -> None:
    """Whoever wanted it has ordered again by then."""
    reception = Reception(practice)
    reception.drop(record(f3000=None))
    reception.look(seconds=61)
    practice.clock.turn(7 * 24 * 3600 + 1)

    assert practice.core.attention.items() == []


def test_a_question_of_the_outbox_is_told_until_it_is_answered(practice: Practice) -> None:
    """With both answers as commands."""
    practice.send()
    practice.core.reporting.report_due()
    practice.clock.turn(practice.quiet)
    practice.core.reporting.report_due()
    with practice.database.write() as connection:
        connection.execute(outbox.update().values(state="question", final_name="A.gdt"))
    item = items(practice)["outbox-question"]

    assert item.detail == "gdt: A.gdt []"
    assert item.way_out == "gdtbridge outbox arrived 1 | gdtbridge outbox again 1"
    practice.outbox.answer(1, arrived=True)
    assert practice.core.attention.items() == []


def test_a_destination_that_takes_nothing_is_a_fault(practice: Practice) -> None:
    """A file that could not be delivered for more than five minutes."""
    (practice.out / NOT_MOUNTED).touch()
    practice.send()
    practice.wait()
    practice.clock.turn(301)
    item = items(practice)["outbox-stuck"]

    assert (item.subject, item.kind.level.value) == ("destination:gdt", "fault")
    assert "1 wartend" in item.detail

    (practice.out / NOT_MOUNTED).unlink()
    practice.wait(61)
    assert practice.core.attention.items() == []


def test_a_folder_that_is_away_is_a_fault_at_once(practice: Practice) -> None:
    """With what to mount; the destination that takes nothing meanwhile is not told as well."""
    practice.out.rename(practice.out.with_name("away"))
    practice.send()
    practice.wait()
    practice.clock.turn(301)
    item = items(practice)["place-missing"]

    assert (item.subject, item.kind.level.value) == ("place:gdt", "fault")
    assert item.way_out == f"mount {practice.out} | gdtbridge outbox here"
    assert "nichts / nothing" in item.detail

    practice.out.with_name("away").rename(practice.out)
    practice.wait(61)
    assert practice.core.attention.items() == []


def test_a_folder_that_is_another_one_asks_a_person(practice: Practice) -> None:
    """A symbolic link that leads elsewhere; one word and results go there."""
    practice.send()
    practice.wait()
    practice.out.rename(practice.out.with_name("before"))
    practice.out.with_name("new").mkdir()
    practice.out.symlink_to(practice.out.with_name("new"))
    practice.send(StudyInstanceUID="2.25.8", SOPInstanceUID="2.25.81")
    practice.wait()
    item = items(practice)["place-changed"]

    assert (item.kind.level.value, item.way_out) == ("needs-person", "gdtbridge outbox here")
    assert list(practice.out.iterdir()) == []

    practice.outbox.accept_places()
    practice.wait(61)
    assert practice.core.attention.items() == []
    assert len(list(practice.out.iterdir())) == 1


def test_an_odd_file_in_the_worklist_is_told(practice: Practice) -> None:
    """A file nobody can read; a whole entry that others put there is none of it."""
    practice.core.orders.place(practice.order())
    (ours,) = practice.worklist.path.glob("*.wl")
    ours.rename(ours.with_name("foreign.wl"))
    broken = practice.worklist.path / "broken.wl"
    broken.write_bytes(b"nothing")
    practice.worklist.refresh()
    item = items(practice)["worklist-file"]

    assert item.way_out == str(broken)
    assert item.since == broken.stat().st_mtime


@pytest.mark.parametrize(("part", "code"), [(4, []), (2, ["disk-low"]), (0.5, ["disk-full"])])
def test_a_disk_that_gets_full_is_told(
    practice: Practice, tmp_path: Path, part: float, code: list[str]
) -> None:
    """Before it is full, and when devices are refused; ``part`` is free space by the reserve."""
    free = shutil.disk_usage(tmp_path).free
    found = DiskSource(tmp_path, int(free / part), practice.clock).items()

    assert [item.code for item in found] == code


def test_a_source_that_cannot_look_is_told_and_hides_no_other(practice: Practice) -> None:
    """Its error by its type alone."""
    held(practice)

    class Away:
        name = "worklist"
        codes = frozenset({"worklist-file"})

        def items(self) -> list[AttentionItem]:
            raise OSError("/mnt/praxis/Müller")

    attention: Attention = practice.core.attention
    found = replace(attention, sources=(Away(), *attention.sources)).items()

    assert (found[0].code, found[0].detail) == ("not-looked", "OSError")
    assert counts(found) == {"held-exam": 1, "not-looked": 1}


def test_every_kind_but_one_has_exactly_one_source(practice: Practice) -> None:
    """A kind nobody looks for would be told by nobody."""
    codes = [code for source in practice.core.attention.sources for code in source.codes]

    assert sorted([*codes, "not-looked"]) == sorted(KINDS)


def test_every_way_out_can_be_filled_in() -> None:
    """The names a row asks for are those items have."""
    names = dict.fromkeys(
        (
            *("study", "person", "file", "question", "folder", "setting", "route", "webhook"),
            *("device", "host", "commitment", "peer", "number"),
        ),
        "X",
    )
    assert all(kind.way_out.format_map(names) for kind in KINDS.values())


def test_every_kind_is_documented(project: Path) -> None:
    """The table of the document is the table of the code."""
    text = (project / "docs" / "reference" / "attention.md").read_text("utf-8")
    told = [
        [cell.strip().strip("`") for cell in line.split("|")[1:4]]
        for line in text.splitlines()
        if line.startswith("| `")
    ]
    rows = [[kind.code, kind.level.value, kind.german] for kind in KINDS.values()]
    assert [row for row in told if row[0] in KINDS] == rows


def test_every_kind_has_its_paragraph(project: Path) -> None:
    """What it means and what to do, in German, with its level; and no paragraph is of no kind."""
    text = (project / "docs" / "praxis" / "betrieb.md").read_text("utf-8")
    levels = {"needs-person": "offen", "fault": "Störung"}
    wanted = {(k.code, k.german, levels[k.level.value]) for k in KINDS.values()}
    heading = r"^### `([a-z-]+)`: (.+) \((offen|Störung)\)\n\n(?=\w)"

    assert set(re.findall(heading, text, re.MULTILINE)) == wanted
    assert text.count("\n### ") == len(KINDS)
