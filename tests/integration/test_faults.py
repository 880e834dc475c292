"""Faults of the machine under the running service: nothing acknowledged is lost, all recovers."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from gdtbridge.archive.spool import START_BYTES
from tests.tools.device import send_raw
from tests.tools.judgement import Judged, each_once
from tests.tools.service import Service, Study, service, traced
from tests.tools.waiting import wait_for

pytestmark = pytest.mark.slow

SUCCESS = 0x0000
FAILURE = 0x0110
FULL = 0xA700
INODES = 500
"""Files and folders the disks of these tests take."""
LEFT = range(6)
"""So many inodes are left, down to none: an object takes a spooled file and two folders."""

numbers = count(1)


def new_study() -> Study:
    """Return a study no other test has; tests share a service."""
    number = next(numbers)
    return Study(number, f"K{number:06d}")


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a running service for all tests that leave it as it was.

    In the end every study any of them sent has been reported exactly once.
    """
    with service(tmp_path_factory.mktemp("bridge"), exam__quiet_seconds="0.2") as running:
        yield running
        wait_for(running.settled, what="reporting of every exam")
        studies = {number for number, _ in running.rows("SELECT accession_number FROM claim")}
        assert running.results() == {(number, "study"): 1 for number in studies}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str, int], Path]]:
    """Return a function that mounts an empty disk of so many KB below the test's folder."""
    mounted: list[Path] = []

    def mount(name: str, size: int) -> Path:
        path = tmp_path / name
        path.mkdir(parents=True)
        options = f"size={size}k,nr_inodes={INODES}"
        command = ["mount", "-t", "tmpfs", "-o", options, "gdtbridge-test", str(path)]
        if (
            os.geteuid() != 0
            or subprocess.run(command, capture_output=True, check=False).returncode
        ):
            pytest.skip("a disk can be mounted by root only")
        mounted.append(path)
        return path

    yield mount
    for path in mounted:
        subprocess.run(["umount", "-l", str(path)], check=True)


def fill(disk: Path, leave: int = 0) -> Path:
    """Fill a disk but for ``leave`` bytes; return the file that does it."""
    ballast = disk / "ballast"

    def filled() -> bool:
        try:
            with ballast.open("wb") as file:
                status = os.statvfs(disk)
                room = max(1, status.f_bavail * status.f_bsize - leave)
                os.posix_fallocate(file.fileno(), 0, room)
        except OSError as error:  # the service has written meanwhile
            if error.errno != errno.ENOSPC:
                raise
            return False
        return True

    wait_for(filled, what="a full disk")
    return ballast


def wait_until_reported(bridge: Service, *studies: Study) -> None:
    """Wait for rest, then hold each study to exactly one study record."""
    wait_for(bridge.settled, what="reporting of every exam")
    found = bridge.results()
    assert [found[study.accession, "study"] for study in studies] == [1] * len(studies)


def stored(bridge: Service) -> list[str]:
    """Return the UID of each object in the index whose file is in the archive."""
    rows = bridge.rows("SELECT file, sop_instance_uid FROM instance")
    return [uid for file, uid in rows if (bridge.archive / file).is_file()]


def test_a_full_disk_refuses_and_keeps(
    tmp_path: Path, disk: Callable[[str, int], Path], project: Path, judged: Judged
) -> None:
    """Without room the answer is A700 and nothing is left over; with room again all is well."""
    room = disk("var", 24 * 1024)
    before, large, small, sr = new_study(), new_study(), new_study(), new_study()
    with service(tmp_path, exam__quiet_seconds="0.2") as bridge:
        port = bridge.ports["DICOM"]
        assert send_raw(port, [before.image()]) == [SUCCESS]
        assert send_raw(port, [large.image(size=32 * 1024 * 1024)]) == [FULL]
        ballast = fill(room)
        refused = [small.image(), sr.report(project / "samples" / "sr" / "thyroid.dcm")]
        assert send_raw(port, refused) == [FULL, FULL]
        assert bridge.spooled == []
        assert bridge.has(before.image()[1])

        ballast.unlink()

        assert send_raw(port, refused) == [SUCCESS, SUCCESS]
        wait_until_reported(bridge, before, small, sr)
        judged("full disk", *each_once("object", [uid for _, uid, *_ in refused], stored(bridge)))
        assert bridge.results()[sr.accession, "values"] == 1


