"""Commands beside the service: those that look change nothing, no command makes an installation."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import ClassVar

import click
import pytest
from click.testing import CliRunner, Result

from gdtbridge.cli import main
from gdtbridge.core import open_core
from gdtbridge.settings import load_settings
from tests.tools.reception import record
from tests.tools.service import Service
from tests.tools.trees import tree_of
from tests.tools.waiting import wait_for

NOBODY = 65534

NEW_FILE = "{elsewhere}/new"
"""A file that is not there, in a folder of its own for each run."""
LOOKING = {
    "access accounts": (),
    "access study-links": (),
    "access tokens": (),
    "attention list": (),
    "audit list": (),
    "devices echo": ("US01",),
    "devices list": (),
    "devices show": ("US01",),
    "commitment list": (),
    "diagnose": (NEW_FILE,),
    "exams list": (),
    "exams problems": (),
    "exams show": ("1.2.3",),
    "forward list": (),
    "outbox list": (),
    "patients list-moves": (),
    "viewer status": (),
    "webhook list": (),
    "worklist list": (),
    "worklist preview": ("--device", "US01"),
    "worklist why": (),
}
ENDS_WITH = {"exams show": 1, "devices show": 1, "devices echo": 1}
"""Exit status where an installation is empty: there is no such exam or device."""
WORKING = {
    "access add": ("anna", "Anna"),
    "access deactivate": ("anna",),
    "access link": (),
    "access reactivate": ("anna",),
    "access remove": ("anna",),
    "access role": ("anna", "reader"),
    "access sign-out": ("anna",),
    "access study-link revoke": ("1",),
    "access token add": ("laptop", "--scope", "read"),
    "access token revoke": ("1",),
    "attention test": ("gdt",),
    "commitment end": ("1",),
    "commitment retry": ("1",),
    "exams accept": ("1.2.3",),
    "exams discard": ("1.2.3", "--reason", "x"),
    "exams release": ("1.2.3", "--id", "7"),
    "exams undo": ("1.2.3",),
    "exams unmatch": ("1.2.3",),
    "exams withdraw": ("1.2.3", "--from", "7", "--reason", "x"),
    "export audit": ("--to", "set.zip"),
    "export constancy": ("--to", "set.zip"),
    "export patient": ("7", "--to", "copy.zip"),
    "fetch": ("--study", "1.2.3"),
    "forward again": ("1",),
    "forward corrected": ("1",),
    "forward end": ("1",),
    "forward study": ("1.2.3",),
    "order": ("A.GDT",),
    "outbox again": ("1",),
    "outbox arrived": ("1",),
    "outbox here": (),
    "outbox pause": ("gdt", "--reason", "x"),
    "outbox resume": ("gdt",),
    "patients renumber": ("7", "8"),
    "viewer install": ("--from", "app.tgz"),
    "viewer remove": (),
    "webhook again": ("a",),
    "webhook discard": ("a",),
    "worklist add": ("--id", "7", "--lastname", "A", "--birthdate", "01.01.1980"),
    "worklist remove": ("R1",),
}
WITHOUT = (
    {
        *(
            "check",
            "echo",
            "health",
            "serve",
            "settings",
            "simulate",
            "open",
            "webhook test",
            "backup",
            "restore",
            "archive reindex",
        )
    }
    | {"gdt learn", "gdt try"}
    | {f"{group} {name}" for group in ("gdt", "sr") for name in ("check", "convert", "show")}
)
"""Commands that open no installation, make one, or tell what is missing."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an installation with one order, for copies: nothing in it names its place."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        stand_in(folder, patch)
        with open_core(load_settings(environ={})):
            pass
        assert run("worklist add", *WORKING["worklist add"]).exit_code == 0
    return folder / "var"


