"""The GDT drop on real folders: names, recoveries, faults."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

import pytest

from gdtbridge.durable.files import PREFIX
from gdtbridge.durable.mounts import Place
from gdtbridge.outbox import NOT_MOUNTED, GdtDrop
from gdtbridge.outbox.gdt_drop import SWEEP_AGE
from gdtbridge.outbox.model import Attempt, AttemptResult, DeliveryState, OutgoingMessage
from gdtbridge.outbox.names import numbered

PAYLOAD = b"01380006310\r\n014810000027\r\n"
OTHER = b"somebody else's\r\n"
TORN = PAYLOAD[:7]
TEMPORARY = f"{PREFIX}7-0badcafe.tmp"
WITNESS = f"{PREFIX}7-0badcafe-w.tmp"


NAMES = ("A.gdt", "B.gdt", "C.gdt", "D.gdt")


class Diary:
    """A journal that remembers what was noted, and gives names like the queue does."""

    def __init__(self, name: str = "A.gdt") -> None:
        self.notes: list[str] = []
        self._name = name
        self._number = 1

    def unproven(self, _opened: Path, _found: Place | None) -> str:
        """Take any folder for the right one."""
        return ""

    def writing(self, names: Mapping[int, str]) -> AbstractSet[int]:
        """Note the temporary names."""
        self.notes += [f"writing {name}" for name in names.values()]
        return names.keys()

    def renaming(self, messages: Collection[int]) -> None:
        """Note the renaming."""
        self.notes += ["renaming" for _ in messages]

    def another_name(self, message: int) -> str:
        """Return the next name."""
        self._number += 1
        return numbered(self._name, self._number)


def message(state: DeliveryState = DeliveryState.PENDING) -> OutgoingMessage:
    """Return a message as the queue would hand it over in that state."""
    temporary_name = "" if state is DeliveryState.PENDING else TEMPORARY
    return OutgoingMessage(7, "A.gdt", PAYLOAD, state, temporary_name, "A.gdt")


def deliver(drop: GdtDrop, one: OutgoingMessage, journal: Diary) -> Attempt:
    """Deliver one message."""
    return drop.deliver([one], journal)[one.id]


def visible(folder: Path) -> dict[str, bytes]:
    """Return what an importer sees."""
    return {
        path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")
    }


def hidden(folder: Path) -> set[str]:
    """Return the names an importer ignores."""
    return {path.name for path in folder.iterdir() if path.name.startswith(".")}


def test_plain_delivery(tmp_path: Path) -> None:
    """A message becomes a file of exactly its bytes; the steps are noted before they are taken."""
    diary = Diary()
    drop = GdtDrop(tmp_path)
    assert deliver(drop, message(), diary) == Attempt(AttemptResult.DELIVERED)
    assert visible(tmp_path) == {"A.gdt": PAYLOAD}
    (temporary,) = (note.removeprefix("writing ") for note in diary.notes[:1])
    assert temporary.startswith(f"{PREFIX}7-")
    assert diary.notes[1:] == ["renaming"]
    drop.clear(OutgoingMessage(7, "A.gdt", PAYLOAD, DeliveryState.RENAMING, temporary, "A.gdt"))
    assert hidden(tmp_path) == set()


def test_several_are_noted_together(tmp_path: Path) -> None:
    """All are written before one is renamed; what one meets keeps no other from arriving."""
    (tmp_path / "B.gdt").write_bytes(OTHER)
    several = [replace(message(), id=n, name=f, final_name=f) for n, f in enumerate(NAMES, 1)]

    class Watching(Diary):
        def writing(self, names: Mapping[int, str]) -> AbstractSet[int]:
            super().writing(names)
            return names.keys() - {3}  # taken back meanwhile

        def renaming(self, messages: Collection[int]) -> None:
            super().renaming(messages)
            assert len(list(tmp_path.glob(f"{PREFIX}*"))) == 2 * len(messages)

    diary = Watching("B.gdt")
    attempts = GdtDrop(tmp_path).deliver(several, diary)

    assert attempts == dict.fromkeys((1, 2, 4), Attempt(AttemptResult.DELIVERED))
    assert [note.split()[0] for note in diary.notes] == ["writing"] * 4 + ["renaming"] * 3
    delivered = dict.fromkeys(("A.gdt", "B-2.gdt", "D.gdt"), PAYLOAD)
    assert visible(tmp_path) == {"B.gdt": OTHER, **delivered}


def test_file_is_readable_for_others(tmp_path: Path) -> None:
    """The file gets the usual permissions, so that another user's program reads it."""
    mask = os.umask(0o022)
    try:
        deliver(GdtDrop(tmp_path), message(), Diary())
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "A.gdt").stat().st_mode) == 0o644