def test_a_disk_that_fills_up_at_any_write(
    tmp_path: Path, disk: Callable[[str, int], Path], judged: Judged
) -> None:
    """Wherever the room ends, in the spool or in the database, the answer is A700 or the truth."""
    room = disk("var", 8 * 1024)
    first, last = new_study(), new_study()
    with service(tmp_path, exam__quiet_seconds="0.2", storage__min_free_mb="0") as bridge:
        port = bridge.ports["DICOM"]
        send_raw(port, [first.image()])
        wait_until_reported(bridge, first)
        answers = {}
        for leave in range(40):
            ballast = fill(room, leave * 4096)
            one = last.image(leave)
            answers[one[1]] = send_raw(port, [one])
            ballast.unlink()
        refused = [uid for uid, answer in answers.items() if answer == [FULL]]
        taken = [uid for uid, answer in answers.items() if answer == [SUCCESS]]
        assert len(refused) + len(taken) == len(answers), answers
        assert refused
        assert set(taken) <= set(stored(bridge))
        assert bridge.spooled == []
        assert send_raw(port, [last.image(leave) for leave in range(40)]) == [SUCCESS] * 40
        wait_until_reported(bridge, first, last)
        judged("full disk", *each_once("object", answers, stored(bridge)))


def take_inodes(disk: Path, leave: int) -> None:
    """Let a disk have inodes for so many more files."""
    taken = list(disk.glob("ballast-*"))
    with contextlib.suppress(OSError):
        for number in range(INODES):
            file = disk / f"ballast-{leave}-{number}"
            file.touch()
            taken.append(file)
    for file in taken[len(taken) - leave :]:
        file.unlink()


def test_a_disk_that_has_no_inodes(
    tmp_path: Path, disk: Callable[[str, int], Path], judged: Judged
) -> None:
    """Whichever file or folder there is no inode for, the answer is A700 or the truth."""
    room = disk("var", 8 * 1024)
    with service(tmp_path, exam__quiet_seconds="0.2") as bridge:
        port = bridge.ports["DICOM"]
        answers = {}
        for leave in LEFT:
            study = new_study()
            take_inodes(room, leave)
            answers[study] = send_raw(port, [study.image()])
        refused = [study for study, answer in answers.items() if answer == [FULL]]
        taken = [study for study, answer in answers.items() if answer == [SUCCESS]]
        assert len(refused) + len(taken) == len(answers), answers
        assert refused
        assert {study.image()[1] for study in taken} == set(stored(bridge))
        for file in room.glob("ballast-*"):
            file.unlink()

        assert send_raw(port, [one.image() for one in refused]) == [SUCCESS] * len(refused)
        wait_until_reported(bridge, *answers)
        judged("inodes", *each_once("object", [one.image()[1] for one in answers], stored(bridge)))


def test_a_full_results_folder_gets_its_files_later(
    tmp_path: Path, disk: Callable[[str, int], Path], project: Path, judged: Judged
) -> None:
    """While the practice's share is full nothing half appears; with room the files come."""
    share = disk("var/gdt/out", 64)
    study = new_study()
    with service(tmp_path, exam__quiet_seconds="0.2") as bridge:
        ballast = fill(share)
        sent = [study.image(), study.report(project / "samples" / "sr" / "thyroid.dcm")]
        assert send_raw(bridge.ports["DICOM"], sent) == [SUCCESS, SUCCESS]
        failed = "SELECT id FROM outbox WHERE attempts > 0"
        wait_for(lambda: bool(bridge.rows(failed)), what="a failed delivery")
        assert list(share.glob("*.gdt")) == []

        ballast.unlink()

        wait_for(bridge.settled, what="reporting of every exam")
        kinds = [kind for number, kind in bridge.results().elements() if number == study.accession]
        judged("full disk", *each_once("record", ("study", "values"), kinds))
        assert {path.suffix for path in share.iterdir()} == {".gdt"}