def stand_in(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Let a person stand in a folder, with no settings of the environment."""
    patch.chdir(folder)
    for name in os.environ:
        if name.startswith("GDTBRIDGE_"):
            patch.delenv(name)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder a person stands in, with an order file."""
    (tmp_path / "A.GDT").write_bytes(record())
    stand_in(tmp_path, monkeypatch)
    return tmp_path


@pytest.fixture
def installation(made: Path, place: Path) -> Path:
    """Return an installation at rest, with one order."""
    return shutil.copytree(made, place / "var")


def run(command: str, *arguments: str, **environ: str) -> Result:
    """Run a command in this process."""
    with tempfile.TemporaryDirectory() as elsewhere:
        Path(elsewhere).chmod(0o777)
        told = [word.format(elsewhere=elsewhere) for word in LOOKING.get(command, ())]
        return CliRunner().invoke(main, [*command.split(), *told, *arguments], env=environ)


def leaves(group: click.Group, *before: str) -> Iterator[str]:
    """Yield every command with the names of its groups."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, *before, name)
        else:
            yield " ".join((*before, name))


def test_every_command_is_one_or_the_other() -> None:
    """A new command is put into one of the tables, and so shown to keep to it."""
    assert set(leaves(main)) - WITHOUT - {"sr catalogue"} == {*LOOKING, *WORKING}


@pytest.mark.parametrize(
    ("command", "arguments"), [*((name, ()) for name in LOOKING), *WORKING.items()]
)
class TestNoInstallation:
    """A person stands in the wrong folder."""

    def test_an_empty_folder(self, place: Path, command: str, arguments: tuple[str, ...]) -> None:
        """It stays empty; where was looked is said, by which settings, and the order is kept."""
        before = tree_of(place)
        done = run(command, *arguments)

        assert (done.exit_code, done.stdout) == (1, "")
        (line,) = done.stderr.splitlines()
        assert f"Hier ist keine Installation: {place / 'var'} (storage.root;" in line
        assert f"/ No installation here: {place / 'var'}" in line
        assert f"no gdtbridge.toml in {place}" in line
        assert tree_of(place) == before

    @pytest.mark.parametrize("file", [None, b""])
    def test_a_folder_of_others(
        self, place: Path, command: str, arguments: tuple[str, ...], file: bytes | None
    ) -> None:
        """A folder called ``var`` is not taken for ours (``/var``); nothing is put into it.

        Where a database should be lies an empty file: that is one that was lost.
        """
        (place / "var" / "log").mkdir(parents=True)
        if file is not None:
            (place / "var" / "gdtbridge.sqlite").write_bytes(file)
        before = tree_of(place)
        done = run(command, *arguments)

        assert done.exit_code == 1
        said = "Hier ist keine Installation" if file is None else "ist leer"
        assert said in done.stderr
        assert str(place / "var" / "gdtbridge.sqlite") in done.stderr
        assert tree_of(place) == before


def test_the_settings_file_is_named(place: Path) -> None:
    """Whoever named the wrong file learns which one was read."""
    file = place / "other.toml"
    file.write_text('[storage]\nroot = "elsewhere"\n')
    done = run("exams list", "--config", str(file))

    assert f"{place / 'elsewhere'} (storage.root; Einstellungen / settings: {file})" in done.stderr


@pytest.mark.parametrize("command", ["check", *LOOKING, "serve"])
def test_a_settings_file_that_is_not_there(place: Path, command: str) -> None:
    """One line names it, status 1; nothing is made by the defaults instead."""
    before = tree_of(place)
    for done in (
        run(command, "--config", "absent.toml"),
        run(command, GDTBRIDGE_CONFIG="absent.toml"),
    ):
        assert done.exit_code == 1
        (line,) = done.stderr.splitlines()
        assert f"{place / 'absent.toml'}: Diese Einstellungsdatei gibt es nicht" in line
    assert tree_of(place) == before


@pytest.mark.parametrize("command", LOOKING)
class TestLooking:
    """There is an installation."""

    def test_at_rest(self, installation: Path, command: str) -> None:
        """No file appears, and none changes."""
        before = tree_of(installation)
        assert run(command).exit_code == ENDS_WITH.get(command, 0)
        assert tree_of(installation) == before
        assert not [path for path in before if path.endswith(("-wal", "-shm"))]

    def test_beside_a_writer(self, installation: Path, command: str) -> None:
        """What was written last is seen; not even the index of the log is touched."""
        with open_core(load_settings(environ={})) as core:
            with core.database.write() as connection:
                connection.exec_driver_sql("UPDATE placed_order SET station = 'US09'")
            before = tree_of(installation)
            assert run(command).exit_code == ENDS_WITH.get(command, 0)
            assert tree_of(installation) == before

    def test_after_a_crash(self, installation: Path, command: str) -> None:
        """What only the log of a dead service holds is seen, and stays there."""
        file = copy_in_use(installation)
        before = tree_of(installation)
        assert run(command).exit_code == ENDS_WITH.get(command, 0)
        assert tree_of(installation) == before

        file.with_name(f"{file.name}-shm").unlink()
        before = tree_of(installation)
        done = run(command)
        assert done.exit_code == 1
        assert "start the service once" in done.stderr
        assert tree_of(installation) == before

    def test_an_older_schema(self, installation: Path, command: str) -> None:
        """The service is needed once; it alone upgrades."""
        with closing(sqlite3.connect(installation / "gdtbridge.sqlite")) as old:
            old.execute("UPDATE schema_version SET version = 1")
            old.commit()
        before = tree_of(installation)
        done = run(command)

        assert done.exit_code == 1
        assert "Schema 1" in done.stderr
        assert "restart the service once" in done.stderr
        assert tree_of(installation) == before


def copy_in_use(root: Path) -> Path:
    """Replace the database by what a killed service leaves of it, the last change in the log."""
    file = root / "gdtbridge.sqlite"
    kept = root.parent / "kept"
    kept.mkdir()
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("UPDATE placed_order SET station = 'US09'")
        for path in root.glob("gdtbridge.sqlite*"):
            shutil.copy(path, kept)
    for path in kept.iterdir():
        shutil.copy(path, root)
    assert {path.name for path in kept.iterdir()} >= {f"{file.name}-wal", f"{file.name}-shm"}
    return file


def test_a_command_does_not_upgrade(installation: Path) -> None:
    """A command of a newer program leaves the schema to the service, which may still run."""
    with closing(sqlite3.connect(installation / "gdtbridge.sqlite")) as old:
        old.execute("UPDATE schema_version SET version = 1")
        old.commit()
        assert "Schema 1" in run("order", "A.GDT").stderr
        assert old.execute("SELECT version FROM schema_version").fetchall() == [(1,)]


def test_a_list_without_its_folder(installation: Path) -> None:
    """The worklist's folder is away: only the worklist cannot be shown."""
    shutil.rmtree(installation / "worklist")
    assert run("exams list").exit_code == 0
    done = run("worklist list")
    assert done.exit_code == 1
    assert str(installation / "worklist") in done.stderr
    assert not (installation / "worklist").exists()


@pytest.mark.slow
def test_beside_the_service(tmp_path: Path) -> None:
    """Lists and the check of a running service change nothing; the check reaches its ports."""
    service = Service(tmp_path).start()
    environ = {
        **{name: text for name, text in service.environment().items() if "GDTBRIDGE" in name},
        **{f"GDTBRIDGE_{name}__PORT": str(port) for name, port in service.ports.items()},
        "GDTBRIDGE_STORAGE__ROOT": str(tmp_path / "var"),
    }
    try:
        measured = partial(service.rows, "SELECT day, free FROM free_space")
        wait_for(measured, what="the last that a start writes")
        before = tree_of(tmp_path / "var")
        ends = {command: run(command, **environ).exit_code for command in LOOKING}
        assert ends == {command: ENDS_WITH.get(command, 0) for command in LOOKING}
        assert tree_of(tmp_path / "var") == before
        done = run("check", **environ)
        assert done.exit_code == 0, done.output
        assert done.stdout.count("the service answers") == 2
        after = tree_of(tmp_path / "var")
        for tree in (before, after):
            del tree["support.log"]  # in which the service tells that somebody called it
        assert sizes(after) == sizes(before)
    finally:
        service.stop()


def sizes(tree: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """Return the sizes alone."""
    return {path: size for path, (size, _) in tree.items()}


@contextmanager
def as_nobody(*private: Path) -> Iterator[None]:
    """Be a user who may change nothing, and may not read what is ``private``."""
    for path in private:
        path.chmod(0)
    if os.geteuid() != 0:  # pragma: no cover
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.fixture
def open_place(made: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder everybody may read, with an installation nobody but its owner may change."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        monkeypatch.chdir(place)
        shutil.copytree(made, place / "var")
        run("worklist list")  # imports what others may not read
        run("check")
        for path in (place / "var", *(place / "var").rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        yield place
        for path in (place / "var", *(place / "var").rglob("*")):
            path.chmod(0o755)


class TestAnotherUser:
    """A person of IT looks under an account of their own."""

    @pytest.mark.parametrize("command", LOOKING)
    def test_may_read(self, open_place: Path, command: str) -> None:
        """To look, reading is enough."""
        before = tree_of(open_place)
        with as_nobody():
            done = run(command)
        ends = (done.exit_code, tree_of(open_place))
        assert ends == (ENDS_WITH.get(command, 0), before), done.stderr

    def test_may_not_write(self, open_place: Path) -> None:
        """A change is refused with the folder's name, and check says the same."""
        with as_nobody():
            added = run("worklist add", *WORKING["worklist add"])
            checked = run("check")
        assert added.exit_code == checked.exit_code == 1
        assert f"In den Ordner {open_place / 'var'} darf nicht geschrieben" in added.stderr
        assert "FEHLER storage.root" in checked.stdout, checked.stderr

    @pytest.mark.parametrize("name", ["var", "var/gdtbridge.sqlite"])
    def test_may_not_read(self, open_place: Path, name: str) -> None:
        """What may not be read is named."""
        with as_nobody(open_place / name):
            done = run("exams list")
        assert done.exit_code == 1
        assert "Dieser Benutzer darf" in done.stderr
        assert str(open_place / name) in done.stderr


class TestCheck:
    """``gdtbridge check`` before the first start, and on what is there."""

    free: ClassVar = {
        "GDTBRIDGE_DICOM__PORT": "0",
        "GDTBRIDGE_HTTP__PORT": "0",
        "GDTBRIDGE_STORAGE__MIN_FREE_MB": "1",
    }

    def test_before_the_first_start(self, place: Path) -> None:
        """It tells what would be made, makes nothing, and passes."""
        before = tree_of(place)
        done = run("check", **self.free)

        assert done.exit_code == 0, done.output
        first, second, *_ = lines = done.stdout.splitlines()
        assert first.startswith("ok     settings: ")
        assert f"no gdtbridge.toml in {place}; storage.root = {place / 'var'}" in first
        assert second.startswith("ok     installation: Hier ist keine Installation")
        made = {line.split()[1].rstrip(":") for line in lines if "wird beim ersten Start" in line}
        assert made == {
            *("storage.database", "storage.root", "worklist.folder", "gdt.out", "gdt.in"),
        }
        assert tree_of(place) == before

    def test_a_place_that_is_read_only(self, open_place: Path) -> None:
        """Where nothing may be made, each part that would be is an error."""
        with as_nobody():
            done = run("check", GDTBRIDGE_STORAGE__ROOT="var/inner", **self.free)
        assert done.exit_code == 1
        assert f"FEHLER storage.root: {open_place / 'var' / 'inner'}" in done.stdout
        assert f"{open_place / 'var'} is not writable" in done.stdout

    def test_a_place_that_cannot_be_made(self, place: Path) -> None:
        """A file where a folder should come is an error."""
        (place / "share").write_bytes(b"")
        done = run("check", GDTBRIDGE_STORAGE__ROOT="share/var", **self.free)
        assert done.exit_code == 1
        assert f"FEHLER storage.root: {place / 'share' / 'var'}" in done.stdout

    def test_named_folders_must_be_there(self, place: Path) -> None:
        """A folder the practice named is never made: it is missing already now."""
        done = run("check", GDTBRIDGE_GDT__OUT="share", **self.free)
        assert done.exit_code == 1
        assert "FEHLER gdt.out" in done.stdout
        assert not (place / "share").exists()

    def test_a_root_that_got_lost(self, place: Path) -> None:
        """A database without its folders tells of a wrong root, not of a new machine."""
        with open_core(
            load_settings(environ={"GDTBRIDGE_STORAGE__DATABASE": "sqlite:///db.sqlite"})
        ):
            pass
        done = run(
            "check",
            GDTBRIDGE_STORAGE__ROOT="elsewhere",
            GDTBRIDGE_STORAGE__DATABASE="sqlite:///db.sqlite",
            **self.free,
        )
        assert done.exit_code == 1
        assert "FEHLER storage.database" in done.stdout
        assert sorted(path.name for path in place.iterdir()) == ["A.GDT", "db.sqlite", "var"]

    def test_an_installation(self, installation: Path) -> None:
        """It makes nothing that is missing and leaves nothing."""
        shutil.rmtree(installation / "worklist")
        before = sizes(tree_of(installation))
        done = run("check", **self.free)

        assert done.exit_code == 1
        assert "FEHLER worklist.folder" in done.stdout
        assert "ok     outbox.gdt" in done.stdout
        assert sizes(tree_of(installation)) == before
