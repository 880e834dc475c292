"""Files a device leaves in a folder: taken like received ones, refused in words, or left alone."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path
from tempfile import TemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdtbridge.archive.judging import ObjectCondition
from gdtbridge.durable.files import rename_new
from gdtbridge.folders.pickup.judging import REASONS, judge
from tests.tools.dcmtk import dcmtk
from tests.tools.elements import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    UNDEFINED,
    delimiter,
    element,
    identification,
    item,
    part10,
    still,
)
from tests.tools.pickup import DIRECTORY, SETTINGS, PickupDesk, dicomdir
from tests.tools.practice import Practice

REMOVE, MOVE, KEEP = (f'{SETTINGS}after = "{how}"\n' for how in ("remove", "move", "keep"))


@pytest.fixture
def settings_text() -> str:
    """Return settings with a folder whose files go once they are taken."""
    return REMOVE


@pytest.fixture
def desk(practice: Practice) -> PickupDesk:
    """Return a folder that is watched."""
    return PickupDesk(practice)


def test_a_file_becomes_a_result(desk: PickupDesk) -> None:
    """What lies there is received, reported to the practice software, and gone."""
    desk.drop("IM00001.dcm")

    assert desk.look() == 1

    desk.practice.wait()
    assert desk.names() == []
    assert desk.received() == ["2.25.1"]
    assert desk.practice.files() == ["R0000000042.gdt"]


@pytest.mark.parametrize(
    ("settings_text", "left"),
    [
        (KEEP, ["DATA/IM2", "a.dcm"]),
        (MOVE, ["gdtbridge-taken/DATA/IM2", "gdtbridge-taken/a.dcm"]),
        (REMOVE, []),
    ],
)
def test_what_becomes_of_the_files(desk: PickupDesk, left: list[str]) -> None:
    """Files are kept, moved or removed, and taken once, also after a restart."""
    desk.drop("a.dcm")
    desk.drop("DATA/IM2", "2.25.2")

    assert [desk.look(), desk.look(60), desk.again().look()] == [2, 0, 0]

    assert desk.names() == left
    assert desk.received() == ["2.25.1", "2.25.2"]


@pytest.mark.parametrize("settings_text", [KEEP, MOVE, REMOVE])
@pytest.mark.parametrize("size", [4096, 77_000, 300_000])
def test_the_archive_has_each_byte(desk: PickupDesk, size: int) -> None:
    """A picture larger than any buffer is kept whole, whatever becomes of its file."""
    dataset = identification() + element(0x7FE00010, b"OW", bytes(range(250)) * (size // 250))
    part10(desk.folder / "a.dcm", dataset, sop_uid="2.25.1")

    assert desk.look() == 1

    (kept,) = desk.practice.archive.folder.glob("??/*/*.dcm")
    assert kept.read_bytes().endswith(dataset)


def test_a_name_that_comes_again_is_a_file_of_its_own(desk: PickupDesk) -> None:
    """A device counts from IM00001 again: each is taken, the same object twice makes one."""
    for number, uid in enumerate(("2.25.1", "2.25.2", "2.25.2")):
        os.utime(desk.drop("IM00001", uid), (number, number))
        assert desk.look() == 1

    assert desk.received() == ["2.25.1", "2.25.2"]


def test_other_bytes_under_a_known_uid_are_kept_aside(desk: PickupDesk) -> None:
    """As after C-STORE, both versions are kept."""
    desk.drop("a.dcm")
    desk.look()
    desk.drop("a.dcm", StudyDescription="Other")
    desk.look()

    assert desk.received() == ["2.25.1", "2.25.1"]


WHOLE = identification() + element(0x00280010, b"US", b"\x10\0")
PIXELS = element(0x7FE00010, b"OW", bytes(64))


def encapsulated(end: bytes) -> bytes:
    """Return compressed pixel data (PS3.5 A.4) with one fragment and the end."""
    head = element(0x7FE00010, b"OB", b"", length=UNDEFINED)
    return head + item(b"") + item(bytes(64)) + end


def bare(path: Path, dataset: bytes) -> None:
    """Write a dataset without anything before it."""
    path.write_bytes(dataset)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED])
def test_every_way_to_write_a_file(desk: PickupDesk, syntax: str) -> None:
    """Each transfer syntax is taken as it is."""
    dataset = identification(syntax) + element(0x7FE00010, b"OW", bytes(64), ts=syntax)
    part10(desk.folder / "X", dataset, syntax)

    assert desk.look() == 1

    assert desk.received() == ["2.25.1"]


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("name", ["IM1", "im1.DCM"])
def test_a_file_without_preamble_is_taken(desk: PickupDesk, syntax: str, name: str) -> None:
    """A dataset alone says what it is and how it is encoded."""
    bare(desk.folder / name, identification(syntax))

    assert desk.look() == 1
    assert desk.received() == ["2.25.1"]


CUT = {
    "in the pixels": WHOLE + PIXELS[:-1],
    "before a fragment": WHOLE + encapsulated(b"")[:-64],
    "before the delimiter": WHOLE + encapsulated(b""),
    "in a head": WHOLE + PIXELS[:4],
    "in the identification": identification()[:-20],
}


@pytest.mark.parametrize("what", CUT)
def test_a_file_that_ends_early_waits_and_is_refused_in_the_end(
    desk: PickupDesk, what: str
) -> None:
    """It may still be written; after a while it goes aside with a sentence, and is not lost."""
    path = part10(desk.folder / "a.dcm", CUT[what], sop_uid="2.25.1")
    written = path.read_bytes()

    assert desk.look(299) == 0
    assert desk.names() == ["a.dcm"]
    desk.look(2)

    assert desk.received() == []
    assert "noch einmal exportieren" in desk.refusal("a.dcm")
    assert (desk.folder / "gdtbridge-refused" / "a.dcm").read_bytes() == written


@pytest.mark.parametrize("what", CUT)
def test_a_file_that_is_written_slowly_is_taken_whole(desk: PickupDesk, what: str) -> None:
    """However long it stands still within the patience."""
    path = part10(desk.folder / "a.dcm", CUT[what], sop_uid="2.25.1")
    desk.look(200)

    part10(path, WHOLE + PIXELS + encapsulated(delimiter(0xE0DD))[:0], sop_uid="2.25.1")

    assert desk.look() == 1
    assert desk.received() == ["2.25.1"]


@pytest.mark.parametrize(
    "dataset",
    [WHOLE, WHOLE + PIXELS + bytes(4096)],
    ids=["a picture without pixels", "zeros at the end"],
)
def test_what_looks_unfinished_waits_and_is_taken_then(desk: PickupDesk, dataset: bytes) -> None:
    """It is no less than what C-STORE takes."""
    part10(desk.folder / "a.dcm", dataset, sop_uid="2.25.1")

    assert desk.look(299) == 0
    assert desk.look(2) == 1


def test_a_file_that_somebody_has_open_waits(desk: PickupDesk) -> None:
    """A program that writes and pauses is waited for, whatever the time of the file says."""
    path = desk.drop("a.dcm")
    with path.open("ab"):
        assert desk.look(3600) == 0
    assert desk.look() == 1


def test_a_file_with_room_reserved_waits(desk: PickupDesk) -> None:
    """A copy that has its size before its bytes is not taken for whole."""
    path = part10(desk.folder / "a.dcm", WHOLE + element(0x7FE00010, b"OW", b"", length=1 << 20))
    os.truncate(path, path.stat().st_size + (1 << 20))

    assert desk.look() == 0

    with path.open("rb+") as file:
        file.seek(-(1 << 20), os.SEEK_END)
        file.write(b"\1" * (1 << 20))
    assert desk.look() == 1


def test_a_file_that_changes_while_it_is_copied_is_not_taken(
    desk: PickupDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it counts; the next look takes what it has become."""
    path = desk.drop("a.dcm")
    receive = type(desk.practice.core.receiving).receive
    room_for = type(desk.practice.core.receiving).room_for
    monkeypatch.setattr(
        type(desk.practice.core.receiving), "room_for", lambda self, size: os.utime(path, (1, 1))
    )

    assert desk.look() == 0
    assert receive is type(desk.practice.core.receiving).receive
    monkeypatch.setattr(type(desk.practice.core.receiving), "room_for", room_for)

    assert desk.look() == 1
    assert list(desk.practice.settings.file_spool.iterdir()) == []


