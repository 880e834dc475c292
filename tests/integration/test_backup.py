"""A copy of a running installation is brought back: nothing is sent twice, nothing is lost."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from gdtbridge.archive.spool import START_BYTES
from tests.tools.device import Instance, send_raw
from tests.tools.elements import EXPLICIT, US_IMAGE, identification
from tests.tools.judgement import Judged, Judgement
from tests.tools.service import Service, Study
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow

KNOWN, LATE, NEW, AFTER = (Study(number, f"A{number}") for number in range(1, 5))
NOBODYS = "2.25.9"


def nobodys() -> Instance:
    """Return an image without a patient number, whose exam is held."""
    values = {"PatientID": "", "AccessionNumber": "", "StudyInstanceUID": NOBODYS}
    dataset = identification(SOPInstanceUID=f"{NOBODYS}.1", **values)
    return US_IMAGE, f"{NOBODYS}.1", EXPLICIT, dataset


def send(bridge: Service, *objects: Instance) -> None:
    """Send objects and wait until all they cause is done."""
    assert send_raw(bridge.ports["DICOM"], list(objects)) == [0] * len(objects)
    wait_for(bridge.settled, what="reporting")


def collect(bridge: Service) -> list[str]:
    """Let the practice software take its results, as it does at once; return whose they were."""
    numbers = accession_numbers(bridge)
    for path in bridge.gdt_out.iterdir():
        path.unlink()
    return numbers


def accession_numbers(bridge: Service) -> list[str]:
    """Return the accession number of each result in the folder."""
    return [number for number, _ in bridge.results().elements()]


def stored(bridge: Service) -> list[tuple[str, str]]:
    """Return file and UID of each object in the index whose file is in the archive."""
    rows = bridge.rows("SELECT file, sop_instance_uid FROM instance")
    return [(file, uid) for file, uid in rows if (bridge.archive / file).is_file()]


def judge(bridge: Service, objects: set[str], charts: list[str]) -> Judgement:
    """Judge what a new database knows, and what charts have: one record for each number."""
    judgement = Judgement().count("object", objects, Counter(uid for _, uid in stored(bridge)))
    numbers = {one.accession for one in (KNOWN, NEW, AFTER)}
    return judgement.count("record", numbers, Counter(one for one in charts if one in numbers))


def held(bridge: Service) -> dict[str, str]:
    """Return why each exam is held, in English."""
    done = bridge.command("exams", "list", "--held", "--json")
    return {one["study_instance_uid"]: one["reason"] for one in json.loads(done.stdout)}


def say(bridge: Service, *arguments: str) -> None:
    """Give a command that succeeds."""
    done = bridge.command(*arguments)
    assert done.returncode == 0, done.stderr


def refuses_to_start(bridge: Service) -> str:
    """Return what a service says that ends at once."""
    bridge.launch()
    wait_for(lambda: not bridge.is_running, what="the end of the service")
    return bridge.look()


def test_a_lost_database_is_restored(tmp_path: Path, judged: Judged) -> None:
    """What happened since the copy is asked; a person's word ends it; new exams go as ever."""
    bridge = Service(tmp_path, exam__quiet_seconds="0.2")
    copy = tmp_path / "copy"
    with bridge:
        send(bridge, KNOWN.image(1), LATE.image(1), nobodys())
        say(bridge, "backup", str(copy))
        send(bridge, LATE.image(2), NEW.image(1))
        say(bridge, "exams", "release", NOBODYS, "--id", "P9")
        wait_for(bridge.settled, what="reporting")
        objects = {uid for _, uid in stored(bridge)}
        bridge.stop()
    bridge.database.unlink()
    charts = collect(bridge)
    assert "archive reindex" in refuses_to_start(bridge)

    say(bridge, "restore", str(copy))
    with bridge:
        wait_for(bridge.settled, what="what a start does")
        asked = held(bridge)
        assert set(asked) == {LATE.uid, NEW.uid, NOBODYS}
        assert all("whether this was sent is not known" in one for one in asked.values())
        for study in (LATE, NEW):
            say(bridge, "exams", "discard", study.uid, "--reason", "was sent")
        say(bridge, "exams", "release", NOBODYS, "--id", "P9")
        send(bridge, AFTER.image(1))

        assert held(bridge) == {}
        assert bridge.results() == {(AFTER.accession, "study"): 1, ("", "study"): 1}
        objects |= {f"{AFTER.uid}.1"}
        charts += accession_numbers(bridge)
        judged("lost database", judge(bridge, objects, charts))
        bridge.stop()