def test_foreign_files_are_passed_by(tmp_path: Path) -> None:
    """Files, folders and dead links under the name are left alone; the next number is taken."""
    (tmp_path / "A.gdt").write_bytes(OTHER)
    (tmp_path / "A-2.gdt").mkdir()
    (tmp_path / "A-3.gdt").symlink_to(tmp_path / "nowhere")
    assert deliver(GdtDrop(tmp_path), message(), Diary()).result is AttemptResult.DELIVERED
    assert (tmp_path / "A.gdt").read_bytes() == OTHER
    assert (tmp_path / "A-4.gdt").read_bytes() == PAYLOAD
    assert not (tmp_path / "nowhere").exists()


def test_equal_file_is_the_delivery(tmp_path: Path) -> None:
    """The same bytes under the same name are already there: no second file."""
    (tmp_path / "A.gdt").write_bytes(PAYLOAD)
    assert deliver(GdtDrop(tmp_path), message(), Diary()).result is AttemptResult.DELIVERED
    assert visible(tmp_path) == {"A.gdt": PAYLOAD}


@pytest.mark.parametrize(
    ("state", "before", "result", "after"),
    [
        # writing: whatever is there, the final file is not ours, and everything starts again
        ("writing", {}, "delivered", {"A.gdt": PAYLOAD}),
        ("writing", {TEMPORARY: TORN}, "delivered", {"A.gdt": PAYLOAD}),
        ("writing", {TEMPORARY: PAYLOAD, WITNESS: b""}, "delivered", {"A.gdt": PAYLOAD}),
        (
            "writing",
            {TEMPORARY: TORN, "A.gdt": OTHER},
            "delivered",
            {"A.gdt": OTHER, "A-2.gdt": PAYLOAD},
        ),
        # renaming, temporary file there: it was not renamed
        ("renaming", {TEMPORARY: PAYLOAD, WITNESS: b""}, "delivered", {"A.gdt": PAYLOAD}),
        ("renaming", {TEMPORARY: PAYLOAD}, "delivered", {"A.gdt": PAYLOAD}),
        ("renaming", {TEMPORARY: TORN, WITNESS: b""}, "delivered", {"A.gdt": PAYLOAD}),
        (
            "renaming",
            {TEMPORARY: PAYLOAD, "A.gdt": OTHER},
            "delivered",
            {"A.gdt": OTHER, "A-2.gdt": PAYLOAD},
        ),
        ("renaming", {TEMPORARY: PAYLOAD, "A.gdt": PAYLOAD}, "delivered", {"A.gdt": PAYLOAD}),
        # renaming, temporary file gone
        ("renaming", {"A.gdt": PAYLOAD, WITNESS: b""}, "delivered", {"A.gdt": PAYLOAD}),
        ("renaming", {"A.gdt": PAYLOAD}, "delivered", {"A.gdt": PAYLOAD}),
        ("renaming", {WITNESS: b""}, "delivered", {}),
        ("renaming", {}, "question", {}),
        ("renaming", {"A.gdt": OTHER, WITNESS: b""}, "question", {"A.gdt": OTHER}),
        ("renaming", {"A.gdt": TORN}, "question", {"A.gdt": TORN}),
        ("renaming", {"A.gdt": b""}, "question", {"A.gdt": b""}),
    ],
)
def test_recovery(
    tmp_path: Path,
    state: str,
    before: dict[str, bytes],
    result: str,
    after: dict[str, bytes],
) -> None:
    """What an interruption left decides whether the file is finished, found or asked about."""
    for name, content in before.items():
        (tmp_path / name).write_bytes(content)
    drop = GdtDrop(tmp_path)
    taken_up = message(DeliveryState(state))
    assert deliver(drop, taken_up, Diary()).result == result
    assert visible(tmp_path) == after
    if result == "delivered":
        drop.clear(taken_up)
        assert hidden(tmp_path) == set()