PARTS = ("spool", "archive", "database")


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_taken_away(bridge: Service, part: str) -> None:
    """Without spool, archive or database nothing is acknowledged; back in place, all goes on."""
    study = new_study()
    place: Path = getattr(bridge, part)
    away = place.with_name("away")
    place.rename(away)
    try:
        assert send_raw(bridge.ports["DICOM"], [study.image()]) == [FAILURE]
        assert not place.exists()
    finally:
        away.rename(place)

    assert send_raw(bridge.ports["DICOM"], [study.image()]) == [SUCCESS]
    assert bridge.has(study.image()[1])


LARGE = START_BYTES
"""Pixel data of an object too large to be kept in the index."""
FAULTS = [
    ("fsync:error=EIO:when=1", "", FAILURE),  # the spooled file
    ("fsync:error=ENOSPC:when=1", "", FULL),
    ("mkdir:error=EROFS", "", FAILURE),  # the study's folder
    ("mkdir:error=ENOSPC", "", FULL),
    ("fsync:error=EIO:when=2", "", FAILURE),  # the folder above it
    ("rename:error=EIO", "", FAILURE),  # into the archive
    ("rename:error=EDQUOT", "", FULL),
    ("fsync:error=EIO:when=4", "", FAILURE),  # the study's folder
    ("fdatasync:error=EIO", "", FAILURE),  # the database
    ("pwrite64:error=EIO", "-wal", FAILURE),
    ("pwrite64:error=ENOSPC", "-wal", FULL),
]
SMALL_FAULTS = [
    ("mkdir:error=EROFS", "", FAILURE),
    ("mkdir:error=ENOSPC", "", FULL),
    ("rename:error=EIO", "", FAILURE),
    ("rename:error=EDQUOT", "", FULL),
    ("fdatasync:error=EIO", "", FAILURE),
    ("pwrite64:error=ENOSPC", "-wal", FULL),
]
"""The same for a small one, which is synced with the index and nowhere else."""


@pytest.mark.parametrize(
    ("size", "fault", "file", "status"),
    [(LARGE, *one) for one in FAULTS] + [(0, *one) for one in SMALL_FAULTS],
)
def test_a_call_that_fails(bridge: Service, size: int, fault: str, file: str, status: int) -> None:
    """The device is told of a system call that fails; what it sends again is received."""
    image = new_study().image(size=size)
    only = ["-P", f"{bridge.database}{file}"] if file else []
    calls = fault.partition(":")[0]
    with traced(bridge.pid, *only, "-e", f"trace={calls}", "-e", f"inject={fault}"):
        assert send_raw(bridge.ports["DICOM"], [image]) == [status]
    assert bridge.spooled == []

    assert send_raw(bridge.ports["DICOM"], [image]) == [SUCCESS]
    assert bridge.has(image[1])


DELIVERY_FAULTS = [
    ("renameat2:error=EIO:when=1", False),
    ("renameat2:error=EACCES", False),
    ("fsync:error=EIO", True),  # the folder, before and after the renaming
]


@pytest.mark.parametrize(("fault", "in_folder"), DELIVERY_FAULTS)
def test_a_delivery_that_fails(bridge: Service, fault: str, *, in_folder: bool) -> None:
    """A system call that fails while a file is delivered delays it and makes no second one."""
    study = new_study()
    only = ["-P", str(bridge.gdt_out)] if in_folder else []
    calls = fault.partition(":")[0]
    with traced(bridge.pid, *only, "-e", f"trace={calls}", "-e", f"inject={fault}"):
        assert send_raw(bridge.ports["DICOM"], [study.image()]) == [SUCCESS]
        tried = "SELECT id FROM outbox WHERE attempts > 0 AND state != 'delivered'"
        wait_for(lambda: bool(bridge.rows(tried)), what="a failed delivery")
    wait_until_reported(bridge, study)