def test_a_second_copy_takes_what_is_new(tmp_path: Path) -> None:
    """Only files the copy lacks are copied; what was to leave when it was made is asked."""
    bridge = Service(tmp_path, exam__quiet_seconds="0.2")
    with bridge:
        send(bridge, KNOWN.image(1))
        first = bridge.command("backup", "copy")
        bridge.gdt_out.rename(tmp_path / "away")
        assert send_raw(bridge.ports["DICOM"], [NEW.image(1)]) == [0]
        waiting = "SELECT id FROM outbox WHERE state != 'delivered' AND attempts > 0"
        wait_for(lambda: bridge.rows(waiting), what="a delivery that waits")
        second = bridge.command("backup", "copy")
        bridge.stop()
    (tmp_path / "away").rename(bridge.gdt_out)
    collect(bridge)

    assert "1 new files" in first.stdout
    assert "1 new files" in second.stdout
    say(bridge, "restore", "copy")
    assert list(bridge.database.parent.glob("gdtbridge.sqlite.aside-1"))
    with bridge:
        questions = "SELECT id FROM outbox WHERE state = 'question'"
        assert len(bridge.rows(questions)) == 1
        assert bridge.results() == {}
        bridge.stop()


def test_the_index_is_made_anew(tmp_path: Path, judged: Judged) -> None:
    """Without any copy all exams come back, held; a damaged file is named and left where it is."""
    bridge = Service(tmp_path, exam__quiet_seconds="0.2")
    with bridge:
        send(bridge, KNOWN.image(1), NEW.image(1), NEW.image(2), LATE.image(1))
        objects = dict(stored(bridge))
        bridge.stop()
    collect(bridge)
    bridge.database.unlink()
    (damaged,) = next(
        files for study in bridge.archive.glob("*/*") if len(files := list(study.iterdir())) == 1
    )
    damaged.write_bytes(damaged.read_bytes()[:-1])
    link = damaged.with_name("link.dcm")
    link.symlink_to(tmp_path / "nowhere")

    done = bridge.command("archive", "reindex")
    assert (done.returncode, damaged.name in done.stderr, str(link) in done.stderr) == (
        1,
        True,
        True,
    )
    assert "3 objects" in done.stdout
    damaged.unlink()
    del objects[str(damaged.relative_to(bridge.archive))]
    link.unlink()
    assert "0 objects" in bridge.command("archive", "reindex").stdout
    with bridge:
        wait_for(bridge.settled, what="what a start does")
        assert len(held(bridge)) == 2
        say(bridge, "exams", "release", NEW.uid, "--id", NEW.patient)
        wait_for(bridge.settled, what="reporting")
        assert bridge.results() == {(NEW.accession, "study"): 1}
        found = Counter(uid for _, uid in stored(bridge))
        judged("lost database", Judgement().count("object", objects.values(), found))
        refused = bridge.command("archive", "reindex")
        assert (refused.returncode, "already running" in refused.stderr) == (1, True)
        bridge.stop()


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    """A file that vanished from the archive is named by each copy and by bringing it back."""
    bridge = Service(tmp_path, exam__quiet_seconds="0.2")
    with bridge:
        send(bridge, KNOWN.image(size=START_BYTES))
        bridge.stop()
    collect(bridge)
    gone = next(bridge.archive.glob("*/*/*.dcm"))
    gone.unlink()

    for command in ("backup", "restore"):
        done = bridge.command(command, "copy")
        assert (done.returncode, f"{gone.name}: fehlt" in done.stderr) == (1, True), done.stderr
