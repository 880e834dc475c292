"""What other accounts of the host can open of an installation, new and old."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.tools.device import send_raw
from tests.tools.service import Service, Study, service
from tests.tools.waiting import wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes"),
]

OPEN = {"var", "var/gdt", "var/gdt/in", "var/gdt/out"}
"""Folders the practice software goes through, or uses."""


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """Start services as systems do: everybody may read."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(root: Path) -> dict[str, int]:
    """Return the mode of everything below ``var``, by its path."""
    paths = [root / "var", *(root / "var").rglob("*")]
    return {str(p.relative_to(root)): stat.S_IMODE(p.lstat().st_mode) for p in paths}


def is_open(name: str) -> bool:
    """Return whether a path is for the practice software as well."""
    return name in OPEN or name.startswith(("var/gdt/out/", "var/gdt/in/"))


def report(running: Service, number: int) -> None:
    """Have an exam reported."""
    before = len(list(running.gdt_out.glob("*.gdt")))
    assert send_raw(running.ports["DICOM"], [Study(number, f"M{number}").image()]) == [0]
    wait_for(lambda: len(list(running.gdt_out.glob("*.gdt"))) > before)


def test_new_installation_is_closed(tmp_path: Path) -> None:
    """All but the way to the exchange folders is the service's own; results have usual modes."""
    toml = tmp_path / "gdtbridge.toml"
    toml.write_text('[http]\ntoken = "0123456789abcdef"\n', encoding="utf-8")
    with service(tmp_path, orders__patience_seconds="0.2") as running:
        (running.gdt_out.parent / "in" / "order.gdt").write_bytes(b"01380006302\r\n")
        report(running, 1)
        wait_for(lambda: any((tmp_path / "var/gdt/error").iterdir()))
        wait_for(lambda: not any((running.gdt_out.parent / "in").iterdir()))
        found = modes(tmp_path)
        ours = {name: mode for name, mode in found.items() if not is_open(name)}
        assert {name: oct(mode) for name, mode in ours.items() if mode & 0o077} == {}
        for name in ("gdtbridge.sqlite", "gdtbridge.sqlite-wal", "archive", "spool", "worklist"):
            assert f"var/{name}" in ours
        assert {found[name] for name in OPEN} == {0o755}
        assert {stat.S_IMODE(p.stat().st_mode) for p in running.gdt_out.glob("*.gdt")} == {0o644}
        assert stat.S_IMODE(toml.stat().st_mode) == 0o600


def test_old_installation_is_closed_at_the_start(tmp_path: Path) -> None:
    """What an older program left open is closed; a link and what it shows are left alone."""
    with service(tmp_path) as running:
        running.stop()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for path in (tmp_path / "var").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (tmp_path / "var/gdt/error").rmdir()
    (tmp_path / "var/gdt/error").symlink_to(elsewhere)
    with service(tmp_path, gdt__file_mode="0666", gdt__folder_mode="2777") as running:
        report(running, 2)
        found = modes(tmp_path)
        for name in ("archive", "spool", "worklist", "gdt/spool", "gdt/archive"):
            assert found[f"var/{name}"] == 0o700
        databases = [mode for name, mode in found.items() if "gdtbridge.sqlite" in name]
        assert set(databases) == {0o600}
        assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o755
        assert (found["var/gdt/in"], found["var/gdt/out"]) == (0o2777, 0o2777)
        assert {stat.S_IMODE(p.stat().st_mode) for p in running.gdt_out.glob("*.gdt")} == {0o666}


def test_named_folders_keep_their_modes(tmp_path: Path) -> None:
    """Folders the practice named are not touched, and entries for others can be read by them."""
    for name in ("out", "in", "list"):
        (tmp_path / name).mkdir()
    folders = {"gdt__out": "out", "gdt__in": "in", "worklist__folder": "list"}
    settings = {key: str(tmp_path / name) for key, name in folders.items()}
    with service(tmp_path, gdt__folder_mode="0700", **settings) as running:
        add = f"http://127.0.0.1:{running.ports['HTTP']}/worklist/add"
        query = "id=1&lastname=Doe&firstname=J&birthdate=01.01.1900&sex=1"
        assert requests.get(f"{add}?{query}", timeout=60).status_code == 200
        for name in ("out", "in", "list"):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o755
        (entry,) = (tmp_path / "list").glob("*.wl")
        assert stat.S_IMODE(entry.stat().st_mode) == 0o644
