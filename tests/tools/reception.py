"""A practice whose software drops files: the exam service with every part real, and a folder."""

from __future__ import annotations

from pathlib import Path

from gdtbridge.folders import OrderWatch
from tests.tools.practice import Practice
from worklist import Entry

PATIENT = {"3000": "4711", "3101": "Müller", "3102": "Änne", "3103": "24121958", "3110": "2"}
HEAD = {"8315": "GDTBRIDG", "8316": "PRAX_EDV", "9206": "3", "9218": "02.10"}
CODECS = {"2": "cp437", "3": "iso8859-1"}


def record(record_type: str = "6302", **changes: str | None) -> bytes:
    """Return a record as practice software writes it; ``f3000`` changes a field, None drops it."""
    fields: dict[str, str | None] = {**HEAD, **PATIENT}
    fields |= {name.removeprefix("f"): value for name, value in changes.items()}
    codec = CODECS[fields["9206"] or "3"]
    lines = [(name, value.encode(codec)) for name, value in fields.items() if value is not None]
    size = sum(len(value) + 9 for _, value in lines) + 13 + 14
    whole = [("8000", record_type.encode()), ("8100", b"%05d" % size), *lines]
    return b"".join(b"%03d%s%s\r\n" % (len(v) + 9, n.encode(), v) for n, v in whole)


class Reception:
    """The practice's software on one side, our watcher on the other."""

    def __init__(self, practice: Practice) -> None:
        self.practice = practice
        self.settings = practice.settings
        for folder in (
            self.settings.gdt_in,
            self.settings.order_spool,
            self.settings.taken_folder,
            self.settings.refused_folder,
        ):
            folder.mkdir(parents=True, exist_ok=True)
        self.folder = self.settings.gdt_in
        self.files = practice.core.order_files
        self.watch = OrderWatch(self.files, monotonic=practice.clock.monotonic)

    def drop(self, data: bytes, name: str = "ORDER.GDT") -> Path:
        """Write a file as an importer would wish all software did."""
        (self.folder / name).write_bytes(data)
        return self.folder / name

    def look(self, seconds: float = 2) -> int:
        """Let the watcher see what there is, and again after a while; return how many it took."""
        taken = self.watch.look()
        self.practice.clock.seconds += seconds
        return taken + self.watch.look()

    def entries(self) -> tuple[Entry, ...]:
        """Return the worklist."""
        self.practice.worklist.refresh()
        return self.practice.core.orders.all()

    @property
    def entry(self) -> Entry:
        """Return the only entry of the worklist."""
        (entry,) = self.entries()
        return entry

    def left(self) -> list[str]:
        """Return what lies in the folder and in our spool, but for the lock."""
        places = (self.folder, self.settings.order_spool)
        found = [path.name for place in places for path in place.iterdir()]
        return sorted(name for name in found if not name.endswith(".lock"))

    def archived(self) -> list[bytes]:
        """Return the files that were taken."""
        return [p.read_bytes() for p in sorted(self.settings.taken_folder.rglob("*.GDT"))]

    def refusals(self) -> list[str]:
        """Return the texts beside the refused files."""
        found = sorted(self.settings.refused_folder.glob("*.txt"))
        assert all(path.with_suffix("").exists() for path in found)
        return [path.read_text("utf-8-sig") for path in found]

    def again(self) -> Reception:
        """Return the same practice after a restart of the service."""
        return Reception(self.practice.again())
