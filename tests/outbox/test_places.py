"""Proof of place: results go where they always went, or wait; real mounts, seen by nobody else."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gdtbridge.durable import mounts
from gdtbridge.durable.mounts import DeclaredMount, Place, entered
from gdtbridge.errors import NotFound
from gdtbridge.outbox import GdtDrop, Message, Outbox, PlaceProblem
from gdtbridge.outbox.places import PLACE_WITNESS
from gdtbridge.outbox.retry import LONGEST_RETRY
from tests.tools.clock import HandClock
from tests.tools.empty_database import open_database
from tests.tools.mounting import Share, in_own_mounts, unmount
from tests.tools.waiting import wait_for


class House:
    """An outbox whose folder lies on a share, or should."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.point = base / "mnt"
        self.folder = self.point
        self.system = base / "system"
        for folder in (self.point, self.system / "etc"):
            folder.mkdir(parents=True)
        self.clock = HandClock()
        self.database = open_database(base / "db.sqlite")
        self.put = 0

    def outbox(self) -> Outbox:
        """Return the outbox of a service that has just started."""
        senders = {"gdt": GdtDrop(self.folder)}
        return Outbox(self.database, senders, clock=self.clock, system=self.system)

    def report(self, wanted: int) -> None:
        """Put a result, and see how many arrive now."""
        self.put += 1
        outbox, key = self.outbox(), str(self.put)
        with self.database.write() as connection:
            outbox.put(connection, Message("gdt", "gdt", key, f"{key}.gdt", key.encode()))
        self.deliver(wanted)

    def deliver(self, wanted: int) -> None:
        """Try what waits."""
        self.clock.turn(LONGEST_RETRY * 1.2)
        assert self.outbox().deliver_due("gdt") == wanted

    def problem(self) -> PlaceProblem | None:
        """Return what a person is told of the folder."""
        (status,) = self.outbox().status()
        assert status.alarm == (status.place is not None)
        return status.place

    def balance(self, *shares: Share) -> None:
        """Print and hold the books: each result is on a share or waits, and none is twice."""
        files = [content for share in shares for content in share.files()]
        (status,) = self.outbox().status()
        lost = self.put - len(set(files)) - status.pending
        doubled = len(files) - len(set(files))
        print(f"tried {self.put}, survived {self.put - lost}, lost {lost}, doubled {doubled}")  # noqa: T201 - the balance
        assert (lost, doubled, status.questions) == (0, 0, 0)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Return a house whose share is not mounted."""
    made = House(tmp_path)
    yield made
    made.database.close()


def test_a_share_that_is_away_gets_nothing_into_its_mount_point(house: House) -> None:
    """The file waits, a person is told, and it arrives when the share is back."""

    def scenario() -> None:
        share = Share(house.base / "server", "//server/praxis")
        share.mount(house.point)
        house.report(1)
        unmount(house.point)
        house.report(0)
        assert list(house.point.iterdir()) == []
        assert house.problem() is PlaceProblem.MISSING
        share.mount(house.point)
        house.deliver(1)
        assert house.problem() is None
        house.balance(share)

    in_own_mounts(scenario)


@pytest.mark.parametrize("way", ["below", "link"])
def test_a_folder_below_and_a_link_to_a_share(house: House, way: str) -> None:
    """The same folder in the empty mount point, or a symbolic link into it, is not the share."""

    def scenario() -> None:
        share = Share(house.base / "server", "//server/praxis", "out")
        (house.point / "out").mkdir()
        house.folder = house.point / "out"
        if way == "link":
            house.folder = house.base / "link"
            house.folder.symlink_to(house.point / "out")
        share.mount(house.point)
        house.report(1)
        unmount(house.point)
        house.report(0)
        assert list((house.point / "out").iterdir()) == []
        assert house.problem() is PlaceProblem.MISSING
        share.mount(house.point)
        house.deliver(1)
        house.balance(share)

    in_own_mounts(scenario)


def test_a_share_mounted_anew_asks_nothing(house: House) -> None:
    """Another number of the mount, and mounted over itself: results go on."""

    def scenario() -> None:
        share = Share(house.base / "server", "//server/praxis")
        for _ in range(3):
            share.mount(house.point)
            house.report(1)
            unmount(house.point)
        share.mount(house.point)
        share.mount(house.point)
        house.report(1)
        house.balance(share)

    in_own_mounts(scenario)


def test_another_share_is_asked_about_and_accepted_with_one_word(house: House) -> None:
    """Nothing is written there before; the word counts for what was found, nothing else."""

    def scenario() -> None:
        share = Share(house.base / "server", "//server/praxis")
        other = Share(house.base / "other", "//other/praxis")
        third = Share(house.base / "third", "//third/praxis")
        share.mount(house.point)
        house.report(1)
        unmount(house.point)
        other.mount(house.point)
        house.report(0)
        assert house.problem() is PlaceProblem.CHANGED
        assert list(other.kept.iterdir()) == []
        (question,) = house.outbox().place_questions()
        assert "//server/praxis" in question.before
        assert "//other/praxis" in question.found

        assert house.outbox().accept_places("") == (question,)
        third.mount(house.point)
        house.deliver(0)
        assert house.problem() is PlaceProblem.CHANGED
        unmount(house.point)
        house.deliver(1)
        assert other.files() == [b"2"]
        house.balance(share, other)

    in_own_mounts(scenario)


def test_files_that_moved_to_another_server_ask_nothing(house: House) -> None:
    """The file that arrived last lies on the new share too."""

    def scenario() -> None:
        share = Share(house.base / "server", "//server/praxis")
        other = Share(house.base / "other", "//other/praxis")
        share.mount(house.point)
        house.report(1)
        unmount(house.point)
        shutil.copy(share.kept / "1.gdt", other.kept)
        other.mount(house.point)
        house.report(1)
        assert house.problem() is None
        house.balance(other)

    in_own_mounts(scenario)


FSTAB = "# comment\n{source}\t{point}  cifs credentials=/root/x 0 0\nproc /proc proc defaults\n"
UNIT = "[Unit]\nDescription=x\n[Mount]\nWhat={source}\nWhere={point}\nType=cifs\n"


def declare(house: House, where: str, source: str) -> None:
    """Name the share in fstab or in a mount unit."""
    path, text = {
        "fstab": ("etc/fstab", FSTAB),
        "unit": ("etc/systemd/system/praxis.mount", UNIT),
    }[where]
    (house.system / path).parent.mkdir(parents=True, exist_ok=True)
    (house.system / path).write_text(text.format(source=source, point=house.point))


@pytest.mark.parametrize("where", ["fstab", "unit"])
def test_what_should_be_mounted_is_checked_before_the_first_delivery(
    house: House, where: str
) -> None:
    """Named by the administrator and not there: nothing is written, not even the first time."""

    def scenario() -> None:
        share = Share(house.base / "server", "//server/praxis", "out")
        (house.point / "out").mkdir()
        house.folder = house.point / "out"
        declare(house, where, "//server/praxis")
        house.report(0)
        assert list((house.point / "out").iterdir()) == []
        assert house.problem() is PlaceProblem.MISSING
        share.mount(house.point)
        house.deliver(1)
        house.balance(share)

    in_own_mounts(scenario)


def test_a_share_the_administrator_changed_in_fstab_asks_nothing(house: House) -> None:
    """What is mounted is what fstab names now, in whatever case."""

    def scenario() -> None:
        share = Share(house.base / "server", "server:/praxis")
        other = Share(house.base / "other", "other:/praxis")
        share.mount(house.point)
        house.report(1)
        unmount(house.point)
        other.mount(house.point)
        declare(house, "fstab", "other:/praxis/")
        house.report(1)
        house.balance(share, other)

    in_own_mounts(scenario)


def test_a_share_that_goes_during_a_delivery_keeps_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was begun on the share ends there; nothing lands in the mount point below."""
    drop = importlib.import_module("gdtbridge.outbox.gdt_drop")
    real = drop.create

    def leave(path: Path, data: bytes, mode: int | None) -> None:
        unmount(house.point)
        real(path, data, mode)

    def scenario() -> None:
        share = Share(house.base / "server", "//server/praxis")
        share.mount(house.point)
        house.report(1)
        monkeypatch.setattr(drop, "create", leave)
        house.report(1)
        assert list(house.point.iterdir()) == []
        house.balance(share)

    in_own_mounts(scenario)


