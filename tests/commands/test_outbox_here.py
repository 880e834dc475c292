"""A place that changed, as people see it: check, outbox list, and the one word that accepts it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gdtbridge.cli import main
from gdtbridge.core import open_core
from gdtbridge.outbox import Message
from gdtbridge.settings import load_settings


class Desk:
    """An installation whose folder is a symbolic link, and somebody at its command line."""

    def __init__(self, base: Path) -> None:
        self.out = base / "out"
        self.before, self.after = base / "before", base / "after"
        for folder in (self.before, self.after):
            folder.mkdir()
        self.out.symlink_to(self.before)
        self.environ = {
            "GDTBRIDGE_STORAGE__ROOT": str(base / "root"),
            "GDTBRIDGE_GDT__OUT": str(self.out),
            "GDTBRIDGE_DICOM__PORT": "0",
            "GDTBRIDGE_HTTP__PORT": "0",
        }

    def deliver(self, key: str) -> int:
        """Put a result and return how many arrive."""
        with open_core(load_settings(environ=self.environ)) as core:
            with core.database.write() as connection:
                core.outbox.put(connection, Message("gdt", "gdt", key, f"{key}.gdt", b"x"))
            return core.outbox.deliver_due("gdt")

    def move(self) -> None:
        """Let the link lead elsewhere."""
        self.out.unlink()
        self.out.symlink_to(self.after)

    def run(self, *arguments: str) -> Result:
        """Run a command."""
        return CliRunner().invoke(main, arguments, env=self.environ)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk after the first delivery."""
    made = Desk(tmp_path)
    assert made.deliver("1") == 1
    return made


def test_a_check_writes_nothing_into_the_wrong_folder(desk: Desk) -> None:
    """Not even to try it; it says so before the service has seen it."""
    desk.move()
    untouched = desk.after.stat().st_mtime_ns
    done = desk.run("check")

    assert done.exit_code == 1
    assert "nicht der Ordner, in den zugestellt wird" in done.output
    assert desk.after.stat().st_mtime_ns == untouched


def test_one_word_accepts_the_place_that_was_found(desk: Desk) -> None:
    """The list shows both; nothing is delivered before the word, all after it."""
    desk.move()
    assert desk.deliver("2") == 0
    listed = desk.run("outbox", "list").output
    assert f"Ort / place gdt: {desk.out}: jetzt / now" in listed
    assert desk.run("outbox", "here", "elsewhere").exit_code == 1

    said = desk.run("outbox", "here")
    assert (said.exit_code, said.output.startswith(f"gdt: {desk.out}: ")) == (0, True)
    assert desk.deliver("3") >= 1
    assert desk.run("outbox", "here").exit_code == 1
    assert "Ort / place" not in desk.run("outbox", "list").output