ALL_STEPS = {
    "file": r"fsync\(\d+<{spool}/\w+\.part>",
    "prefix": r"fsync\(\d+<{archive}/\w\w>",
    "archive": r"fsync\(\d+<{archive}>",
    "rename": r'rename\("{spool}/\w+\.part", "{archive}/\w\w/\w+/\w+\.dcm"',
    "study": r"fsync\(\d+<{archive}/\w\w/\w+>",
    "commit": r"fdatasync\(\d+<{database}-wal>",
    "answer": r'sendto\(\d+<[^>]*>, "\\4',  # P-DATA-TF
}
"""What makes a large object durable, as strace shows it."""
STEPS_OF_SIZE = {LARGE: tuple(ALL_STEPS), 0: ("rename", "commit", "answer")}
"""In their order. The bytes of a small object are in the commit; its file is synced later."""
UNFINISHED = "<unfinished"


def finished(log: Path) -> Iterator[tuple[str, str]]:
    """Yield thread and call of a strace log in the order in which the calls ended."""
    begun: dict[str, str] = {}
    for line in log.read_text(errors="replace").splitlines():
        thread = line.partition(" ")[0]
        if UNFINISHED in line:
            begun[thread] = line
        else:
            yield thread, begun.pop(thread) if " resumed>" in line else line


def steps_in(log: Path, bridge: Service) -> list[str]:
    """Return which of `ALL_STEPS` a log shows of the thread that answers, in order.

    Others make small files durable meanwhile, and write down who called.
    """
    places = {name: re.escape(str(getattr(bridge, name))) for name in PARTS}
    seen = [
        (thread, step)
        for thread, line in finished(log)
        for step, pattern in ALL_STEPS.items()
        if re.search(pattern.format(**places), line)
    ]
    storing = next(thread for thread, step in seen if step == "answer")
    steps = [step for thread, step in seen if thread == storing]
    # a commit that fills SQLite's log also syncs what it checkpoints: one more of the same
    return [step for step, before in zip(steps, ["", *steps], strict=False) if step != before]


SYNCS = "trace=fsync,fdatasync,rename,sendto"


@pytest.mark.parametrize("size", STEPS_OF_SIZE)
def test_the_answer_comes_after_the_last_sync(bridge: Service, size: int, tmp_path: Path) -> None:
    """File, folders, renaming, folder and database are on the disk, in this order, then 0000."""
    log = tmp_path / "log"
    with traced(bridge.pid, "-y", "-e", SYNCS, log=log):
        assert send_raw(bridge.ports["DICOM"], [new_study().image(size=size)]) == [SUCCESS]
    steps = STEPS_OF_SIZE[size]
    assert steps_in(log, bridge)[: len(steps)] == list(steps)


def test_a_small_object_again_replaces_nothing_durable_by_less(
    bridge: Service, tmp_path: Path
) -> None:
    """A file sent again is synced before it takes the place of the one that is there."""
    study = new_study()
    assert send_raw(bridge.ports["DICOM"], [study.image()]) == [SUCCESS]
    log = tmp_path / "log"
    with traced(bridge.pid, "-y", "-e", SYNCS, log=log):
        assert send_raw(bridge.ports["DICOM"], [study.image()]) == [SUCCESS]
    steps = [step for step in steps_in(log, bridge) if step not in {"commit", "prefix", "archive"}]
    assert steps == ["file", "rename", "study", "answer"]


def test_a_folder_that_was_made_and_not_synced(bridge: Service, tmp_path: Path) -> None:
    """A study's folder left by a failed attempt is synced by the one that succeeds."""
    image = new_study().image(size=LARGE)
    fault = ("-e", "trace=fsync", "-e", "inject=fsync:error=EIO:when=2")
    with traced(bridge.pid, *fault):
        assert send_raw(bridge.ports["DICOM"], [image]) == [FAILURE]
    log = tmp_path / "log"
    with traced(bridge.pid, "-y", "-e", SYNCS, log=log):
        assert send_raw(bridge.ports["DICOM"], [image]) == [SUCCESS]
    assert steps_in(log, bridge)[: len(ALL_STEPS)] == list(ALL_STEPS)