def test_torn_file_is_noted_before_it_goes(tmp_path: Path) -> None:
    """Before a torn file is removed the message is back to writing, or it would seem collected."""
    (tmp_path / TEMPORARY).write_bytes(TORN)
    seen: list[bool] = []

    class Watching(Diary):
        def writing(self, names: Mapping[int, str]) -> AbstractSet[int]:
            seen.extend((tmp_path / name).exists() for name in names.values())
            return names.keys()

    deliver(GdtDrop(tmp_path), message(DeliveryState.RENAMING), Watching())
    assert seen == [True]


def test_missing_folder_is_not_created(tmp_path: Path) -> None:
    """A folder that is gone may be a share that is not mounted: it is waited for, never made."""
    attempt = deliver(GdtDrop(tmp_path / "share"), message(), Diary())
    assert attempt == Attempt(AttemptResult.LATER, "folder is missing", away=True)
    assert not (tmp_path / "share").exists()


@pytest.mark.parametrize(
    "state", [DeliveryState.PENDING, DeliveryState.WRITING, DeliveryState.RENAMING]
)
def test_not_mounted_marker_stops(tmp_path: Path, state: DeliveryState) -> None:
    """While the marker of the empty mount point is visible, nothing is written or concluded."""
    (tmp_path / NOT_MOUNTED).touch()
    attempt = deliver(GdtDrop(tmp_path), message(state), Diary())
    assert attempt == Attempt(AttemptResult.LATER, "folder is not mounted", away=True)
    assert hidden(tmp_path) == {NOT_MOUNTED}


def test_removed_before_its_name(tmp_path: Path) -> None:
    """A temporary file someone removes at the last moment is a question, now and after a crash."""

    class Sabotage(Diary):
        def renaming(self, messages: Collection[int]) -> None:
            (temporary,) = (path for path in tmp_path.iterdir() if not path.name.endswith("-w.tmp"))
            temporary.unlink()

    attempt = deliver(GdtDrop(tmp_path), message(), Sabotage())
    assert attempt.result is AttemptResult.QUESTION
    assert hidden(tmp_path) == set()


@pytest.mark.parametrize("function", ["create", "sync_folder", "rename_new", "compare"])
def test_reason_names_no_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    """Whatever step fails, the message waits, and the reason is the error's symbol alone."""

    def fail(*_arguments: object) -> None:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), "/srv/A4711.gdt")

    monkeypatch.setattr(f"gdtbridge.outbox.gdt_drop.{function}", fail)
    attempt = deliver(GdtDrop(tmp_path), message(), Diary())
    assert (attempt.result, attempt.reason) == (AttemptResult.LATER, "ESTALE")


def test_sweep_spares_what_is_owned_or_young(tmp_path: Path) -> None:
    """Only old temporary files of ours that no message owns are removed."""
    old = [f"{PREFIX}1-aa.tmp", f"{PREFIX}1-aa-w.tmp", f"{PREFIX}2-bb.tmp", f"{PREFIX}2-bb-w.tmp"]
    for name in [*old, "A.gdt", ".gdtbridge.txt", "x.tmp"]:
        (tmp_path / name).touch()
        long_ago = (tmp_path / name).stat().st_mtime - SWEEP_AGE - 60
        os.utime(tmp_path / name, (long_ago, long_ago))
    (tmp_path / f"{PREFIX}3-cc.tmp").touch()
    GdtDrop(tmp_path).sweep({f"{PREFIX}2-bb.tmp"})
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{PREFIX}2-bb.tmp",
        f"{PREFIX}2-bb-w.tmp",
        f"{PREFIX}3-cc.tmp",
        "A.gdt",
        ".gdtbridge.txt",
        "x.tmp",
    }