def test_a_version_put_there_meanwhile_is_not_removed(
    desk: PickupDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the receipt and the removal another file may get the name: it is taken next."""
    desk.drop("a.dcm")
    receiver = type(desk.practice.core.receiving)
    receive = receiver.receive

    def and_then_replaced(self: object, incoming: object) -> object:
        status = receive(self, incoming)  # type: ignore[arg-type]
        if not (desk.folder / "b").exists() and "2.25.2" not in desk.received():
            desk.drop("b", "2.25.2").rename(desk.folder / "a.dcm")
        return status

    monkeypatch.setattr(receiver, "receive", and_then_replaced)

    desk.look()
    assert desk.names() == ["a.dcm"]
    assert desk.look() == 1
    assert (desk.received(), desk.names()) == (["2.25.1", "2.25.2"], [])


REFUSED = {
    "empty": (b"", "Die Datei ist leer"),
    "text": (b"no DICOM at all", "Kennung DICM fehlt"),
    "encrypted": (
        bytes.fromhex("3080 0609 2a864886f70d010703 a080") + bytes(99),
        "ist verschlüsselt",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_named_dicom_and_is_none_goes_aside(desk: PickupDesk, what: str) -> None:
    """With a sentence in two languages that says what is wrong and what to do."""
    content, told = REFUSED[what]
    (desk.folder / "A").mkdir()
    (desk.folder / "A" / "x.DCM").write_bytes(content)

    desk.look(301)

    text = desk.refusal("A/x.DCM")
    assert told in text
    assert " / " in text
    assert desk.told() == [text.strip()]


WRONG = {
    "no UID": ({"SOPInstanceUID": "x"}, "", "SOP Instance UID (0008,0018)"),
    "no class": ({"SOPClassUID": ""}, "", "SOP Class UID (0008,0016) fehlt"),
    "no storage class": ({"SOPClassUID": "1.2.840.10008.1.1"}, "", "kein Bild, Bericht"),
    "another object": ({"SOPInstanceUID": "2.25.2"}, "2.25.1", "verschiedene Objekte"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_c_store_would_refuse_goes_aside_at_once(desk: PickupDesk, what: str) -> None:
    """The field is named."""
    values, meta_uid, told = WRONG[what]
    part10(desk.folder / "IM1", still(1, **values), sop_uid=meta_uid)

    desk.look()

    assert told in desk.refusal("IM1")
    assert desk.received() == []


def test_a_transfer_syntax_that_is_none_is_refused(desk: PickupDesk) -> None:
    """Nobody could ever read it."""
    part10(desk.folder / "a.dcm", still(1), "JPEG")
    desk.look()
    assert "Transfer Syntax UID (0002,0010)" in desk.refusal("a.dcm")


@pytest.mark.parametrize("settings_text", [f"{REMOVE}[dicom]\nmax_object_mb = 1\n"])
def test_a_file_that_is_too_large_is_refused(desk: PickupDesk) -> None:
    """The setting that allows it is named."""
    part10(desk.folder / "a.dcm", WHOLE + element(0x7FE00010, b"OW", b"\1" * (1 << 20)))
    desk.look()
    assert "dicom.max_object_mb" in desk.refusal("a.dcm")


def test_a_refused_file_named_as_the_text_of_another_is_kept(desk: PickupDesk) -> None:
    """What a device wrote is never written over by what we say of it."""
    for name in ("IM1.txt", "IM1"):
        part10(desk.folder / name, still(1, SOPClassUID=""))
        desk.look()
    kept = [desk.folder / name for name in desk.names() if not name.endswith(".txt.txt")]
    assert sorted(one.read_bytes()[128:132] == b"DICM" for one in kept) == [False, True, True]


def test_two_refused_files_of_one_name_are_both_kept(desk: PickupDesk) -> None:
    """Each has its text."""
    for _ in range(2):
        (desk.folder / "a.dcm").write_bytes(b"")
        desk.look(301)
    kept = [name for name in desk.names() if name.endswith(".dcm")]
    assert len(kept) == 2
    assert all(desk.refusal(name.removeprefix("gdtbridge-refused/")) for name in kept)


def test_a_refused_file_that_is_put_right_is_told_no_more(desk: PickupDesk) -> None:
    """Whoever takes it away has done what there was to do."""
    (desk.folder / "a.dcm").write_bytes(b"")
    desk.look(301)
    assert len(desk.items()) == 1

    for path in (desk.folder / "gdtbridge-refused").iterdir():
        path.unlink()
    desk.look()

    assert desk.told() == []


@pytest.mark.parametrize("settings_text", [KEEP])
def test_a_refused_file_that_is_kept_is_told_as_long_as_it_lies_there(desk: PickupDesk) -> None:
    """Nothing is written to a folder whose files are kept."""
    path = part10(desk.folder / "IM1", still(1, SOPInstanceUID="x"))
    desk.look()
    desk.look()

    assert desk.names() == ["IM1"]
    (item_of,) = desk.items()
    assert (item_of.code, "IM1" in item_of.detail) == ("pickup-refused", True)
    assert "SOP Instance UID (0008,0018)" in item_of.detail
    path.unlink()
    desk.look()
    assert desk.items() == []


def test_foreign_files_are_left_alone_and_said_once(
    desk: PickupDesk, caplog: pytest.LogCaptureFixture
) -> None:
    """Programs, texts, directories of media and hidden files stay as they are."""
    caplog.set_level("INFO")
    for name in ("VIEWER.EXE", "autorun.inf", "notes", "IM1", ".DS_Store", "x.part", "b.tmp"):
        (desk.folder / name).write_bytes(b"\x08\0\x16\0nothing of DICOM follows here")
    part10(desk.folder / "OLD.DIR", element(0x00041130, b"CS", "X"), sop_uid="2.25.9")
    path = desk.folder / "OLD.DIR"
    image = b"1.2.840.10008.5.1.4.1.1.6.1\0"
    path.write_bytes(path.read_bytes().replace(image, f"{DIRECTORY}".encode().ljust(28, b"\0")))
    before = desk.names()

    for _ in range(3):
        assert desk.look(400) == 0

    assert desk.names() == before
    assert desk.told() == []
    assert caplog.text.count("left alone") == 1
    assert "5 left alone" in desk.watch.state().detail
    assert "VIEWER" not in caplog.text


def test_what_is_no_plain_file_is_left_alone(desk: PickupDesk, tmp_path: Path) -> None:
    """Links lead nowhere, pipes and sockets hang nobody, a folder named like a file is one."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    part10(elsewhere / "secret.dcm", still(1))
    (desk.folder / "a.dcm").symlink_to(elsewhere / "secret.dcm")
    (desk.folder / "b").symlink_to(elsewhere)
    (desk.folder / "up").symlink_to(desk.folder)
    os.mkfifo(desk.folder / "c.dcm")
    (desk.folder / "d.dcm").mkdir()
    with socket.socket(socket.AF_UNIX) as one:
        here = Path.cwd()
        os.chdir(desk.folder)  # the path of a socket is short
        one.bind("e.dcm")
        os.chdir(here)
    os.link(desk.drop("f.dcm", "2.25.6"), tmp_path / "hard")

    assert desk.look() == 1

    assert desk.received() == ["2.25.6"]
    assert (elsewhere / "secret.dcm").exists()
    assert (tmp_path / "hard").exists()
    assert "5 left alone" in desk.watch.state().detail


@pytest.mark.parametrize(
    "name", [b"a\nb.dcm", b"\xff\xfe.dcm", b"a b;rm -rf .dcm", "ü" * 127, b"-rf", b"%s%n.dcm"]
)
@pytest.mark.parametrize("settings_text", [MOVE])
def test_any_name_will_do(desk: PickupDesk, name: bytes | str) -> None:
    """Line breaks, bytes of no character set, 254 bytes: taken, or refused beside a text."""
    path = desk.folder / os.fsdecode(name)
    part10(path, still(1), sop_uid="2.25.1")
    assert desk.look() == 1
    part10(path, still(1, SOPInstanceUID="x"))
    desk.look()

    taken, refused, text = sorted((p for p in desk.folder.rglob("*") if p.is_file()), key=_place)
    assert taken.parent.name == "gdtbridge-taken"
    assert refused.parent == text.parent
    assert text.suffix == ".txt"
    desk.again().look()
    assert len(desk.told()) == 1


def _place(path: Path) -> tuple[bool, bool]:
    return path.parent.name != "gdtbridge-taken", path.suffix == ".txt"


def test_deep_folders_are_entered_beyond_the_longest_path(desk: PickupDesk) -> None:
    """Each step is taken from an open folder; too many of them are told."""
    here = Path.cwd()
    try:
        os.chdir(desk.folder)
        for number in range(17):
            Path(f"{number:0>250}").mkdir()
            os.chdir(f"{number:0>250}")
            part10(Path("x.dcm"), still(1, SOPInstanceUID=f"2.25.{number + 1}"))
    finally:
        os.chdir(here)

    assert desk.look() == 16
    assert not desk.watch.state().ok
    assert "more files than are looked at" in desk.watch.state().detail


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone may read everything and is refused so")
def test_rights_that_are_missing_are_told_and_waited_for(
    desk: PickupDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that cannot be removed is taken once and told; later it goes."""
    desk.drop("a.dcm")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "denied")

    monkeypatch.setattr("gdtbridge.durable.trees.rename_new", refuse)
    assert desk.look() == 1
    assert desk.look(60) == 0
    desk.practice.clock.turn(600)
    (told,) = desk.items()
    assert (told.code, "EACCES" in told.detail) == ("pickup-stuck", True)
    assert desk.names() == ["a.dcm"]

    monkeypatch.setattr("gdtbridge.durable.trees.rename_new", rename_new)
    desk.look(60)

    assert desk.names() == []
    desk.look()
    assert desk.items() == []
    assert desk.received() == ["2.25.1"]


def test_a_full_disk_postpones_everything(
    desk: PickupDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is refused for what is no fault of the file."""
    desk.drop("a.dcm")
    archive = desk.practice.archive
    monkeypatch.setattr(archive, "_reserve", 1 << 62)
    assert desk.look() == 0
    assert not desk.watch.state().ok
    assert "OutOfResources" in desk.watch.state().detail
    assert desk.names() == ["a.dcm"]

    monkeypatch.setattr(archive, "_reserve", 0)
    assert desk.look() == 1
    assert desk.watch.state().ok


def test_a_folder_that_is_not_mounted_is_away(desk: PickupDesk) -> None:
    """What lies in an empty mount point is nobody's export; what was known stays known."""
    (desk.folder / ".gdtbridge-not-mounted").touch()
    desk.drop("a.dcm")
    assert desk.look() == 0
    assert desk.watch.state().detail == "the folder is away: not mounted"

    (desk.folder / ".gdtbridge-not-mounted").unlink()
    assert desk.look() == 1
    desk.folder.rmdir()
    desk.look()
    assert desk.watch.state().detail == "the folder is away: ENOENT"


def test_the_newest_exam_does_not_wait_for_old_ones(
    desk: PickupDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One tray takes from both ends: today's exam first, and the oldest files too."""
    size = desk.drop("0", "2.25.1").stat().st_size + 10
    for number in range(10):
        os.utime(desk.drop(f"{number}", f"2.25.{number + 1}"), (number, number))
    monkeypatch.setattr("gdtbridge.folders.pickup.choosing.TRAY_BYTES", 4 * size)

    assert desk.look() == 4
    assert desk.received() == ["2.25.1", "2.25.10", "2.25.2", "2.25.9"]
    assert "6 waiting" in desk.watch.state().detail
    assert [desk.watch.look(), desk.watch.look(), desk.watch.look()] == [4, 2, 0]
    assert "0 waiting" in desk.watch.state().detail
    assert len(desk.received()) == 10


@pytest.mark.parametrize(
    ("settings_text", "source", "title"),
    [
        (f'{REMOVE}aet = "US07"\n', "OTHER", "US07"),
        (REMOVE, "VSCAN 1", "VSCAN 1"),
        (REMOVE, "", ""),
        (REMOVE, "gdtbridge", ""),
        (REMOVE, "back\\slash", ""),
        (f'{REMOVE}[[peer]]\naet = "PACS"\nhost = "192.0.2.1"\n', "pacs", ""),
    ],
)
def test_as_whose_a_file_is_taken(desk: PickupDesk, source: str, title: str) -> None:
    """The folder's device goes before the one the file names, which is never another archive."""
    path = desk.drop("a.dcm")
    content = path.read_bytes()
    at = content.index(element(0x00020010, b"UI", EXPLICIT)) + len(
        element(0x00020010, b"UI", EXPLICIT)
    )
    path.write_bytes(content[:at] + element(0x00020016, b"AE", source) + content[at:])

    assert desk.look() == 1

    assert desk.titles() == [title]


def test_a_medium_is_taken_together(desk: PickupDesk) -> None:
    """What the DICOMDIR names, once all of it is there; then the medium is gone."""
    dicomdir(desk.folder, ["DATA/IM1", "DATA/IM2"])
    (desk.folder / "VIEWER.EXE").write_bytes(b"MZ")
    desk.drop("data/im1", "2.25.1")
    assert desk.look(200) == 0

    desk.drop("data/im2", "2.25.2")

    assert desk.look() == 2
    assert desk.received() == ["2.25.1", "2.25.2"]
    desk.look()
    assert desk.names() == ["VIEWER.EXE"]


@pytest.mark.peer
def test_a_medium_that_dcmtk_made(desk: PickupDesk) -> None:
    """The directory that ``dcmmkdir`` writes for a general purpose medium."""
    for number in (1, 2, 3):
        desk.drop(f"DATA/IM{number}", f"2.25.{number}", PatientName="Muster^Erna")
    names = [f"DATA/IM{number}" for number in (1, 2)]
    made = dcmtk("dcmmkdir", "-W", "--general-purpose", "--invent", *names, folder=desk.folder)
    assert made.returncode == 0, made.stderr
    for path in desk.folder.rglob("*"):
        path.rename(path.with_name(path.name.lower()))

    assert desk.look() == 2
    assert desk.received() == ["2.25.1", "2.25.2"]


@pytest.mark.parametrize("settings_text", [KEEP, REMOVE])
def test_what_a_directory_does_not_name_is_taken_later(desk: PickupDesk) -> None:
    """A device that wrote a DICOMDIR once and exports beside it loses nothing."""
    dicomdir(desk.folder, ["A"])
    desk.drop("A", "2.25.1")
    desk.drop("NEW/B", "2.25.2")

    assert desk.look() == 1
    assert desk.look(400) == 1
    assert desk.received() == ["2.25.1", "2.25.2"]
    assert [desk.look(400), desk.told()] == [0, []]


def test_a_medium_waits_for_the_last_byte(desk: PickupDesk) -> None:
    """None of its files is taken while one is cut off."""
    dicomdir(desk.folder, ["A", "B"])
    desk.drop("A", "2.25.1")
    part10(desk.folder / "B", still(1)[:-8])
    assert desk.look(200) == 0
    desk.drop("B", "2.25.2")
    assert desk.look() == 2


def test_a_medium_that_lacks_files_is_taken_in_the_end_and_told(desk: PickupDesk) -> None:
    """What is there is taken; that more was named is told with the way out."""
    dicomdir(desk.folder, ["A", "B", "../../etc/passwd"])
    desk.drop("A", "2.25.1")

    assert desk.look(301) == 1
    desk.look()

    assert "DICOMDIR nennt Dateien" in desk.refusal("DICOMDIR")
    assert desk.received() == ["2.25.1"]


@pytest.mark.parametrize("settings_text", [KEEP])
def test_a_medium_that_is_kept_is_taken_once(desk: PickupDesk) -> None:
    """It may be read-only, and come back after a restart; another medium has other files."""
    dicomdir(desk.folder, ["A", "B"])
    for name, uid in (("A", "2.25.1"), ("B", "2.25.2")):
        os.utime(desk.drop(name, uid), (1e9, 1e9))
    before = desk.names()
    assert [desk.look(), desk.look(400), desk.again().look(400)] == [2, 0, 0]
    assert desk.names() == before
    assert desk.told() == []

    stick = desk.folder.rename(desk.folder.with_name("drawer"))
    desk.folder.mkdir()
    dicomdir(desk.folder, ["A"])
    os.utime(desk.drop("A", "2.25.3"), (2e9, 2e9))
    assert desk.look() == 1
    assert desk.received() == ["2.25.1", "2.25.2", "2.25.3"]
    assert stick.exists()


@pytest.mark.parametrize("settings_text", [KEEP])
def test_a_device_without_a_clock_loses_nothing(desk: PickupDesk) -> None:
    """Its next stick has the same names, sizes and times, and other images."""
    os.utime(desk.drop("IM1", "2.25.1"), (315_532_800, 315_532_800))
    assert [desk.look(), desk.look(3600)] == [1, 0]
    (desk.folder / "IM1").unlink()
    desk.look()

    os.utime(desk.drop("IM1", "2.25.2"), (315_532_800, 315_532_800))

    assert desk.look() == 1
    assert desk.received() == ["2.25.1", "2.25.2"]
    again = desk.again()
    assert [again.look(), again.look()] == [1, 0]
    assert desk.received() == ["2.25.1", "2.25.2"]


def test_a_directory_that_cannot_be_read_names_nothing(desk: PickupDesk) -> None:
    """Its files are those of any folder then."""
    (desk.folder / "DICOMDIR").write_bytes(b"broken")
    desk.drop("A", "2.25.1")
    assert desk.look(200) == 0
    assert desk.look(200) == 1


@pytest.mark.parametrize("settings_text", [KEEP])
def test_a_directory_for_each_exam(desk: PickupDesk) -> None:
    """A device that writes a DICOMDIR for each exam leaves hundreds of them."""
    for number in range(30):
        desk.drop(f"E{number}/A", f"2.25.{number + 1}")
        dicomdir(desk.folder / f"E{number}", ["A"])
    assert desk.look() == 30
    assert desk.look(3600) == 0
    assert "0 waiting" in desk.watch.state().detail


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an image in a folder of its own."""
    return part10(tmp_path_factory.mktemp("plain") / "a.dcm", still(1), sop_uid="2.25.1")


@pytest.mark.law
@given(at=st.integers(0, 900), written=st.binary(max_size=12), end=st.integers(0, 1200))
def test_whatever_a_file_holds_it_is_judged(plain: Path, at: int, written: bytes, end: int) -> None:
    """No bytes raise anything, and a code that is given has a sentence."""
    content = bytearray(plain.read_bytes())
    content[at : at + len(written)] = written
    for name in ("IM1", "x.dcm"):
        with TemporaryFile() as file:
            file.write(content[:end])
            judged = judge(file, name)
        assert judged.reason in {"", *REASONS}
        is_told = judged.condition in {ObjectCondition.PARTIAL, ObjectCondition.WRONG}
        assert bool(judged.reason) is is_told


def test_every_refusal_is_documented(project: Path) -> None:
    """The page has each code with its text, in the order of the table."""
    text = (project / "docs" / "reference" / "pickup.md").read_text("utf-8")
    told = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|$", text, re.MULTILINE)
    assert dict(told) == dict(REASONS)
