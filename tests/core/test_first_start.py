"""An installation that has lost its database is never taken for a first start."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gdtbridge.cli import main
from gdtbridge.core import open_core
from gdtbridge.database import Database
from gdtbridge.errors import DatabaseLost, SettingsError
from gdtbridge.first_start import begin_anew
from gdtbridge.ownership import only_service
from gdtbridge.service import alone, serve
from gdtbridge.settings import Settings, load_settings
from tests.tools.judgement import Judged, Judgement
from tests.tools.trees import tree_of

FILE = "gdtbridge.sqlite"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return the settings of a practice that named nothing."""
    monkeypatch.chdir(tmp_path)
    environ = {"GDTBRIDGE_DICOM__PORT": "0", "GDTBRIDGE_HTTP__PORT": "0"}
    for key, value in environ.items():
        monkeypatch.setenv(key, value)
    return load_settings(None, environ)


def put(path: Path, content: bytes = b"x") -> None:
    """Make a file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def files(settings: Settings) -> Counter[str]:
    """Count what there is, by path."""
    return Counter(list(tree_of(settings.root)))


def run(*arguments: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(main, arguments)


def test_a_first_start_makes_a_whole_database(settings: Settings) -> None:
    """Under its name there is never half of one; leftovers of a start that died do not matter."""
    put(settings.root / f"{FILE}.new", b"half")
    with open_core(settings):
        pass
    assert not (settings.root / f"{FILE}.new").exists()
    with open_core(settings):  # as ever after
        pass


@pytest.mark.parametrize(
    "left",
    [
        "archive/ab/abcd/ef.dcm",
        "spool/1.part",
        "worklist/R1.wl",
        "gdt/archive/2026-11-30/A.GDT",
        "gdt/error/A.GDT",
    ],
)
def test_what_is_left_tells_of_a_database(settings: Settings, judged: Judged, left: str) -> None:
    """Each of them alone stops the start, which names it and the ways out, and loses nothing."""
    put(settings.root / left)
    before = tree_of(settings.root)
    with pytest.raises(DatabaseLost) as refused, open_core(settings):
        pass

    text = str(refused.value)
    assert left in text
    assert all(way in text for way in ("restore", "archive reindex", "--begin-anew"))
    assert not (settings.root / FILE).exists()
    judged("lost database", Judgement().count("file", before, files(settings)))


def test_entries_of_others_tell_nothing(settings: Settings, tmp_path: Path) -> None:
    """A worklist folder the practice named may have been in use before."""
    put(tmp_path / "shared" / "A.wl")
    environ = {"GDTBRIDGE_WORKLIST__FOLDER": str(tmp_path / "shared")}
    with open_core(load_settings(None, environ)):
        pass


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_a_file_that_is_no_database_of_ours(
    settings: Settings, judged: Judged, content: bytes
) -> None:
    """Zero bytes, as a full disk leaves them, or anything else: refused, and left as it is."""
    put(settings.root / FILE, content)
    put(settings.archive_folder / "ab" / "x.dcm")
    before = tree_of(settings.root)
    with pytest.raises(DatabaseLost, match=FILE), open_core(settings):
        pass
    judged("lost database", Judgement().count("file", before, files(settings)))
    assert (settings.root / FILE).read_bytes() == content


def test_a_database_of_another_program(settings: Settings) -> None:
    """It gets none of our tables."""
    settings.root.mkdir()
    with closing(sqlite3.connect(settings.root / FILE)) as other:
        other.execute("CREATE TABLE patients (x)")
    with pytest.raises(DatabaseLost, match="none of ours"), open_core(settings):
        pass
    with closing(sqlite3.connect(settings.root / FILE)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("patients",)]


@pytest.mark.parametrize("command", [("check",), ("exams", "list"), ("worklist", "remove", "R1")])
def test_commands_say_it_and_make_nothing(settings: Settings, command: tuple[str, ...]) -> None:
    """Where the file was moved away, no command puts an empty one in its place."""
    with open_core(settings):
        put(settings.archive_folder / "ab" / "x.dcm")
    (settings.root / FILE).rename(settings.root / "elsewhere")
    before = tree_of(settings.root)

    done = run(*command)

    assert done.exit_code == 1
    assert "archive reindex" in done.output
    assert tree_of(settings.root) == before


def test_a_person_begins_anew(settings: Settings) -> None:
    """What lay there is set aside whole; a sound database is never left for a new one."""
    put(settings.archive_folder / "ab" / "x.dcm")
    put(settings.root / FILE, b"damaged")
    begin_anew(settings)

    (aside,) = settings.root.glob(f"{FILE}.aside-*")
    assert aside.read_bytes() == b"damaged"
    with open_core(settings):
        pass
    with pytest.raises(SettingsError, match="without --begin-anew"):
        begin_anew(settings)


def test_serve_refuses(settings: Settings) -> None:
    """The service itself ends with status 1 and one line."""
    put(settings.archive_folder / "ab" / "x.dcm")
    done = run("serve")
    assert done.exit_code == 1
    assert "begin-anew" in done.output
    assert [one.name for one in settings.root.iterdir()] == ["archive"]


def test_a_second_service_on_one_file_is_refused(tmp_path: Path) -> None:
    """Also one with a folder of its own; by another name of the file as well."""
    first, second = (Database(f"sqlite:///{tmp_path / 'db'}") for _ in range(2))
    (tmp_path / "link").symlink_to(tmp_path / "db")
    third = Database(f"sqlite:///{tmp_path / 'link'}")
    with only_service(first):
        for one in (second, third):
            with pytest.raises(SettingsError, match="works on this database"), only_service(one):
                pass
    with only_service(second):
        pass
    for one in (first, second, third):
        one.close()


def test_nothing_is_begun_under_a_service(settings: Settings) -> None:
    """While one runs its database keeps its name, even where the file was moved away."""
    put(settings.archive_folder / "ab" / "abcd" / "ef.dcm")
    with alone(settings.root), pytest.raises(SettingsError, match="already running"):
        serve(settings, threading.Event(), anew=True)
    assert not (settings.root / FILE).exists()
