"""A device that leaves its files in a folder, and our watcher of it."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from pathlib import Path

import sqlalchemy as sa

from gdtbridge.archive.picked_files import PickupMemory
from gdtbridge.attention import AttentionItem
from gdtbridge.schema import instance
from gdtbridge.service import pickup_watches
from tests.tools.elements import element, item, part10, still
from tests.tools.practice import Practice

SETTINGS = '[[pickup]]\nfolder = "usb"\n'
DIRECTORY = "1.2.840.10008.1.3.10"


class PickupDesk:
    """The device's folder on one side, the archive on the other."""

    def __init__(self, practice: Practice, number: int = 1) -> None:
        self.practice = practice
        self.settings = practice.settings.pickups[number - 1]
        self.folder = self.settings.folder
        self.folder.mkdir(exist_ok=True)
        practice.settings.file_spool.mkdir(parents=True, exist_ok=True)
        self.memory = PickupMemory(practice.database)
        self.watch = pickup_watches(practice.core)[f"pickup:{number}"]

    def drop(self, name: str, uid: str = "2.25.1", **values: str | bytes) -> Path:
        """Write an image as a device exports it, in a sub-folder if the name says so."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return part10(path, still(1, SOPInstanceUID=uid, **values), sop_uid=uid)

    def look(self, seconds: float = 6) -> int:
        """Let the watcher see what there is, and again after a while; return how many it took."""
        taken = self.watch.look()
        self.practice.clock.seconds += seconds
        return taken + self.watch.look()

    def names(self) -> list[str]:
        """Return the files in the folder, by their paths."""
        found = (path for path in self.folder.rglob("*") if not path.is_dir())
        return sorted(str(path.relative_to(self.folder)) for path in found)

    def received(self) -> list[str]:
        """Return the SOP Instance UIDs in the archive's index; the file of each must be there."""
        with self.practice.database.read() as connection:
            rows = connection.execute(sa.select(instance.c.sop_instance_uid, instance.c.file)).all()
        assert all((self.practice.archive.folder / file).is_file() for _, file in rows)
        return sorted(uid for uid, _ in rows)

    def titles(self) -> list[str]:
        """Return as whose the objects were taken."""
        with self.practice.database.read() as connection:
            return sorted(connection.execute(sa.select(instance.c.calling_aet)).scalars())

    def told(self) -> list[str]:
        """Return why files were refused, or what else is told of them."""
        return [file.reason for _, file in self.memory.told()]

    def items(self) -> list[AttentionItem]:
        """Return what of the folder needs a person."""
        found = self.practice.core.attention.items()
        return [one for one in found if one.code.startswith("pickup")]

    def refusal(self, name: str) -> str:
        """Return the text beside a refused file, which must be there."""
        place = self.folder / "gdtbridge-refused" / name
        assert os.path.lexists(place)
        return place.with_name(f"{place.name}.txt").read_text("utf-8-sig")

    def again(self) -> PickupDesk:
        """Return the same folder after a restart of the service."""
        return PickupDesk(self.practice.again())


def dicomdir(folder: Path, names: Iterable[str]) -> Path:
    """Write the directory of a medium that names files, parts between backslashes."""
    records = b"".join(
        item(
            element(0x00041400, b"UL", struct.pack("<L", 0))
            + element(0x00041500, b"CS", name.replace("/", "\\"))
            + element(0x00041510, b"UI", "1.2.840.10008.5.1.4.1.1.6.1")
        )
        for name in names
    )
    dataset = element(0x00041130, b"CS", "TEST") + element(0x00041220, b"SQ", records)
    meta = element(0x00020002, b"UI", DIRECTORY) + element(0x00020003, b"UI", "2.25.9")
    meta += element(0x00020010, b"UI", "1.2.840.10008.1.2.1")
    path = folder / "DICOMDIR"
    group = element(0x00020000, b"UL", struct.pack("<L", len(meta)))
    path.write_bytes(bytes(128) + b"DICM" + group + meta + dataset)
    return path
