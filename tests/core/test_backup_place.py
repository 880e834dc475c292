"""Where a copy may lie, who may read it, and what is no copy to bring back."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdtbridge.backup import back_up, rebuild, restore
from gdtbridge.core import open_core
from gdtbridge.errors import BridgeError, DatabaseError, SettingsError
from gdtbridge.ownership import only_service
from gdtbridge.settings import Settings, load_settings

TOML = '[gdt]\nout = "ausgang"\n'


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """Work as commands do: what is made may be read by everybody."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of an installation that was at work."""
    file = tmp_path / "practice" / "gdtbridge.toml"
    (file.parent / "ausgang").mkdir(parents=True)
    file.write_text(TOML, "utf-8")
    settings = load_settings(file, {})
    with open_core(settings):
        pass
    return settings


@pytest.mark.parametrize(
    "place",
    [".", "var", "var/copy", "var/archive/copy", "var/worklist", "var/gdt/archive/copy", "ausgang"],
)
def test_no_copy_lies_in_the_installation(settings: Settings, place: str) -> None:
    """A copy among our own files would meet them: its folder is refused and nothing is touched."""
    with pytest.raises(BridgeError, match="eigenen Ordner"):
        back_up(settings, settings.base / place)
    assert Path(settings.origin).read_text("utf-8") == TOML
    assert not list(settings.base.rglob("*.new"))


def test_a_link_into_the_installation_is_the_installation(settings: Settings) -> None:
    """What counts is where the folder is, not what it is called."""
    link = settings.base.parent / "copy"
    link.symlink_to(settings.archive_folder)
    with pytest.raises(BridgeError, match="eigenen Ordner"):
        back_up(settings, link)


def test_a_copy_beside_the_installation_takes_the_settings(settings: Settings) -> None:
    """A second copy replaces those of the first."""
    copy = settings.base / "copy"
    back_up(settings, copy)
    Path(settings.origin).write_text(f"{TOML}# new\n", "utf-8")
    back_up(settings, copy)
    assert (copy / "gdtbridge.toml").read_text("utf-8") == f"{TOML}# new\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_a_copy_is_for_our_account_only(settings: Settings) -> None:
    """The folder that was made, the database and the settings in it, and what is brought back."""
    copy = settings.base / "copy"
    back_up(settings, copy)
    (copy / "gdtbridge.sqlite").chmod(0o644)  # of an older program
    restore(settings, copy)
    file = settings.root / "gdtbridge.sqlite"
    assert _mode(file) == 0o600
    file.unlink()
    rebuild(settings)
    assert _mode(file) == 0o600
    back_up(settings, copy)
    assert {_mode(copy / one) for one in ("gdtbridge.sqlite", "gdtbridge.toml")} == {0o600}
    assert _mode(copy) == 0o700


def test_the_database_itself_is_no_copy(settings: Settings) -> None:
    """Bringing back the folder that is in use would hold everything: it is refused."""
    for place in (settings.root, settings.root / "gdtbridge.sqlite"):
        with pytest.raises(BridgeError, match="not a copy"):
            restore(settings, place)
    assert not list(settings.root.glob("*aside*"))


def test_a_damaged_copy_takes_no_place(settings: Settings) -> None:
    """The database that is there stays, and nothing is set aside."""
    copy = settings.base / "copy"
    back_up(settings, copy)
    file = copy / "gdtbridge.sqlite"
    content = bytearray(file.read_bytes())
    content[4096 * 3 : 4096 * 4] = bytes(4096)
    file.write_bytes(content)
    with pytest.raises(DatabaseError, match="is damaged"):
        restore(settings, copy)
    assert not list(settings.root.glob("*aside*"))


def test_nothing_is_brought_back_under_a_service(settings: Settings) -> None:
    """Settings of another root may name the database a service works on: it stays in its place."""
    copy = settings.base / "copy"
    back_up(settings, copy)
    elsewhere = settings.model_copy(
        update={
            "storage": settings.storage.model_copy(
                update={"root": Path("other"), "database": settings.database_url}
            )
        }
    )
    with open_core(settings) as core, only_service(core.database):
        with pytest.raises(SettingsError, match="already"):
            restore(elsewhere, copy)
        with pytest.raises(SettingsError, match="already"):
            rebuild(elsewhere)
    assert not list(settings.root.glob("*aside*"))


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