def test_what_is_mounted_over_a_plain_folder_is_asked_about(house: House) -> None:
    """Results went into the mount point until now, and nobody may know."""

    def scenario() -> None:
        share = Share(house.base / "server", "//server/praxis")
        house.report(1)
        share.mount(house.point)
        house.report(0)
        assert house.problem() is PlaceProblem.CHANGED

    in_own_mounts(scenario)


@pytest.fixture
def vague(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the shares be of a kind that hides what is mounted on the host."""
    monkeypatch.setattr(mounts, "VAGUE", frozenset({"tmpfs"}))


@pytest.mark.usefixtures("vague")
def test_a_witness_tells_where_the_system_does_not(house: House) -> None:
    """An empty folder that says the same of itself is not taken for the share."""

    def scenario() -> None:
        share = Share(house.base / "server", "host")
        empty = Share(house.base / "empty", "host")
        share.mount(house.point)
        house.report(1)
        assert (share.kept / PLACE_WITNESS).exists()
        unmount(house.point)
        empty.mount(house.point)
        house.report(0)
        assert house.problem() is PlaceProblem.MISSING
        assert list(empty.kept.iterdir()) == []
        unmount(house.point)
        share.mount(house.point)
        house.deliver(1)
        house.balance(share)

    in_own_mounts(scenario)


@pytest.mark.usefixtures("vague")
def test_a_witness_somebody_removed_is_renewed(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """Practice software that cleans up stops nothing while the share stays mounted."""

    def scenario() -> None:
        share = Share(house.base / "server", "host")
        share.mount(house.point)
        house.report(1)
        told = (share.kept / PLACE_WITNESS).read_bytes()
        (share.kept / PLACE_WITNESS).unlink()
        house.report(1)
        assert (share.kept / PLACE_WITNESS).read_bytes() == told
        house.balance(share)

    in_own_mounts(scenario)
    assert f"{PLACE_WITNESS} was removed, renewed" in caplog.text


def test_no_witness_where_the_system_tells(house: House) -> None:
    """A plain folder holds the result and nothing else of ours."""
    house.report(1)
    assert [path.name for path in house.folder.iterdir()] == ["1.gdt"]


def test_a_plain_folder_that_is_made_anew_asks_nothing(house: House) -> None:
    """The practice software was installed again."""
    house.report(1)
    shutil.rmtree(house.folder)
    house.report(0)
    assert house.problem() is PlaceProblem.MISSING
    with pytest.raises(NotFound, match="Ordner ist nicht da"):
        house.outbox().accept_places()
    house.folder.mkdir()
    house.deliver(1)
    assert house.problem() is None


def test_another_folder_in_the_settings_is_the_practice_s_word(house: House) -> None:
    """Who names another folder is not asked whether it is another one."""
    house.report(1)
    house.folder = house.base / "new"
    house.folder.mkdir()
    house.report(1)
    assert house.problem() is None


def test_who_only_looks_notes_nothing(house: House) -> None:
    """A command tells of the missing folder before the service has seen it."""
    house.report(1)
    house.folder.rename(house.base / "away")
    assert house.outbox().misplaced(house.folder) == "folder is missing"
    assert house.outbox().misplaced(house.base) == ""
    assert house.problem() is None


def test_a_worker_looks_before_the_first_result(house: House) -> None:
    """A share that is away is told while nothing waits."""
    house.report(1)
    house.folder.rename(house.base / "away")
    outbox = house.outbox()
    outbox.start()
    try:
        wait_for(lambda: outbox.status()[0].place is PlaceProblem.MISSING)
    finally:
        outbox.stop(10)


PRAXIS = Place("/mnt/p/out", "/mnt/p", "cifs", "//server/praxis", "", "/out", "1")
DISK = Place("/srv/out", "/srv", "ext4", "/dev/sdb1", "abc", "/out", "1")
SYSTEM = Place("/srv/out", "/", "btrfs", "/dev/sda2", "abc", "/@/srv/out", "1")


@pytest.mark.parametrize(
    ("before", "changes", "same"),
    [
        (PRAXIS, {"instance": "2", "point": "/mnt/q", "path": "/mnt/q/out"}, True),
        (PRAXIS, {"source": r"\\SERVER\praxis", "kind": "smb3"}, True),
        (PRAXIS, {"source": "//other/praxis"}, False),
        (PRAXIS, {"inner": "/in"}, False),
        (replace(PRAXIS, kind="nfs", source="s:/p"), {"kind": "nfs4", "source": "s:/p/"}, True),
        (replace(PRAXIS, kind="nfs", source="s:/p"), {"source": "S:/p"}, False),
        (DISK, {"source": "/dev/sdc1"}, True),
        (DISK, {"volume": "def"}, False),
        (SYSTEM, {"volume": "def", "inner": "/@/.snapshots/7/snapshot/srv/out"}, True),
    ],
)
def test_what_is_the_same_place(before: Place, changes: dict[str, str], *, same: bool) -> None:
    """Names of devices and mounts change by themselves; servers, volumes and folders do not."""
    found = replace(before, **changes)
    assert before.agrees(found) is same
    assert found.agrees(before) is same


def test_words_of_fstab_and_mountinfo_are_read_with_their_escapes(tmp_path: Path) -> None:
    """A share and a mount point with blanks."""
    (tmp_path / "etc").mkdir()
    line = r"//server/Praxis\040GDT /mnt/Praxis\040GDT/ cifs noauto"
    (tmp_path / "etc" / "fstab").write_text(f"UUID=1 none swap sw\n{line}\n")
    assert mounts.declared(tmp_path) == [DeclaredMount("//server/Praxis GDT", "/mnt/Praxis GDT")]


@pytest.mark.parametrize("kind", ["cifs", "fuse.sshfs", "nfs4"])
def test_a_local_folder_is_not_what_was_on_the_network(
    house: House, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """In a container the folder of the host shows as a mount of its own: the share is missing."""
    house.report(1)
    with entered(house.folder) as (_, here):
        pass
    remote = replace(here, kind=kind, source="x", volume="", point=str(house.folder), inner="/")
    with house.database.write() as connection:
        places = importlib.import_module("gdtbridge.outbox.places")
        text = places._json(remote)
        connection.execute(places.table.update().values(place=text))
    local = replace(here, point=str(house.folder))
    monkeypatch.setattr(mounts, "_place_of", lambda _descriptor: local)
    house.report(0)
    assert house.problem() is PlaceProblem.MISSING


def test_an_automounter_that_mounted_nothing_is_no_place(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening the folder should have mounted the share."""
    with entered(house.folder) as (_, here):
        pass
    monkeypatch.setattr(mounts, "_place_of", lambda _descriptor: replace(here, kind="autofs"))
    house.report(0)
    assert house.problem() is PlaceProblem.MISSING
